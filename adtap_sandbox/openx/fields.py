"""The fields that the Data Service and the current reporting API know, and which go together.

Source: the vendor's "Data Service API Overview" (copy of 2021) and the ids met in published clients,
gathered in the platform sheet, section 2.8; names of the current API from section 9. Read 2026-11-22.
Paths marked "assumed" there are this sandbox's own choice.
"""

from __future__ import annotations

from dataclasses import dataclass

TIME_ATTRIBUTES = ("hour", "day")

# Attributes on the demand side of a request: they exist only once a bidder has answered, so metrics
# counted before the auction can't be cut by them.
RESPONSE_ATTRIBUTES = frozenset(
    {
        "demandPartnerAccountId",
        "demandPartnerAccountName",
        "privateMarketplacePublisherDealId",
        "dealId",
        "dspAccountId",
        "packageId",
    }
)
PRE_AUCTION_METRICS = frozenset({"allRequests", "exchangeFills"})
TRACKING_VIDEO_METRICS = frozenset(
    {
        "firstQuartileFirstOccurance",
        "midPointFirstOccurance",
        "thirdQuartileFirstOccurance",
        "completeFirstOccurance",
    }
)

# Money comes back under another key than it was asked for: "PCoin" is the publisher's currency.
RENAMED = {
    "marketPublisherRevenue": "marketPublisherRevenueInPCoin",
    "privateMarketPublisherGrossRevenue": "privateMarketPublisherGrossRevenueInPCoin",
}

MONEY = frozenset(
    {
        "publisherRevenue",
        "marketPublisherRevenue",
        "privateMarketPublisherGrossRevenue",
        "publisherRevenueInPCoin",
    }
)


@dataclass(frozen=True)
class Field:
    """One attribute or metric as `/report/fields` describes it."""

    id: str
    path: str
    description: str
    format: str
    example: str
    inferred: bool = False


ATTRIBUTES: tuple[Field, ...] = (
    Field(
        "publisherAccountId", "context::site", "OpenX ID for the publisher.", "Number", "1610631427"
    ),
    Field(
        "publisherAccountName",
        "context::site",
        "Name of the publisher's account.",
        "String",
        "Demo Account",
    ),
    Field("publisherSiteId", "context::site", "OpenX ID for the site.", "Number", "1616469958"),
    Field("publisherSiteName", "context::site", "Name of the site.", "String", "Demo Site"),
    Field(
        "publisherAdUnitId",
        "placement::generalPlacement",
        "OpenX ID for the ad unit.",
        "Number",
        "537638175",
    ),
    Field(
        "publisherAdUnitName",
        "placement::generalPlacement",
        "Name of the ad unit.",
        "String",
        "Ad_Unit_abc",
    ),
    Field(
        "demandPartnerAccountId",
        "response::generalResponse",
        "OpenX ID of the bidder's account.",
        "Number",
        "540657874",
    ),
    Field(
        "demandPartnerAccountName",
        "response::generalResponse",
        "Name of the bidder's account.",
        "String",
        "DoubleClick Bid Manager - RTB",
    ),
    Field(
        "publisherCurrency", "context::site", "Currency of the publisher's money.", "String", "USD"
    ),
    Field("hour", "context::time", "Hour bucket, UTC.", "Date", "2019-08-15T13:00:00Z"),
    Field("day", "context::time", "Day bucket, UTC.", "Date", "2019-08-15"),
    Field("userDeviceType", "context::user", "Class of the user's device.", "String", "Phone"),
    Field(
        "privateMarketplacePublisherDealId",
        "response::generalResponse",
        "Deal ID as the publisher knows it.",
        "String",
        "OX-abc-123",
    ),
    Field(
        "pageDomain", "context::site", "Domain of the page.", "String", "example.com", inferred=True
    ),
    Field("dealId", "response::generalResponse", "Deal ID.", "String", "OX-abc-123", inferred=True),
    Field(
        "dspAccountId",
        "response::generalResponse",
        "Bidder account.",
        "Number",
        "540657874",
        inferred=True,
    ),
    Field(
        "publisherPlatformId",
        "context::site",
        "Publisher platform.",
        "String",
        "1610631427",
        inferred=True,
    ),
    Field(
        "packageId",
        "response::generalResponse",
        "Package ID.",
        "Number",
        "1073741830",
        inferred=True,
    ),
    Field("userGeoCountry", "context::user", "Country of the user.", "String", "US", inferred=True),
)

