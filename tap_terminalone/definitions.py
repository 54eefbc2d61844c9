"""A user's own reports: whether they can be asked for, as far as that is known without the platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from adtap_core.names import did_you_mean
from adtap_core.windows import Grain
from tap_terminalone import fields
from tap_terminalone.fields import DATASETS, Dataset
from tap_terminalone.streams import CURRENT

if TYPE_CHECKING:
    from adtap_core.declare import Report

_ROLLUPS: Final = {f"by_{g.value}": g for g in Grain}
ROLLUP_OF: Final = {g: name for name, g in _ROLLUPS.items()}
_OPERATORS: Final = ("=", "!=", ">", ">=", "<", "<=", "=~", "isNull", "isNotNull", "and", "or")
_GROUPS: Final = ("and", "or")
_WITHOUT_VALUE: Final = ("isNull", "isNotNull")
_FEWEST_IN_A_GROUP: Final = 2


def dataset_name(report: Report) -> str:
    """Return the dataset's path: users write `_` or `-`."""
    return str(report.extras.get("report", "")).replace("_", "-")


def legacy_names(report: Report) -> tuple[str, ...]:
    """Return the V1 reports that may hold a stream's rows: newest name first, `_` between words."""
    if report.custom:
        return (str(report.extras.get("report", "")).replace("-", "_"),)
    return tuple(report.extras["legacy"])


def grain(report: Report) -> Grain:
    """Return a definition's time bucket: `time_rollup` is the platform's word for `grain`."""
    named = _ROLLUPS.get(str(report.extras.get("time_rollup")))
    return named if named is not None and report.grain is Grain.DAY else report.grain


def faults(report: Report, generation: str) -> list[str]:
    """Return one line for each fault of a definition."""
    found = _rollup_faults(report)
    if generation != CURRENT:
        # V1's fields are in its metadata, which needs a login.
        if not isinstance(report.filters, Mapping | None):
            found.append("filters: an object of {field: value or values} is expected")
        return found
    dataset = DATASETS.get(dataset_name(report))
    if dataset is None:
        name = report.extras.get("report")
        return [
            *found,
            f"there is no report {name!r}{did_you_mean(dataset_name(report), DATASETS)}",
        ]
    return [
        *found,
        *_grain_faults(report, dataset),
        *_field_faults(report, dataset),
        *_filter_faults(report.filters, dataset),
    ]


def _rollup_faults(report: Report) -> list[str]:
    rollup = report.extras.get("time_rollup")
    if rollup in (None, fields.SNAPSHOT) or _ROLLUPS[str(rollup)] is report.grain:
        return []
    return [f"`time_rollup` {rollup} and `grain` {report.grain.value} contradict one another"]


def is_snapshot(report: Report) -> bool:
    """Return whether a report sums up a window that ends yesterday, instead of time buckets."""
    return bool(report.extras.get("time_window"))


def _grain_faults(report: Report, dataset: Dataset) -> list[str]:
    if is_snapshot(report):
        return _window_faults(report, dataset)
    fault = None
    if dataset.only_snapshots or report.extras.get("time_rollup") == fields.SNAPSHOT:
        fault = f"{dataset.name} needs a `time_window` here: {', '.join(dataset.snapshots)}"
    elif ROLLUP_OF[report.grain] not in dataset.rollups:
        takes = ", ".join(r.removeprefix("by_") for r in dataset.rollups)
        fault = f"{dataset.name} has no `grain` {report.grain.value}; it takes {takes}"
    elif report.grain is Grain.HOUR and not dataset.hours_in_utc:
        fault = (
            f"hours of {dataset.name} are in each campaign's own zone, where a clock change repeats "
            "one: take `grain` day, or performance_hourly"
        )
    return [] if fault is None else [fault]


def _window_faults(report: Report, dataset: Dataset) -> list[str]:
    window = report.extras["time_window"]
    if report.grain is not Grain.DAY:
        return ["a `time_window` knows no time buckets; leave `grain` out"]
    if window in dataset.snapshots:
        return []
    has = ", ".join(dataset.snapshots) or "none"
    return [f"{dataset.name} has no `time_window` {window}; it has {has}"]


def _field_faults(report: Report, dataset: Dataset) -> list[str]:
    found = []
    for kind, names, known, other in (
        ("dimension", report.dimensions, dataset.dimensions, dataset.metrics),
        ("metric", report.metrics, dataset.metrics, dataset.dimensions),
    ):
        for name in names:
            if name in known:
                continue
            if name == fields.BUCKET:
                found.append(f"{name} is the time bucket; set `grain` instead")
            elif name in other:
                is_kind = "metric" if kind == "dimension" else "dimension"
                found.append(f"{name!r} is a {is_kind} of {dataset.name}, not a {kind}")
            else:
                found.append(f"{dataset.name} has no {kind} {name!r}{_hint(name, known)}")
    if dataset.name == "performance" and "uniques" in report.metrics and not is_snapshot(report):
        found.append("unique users of performance are not available by day; set a `time_window`")
    return found


def _hint(name: str, known: Iterable[str]) -> str:
    now = fields.NAMES_IN_V2.get(name)
    if now in set(known):
        return f" (V2 calls it {now})"
    return did_you_mean(name, known)


def _filter_faults(filters: object, dataset: Dataset) -> list[str]:
    if filters in (None, []):
        return []
    if not isinstance(filters, list):
        return ["filters: a list of {field, op, value} is expected"]
    return [fault for item in filters for fault in _item_faults(item, dataset)]


def _item_faults(item: Any, dataset: Dataset) -> list[str]:
    if not isinstance(item, Mapping):
        return [f"filters: {item!r} is not an object of field, op and value"]
    op = item.get("op", "=")
    if op not in _OPERATORS:
        return [f"filters: there is no operator {op!r}; {', '.join(_OPERATORS)} are"]
    if op in _GROUPS:
        inner = item.get("filters")
        if not isinstance(inner, list) or len(inner) < _FEWEST_IN_A_GROUP:
            return [f"filters: {op!r} needs `filters` with at least two conditions"]
        return [fault for part in inner for fault in _item_faults(part, dataset)]
    name = item.get("field")
    found = []
    if name not in dataset.dimensions and not (dataset.name == "deals" and name in fields.ACCESS):
        found.append(
            f"filters: {dataset.name} has no dimension {name!r}{_hint(str(name), dataset.dimensions)}"
        )
    if op not in _WITHOUT_VALUE and item.get("value") is None:
        found.append(f"filters: the condition on {name!r} has no value")
    return found
