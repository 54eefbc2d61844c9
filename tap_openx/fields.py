"""What is known of OpenX report fields without asking: types, description, today's spellings.

Source: the vendor's "Data Service API Overview" (copy of 2021), the ids of published clients and
scripts, and the vendor's reporting client of January 2026; read 2026-11-20. An account may see over a
hundred fields: those not named here are typed by their names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.names import snake_case
from adtap_core.platform import Tolerance

ACCOUNT: Final = "publisherAccountId"
ACCOUNT_NAME: Final = "publisherAccountName"
SITE: Final = "publisherSiteId"
AD_UNIT: Final = "publisherAdUnitId"
CURRENCY: Final = "publisherCurrency"
PLATFORM_ID: Final = "PublisherPlatformId"
"""Today's dimension that tells publishers apart."""
FLOAT_NOISE: Final = Tolerance(
    # Half the distance between two neighbours of 32-bit floats.
    relative=Decimal(2) ** -24,
    source="money comes with the noise of 32-bit floats, e.g. 2.739120012072817 (samples of the Data Service API "
    "Overview, read 2026-11-20); taken for today's API too, whose amounts bear the same names",
)

SPLIT_LEVELS: Final = (ACCOUNT, SITE, AD_UNIT, "demandPartnerAccountId")
"""Attributes that an answer too big for one hour is cut by, coarse to fine."""


@dataclass(frozen=True)
class Known:
    """A field's meaning.

    Args:
        description: Its description.
        money: Whether it is an amount in the publisher's currency.
    """

    description: str
    money: bool = False


DIMENSIONS: Final[dict[str, Known]] = {
    "publisherAccountId": Known("Publisher account. Joins accounts.id."),
    "publisherAccountName": Known("Name of the publisher account."),
    "publisherSiteId": Known("Site. Joins sites.id."),
    "publisherSiteName": Known("Name of the site."),
    "publisherAdUnitId": Known("Ad unit. Joins ad_units.id."),
    "publisherAdUnitName": Known("Name of the ad unit."),
    "demandPartnerAccountId": Known("Account of the bidder (DSP). Joins accounts.id."),
    "demandPartnerAccountName": Known("Name of the bidder's account."),
    "publisherCurrency": Known("Currency of the publisher's money, ISO 4217."),
    "userDeviceType": Known("Class of the user's device."),
    "privateMarketplacePublisherDealId": Known("Deal, by the id that the publisher knows."),
    "pageDomain": Known("Domain of the page."),
    "dealId": Known("Deal."),
    "packageId": Known("Package. Joins packages.id."),
    "dspAccountId": Known("Account of the bidder (DSP)."),
    "publisherPlatformId": Known("Publisher platform."),
    "userGeoCountry": Known("Country of the user."),
}
METRICS: Final[dict[str, Known]] = {
    "allRequests": Known("All ad requests."),
    "marketRequests": Known("Requests that entered the exchange."),
    "exchangeFills": Known("Requests that the exchange filled."),
    "marketImpressions": Known("Exchange impressions."),
    "impressions": Known("Impressions."),
    "billableImpressions": Known("Impressions billed."),
    "privateMarketImpressions": Known("Impressions of private deals."),
    "clicks": Known("Clicks."),
    "videoStarts": Known("Video starts."),
    "videoCompletions": Known("Completed video views."),
    "firstQuartileFirstOccurance": Known("First quartile of a video, first per impression."),
    "midPointFirstOccurance": Known("Midpoint of a video, first per impression."),
    "thirdQuartileFirstOccurance": Known("Third quartile of a video, first per impression."),
    "completeFirstOccurance": Known("Completed video, first per impression."),
    "publisherRevenue": Known("Publisher's revenue.", money=True),
    "marketPublisherRevenue": Known("Publisher's exchange revenue.", money=True),
    "privateMarketPublisherGrossRevenue": Known("Gross revenue of private deals.", money=True),
}
_BY_LOWER: Final = {
    "dimension": {k.lower(): v for k, v in DIMENSIONS.items()},
    "metric": {k.lower(): v for k, v in METRICS.items()},
}
_RATIOS: Final = frozenset(
    {
        "average",
        "avg",
        "cpc",
        "cpm",
        "ctr",
        "ecpm",
        "percent",
        "percentage",
        "rate",
        "ratio",
        "rpm",
        "share",
    }
)
_DISTINCT: Final = frozenset({"reach", "unique", "uniques", "users"})
MONEY_SUFFIX: Final = "InPCoin"
"""The spelling under which money comes back: in the publisher's currency."""

