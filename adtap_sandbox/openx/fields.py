"""The fields that the Data Service and the current reporting API know, and which go together.

Source: the vendor's "Data Service API Overview" (copy of 2021) and the ids met in published clients,
gathered in the platform sheet, section 2.8; names of the current API from section 9. Read 2026-11-22.
Paths marked "assumed" there are this sandbox's own choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from adtap_sandbox.tables import lines

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


def _listed(kind: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            line["id"],
            line["path"],
            line["description"],
            line["format"],
            line["example"],
            inferred=line["inferred"] == "yes",
        )
        for line in lines(__package__, "fields")
        if line["kind"] == kind
    )


# The vendor's page gives `publisherRevenue` the text of `billableImpressions`; kept.
ATTRIBUTES = _listed("attribute")
METRICS = _listed("metric")

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
