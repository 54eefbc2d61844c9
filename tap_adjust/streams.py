"""The table of streams: entities, Report Service presets, legacy KPI presets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adtap_core.declare import Entity, Report
from adtap_core.windows import Grain
from tap_adjust.fields import CAMPAIGN_DAYS, SKAN_DAYS, SPEND_DAYS, Period

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


@dataclass(frozen=True, kw_only=True)
class AdjustReport(Report):
    """One report stream of the Report Service; parameters that it does not name are the settings'.

    Args:
        app_tokens: The apps; None: the setting's.
        attribution_types: Attribution types that count.
        attribution_source: Attribution source of later activity.
        reattributed: Whether reattributed users count.
        ad_spend_mode: Source of the ad spend in `cost`.
        cohort_maturity: Whether unfinished cohorts count.
        currency: What money is converted to.
        sandbox_data: Whether it reads Adjust's sandbox environment.
        report_format: The transport.
        iap_revenue_mode: What share of purchases is revenue.
        assisting_attribution_type: What an assist is.
        ad_revenue_sources: Only these sources of ad revenue.
        os_names: Only these operating systems.
        per_event: Whether its metrics are asked for each event, a row for each.
        cohort_periods: Periods since the install, a row for each.
        parameters: Further parameters of the service, as it names them.
    """

    app_tokens: Sequence[str] | None = None
    attribution_types: Sequence[str] | None = None
    attribution_source: str | None = None
    reattributed: str | None = None
    ad_spend_mode: str | None = None
    cohort_maturity: str | None = None
    currency: str | None = None
    sandbox_data: bool | None = None
    report_format: str | None = None
    iap_revenue_mode: str | None = None
    assisting_attribution_type: str | None = None
    ad_revenue_sources: Sequence[str] | None = None
    os_names: Sequence[str] | None = None
    per_event: bool | None = None
    cohort_periods: Sequence[str] | None = None
    parameters: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class KpiReport(AdjustReport):
    """One report stream of the legacy KPI service.

    Args:
        endpoint: Which of its reports.
        grouping: Levels that rows are told apart by, the time's among them.
        event_kpis: `<event token>_<kpi>`, several KPIs joined by a pipe.
        tracker: Only what lies below this link of one app.
        attribution_type: The service's one word for the attribution types.
        period: Length of a cohort period.
        cohort_period_filter: Only these periods.
        countries: Only these.
        regions: Only these.
        device_types: Only these.
        tracker_filter: Only these links.
        partner_ids: Only these.
        events: Only these.
        day_def: How a cohort's days are counted.
        cohort_revenue_period: The periods whose revenue counts.
        impression_based: Whether impressions count as well.
        conversion_type: Which conversions count.
    """

    endpoint: str
    grouping: tuple[str, ...]
    event_kpis: Sequence[str] | None = None
    tracker: str | None = None
    attribution_type: str | None = None
    period: str | None = None
    cohort_period_filter: Any = None
    countries: Sequence[str] | None = None
    regions: Sequence[str] | None = None
    device_types: Sequence[str] | None = None
    tracker_filter: Sequence[str] | None = None
    partner_ids: Sequence[str] | None = None
    events: Sequence[str] | None = None
    day_def: Any = None
    cohort_revenue_period: Any = None
    impression_based: Any = None
    conversion_type: Any = None


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


def _preset(*, days: int = SPEND_DAYS, **declared: Any) -> AdjustReport:
    """Return a report whose rows are restated for some days, by default as long as network spend is."""
    return AdjustReport(source=_SOURCE, **declared).restated(days, span_days=SPAN_DAYS)


def _kpi_preset(*, days: int = SPEND_DAYS, **declared: Any) -> KpiReport:
    """Return a report of the legacy KPI service; it was sunset, whoever still reaches it selects these."""
    made = KpiReport(source=_KPI_SOURCE, selected=False, grouping=KPI_GROUPING, **declared)
    return made.restated(days, span_days=SPAN_DAYS)


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
        days=CAMPAIGN_DAYS,
    ),
    _preset(
        name="adgroup_daily",
        dimensions=(*_ADGROUP, "country_code"),
        metrics=_DELIVERY,
        days=CAMPAIGN_DAYS,
    ),
    _preset(
        name="creative_daily",
        dimensions=(*_ADGROUP, "creative_network", "creative_id_network", "country_code"),
        metrics=_DELIVERY,
        days=CAMPAIGN_DAYS,
    ),
    _preset(name="country_daily", dimensions=("app_token", "country_code"), metrics=_DELIVERY),
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
        per_event=True,
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
        cohort_periods=COHORT_PERIODS,
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
        ad_spend_mode="network",
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
    _kpi_preset(
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
        days=CAMPAIGN_DAYS,
        endpoint="deliverables",
    ),
    _kpi_preset(
        name="kpi_events",
        dimensions=("app_token", *_KPI_LINKS, "event_token", "event_name"),
        metrics=("events", "revenue_events", "revenue"),
        days=CAMPAIGN_DAYS,
        endpoint="events",
    ),
    _kpi_preset(
        name="kpi_cohorts",
        dimensions=("app_token", *_KPI_LINKS, "period"),
        metrics=("cohort_size", "retained_users", "retention_rate", "sessions", "revenue"),
        days=_COHORT_DAYS,
        endpoint="cohorts",
        period="day",
        cohort_period_filter="0-30",
    ),
)
