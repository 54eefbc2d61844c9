"""The table: one entry for each stream of OpenX.

Report presets belong to one generation each: today's reporting API knows no publisher account, site or
ad unit, so its rows have another grain and must not mix with the Data Service's in one table.
"""

from dataclasses import dataclass
from typing import Final

from adtap_core.declare import Entity, Report
from adtap_core.windows import Grain

LEGACY, CURRENT = "legacy", "current"
HOURLY_LOOKBACK_DAYS: Final = 2
DAILY_LOOKBACK_DAYS: Final = 3
"""Recent hours are near-real-time data, replaced by trued-up data when the books close, 4 to 6 hours
after midnight of the instance's zone; docs.openx.com, read 2026-11-20. The days above leave room."""
HOURLY_SPAN_DAYS: Final = 7
DAILY_SPAN_DAYS: Final = 31
"""Neither generation limits a request's days; what is too many rows is answered with 206 (or a report of a
million rows), cut, and the length that came whole is kept to for the rest of the run."""

OPTION_KEYS: Final = (
    "ad_category_options",
    "ad_type_options",
    "adunit_size_options",
    "adunit_type_options",
    "bid_type_options",
    "browser_options",
    "buyer_options",
    "content_topic_options",
    "country_options",
    "currency_options",
    "deal_status_options",
    "deal_type_options",
    "delivery_medium_options",
    "device_options",
    "language_options",
    "lineitem_status_options",
    "order_status_options",
    "os_options",
    "pricing_model_options",
    "timezone_options",
)
AUDITED_TYPES: Final = (
    "account",
    "ad",
    "adunit",
    "adunitgroup",
    "comment",
    "conversiontag",
    "creative",
    "deal",
    "floorrule",
    "lineitem",
    "optimization",
    "order",
    "package",
    "site",
    "sitesection",
    "user",
)
_UID: Final = ("uid",)


@dataclass(frozen=True, kw_only=True)
class OpenxReport(Report):
    """One report stream of OpenX.

    Args:
        by_currency: Whether its definition has money, whatever is selected later: its rows are then told apart by
            currency.
    """

    by_currency: bool = True


_OBJECTS: Final = {
    "accounts": "account",
    "sites": "site",
    "site_sections": "sitesection",
    "ad_units": "adunit",
    "ad_unit_groups": "adunitgroup",
    "orders": "order",
    "line_items": "lineitem",
    "ads": "ad",
    "creatives": "creative",
    "deals": "deal",
    "packages": "package",
    "floor_rules": "floorrule",
    "optimizations": "optimization",
}
"""Streams of the Platform API's objects, each with its path."""
OF_2016: Final = frozenset({"audience_segments", "conversion_tags", "competitive_exclusions"})
"""Objects of the API's guide of 2016 that its list of 2020 no longer names: an instance may not have them."""
ENTITIES: Final = (
    Entity(name="session", path="session", keys=("instance_uid",)),
    Entity(name="report_fields", path="", keys=("kind", "id")),
    *(Entity(name=name, path=path, keys=_UID) for name, path in _OBJECTS.items()),
    Entity(name="users", path="user", keys=_UID, selected=False, people=True),
    Entity(name="comments", path="comment", keys=_UID),
    Entity(name="payment_history", path="paymenthistory", keys=("id",)),
    Entity(name="audience_segments", path="audiencesegment", keys=_UID),
    Entity(name="conversion_tags", path="conversiontag", keys=_UID),
    Entity(name="competitive_exclusions", path="competitiveexclusion", keys=_UID),
    Entity(name="options", path="options", keys=("option_key", "id")),
    Entity(
        name="audit_trail",
        path="audittrail",
        keys=("obj_type", "obj_id", "revision"),
        replication_key="timestamp",
        selected=False,
    ),
)

_PLACE: Final = (
    "publisherAccountId",
    "publisherAccountName",
    "publisherSiteId",
    "publisherSiteName",
    "publisherAdUnitId",
    "publisherAdUnitName",
    "publisherCurrency",
)
_INVENTORY: Final = (
    "allRequests",
    "marketRequests",
    "exchangeFills",
    "marketImpressions",
    "marketPublisherRevenue",
    "clicks",
)
_MARKET: Final = ("marketRequests", "marketImpressions", "marketPublisherRevenue")
_EXCHANGE: Final = (
    "allRequests",
    "marketRequests",
    "exchangeFills",
    "impressions",
    "publisherRevenue",
    "privateMarketImpressions",
    "privateMarketPublisherGrossRevenue",
    "videoStarts",
    "videoCompletions",
)
_DEALS: Final = (
    "impressions",
    "privateMarketImpressions",
    "privateMarketPublisherGrossRevenue",
    "videoStarts",
    "videoCompletions",
)


_SOURCES: Final = {
    LEGACY: 'OpenX "Data Service API Overview", read 2026-11-20',
    CURRENT: "OpenX's reporting client of January 2026, read 2026-11-20",
}


def of_grain(report: OpenxReport) -> OpenxReport:
    """Return a report with what follows from its grain: how long it is restated, and what one request may cover."""
    if report.grain is Grain.HOUR:
        return report.restated(HOURLY_LOOKBACK_DAYS, span_days=HOURLY_SPAN_DAYS)
    return report.restated(DAILY_LOOKBACK_DAYS, span_days=DAILY_SPAN_DAYS)


def _report(
    name: str, generation: str, grain: Grain, dimensions: tuple[str, ...], metrics: tuple[str, ...]
) -> OpenxReport:
    report = OpenxReport(
        name=name,
        dimensions=dimensions,
        metrics=metrics,
        grain=grain,
        source=_SOURCES[generation],
        generations=(generation,),
    )
    return of_grain(report)


REPORTS: Final = (
    _report("inventory_hourly", LEGACY, Grain.HOUR, _PLACE, _INVENTORY),
    _report("inventory_daily", LEGACY, Grain.DAY, _PLACE, _INVENTORY),
    _report(
        "demand_daily",
        LEGACY,
        Grain.DAY,
        (
            "publisherAccountId",
            "publisherSiteId",
            "demandPartnerAccountId",
            "demandPartnerAccountName",
            "publisherCurrency",
        ),
        _MARKET,
    ),
    _report(
        "deal_hourly",
        LEGACY,
        Grain.HOUR,
        ("publisherAccountId", "privateMarketplacePublisherDealId", "publisherCurrency"),
        (
            "marketImpressions",
            "privateMarketPublisherGrossRevenue",
            "firstQuartileFirstOccurance",
            "midPointFirstOccurance",
            "thirdQuartileFirstOccurance",
            "completeFirstOccurance",
            "clicks",
        ),
    ),
    _report(
        "device_daily",
        LEGACY,
        Grain.DAY,
        ("publisherSiteId", "publisherAdUnitId", "userDeviceType", "publisherCurrency"),
        _MARKET,
    ),
    _report(
        "exchange_hourly", CURRENT, Grain.HOUR, ("publisherPlatformId", "pageDomain"), _EXCHANGE
    ),
    _report("exchange_daily", CURRENT, Grain.DAY, ("publisherPlatformId", "pageDomain"), _EXCHANGE),
    _report(
        "country_daily", CURRENT, Grain.DAY, ("publisherPlatformId", "userGeoCountry"), _EXCHANGE
    ),
    _report(
        "private_deal_daily",
        CURRENT,
        Grain.DAY,
        ("publisherPlatformId", "dealId", "packageId", "dspAccountId"),
        _DEALS,
    ),
)
