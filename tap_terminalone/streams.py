"""The table: one entry for each stream of TerminalOne.

Streams of both generations bear one name and share their columns; what only one of them has says so in
`generations`. Sources: the vendor's OpenAPI 3.0.1807 of Campaign Management, its guide to Reporting V2,
its Reports V1 pages and its client `terminalone` 1.9.20, all read 2026-11-20.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from adtap_core.declare import Entity, Report
from adtap_core.windows import Grain

CURRENT, LEGACY = "current", "legacy"
LOOKBACK_DAYS: Final = 30
"""Conversions are credited back to the day of the impression or click; the windows are each campaign's
own, up to 30 days is common, and invalid traffic is taken out later as well."""
SPAN_DAYS: Final = 31
HOURLY_SPAN_DAYS: Final = 33
"""Neither generation limits a request's days; what is too heavy times out and is halved. A daily run with
its lookback, which begins and ends within a day, is one request."""
_MODIFIED: Final = "updated_on"
_ONLY_CURRENT: Final = (CURRENT,)
_ONLY_LEGACY: Final = (LEGACY,)


@dataclass(frozen=True, kw_only=True)
class TerminalOneEntity(Entity):
    """One entity stream of TerminalOne.

    Args:
        kind: How it is read, where that is not as a list or below a parent.
        owner: The field by which v3 confines it to the configured organizations.
        limit: The chain of relations by which v2 confines it.
        single: Whether v3's list may hold stubs, while the single record holds all.
        full: Whether v3's list takes `full=*`.
        relations: What v3 embeds on request.
        relation: The relation of v2 whose rows it is.
    """

    kind: str = ""
    owner: str = ""
    limit: str = ""
    single: bool = False
    full: bool = True
    relations: str = ""
    relation: str = ""


@dataclass(frozen=True, kw_only=True)
class TerminalOneReport(Report):
    """One report stream of TerminalOne.

    Args:
        report: The platform's own name of it, with `_` or `-`.
        legacy: The V1 reports that may hold a built-in stream's rows, newest name first.
        time_rollup: The platform's word for `grain`.
        time_window: The window that a snapshot sums up; None: by time bucket.
        money: Whether the user's definition has money, whatever is selected later.
    """

    report: str | None = None
    legacy: tuple[str, ...] | None = None
    time_rollup: str | None = None
    time_window: str | None = None
    money: bool | None = None


def _history(of: str) -> TerminalOneEntity:
    """Return the change log of an entity: asked for by each one that changed."""
    return TerminalOneEntity(
        name=f"{of}_history",
        path="history",
        keys=("change_key",),
        parent=of,
        parent_changed_only=True,
        selected=False,
        people=of == "users",
        kind="history",
    )


def _entity(name: str, *, path: str | None = None, **more: Any) -> TerminalOneEntity:
    """Return an entity; its path is its name, unless said."""
    return TerminalOneEntity(name=name, path=path or name, **more)


_OF_ADVERTISER: Final = "advertiser.agency.organization"
_OF_CAMPAIGN: Final = f"campaign.{_OF_ADVERTISER}"
_OF_STRATEGY: Final = f"strategy.{_OF_CAMPAIGN}"
_JOIN: Final[Mapping[str, Any]] = MappingProxyType(
    # Rows of joins are deleted outright and nothing tells of it: read whole each time.
    {"owner": "strategy_id", "limit": _OF_STRATEGY}
)
_NO_FULL: Final[Mapping[str, Any]] = MappingProxyType({"full": False})
_NOW_ONLY: Final[Mapping[str, Any]] = MappingProxyType({"generations": _ONLY_CURRENT})
_THEN_ONLY: Final[Mapping[str, Any]] = MappingProxyType({"generations": _ONLY_LEGACY})
_SINCE: Final[Mapping[str, Any]] = MappingProxyType({"replication_key": _MODIFIED})


def _below(parent: str, name: str, **more: Any) -> TerminalOneEntity:
    """Return an entity of the legacy API alone that each record of another is asked for, in a way of its own."""
    return _entity(name, parent=parent, kind=name, selected=False, **_THEN_ONLY, **more)


ENTITIES: Final = (
    _entity("organizations", owner="id", **_SINCE),
    _entity("agencies", owner="organization_id", limit="organization", **_SINCE),
    _entity(
        "advertisers", owner="agency_id", limit="agency.organization", relations="agency", **_SINCE
    ),
    _entity("campaigns", owner="advertiser_id", limit=_OF_ADVERTISER, **_SINCE),
    _entity("budget_flights", parent="campaigns", parent_changed_only=True),
    _entity("strategies", owner="campaign_id", limit=_OF_CAMPAIGN, **_SINCE),
    _entity("concepts", owner="advertiser_id", limit=_OF_ADVERTISER, **_SINCE),
    _entity("atomic_creatives", owner="advertiser_id", limit=_OF_ADVERTISER, **_NO_FULL, **_SINCE),
    _entity("pixel_bundles"),
    _entity("pixel_providers", **_NO_FULL),
    _entity("supply_sources", single=True),
    _entity("marketplaces", single=True, **_NOW_ONLY),
    _entity("vendors", single=True),
    _entity("vendor_contracts"),
    _entity("site_lists", owner="organization_id", limit="organization", **_SINCE),
    _entity("site_list_assignments", path="assignments", parent="site_lists", **_NOW_ONLY),
    _entity("contracts", owner="organization_id", limit="organization", **_SINCE),
    _entity("deals", kind="deals"),
    _entity("ad_servers"),
    _entity("currency_rates"),
    _entity("timezones", **_NOW_ONLY),
    _entity("verticals", **_NO_FULL),
    _entity("audience_vendors", **_NO_FULL, **_NOW_ONLY),
    # Hundreds of thousands of segments that data vendors offer, whether anybody uses them or not.
    _entity("path_audience_segments", selected=False, **_NO_FULL, **_NOW_ONLY, **_SINCE),
    _entity("targeting_segments", selected=False, **_NO_FULL, **_NOW_ONLY, **_SINCE),
    _entity("path_targeting_segments", selected=False, **_NO_FULL, **_NOW_ONLY),
    _entity("targeting_segment_objectives", **_NO_FULL, **_NOW_ONLY),
    _entity("strategy_concepts", **_JOIN),
    _entity("strategy_day_parts", **_JOIN),
    _entity("strategy_deals", **_JOIN),
    _entity("strategy_target_values", **_NOW_ONLY),
    _entity("strategy_ip_addresses", selected=False, people=True, **_JOIN, **_NOW_ONLY),
    _entity("strategy_postal_codes", selected=False, **_JOIN, **_NOW_ONLY),
    _entity("new_strategy_groups", owner="campaign_id", **_NO_FULL, **_NOW_ONLY, **_SINCE),
    _entity("campaign_plans", owner="advertiser_id", **_NO_FULL, **_NOW_ONLY, **_SINCE),
    # People again.
    _entity("users", single=True, selected=False, people=True, **_NO_FULL),
    # What only the legacy API has as things of their own.
    _entity("creatives", limit=f"atomic_creative.{_OF_ADVERTISER}", **_THEN_ONLY),
    _entity(
        "creative_approvals",
        path="atomic_creatives",
        kind="embedded",
        relation="creative_approvals",
        **_THEN_ONLY,
    ),
    _entity("pixels", **_THEN_ONLY),
    _entity("seats", limit="organization", **_THEN_ONLY),
    _entity("publishers", limit="organization", **_THEN_ONLY),
    _entity("publisher_sites", limit="publisher.organization", **_THEN_ONLY),
    _entity("site_placements", **_THEN_ONLY),
    _entity("placement_slots", **_THEN_ONLY),
    _entity("vendor_domains", **_THEN_ONLY),
    _entity("vendor_pixels", **_THEN_ONLY),
    _entity("vendor_pixel_domains", **_THEN_ONLY),
    _entity("strategy_audience_segments", **_JOIN, **_THEN_ONLY),
    _entity("retired_strategy_audience_segments", **_JOIN, **_THEN_ONLY),
    _entity("strategy_targeting_segments", **_JOIN, **_THEN_ONLY),
    _entity("strategy_domain_restrictions", **_JOIN, **_THEN_ONLY),
    _entity("strategy_supply_sources", **_JOIN, **_THEN_ONLY),
    _entity("rmx_strategies", **_JOIN, **_THEN_ONLY),
    _entity("rmx_strategy_roi_target_pixels", **_THEN_ONLY),
    # Large, and the same for every customer.
    _entity("audience_segments", kind="tree", selected=False, **_THEN_ONLY, **_SINCE),
    _entity("retired_audience_segments", selected=False, **_THEN_ONLY, **_SINCE),
    _entity("target_values", selected=False, **_THEN_ONLY),
    # One request for each user, advertiser, or dimension of a strategy.
    _below("strategies", "target_dimensions", keys=("strategy_id", "target_dimension_id")),
    _below("users", "permissions", keys=("user_id",), people=True),
    _below("advertisers", "acl", keys=("entity_type", "id")),
    _entity("contacts", selected=False, people=True, **_THEN_ONLY),
    *(
        _history(of)
        for of in (
            "organizations",
            "agencies",
            "advertisers",
            "campaigns",
            "strategies",
            "concepts",
            "atomic_creatives",
            "pixel_bundles",
            "contracts",
            "users",
        )
    ),
)

_PLACE: Final = ("organization_id", "agency_id", "advertiser_id", "campaign_id", "strategy_id")
_COUNTS: Final = (
    "impressions",
    "clicks",
    "post_click_conversions",
    "post_view_conversions",
    "total_conversions",
    "total_spend",
)
_OUTCOME: Final = (
    *_COUNTS,
    "post_click_revenue",
    "post_view_revenue",
    "total_revenue",
    "video_start",
    "video_first_quartile",
    "video_midpoint",
    "video_third_quartile",
    "video_complete",
)


_SOURCE: Final = (
    "the vendor's OpenAPI and guide of Reporting V2, its Reports V1 pages and recorded definitions, "
    "read 2026-11-20; types follow from the names"
)


def restated(report: TerminalOneReport, days: int) -> TerminalOneReport:
    """Return a report with the days for which it is restated, and what one request of its grain may cover."""
    hourly = report.grain is Grain.HOUR
    return report.restated(days, span_days=HOURLY_SPAN_DAYS if hourly else SPAN_DAYS)


def _report(
    name: str,
    report: str,
    dimensions: tuple[str, ...],
    metrics: tuple[str, ...] = _COUNTS,
    *,
    legacy: tuple[str, ...] = (),
    grain: Grain = Grain.DAY,
    selected: bool = True,
    time_window: str | None = None,
) -> TerminalOneReport:
    made = TerminalOneReport(
        name=name,
        dimensions=dimensions,
        metrics=metrics,
        grain=grain,
        selected=selected,
        source=_SOURCE,
        generations=() if legacy else _ONLY_CURRENT,
        report=report,
        legacy=legacy,
        time_window=time_window,
    )
    return restated(made, 0 if time_window else LOOKBACK_DAYS)


_INVENTORY: Final = "all-dimensions-and-metrics"
_BRAIN: Final = ("campaign_id", "model_goal", "feature", "position")

REPORTS: Final = (
    _report("performance_daily", "performance", _PLACE, _OUTCOME, legacy=("performance",)),
    _report(
        "performance_hourly",
        "performance-hourly",
        _PLACE,
        legacy=("by_hour", "pulse"),
        grain=Grain.HOUR,
    ),
    _report(
        "creatives_daily",
        "performance",
        ("campaign_id", "strategy_id", "concept_id", "creative_id"),
        _OUTCOME,
        legacy=("performance",),
    ),
    # Where ads ran: many rows, so only for whoever asks for them.
    _report(
        "sites_daily",
        _INVENTORY,
        ("campaign_id", "strategy_id", "exchange_id", "site_domain"),
        selected=False,
    ),
    _report(
        "apps_daily",
        _INVENTORY,
        ("campaign_id", "strategy_id", "exchange_id", "app_id", "app_name"),
        selected=False,
    ),
    _report(
        "geo_daily",
        _INVENTORY,
        (
            "campaign_id",
            "country_id",
            "country_name",
            "region_id",
            "region_name",
            "dma_id",
            "dma_name",
        ),
        selected=False,
    ),
    _report(
        "devices_daily",
        _INVENTORY,
        ("campaign_id", "form_factor", "os_type", "browser"),
        selected=False,
    ),
    _report(
        "day_parts_daily",
        "day-part",
        ("campaign_id", "strategy_id", "week_day_id", "day_part_id"),
        selected=False,
    ),
    _report(
        "win_loss_daily",
        "win-loss",
        ("campaign_id", "strategy_id", "exchange_id", "deal_id"),
        (
            "bids",
            "wins",
            "matched_bid_opportunities",
            "total_bid_amount_cpm",
            "total_win_amount_cpm",
        ),
        legacy=("win_loss",),
        selected=False,
    ),
    _report(
        "deals_daily",
        "deals",
        ("deal_id", "exchange_id"),
        ("biddables", "matches", "bids", "wins"),
        legacy=("deals",),
    ),
    _report(
        "pixel_loads_daily",
        "pixel-loads",
        ("advertiser_id", "pixel_type", "pixel_id"),
        ("loads", "uniques"),
        legacy=("data_pixel_loads", "event_pixel_loads"),
    ),
    # Unique users can't be added up: one row for each window, as it stood on a day.
    _report(
        "reach_frequency",
        "reach-frequency",
        ("advertiser_id", "campaign_id", "strategy_id", "frequency"),
        ("uniques", "impressions", "clicks", "total_conversions"),
        legacy=("reach_frequency",),
        time_window="last_30_days",
    ),
    _report(
        "brain_features_daily",
        "brain-feature-summary",
        _BRAIN,
        ("index",),
        legacy=("brain_feature_summary",),
        selected=False,
    ),
    _report(
        "brain_feature_values_daily",
        "brain-feature-value",
        (*_BRAIN, "feature_report_type", "feature_value", "is_numeric"),
        ("index", "mean", "bid_impact"),
        legacy=("brain_feature_value",),
        selected=False,
    ),
)