METRICS: tuple[Field, ...] = (
    Field(
        "billableImpressions",
        "funnel::potentialImpressions",
        "Total number of impressions served.",
        "Number",
        "45643",
    ),
    # The vendor's page gives this metric the text of the one before it; kept.
    Field(
        "publisherRevenue",
        "funnel::potentialSpend::pubRev",
        "Total number of impressions served.",
        "Number",
        "45643",
    ),
    Field("marketRequests", "funnel::requests", "Requests in the exchange.", "Number", "45643"),
    Field(
        "marketImpressions",
        "funnel::potentialImpressions",
        "Exchange impressions.",
        "Number",
        "9120",
    ),
    Field("exchangeFills", "funnel::fills", "Requests the exchange filled.", "Number", "9911"),
    Field(
        "marketPublisherRevenue",
        "funnel::potentialSpend::pubRev",
        "Exchange revenue of the publisher, publisher currency.",
        "Currency",
        "11.34",
    ),
    Field(
        "privateMarketPublisherGrossRevenue",
        "funnel::potentialSpend::pubRev",
        "Gross revenue of private deals, publisher currency.",
        "Currency",
        "3.21",
    ),
    Field("allRequests", "funnel::requests", "All ad requests.", "Number", "51000"),
    Field("clicks", "tracking::clicks", "Clicks.", "Number", "12"),
    Field("firstQuartileFirstOccurance", "tracking::video", "First quartile.", "Number", "90"),
    Field("midPointFirstOccurance", "tracking::video", "Midpoint.", "Number", "80"),
    Field("thirdQuartileFirstOccurance", "tracking::video", "Third quartile.", "Number", "70"),
    Field("completeFirstOccurance", "tracking::video", "Completed views.", "Number", "60"),
    Field(
        "impressions",
        "funnel::potentialImpressions",
        "Impressions.",
        "Number",
        "9120",
        inferred=True,
    ),
    Field("videoStarts", "tracking::video", "Video starts.", "Number", "100", inferred=True),
    Field(
        "videoCompletions", "tracking::video", "Video completions.", "Number", "60", inferred=True
    ),
    Field(
        "privateMarketImpressions",
        "funnel::potentialImpressions",
        "Impressions of private deals.",
        "Number",
        "500",
        inferred=True,
    ),
    Field(
        "publisherRevenueInPCoin",
        "funnel::potentialSpend::pubRev",
        "Publisher revenue, publisher currency.",
        "Currency",
        "11.34",
        inferred=True,
    ),
)

ACCOUNT_ID_SPELLINGS = frozenset({"publisherAccountId", "publisherAccountID"})

# The current API's names, case-sensitive, and what they are called in the store.
CURRENT_DIMENSIONS: dict[str, str] = {
    "Day": "day",
    "Hour": "hour",
    "PageDomain": "pageDomain",
    "DealId": "dealId",
    "PackageId": "packageId",
    "DspAccountId": "dspAccountId",
    "PublisherPlatformId": "publisherPlatformId",
    "UserGeoCountry": "userGeoCountry",
}
CURRENT_METRICS: dict[str, str] = {
    "AllRequests": "allRequests",
    "Impressions": "impressions",
    "ExchangeFills": "exchangeFills",
    "MarketRequests": "marketRequests",
    "VideoStarts": "videoStarts",
    "VideoCompletions": "videoCompletions",
    "PrivateMarketImpressions": "privateMarketImpressions",
    "PublisherRevenueInPCoin": "publisherRevenueInPCoin",
    "PrivateMarketPublisherGrossRevenueInPCoin": "privateMarketPublisherGrossRevenue",
}


def canonical(field_id: str) -> str:
    """The store's name of a Data Service id: the account id goes by two spellings."""
    return "publisherAccountId" if field_id in ACCOUNT_ID_SPELLINGS else field_id


def known_attributes(*, inferred: bool) -> tuple[Field, ...]:
    """Attributes that this login sees.

    Args:
        inferred: Whether ids that are only deduced from the current API are served too.
    """
    return tuple(field for field in ATTRIBUTES if inferred or not field.inferred)


def known_metrics(*, inferred: bool) -> tuple[Field, ...]:
    """Metrics that this login sees; `inferred` as in `known_attributes`."""
    return tuple(field for field in METRICS if inferred or not field.inferred)


def goes_with(attribute: str, metric: str) -> bool:
    """Whether a metric can be cut by an attribute (`dimensionsAvailable`)."""
    return not (attribute in RESPONSE_ATTRIBUTES and metric in PRE_AUCTION_METRICS)
