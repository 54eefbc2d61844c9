"""The table of streams: entities, Report Service presets, legacy KPI presets."""

from __future__ import annotations

from typing import Any, Final

from adtap_core.declare import Entity, Report
from adtap_core.windows import Grain
from tap_adjust.fields import SKAN_DAYS, SPEND_DAYS, Period

SPAN_DAYS: Final = 30
"""Days a request covers; no limit is published, clients ask for 30."""
_METRIC_FILTERS: Final = (
    "overview_metrics",
    "cost_metrics",
    "etl_metrics",
    "skad_metrics",
    "cohort_metrics",
    "event_metrics",
)

ENTITIES: Final = (
    Entity(name="apps", path="apps"),
    Entity(name="events", path="/events"),
    Entity(name="event_tokens", path="/events", keys=("app_token", "event_token")),
    Entity(name="partners", path="partners"),
    Entity(name="channels", path="channels"),
    Entity(name="networks", path="networks"),
    Entity(name="countries", path="countries"),
    Entity(name="currencies", path="currencies"),
    Entity(name="ad_revenue_sources", path="ad_revenue_sources"),
    Entity(name="dimensions", path="dimensions"),
    # Every cohort stem by period and every event by metric: tens of thousands of names.
    Entity(name="metrics", path=",".join(_METRIC_FILTERS), keys=("filter", "id"), selected=False),
)

_CONVERSION: Final = (
    "impressions",
    "clicks",
    "installs",
    "reattributions",
    "reinstalls",
    "uninstalls",
    "sessions",
    "events",
)
# The parts, not all_revenue: for apps without purchases the sum came back empty.
_REVENUE: Final = ("revenue_events", "revenue", "ad_impressions", "ad_revenue")
# Both sources beside `cost`, which follows ad_spend_mode.
_COST: Final = ("cost", "adjust_cost", "network_cost")
_NETWORK: Final = ("network_impressions", "network_clicks", "network_installs")
_CAMPAIGN: Final = (
    "app_token",
    "store_type",
    "partner_id",
    "partner_name",
    "campaign_network",
    "campaign_id_network",
)
_ADGROUP: Final = (*_CAMPAIGN, "adgroup_network", "adgroup_id_network")
_DELIVERY: Final = (*_CONVERSION, *_REVENUE, *_COST, *_NETWORK)
CAMPAIGN_LOOKBACK_DAYS: Final = 30
"""With `dynamic` attribution, activity still moves between campaigns for weeks; sheet, stream list."""
HOURLY_LOOKBACK_DAYS: Final = 3
COHORT_PERIODS: Final = ("d0", "d1", "d3", "d7", "d14", "d30")
_COHORT_DAYS: Final = Period("d", 30).maturity_days
_KPI_LINKS: Final = (
    "network_token",
    "network",
    "campaign_token",
    "campaign",
    "adgroup_token",
    "adgroup",
    "creative_token",
    "creative",
    "country",
    "os_name",
)
KPI_GROUPING: Final = (
    "apps",
    "day",
    "networks",
    "campaigns",
    "adgroups",
    "creatives",
    "countries",
    "os_names",
)

_SOURCE: Final = (
    "dev.adjust.com/en/api/rs-api/reports and the Datascape metrics glossary, read 2026-11-20"
)
_KPI_SOURCE: Final = (
    "the KPI service pages of the Adjust documentation (to January 2024), read 2026-11-20"
)


def _preset(*, days: int = SPEND_DAYS, source: str = _SOURCE, **declared: Any) -> Report:
    """Return a report whose rows are restated for some days, by default as long as network spend is."""
    return Report(
        lookback_days=days, settle_days=days, span_days=SPAN_DAYS, source=source, **declared
    )