# Today's names, case-sensitive: 8 of 41 dimensions and all 9 metrics are published.
CURRENT_DIMENSIONS: Final = (
    "PageDomain",
    "DealId",
    "PackageId",
    "DspAccountId",
    "PublisherPlatformId",
    "UserGeoCountry",
)
CURRENT_METRICS: Final = (
    "AllRequests",
    "Impressions",
    "ExchangeFills",
    "MarketRequests",
    "VideoStarts",
    "VideoCompletions",
    "PrivateMarketImpressions",
    "PublisherRevenueInPCoin",
    "PrivateMarketPublisherGrossRevenueInPCoin",
)


def is_money(name: str) -> bool:
    """Return whether a metric is an amount of money."""
    if known := _BY_LOWER["metric"].get(_bare(name)):
        return known.money
    lower = name.lower()
    return any(word in lower for word in ("revenue", "incoin", "inpcoin", "spend", "cost", "cpm"))


def column_schema(name: str, role: str) -> dict[str, Any]:
    """Return the schema of a report's column; ids are text, counts whole, all else exact decimals.

    Args:
        name: The platform's name, of either generation.
        role: `dimension` or `metric`.
    """
    known = _BY_LOWER[role].get(_bare(name))
    if role == "dimension":
        description = (
            known.description
            if known
            else f"{name}, as the account's list of report fields has it."
        )
        return {"type": ["string", "null"], "description": f"Dimension. {description}"}
    if known is None:
        # A field that only the account's own list knows: a decimal holds a count too, not the reverse.
        schema: dict[str, Any] = {
            "type": ["number", "null"],
            "description": f"Metric. {name}, as the account's list of report fields has it.",
            "x-additivity": _additivity(name),
        }
        if is_money(name):
            schema["x-unit"] = "currency"
        return schema
    if known.money:
        return {
            "type": ["number", "null"],
            "description": f"Metric. {known.description} In the publisher's currency.",
            "x-additivity": "additive",
            "x-unit": "currency",
        }
    return {
        "type": ["integer", "null"],
        "description": f"Metric. {known.description}",
        "x-additivity": "additive",
    }


def _additivity(name: str) -> str:
    """Return what may be done with a metric that only the account's list knows, told by the description of its name."""
    description = set(snake_case(name).split("_"))
    if description & _RATIOS:
        return "ratio"
    return "distinct" if description & _DISTINCT else "additive"


def doubles(report: Report, *, current: bool) -> list[str]:
    """Return one line for each field that a report names twice, in two spellings: one of two columns would be empty.

    Args:
        report: The report.
        current: Whether today's API is asked, where `publisherRevenue` and `PublisherRevenueInPCoin` are one, too.
    """
    faults = []
    for role, names in (("dimension", report.dimensions), ("metric", report.metrics)):
        known: dict[str, str] = {}
        for name in dict.fromkeys(names):
            sent = (current_name(name, role) if current else None) or name
            other = known.setdefault(sent.lower(), name)
            if other != name:
                faults.append(f"{role}s {other!r} and {name!r} are one field; take one of them out")
    return faults


def not_additive(metrics: Iterable[str]) -> list[str]:
    """Return those of some metrics that can't be added up over rows, such as rates.

    Args:
        metrics: Their names, of either generation.
    """
    return [m for m in metrics if column_schema(m, "metric")["x-additivity"] != "additive"]


def current_name(name: str, role: str) -> str | None:
    """Return a field's spelling in today's API; None if it is not among the published ones.

    Args:
        name: In any spelling: `allRequests`, `AllRequests`, `publisherRevenue`.
        role: `dimension` or `metric`.
    """
    names = CURRENT_DIMENSIONS if role == "dimension" else CURRENT_METRICS
    wanted = name.lower()
    return next((n for n in names if wanted in {n.lower(), _bare(n)}), None)


def _bare(name: str) -> str:
    return name.lower().removesuffix(MONEY_SUFFIX.lower())
