"""A user's own reports: whether they can be asked for, as far as that is known without the platform."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.names import did_you_mean
from adtap_core.windows import Grain
from tap_terminalone import fields
from tap_terminalone.fields import DATASETS, Dataset
from tap_terminalone.streams import CURRENT, TerminalOneReport

_ROLLUPS: Final = {f"by_{g.value}": g for g in Grain}
ROLLUP_OF: Final = {g: name for name, g in _ROLLUPS.items()}
_OPERATORS: Final = ("=", "!=", ">", ">=", "<", "<=", "=~", "isNull", "isNotNull", "and", "or")
_GROUPS: Final = ("and", "or")
_WITHOUT_VALUE: Final = ("isNull", "isNotNull")
_FEWEST_IN_A_GROUP: Final = 2
_OPERATORS_IN_V1: Final = ("=", "!=", ">", "<", ">=", "<=", "~", "=~", "=:", "!~", "!:")


def dataset_name(report: Report) -> str:
    """Return the dataset's path: users write `_` or `-`."""
    return (TerminalOneReport.of(report).report or "").replace("_", "-")


def legacy_names(report: Report) -> tuple[str, ...]:
    """Return the V1 reports that may hold a stream's rows: newest name first, `_` between words."""
    own = TerminalOneReport.of(report)
    return ((own.report or "").replace("-", "_"),) if own.legacy is None else own.legacy


def grain(report: Report) -> Grain:
    """Return a definition's time bucket: `time_rollup` is the platform's word for `grain`."""
    named = _ROLLUPS.get(str(TerminalOneReport.of(report).time_rollup))
    return named if named is not None and report.grain is Grain.DAY else report.grain


def errors(report: Report, generation: str) -> list[str]:
    """Return one line for each error of a definition.

    Args:
        report: The report.
        generation: The API generation, `current` or `legacy`.
    """
    found = _rollup_errors(report)
    if generation != CURRENT:
        # V1's fields are in its metadata, which needs a login.
        return [*found, *_predicate_errors(report.filters)]
    dataset = DATASETS.get(dataset_name(report))
    if dataset is None:
        name = TerminalOneReport.of(report).report
        return [
            *found,
            f"there is no report {name!r}{did_you_mean(dataset_name(report), DATASETS)}",
        ]
    return [
        *found,
        *_grain_errors(report, dataset),
        *_field_errors(report, dataset),
        *_filter_errors(report.filters, dataset),
    ]


def _rollup_errors(report: Report) -> list[str]:
    rollup = TerminalOneReport.of(report).time_rollup
    if rollup in (None, fields.SNAPSHOT) or _ROLLUPS[str(rollup)] is report.grain:
        return []
    return [f"`time_rollup` {rollup} and `grain` {report.grain.value} contradict one another"]


def time_window(report: Report) -> str:
    """Return the window that a snapshot sums up; empty for a report by time bucket."""
    return TerminalOneReport.of(report).time_window or ""


def is_snapshot(report: Report) -> bool:
    """Return whether a report sums up a window that ends yesterday, instead of time buckets."""
    return bool(time_window(report))


def _grain_errors(report: Report, dataset: Dataset) -> list[str]:
    if is_snapshot(report):
        return _window_errors(report, dataset)
    fault = None
    if dataset.only_snapshots or TerminalOneReport.of(report).time_rollup == fields.SNAPSHOT:
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


def _window_errors(report: Report, dataset: Dataset) -> list[str]:
    window = time_window(report)
    if report.grain is not Grain.DAY:
        return ["a `time_window` knows no time buckets; leave `grain` out"]
    if window in dataset.snapshots:
        return []
    has = ", ".join(dataset.snapshots) or "none"
    return [f"{dataset.name} has no `time_window` {window}; it has {has}"]


def _field_errors(report: Report, dataset: Dataset) -> list[str]:
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


def _predicate_errors(filters: object) -> Iterator[str]:
    """Yield the errors of conditions of V1."""
    if not isinstance(filters, Mapping | None):
        yield "filters: an object of {field: value or values} is expected"
        return
    for name, operator, values in conditions(filters):
        if not values or None in values:
            yield f"filters: the condition on {name!r} has no value"
        elif odd := [v for v in values if not isinstance(v, str | int | float | Decimal)]:
            yield f"filters: {odd[0]!r} is no value to compare {name!r} with"
        if operator not in _OPERATORS_IN_V1:
            known = ", ".join(_OPERATORS_IN_V1)
            yield f"filters: there is no operator {operator!r}; {known} are"


def conditions(filters: object) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield the conditions that V1's filters make: field, operator, and the values to compare with.

    Args:
        filters: `{"field": value or values}` for equality, `{"field": {"operator": value or values}}`.
    """
    for name, wanted in filters.items() if isinstance(filters, Mapping) else ():
        given = wanted if isinstance(wanted, Mapping) else {"=": wanted}
        for operator, values in (given or {"=": []}).items():
            yield name, operator, values if isinstance(values, list) else [values]


def _filter_errors(filters: object, dataset: Dataset) -> list[str]:
    if filters in (None, []):
        return []
    if not isinstance(filters, list):
        return ["filters: a list of {field, op, value} is expected"]
    return [fault for item in filters for fault in _item_errors(item, dataset)]


def _item_errors(item: Any, dataset: Dataset) -> list[str]:
    if not isinstance(item, Mapping):
        return [f"filters: {item!r} is not an object of field, op and value"]
    op = item.get("op", "=")
    if op not in _OPERATORS:
        return [f"filters: there is no operator {op!r}; {', '.join(_OPERATORS)} are"]
    if op in _GROUPS:
        inner = item.get("filters")
        if not isinstance(inner, list) or len(inner) < _FEWEST_IN_A_GROUP:
            return [f"filters: {op!r} needs `filters` with at least two conditions"]
        return [fault for part in inner for fault in _item_errors(part, dataset)]
    name = item.get("field")
    found = []
    known = dataset.dimensions | dataset.metrics
    if name not in known and not (dataset.name == "deals" and name in fields.ACCESS):
        found.append(f"filters: {dataset.name} has no field {name!r}{_hint(str(name), known)}")
    if op not in _WITHOUT_VALUE and item.get("value") is None:
        found.append(f"filters: the condition on {name!r} has no value")
    return found


def filtered(filters: object) -> frozenset[str]:
    """Return the fields that conditions of V2 are on, those in groups too."""
    found: set[str] = set()
    for item in filters if isinstance(filters, list) else ():
        found |= filtered(item.get("filters"))
        found |= {str(item["field"])} if "field" in item else set()
    return frozenset(found)


def why_not_comparable(cut: Iterable[str]) -> str:
    """Return why the platform's totals say nothing of rows; empty if they do.

    Args:
        cut: The metrics that the report's conditions are on.
    """
    named = ", ".join(sorted(cut))
    said = "leaves out rows by their own numbers, a total has other rows"
    return f"its filter on {named} {said}" if named else ""
