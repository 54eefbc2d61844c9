"""The reports of `/reporting/v1/std`: fields, windows, currencies. Source: recorded `/meta` answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .metrics import ratio_of
from .store import load_fields


def _block(name: str) -> tuple[str, ...]:
    block = load_fields("fields_reporting_v1")[name]
    return tuple(map(str, block)) if isinstance(block, list) else ()


COMMON: Final = _block("common")
_VIDEO: Final = _block("video")
_GEO: Final = (*_block("geo"), *_VIDEO)
_PERFORMANCE: Final = _block("performance")
_BASIC: Final = ("impressions", "clicks", "ctr", "total_conversions", "total_spend", "media_cost")
_BIDS: Final = ("bids", "wins", "win_rate")
_CREATIVE: Final = (
    "concept_id",
    "concept_name",
    "creative_id",
    "creative_name",
    "creative_size",
    "deal_external_id",
    "deal_id",
    "deal_name",
    "exchange_id",
    "exchange_name",
    "tpas_placement_id",
    "tpas_placement_name",
    "attribution_group",
)

_DAY_ROLLUPS: Final = ("by_day", "by_week", "by_month", "all")
_HOUR_ROLLUPS: Final = ("by_hour", "by_day", "all")
_DAYS: Final = ("yesterday", "last_X_days", "month_to_date")
_HOURS: Final = ("last_X_hours", *_DAYS)
_TO_DATE: Final = (*_DAYS, "campaign_to_date")


@dataclass(frozen=True)
class Report:
    """One V1 report.

    `usd`: money is in dollars whatever the campaign's currency. `interval`: no dates, only
    windows. `replaced_by`: the report is retired and answers 410.
    """

    title: str
    dimensions: tuple[str, ...] = COMMON
    metrics: tuple[str, ...] = _BASIC
    rollups: tuple[str, ...] = _DAY_ROLLUPS
    windows: tuple[str, ...] = _DAYS
    source: str = "delivery"
    pixel_type: str = ""
    retention_days: int | None = None
    usd: bool = False
    interval: bool = False
    zone: str = "campaign"
    version: int = 1
    deprecated: str = ""

    @property
    def hourly(self) -> bool:
        """Whether the finest grain is the hour."""
        return "by_hour" in self.rollups


REPORTS: Final[dict[str, Report]] = {
    "performance": Report(
        "Performance Report",
        (*COMMON, *_CREATIVE),
        (*_PERFORMANCE, *_VIDEO),
        windows=(*_TO_DATE, "flight_to_date"),
    ),
    "geo": Report(
        "Geo Report",
        (
            *COMMON,
            "attribution_group",
            "country_code",
            "country_name",
            "exchange_id",
            "exchange_name",
            "metro_name",
            "region_code",
            "region_id",
            "region_name",
        ),
        _GEO,
        windows=_TO_DATE,
        retention_days=90,
        usd=True,
        version=2,
    ),
    "day_part": Report(
        "Day Part Report",
        (*COMMON, "day_part_id", "day_part_name", "week_day_id", "week_day_name"),
        windows=_TO_DATE,
        retention_days=365,
        version=2,
    ),
    "device_technology": Report(
        "Device Technology Report",
        (
            *COMMON,
            "browser",
            "browser_version",
            "device_make",
            "device_model",
            "device_type",
            "inventory_type",
            "operating_system",
            "os_version",
        ),
        (*_BASIC, "measurable", "in_view", "viewability_rate", "total_spend_vcpm"),
        windows=_TO_DATE,
        retention_days=90,
        version=2,
    ),
    "site_transparency": Report("Site Report", (*COMMON, "site_domain"), version=2),
    "app_transparency": Report(
        "App Report",
        (*COMMON, "app_id", "app_name", "attribution_group", "exchange_id", "exchange_name"),
        _GEO,
    ),
    "reach_frequency": Report(
        "Reach and Frequency",
        (*COMMON, "frequency", "frequency_bin"),
        ("uniques", "impressions", "clicks", "total_conversions"),
        rollups=("all",),
        windows=("yesterday", *(f"last_{days}_days" for days in (7, 14, 30, 60, 90))),
        interval=True,
    ),
    "video": Report("Video Report", (*COMMON, *_CREATIVE), (*_BASIC, *_VIDEO), windows=_TO_DATE),
    "watermark": Report(
        "Watermark Report",
        metrics=("watermark_impressions", "media_cost_watermark", "media_cost"),
        usd=True,
    ),
    "by_hour": Report(
        "Hourly Performance",
        (*COMMON, "exchange_id", "exchange_name"),
        rollups=_HOUR_ROLLUPS,
        windows=_HOURS,
        retention_days=90,
    ),
    "pulse": Report(
        "Pulse Report",
        (*COMMON, "exchange_id", "exchange_name"),
        rollups=_HOUR_ROLLUPS,
        windows=_HOURS,
        retention_days=90,
        deprecated="by_hour",
    ),
    "audience_index": Report(
        "Audience Index",
        (*COMMON, "audience_name"),
        ("uniques", "impressions"),
        rollups=("all",),
        windows=("last_14_days",),
        interval=True,
    ),
    "audience_index_pixel": Report(
        "Audience Index Pixel",
        (
            "organization_id",
            "organization_name",
            "agency_id",
            "agency_name",
            "advertiser_id",
            "advertiser_name",
            "pixel_id",
            "pixel_name",
            "audience_name",
        ),
        ("uniques", "loads"),
        rollups=("all",),
        windows=("last_14_days",),
        source="pixels",
        interval=True,
    ),
    **{
        f"{kind}_pixel_loads": Report(
            f"{kind.title()} Pixel Loads",
            (
                "organization_id",
                "agency_id",
                "advertiser_id",
                "advertiser_name",
                "pixel_id",
                "pixel_name",
                "referrer",
                "referrer_rank",
            ),
            ("loads", "uniques"),
            source="pixels",
            pixel_type=kind,
            retention_days=90,
            zone="UTC",
        )
        for kind in ("data", "event")
    },
    "contextual_insights": Report("Contextual Insights", (*COMMON, "category_name")),
    "hyperlocal": Report("Hyperlocal", (*COMMON, "city_name")),
    "postal_code": Report("Postal Code", (*COMMON, "postal_code_name"), deprecated="geo"),
    "win_loss": Report(
        "Win/Loss Report",
        (*COMMON, "exchange_id", "exchange_name", "deal_id", "deal_name"),
        _BIDS,
        rollups=_HOUR_ROLLUPS,
        windows=_HOURS,
        retention_days=365,
        version=2,
    ),
    "win_loss_creative": Report(
        "Win/Loss Creative Report",
        (*COMMON, "creative_id", "creative_name"),
        _BIDS,
        rollups=_HOUR_ROLLUPS,
        windows=_HOURS,
        retention_days=365,
    ),
    "deals": Report(
        "Deals Report",
        (
            "deal_currency_code",
            "deal_end_date",
            "deal_external_id",
            "deal_id",
            "deal_name",
            "deal_price",
            "deal_price_method",
            "deal_price_type",
            "deal_start_date",
            "exchange_id",
            "organization_id",
        ),
        ("bid_rate", "biddables", "bids", "win_rate", "wins"),
        rollups=_HOUR_ROLLUPS,
        windows=_HOURS,
        source="deals",
        zone="UTC",
    ),
    **{
        f"brain_feature_{kind}": Report(
            f"Brain Feature {kind.title()}",
            (
                "organization_id",
                "agency_id",
                "advertiser_id",
                "campaign_id",
                "model_goal",
                "feature",
                "position",
                "index",
                *extra,
            ),
            (),
            rollups=("by_day",),
            source="brain",
            retention_days=30,
            zone="UTC",
        )
        for kind, extra in (
            ("summary", ()),
            (
                "value",
                ("feature_report_type", "feature_value", "is_numeric", "mean", "bid_impact"),
            ),
        )
    },
}

RETIRED: Final = frozenset({"technology", "video_site_transparency"})
"""Reports past their deprecation date: gone from `/meta`, 410 on their endpoints."""

ACCESS: Final = ("organization_id", "agency_id", "advertiser_id", "campaign_id", "strategy_id")

_MONEY: Final = re.compile(r"cost|spend|fee|cpa|cpc|cpm|revenue|aov|margin")
_COUNTS: Final = frozenset({"clicks", "impressions", "post_click_conversions", "loads", "uniques"})
_FLOATS: Final = frozenset({"post_view_conversions", "total_conversions"})


def metric_type(name: str) -> str:
    """The type that a definition gives a metric."""
    if name.endswith("_roi"):
        return "ratio"
    if name in _FLOATS or name == "post_view_conversions_raw":
        return "float"
    if name in ("ctr", "ctc", "rr_per_1k_imps") or name.endswith(("_rate", "_ctr")):
        return "percent"
    if _MONEY.search(name):
        return "money"
    return "percent" if ratio_of(name) else "count"


def dimension_type(name: str) -> str:
    """The type that a definition gives a dimension."""
    if name.endswith("_id"):
        return "id"
    if name.endswith(("_budget", "_goal_value", "_price")):
        return "money"
    if name.endswith("_date"):
        return "datetime"
    return "integer" if name in ("frequency", "position", "referrer_rank") else "string"


def definition(name: str, *, whole: bool, base: str) -> dict[str, object]:
    """A report's entry in `/meta`, or all of its definition."""
    report = REPORTS[name]
    uri = f"https://api.mediamath.com{base}/{name}"
    made: dict[str, object] = {
        "Name": report.title,
        "Description": f"Standard {report.title}",
        "Version": report.version,
        "URI_Data": uri,
        "URI_Meta": f"{uri}/meta",
    }
    if report.deprecated:
        made["Deprecation"] = {
            "deprecation_date": "2027-01-01",
            "superseded_by": report.deprecated,
        }
    if not whole:
        return made
    grain = "various" if report.interval else ("by_hour" if report.hourly else "by_day")
    time_field = {"interval": {"name": "Interval", "type": "interval"}}
    if not report.interval:
        time_field = {"date": {"name": "Date", "type": "datetime"}}
    zone = "campaign timezone" if report.zone == "campaign" else report.zone
    kept = f"last_{report.retention_days}_days" if report.retention_days else "2013-01-01"
    return made | {
        "Type": "Standard",
        "currency": "USD" if report.usd else "campaign currency",
        "timezone": zone,
        "data_retention": kept,
        "time_aggregation": grain,
        "time_rollups": list(report.rollups),
        "time_windows": list(report.windows),
        "default_metrics": list(report.metrics),
        "structure": {
            "time_field": time_field,
            "dimensions": {field: _dimension(field) for field in report.dimensions},
            "metrics": {
                field: {"name": _title(field), "type": metric_type(field)}
                for field in report.metrics
            },
        },
    }


def _dimension(name: str) -> dict[str, object]:
    made: dict[str, object] = {"name": _title(name), "type": dimension_type(name)}
    if name in ACCESS:
        made["access"] = True
    if name.endswith("_name"):
        made["maxLength"] = {"campaign_name": 256, "strategy_name": 128}.get(name, 64)
    return made


def _title(name: str) -> str:
    return name.replace("_", " ").title()
