"""The reports of `/reporting/v1/std`: fields, windows, currencies. Source: recorded `/meta` answers."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from adtap_sandbox.tables import fill, named, table

from .data import ACCESS
from .report import ratio_of

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
        return "by_hour" in self.rollups


def _declared(value: object) -> Any:
    return named(_TABLE, value) if isinstance(value, list) else value


REPORTS: Final = {
    name: Report(**{key: _declared(value) for key, value in report.items()})
    for name, report in _TABLE["reports"].items()
}

RETIRED: Final = frozenset({"technology", "video_site_transparency"})
"""Reports past their deprecation date: gone from `/meta`, 410 on their endpoints."""


@cache
def metric_type(name: str) -> str:
    return _type_of("metric_types", name) or ("percent" if ratio_of(name) else "count")


def _type_of(kind: str, name: str) -> str | None:
    """The type that a table gives a name, by the first pattern in it that is found in the name."""
    return next((of for pattern, of in _TABLE[kind].items() if re.search(pattern, name)), None)


def definition(name: str, *, whole: bool, base: str) -> dict[str, object]:
    """A report's entry in `/meta`, or all of its definition."""
    report = REPORTS[name]
    values = {"report": report, "uri": f"https://api.mediamath.com{base}/{name}"}
    made: dict[str, object] = fill(_TABLE["entry"], values)
    if report.deprecated:
        made["Deprecation"] = fill(_TABLE["deprecation"], values)
    if not whole:
        return made
    days = report.retention_days
    time = ("interval", "interval") if report.interval else ("date", "datetime")
    metrics = ({"name": _title(field), "type": metric_type(field)} for field in report.metrics)
    values |= {
        "currency": "USD" if report.usd else "campaign currency",
        "zone": "campaign timezone" if report.zone == "campaign" else report.zone,
        "kept": f"last_{days}_days" if days else "2013-01-01",
        "grain": "various" if report.interval else ("by_hour" if report.hourly else "by_day"),
        "time_field": {time[0]: {"name": time[0].title(), "type": time[1]}},
        "dimensions": {field: _dimension(field) for field in report.dimensions},
        "metrics": dict(zip(report.metrics, metrics, strict=True)),
    }
    return {**made, **fill(_TABLE["definition"], values)}


def _dimension(name: str) -> dict[str, object]:
    type_of = _type_of("dimension_types", name) or "string"
    made: dict[str, object] = {"name": _title(name), "type": type_of}
    if name in ACCESS:
        made["access"] = True
    if name.endswith("_name"):
        made["maxLength"] = {"campaign_name": 256, "strategy_name": 128}.get(name, 64)
    return made


def _title(name: str) -> str:
    return name.replace("_", " ").title()
