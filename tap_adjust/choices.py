"""The report parameters that change numbers: from a report's own definition, else from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adtap_core.declare import Report
from tap_adjust.fields import ALL_ATTRIBUTION_TYPES
from tap_adjust.streams import AdjustReport, KpiReport

DEFAULTS: Final[Mapping[str, Any]] = {
    # What an omitted filter means changed on 2026-07-13, from click to all types: it is always sent.
    "attribution_types": list(ALL_ATTRIBUTION_TYPES),
    "attribution_source": "dynamic",
    "reattributed": "all",
    "ad_spend_mode": "adjust",
    "cohort_maturity": "immature",
    "sandbox_data": False,
}
UTC_OFFSET: Final = "+00:00"


def _column(description: str, kind: str = "string") -> dict[str, Any]:
    return {"type": [kind, "null"], "description": f"{description} Part of the key."}


COLUMNS: Final[Mapping[str, dict[str, Any]]] = {
    "_attribution_types": _column("Attribution types that count, as sent."),
    "_attribution_source": _column("Attribution source of later activity, as sent."),
    "_reattributed": _column("Whether reattributed users count, as sent."),
    "_ad_spend_mode": _column("Source of the ad spend in `cost`, as sent."),
    "_cohort_maturity": _column("Whether unfinished cohorts count, as sent."),
    "_sandbox": _column("Whether these are figures of Adjust's sandbox environment.", "boolean"),
}
_OF_KPI_SERVICE: Final = ("_attribution_types", "_attribution_source", "_reattributed", "_sandbox")


@dataclass(frozen=True)
class Choices:
    """What one report is asked with.

    Args:
        report: Its declaration; its extras go first.
        settings: The tap's settings.
    """

    report: Report
    settings: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """Return a parameter: the report's, else the setting's, else the default."""
        for place in (self.report.extras, self.settings, DEFAULTS):
            if place.get(name) is not None:
                return place[name]
        return None

    @property
    def is_kpi(self) -> bool:
        """Return whether the report belongs to the legacy KPI service."""
        return isinstance(self.report, KpiReport)

    @property
    def attribution_types(self) -> str:
        """Return the attribution types, joined, in the documentation's order."""
        chosen = self.get("attribution_types")
        return ",".join(t for t in ALL_ATTRIBUTION_TYPES if t in chosen)

    @property
    def kpi_attribution_type(self) -> str | None:
        """Return the one word of the KPI service for the attribution types; None if it has none."""
        if isinstance(self.report, KpiReport) and self.report.attribution_type is not None:
            return self.report.attribution_type
        chosen = set(self.get("attribution_types"))
        if {"click", "impression"} <= chosen:
            return "all"
        return next((t for t in ("click", "impression") if chosen == {t}), None)

    @property
    def utc_offset(self) -> str:
        """Return the offset of days and hours, `+05:30`."""
        zone = str(self.settings.get("time_zone") or "UTC")
        return UTC_OFFSET if zone.upper() in {"UTC", "Z"} else zone

    def parameters(self) -> dict[str, str]:
        """Return the Report Service's parameters that change numbers; all of them, always."""
        made = {
            "utc_offset": self.utc_offset,
            "attribution_types": self.attribution_types,
            "attribution_source": self.get("attribution_source"),
            "reattributed": self.get("reattributed"),
            "ad_spend_mode": self.get("ad_spend_mode"),
            "cohort_maturity": self.get("cohort_maturity"),
            "sandbox": word(self.get("sandbox_data")),
        }
        for name in ("currency", "iap_revenue_mode", "assisting_attribution_type"):
            if (value := self.get(name)) is not None:
                made[name] = value
        for name in ("ad_revenue_sources", "os_names"):
            if value := self.get(name):
                made[name] = ",".join(value)
        given = AdjustReport.of(self.report).parameters or {}
        return made | {k: word(v) for k, v in given.items() if v is not None}

    def constants(self) -> dict[str, str | bool | None]:
        """Return the key columns of these parameters, their values as sent."""
        made: dict[str, str | bool | None] = {
            "_attribution_types": self.attribution_types,
            "_attribution_source": self.get("attribution_source"),
            "_reattributed": self.get("reattributed"),
            "_ad_spend_mode": self.get("ad_spend_mode"),
            "_cohort_maturity": self.get("cohort_maturity"),
            "_sandbox": bool(self.get("sandbox_data")),
        }
        if self.is_kpi:
            made["_attribution_types"] = self.kpi_attribution_type
            return {k: made[k] for k in _OF_KPI_SERVICE}
        return made

    def columns(self) -> dict[str, dict[str, Any]]:
        """Return the schemas of these key columns."""
        names = _OF_KPI_SERVICE if self.is_kpi else COLUMNS
        return {name: dict(COLUMNS[name]) for name in names}


def word(value: object) -> str:
    """Return a parameter's value as the query string spells it: `true`, `a,b`, `0.5`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(word(v) for v in value)
    return str(value)
