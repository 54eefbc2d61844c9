"""The datasets of Reporting V2: what each allows. Source: the vendor's OpenAPI and guide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .store import load_fields

_DAYS: Final = ("current_day", "yesterday", "last_X_days", "month_to_date")
_HOURS: Final = (*_DAYS, "last_X_hours")
_BY_DAY: Final = ("all", "by_day", "by_week", "by_month")
_BY_HOUR: Final = ("all", "by_hour", "by_day", "by_week", "by_month")


@dataclass(frozen=True)
class Dataset:
    """What one dataset allows; `retention_days` is how far back it goes, None for the beginning."""

    windows: tuple[str, ...]
    rollups: tuple[str, ...]
    retention_days: int | None = None
    source: str = "delivery"
    zones: tuple[str, ...] = ()
    zone: str = "campaign"
    snapshot: bool = False


DATASETS: Final[dict[str, Dataset]] = {
    "all-dimensions-and-metrics": Dataset(_DAYS, _BY_DAY, 1096),
    "performance": Dataset((*_DAYS, "campaign_to_date"), _BY_DAY),
    "performance-hourly": Dataset(_HOURS, _BY_HOUR, 90, zones=("UTC", "campaign")),
    "day-part": Dataset((*_DAYS, "campaign_to_date"), _BY_DAY, 365),
    "reach-frequency": Dataset(
        (
            "yesterday",
            *(f"last_{days}_days" for days in (7, 14, 30, 60, 90)),
        ),
        ("all",),
        snapshot=True,
    ),
    "win-loss": Dataset(_HOURS, _BY_HOUR, 365),
    "pixel-loads": Dataset(_DAYS, _BY_DAY, 90, source="pixels", zone="UTC"),
    "deals": Dataset(_HOURS, _BY_HOUR, 365, source="deals", zone="UTC"),
    "brain-feature-summary": Dataset(
        ("yesterday", "last_X_days", "month_to_date"), ("by_day",), source="brain", zone="UTC"
    ),
    "brain-feature-value": Dataset(
        ("yesterday", "last_X_days", "month_to_date"), ("by_day",), source="brain", zone="UTC"
    ),
}


def _fields(kind: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: set() for name in DATASETS}
    table = load_fields("fields_reporting_v2")[kind]
    for entry in table if isinstance(table, list) else []:
        for dataset in entry["datasets"]:
            found[dataset] |= set(entry["fields"])
    return {name: frozenset(fields) for name, fields in found.items()}


DIMENSIONS: Final = _fields("dimensions")
METRICS: Final = _fields("metrics")


def allows_window(dataset: Dataset, window: str) -> bool:
    """Whether a window is one of the dataset's, `last_X_days` standing for any number."""
    template = re.sub(r"^last_\d+_", "last_X_", window)
    return window in dataset.windows or template in dataset.windows
