"""The user's own reports: from the setting `reports` to frozen entries, faults named on the way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from adtap_core.bodies.doubles import doubled
from adtap_core.declare import Report
from adtap_core.names import column_name, did_you_mean
from adtap_core.platform import Platform
from adtap_core.windows import Grain

_BUCKETS = frozenset(Grain)


def custom_reports(settings: Mapping[str, Any], platform: type[Platform]) -> list[Report]:
    """Return the user's report definitions as entries. Assumes that the settings' schema holds."""
    return [
        platform.finish_definition(_report(definition, platform.report_class(definition)), settings)
        for definition in platform.definitions(settings)
        if _is_readable(definition)
    ]


def _is_readable(definition: object) -> bool:
    return isinstance(definition, Mapping) and all(
        isinstance(definition.get(k), t)
        for k, t in (("name", str), ("dimensions", list), ("metrics", list))
    )


def _report(definition: Mapping[str, Any], report_class: type[Report]) -> Report:
    grain = definition.get("grain", Grain.DAY.value)
    extras = report_class.extra_names()
    return report_class(
        name=definition["name"],
        dimensions=tuple(str(d) for d in definition["dimensions"]),
        metrics=tuple(str(m) for m in definition["metrics"]),
        grain=Grain(grain) if grain in _BUCKETS else Grain.DAY,
        own_lookback_days=definition.get("lookback_days"),
        start_date=definition.get("start_date"),
        filters=definition.get("filters"),
        custom=True,
        **{k: v for k, v in definition.items() if k in extras},
    )


def definition_errors(
    reports: Sequence[Report],
    built_in: Iterable[str],
    platform: type[Platform],
    settings: Mapping[str, Any],
) -> list[str]:
    """Return one line for each error in the user's reports that can be seen without the platform.

    Args:
        reports: The user's reports.
        built_in: Names of the tap's own streams.
        platform: The platform's class.
        settings: The tap's settings.
    """
    errors: list[str] = []
    taken = set(built_in)
    seen: set[str] = set()
    for report in reports:
        name = f"report {report.name!r}"
        if report.name in taken:
            errors.append(f"{name}: the name belongs to a built-in stream; choose another")
        if report.name in seen:
            errors.append(f"{name}: the name is used twice in `reports`")
        seen.add(report.name)
        for kind, fields in (("dimension", report.dimensions), ("metric", report.metrics)):
            errors += [f"{name}: {kind} {field!r} is listed twice" for field in doubled(fields)]
        errors += [
            f"{name}: {field!r} is both a dimension and a metric"
            for field in report.dimensions
            if field in report.metrics
        ]
        errors += _column_errors(report)
        errors += platform.definition_errors(report, settings)
    return errors


def _column_errors(report: Report) -> list[str]:
    """Return one line for each field that would overwrite the time bucket or another field's column."""
    where = f"report {report.name!r}"
    errors: list[str] = []
    taken: dict[str, str] = {}
    for kind, fields in (("dimension", report.dimensions), ("metric", report.metrics)):
        for field in dict.fromkeys(fields):
            column = column_name(field)
            if column in _BUCKETS:
                advice = "; set `grain` to it instead" if kind == "dimension" else ""
                errors.append(f"{where}: the time bucket {field!r} is not a {kind}{advice}")
            elif (other := taken.setdefault(column, field)) != field:
                errors.append(
                    f"{where}: {other!r} and {field!r} would both be the column {column}; ask for them in two reports"
                )
    return errors


def unknown_fields(report: Report, known: Collection[str]) -> list[str]:
    """Return one line for each dimension or metric that a platform doesn't know, with the nearest names."""
    return [
        f"report {report.name!r}: unknown {kind} {name!r}{did_you_mean(name, known)}"
        for kind, names in (("dimension", report.dimensions), ("metric", report.metrics))
        for name in names
        if name not in known
    ]
