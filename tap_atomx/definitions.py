"""What can be said of a user's report without asking the platform, and what a rolling report is.

A report with a `daterange` is rolling: it has no time bucket, and the platform answers it as of now. It
is read as a snapshot, one row set a day; `day` is the last whole day at the time of reading.
"""

from typing import Any

from adtap_core.declare import Report
from adtap_core.names import did_you_mean
from adtap_core.windows import Grain, Zone
from tap_atomx.fields import LIST_OPERATORS, OPERATORS, SCOPES
from tap_atomx.streams import AtomxReport

_CONDITION_PARTS = 3


def is_snapshot(report: Report) -> bool:
    """Return whether a report is rolling."""
    return bool(AtomxReport.of(report).daterange)


def not_comparable(report: Report) -> str:
    """Return why no coarser question gives a report's totals; empty if one does."""
    if is_snapshot(report):
        return "a rolling report (`daterange`) is answered as of now, what it said yesterday can't be asked again"
    columns = {str(part[0]) for part in report.filters or ()}
    # Groups are called by their kind (see `fields`); whatever else a filter names is counted.
    cut = sorted(c for c in columns if not c.endswith(("_id", "_name")))
    if cut:
        return f"its filter on {', '.join(cut)} leaves out rows by their own numbers, a total has other rows"
    return ""


def snapshot_columns() -> dict[str, dict[str, Any]]:
    """Return the columns that say what a snapshot covers; part of its rows' key."""
    kind = ["string", "null"]
    return {
        "_daterange": {"type": kind, "description": "Rolling range that was asked for."},
        "_from": {
            "type": kind,
            "description": "First hour that the snapshot covers, in `_time_zone`, as the platform says.",
        },
        "_to": {
            "type": kind,
            "description": "End of what the snapshot covers (exclusive), in `_time_zone`, as the platform says.",
        },
    }


def zone_errors(name: object) -> list[str]:
    """Return the errors of the setting `time_zone`."""
    if not name:
        return []
    text = str(name)
    if text[:1] in "+-":
        return [
            f"time_zone: {text!r} is an offset; atomx takes names only, such as America/Los_Angeles"
        ]
    try:
        Zone(text)
    except ValueError as error:
        return [f"time_zone: {error}"]
    return []


def errors(report: Report) -> list[str]:
    """Return the errors of a user's report."""
    name = f"report {report.name!r}"
    found = []
    own = AtomxReport.of(report)
    scope = own.scope
    if scope not in SCOPES:
        found.append(f"{name}: scope {scope!r} is unknown{did_you_mean(str(scope), SCOPES)}")
    if is_snapshot(report):
        if report.grain is not Grain.DAY:
            found.append(
                f"{name}: a rolling report (`daterange`) is a snapshot a day; `grain` must be left out"
            )
        if own.transport == "tsv":
            found.append(
                f"{name}: a rolling report (`daterange`) is read as JSON, which says what it covers; "
                "leave `transport` out"
            )
    return found + [f"{name}: {fault}" for fault in _filter_errors(report.filters)]


def _filter_errors(filters: Any) -> list[str]:
    if filters is None:
        return []
    if not isinstance(filters, list):
        return ["filters must be a list of [column, operator, value]"]
    return [fault for part in filters if (fault := _condition_error(part))]


def _condition_error(part: Any) -> str | None:
    if not isinstance(part, list) or len(part) != _CONDITION_PARTS:
        return f"filter {part!r} is not [column, operator, value]"
    column, operator, value = part
    if not isinstance(column, str) or not column:
        return f"filter {part!r}: the column must be a name"
    if operator not in OPERATORS:
        return f"filter {part!r}: operator {operator!r} is not one of {', '.join(OPERATORS)}"
    if isinstance(value, list) != (operator in LIST_OPERATORS):
        wanted = "a list" if operator in LIST_OPERATORS else "one value"
        return f"filter {part!r}: {operator!r} takes {wanted}"
    return None