REPORTS: Final = (
    _preset(
        name="app_daily",
        dimensions=("app_token",),
        metrics=(*_CONVERSION, "daus", "waus", "maus", *_REVENUE, *_COST, *_NETWORK),
    ),
    _preset(
        name="channel_daily",
        dimensions=("app_token", "channel", "os_name"),
        metrics=(*_CONVERSION, "daus", "waus", "maus", *_REVENUE, *_COST, *_NETWORK),
    ),
    _preset(
        name="campaign_daily",
        dimensions=(*_CAMPAIGN, "country_code"),
        metrics=_DELIVERY,
        days=CAMPAIGN_LOOKBACK_DAYS,
    ),
    _preset(
        name="adgroup_daily",
        dimensions=(*_ADGROUP, "country_code"),
        metrics=_DELIVERY,
        days=CAMPAIGN_LOOKBACK_DAYS,
    ),
    _preset(
        name="creative_daily",
        dimensions=(*_ADGROUP, "creative_network", "creative_id_network", "country_code"),
        metrics=_DELIVERY,
        days=CAMPAIGN_LOOKBACK_DAYS,
    ),
    _preset(
        name="country_daily",
        dimensions=("app_token", "country_code"),
        metrics=_DELIVERY,
    ),
    _preset(
        name="hourly",
        dimensions=("app_token", "network"),
        # No spend: it comes by day only.
        metrics=(*_CONVERSION, *_REVENUE),
        grain=Grain.HOUR,
        days=HOURLY_LOOKBACK_DAYS,
    ),
    _preset(
        name="events_daily",
        dimensions=("app_token", "channel", "event_slug"),
        metrics=("events", "revenue"),
        extras={"per_event": True},
    ),
    _preset(
        name="cohorts_daily",
        dimensions=(
            "app_token",
            "channel",
            "campaign_network",
            "campaign_id_network",
            "period_type",
            "period",
        ),
        metrics=(
            "cohort_size",
            "retained_users",
            "sessions",
            "revenue",
            "revenue_total",
            "ad_revenue",
            "ad_revenue_total",
            "paying_users",
            "retention_rate",
            "lifetime_value",
            "roas",
        ),
        days=_COHORT_DAYS,
        extras={"cohort_periods": COHORT_PERIODS},
    ),
    _preset(
        name="ad_spend_daily",
        dimensions=(
            "app_token",
            "partner_id",
            "partner_name",
            "campaign_id_network",
            "campaign_network",
            "adgroup_id_network",
            "creative_id_network",
            "source_id_network",
            "country_code",
        ),
        metrics=("network_cost", *_NETWORK),
        days=SPEND_DAYS + 1,
        extras={"ad_spend_mode": "network"},
    ),
    _preset(
        name="skan_daily",
        dimensions=("app_token", "partner_name", "campaign_network", "campaign_id_network"),
        metrics=(
            "skad_total_installs",
            "skad_installs",
            "skad_reinstalls",
            "skad_qualifiers",
            "valid_conversions",
            "invalid_payloads",
            "skad_conversion_value_null",
            "skad_conversion_value_gt_0",
            "conversion_value_total",
            "skan_total_revenue_min",
            "skan_total_revenue_est",
            "skan_total_revenue_max",
            "network_ad_spend_skan",
            "network_installs_skan",
        ),
        days=SKAN_DAYS,
    ),
    # The legacy KPI service was sunset; whoever still reaches it selects these.
    _preset(
        name="kpi_deliverables",
        dimensions=("app_token", *_KPI_LINKS),
        metrics=(
            "clicks",
            "impressions",
            "installs",
            "reattributions",
            "sessions",
            "revenue_events",
            "revenue",
            "daus",
            "waus",
            "maus",
        ),
        selected=False,
        source=_KPI_SOURCE,
        extras={"endpoint": "deliverables", "grouping": KPI_GROUPING},
    ),
    _preset(
        name="kpi_events",
        dimensions=("app_token", *_KPI_LINKS, "event_token", "event_name"),
        metrics=("events", "revenue_events", "revenue"),
        selected=False,
        source=_KPI_SOURCE,
        extras={"endpoint": "events", "grouping": KPI_GROUPING},
    ),
    _preset(
        name="kpi_cohorts",
        dimensions=("app_token", *_KPI_LINKS, "period"),
        metrics=("cohort_size", "retained_users", "retention_rate", "sessions", "revenue"),
        days=_COHORT_DAYS,
        selected=False,
        source=_KPI_SOURCE,
        extras={
            "endpoint": "cohorts",
            "grouping": KPI_GROUPING,
            "period": "day",
            "cohort_period_filter": "0-30",
        },
    ),
)
