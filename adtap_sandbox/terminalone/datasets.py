"""The datasets of Reporting V2: what each allows. Source: the vendor's OpenAPI and guide."""

import re
from dataclasses import dataclass
from typing import Any, Final

from adtap_sandbox.tables import table

_TABLE: Final = table(__package__, "fields_reporting_v2")

KEYS: Final = frozenset(_TABLE["keys"])
"""Properties of a request."""


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


def _frozen(declared: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in declared.items()
    }


DATASETS: Final = {
    name: Dataset(**_frozen(declared)) for name, declared in _TABLE["datasets"].items()
}


def _fields(kind: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: set() for name in DATASETS}
    for entry in _TABLE[kind]:
        for dataset in entry["datasets"]:
            found[dataset] |= set(entry["fields"])
    return {name: frozenset(fields) for name, fields in found.items()}


DIMENSIONS: Final = _fields("dimensions")
METRICS: Final = _fields("metrics")


def allows_window(dataset: Dataset, window: str) -> bool:
    """Whether a window is one of the dataset's, `last_X_days` standing for any number."""
    template = re.sub(r"^last_\d+_", "last_X_", window)
    return window in dataset.windows or template in dataset.windows
