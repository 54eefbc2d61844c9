"""The reports of `/reporting/v1/std`: fields, windows, currencies. Source: recorded `/meta` answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from adtap_sandbox.tables import named, table

from .data import ACCESS
from .metrics import ratio_of

_TABLE: Final = table(__package__, "fields_reporting_v1")


@dataclass(frozen=True)
class Report:
    """One V1 report, as `fields_reporting_v1.json` declares it.

    `usd`: money is in dollars whatever the campaign's currency. `interval`: no dates, only windows.
    """

    title: str
    dimensions: tuple[str, ...] = tuple(_TABLE["common"])
    metrics: tuple[str, ...] = tuple(_TABLE["basic"])
    rollups: tuple[str, ...] = tuple(_TABLE["by_day"])
    windows: tuple[str, ...] = tuple(_TABLE["days"])
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


def _declared(value: object) -> Any:
    """A declared value, the blocks in a list of names written out."""
    return named(_TABLE, value) if isinstance(value, list) else value


REPORTS: Final = {
    name: Report(**{key: _declared(value) for key, value in report.items()})
    for name, report in _TABLE["reports"].items()
}

RETIRED: Final = frozenset({"technology", "video_site_transparency"})
"""Reports past their deprecation date: gone from `/meta`, 410 on their endpoints."""


_MONEY: Final = re.compile(r"cost|spend|fee|cpa|cpc|cpm|revenue|aov|margin")
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
    time = ("interval", "interval") if report.interval else ("date", "datetime")
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
            "time_field": {time[0]: {"name": time[0].title(), "type": time[1]}},
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
