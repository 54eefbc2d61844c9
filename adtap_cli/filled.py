"""From when on a metric that was added to a report is filled in the warehouse.

A state says from when on ordinary runs read it. A backfill leaves no trace in state, so whether it filled what was read
before only the rows can tell.
"""

# ruff: noqa: S608 - names cannot be parameters in SQL; each is quoted

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from adtap_cli.warehouse import Warehouse, opened, quoted
from adtap_core.inspect.coverage import Coverage, moment, spell
from adtap_core.names import column_name
from adtap_core.platform import Partition

_BUCKETS: Final = ("hour", "day", "week", "month")


def look(place: str, schema: str | None, found: Sequence[Coverage]) -> None:
    """Note in what a state says from when on each metric that it calls new is filled in a warehouse."""
    asked = [c for c in found if c.filled_from]
    if not asked:
        return
    with opened(place) as warehouse:
        for coverage in asked:
            for name in [schema] if schema else warehouse.schemas_with(coverage.stream):
                _look_into(warehouse, name, coverage)


def _look_into(warehouse: Warehouse, schema: str, coverage: Coverage) -> None:
    kinds = warehouse.columns(schema).get(coverage.stream, {})
    bucket = next((b for b in _BUCKETS if b in kinds), None)
    if bucket is None or "_account" not in kinds:
        return
    at = warehouse.moment(bucket, kinds[bucket])
    table = f"{quoted(schema)}.{quoted(coverage.stream)}"
    account = Partition(coverage.account).text
    for metric, since in coverage.filled_from.items():
        column = column_name(metric)
        if column not in kinds:
            continue
        days = f'SELECT {at} AS m, count({quoted(column)}) AS n FROM {table} WHERE "_account" = ? GROUP BY 1'
        query = (
            f"WITH days AS ({days}), empty AS (SELECT max(m) AS m FROM days WHERE n = 0 AND m < ?) "
            "SELECT min(days.m) FROM days, empty WHERE days.n > 0 AND (empty.m IS NULL OR days.m > empty.m)"
        )
        ((first,),) = warehouse.rows(query, [account, moment(since)])
        if isinstance(first, datetime):
            known = coverage.filled_in.get(metric)
            coverage.filled_in[metric] = max(filter(None, [known, spell(first)]))


def lines(coverage: Coverage) -> Iterator[str]:
    """Return a line for each metric that came to a report later than its first rows."""
    for metric, since in coverage.filled_from.items():
        stored = coverage.filled_in.get(metric)
        if stored is None:
            yield (
                f"{metric} is filled from {since} on by ordinary runs; before, it is null, unless a backfill filled it, "
                "which a state does not know (--warehouse PLACE looks)"
            )
        elif stored < since:
            yield f"{metric} is filled from {stored} on in the warehouse, by ordinary runs from {since} on"
        else:
            yield f"{metric} is filled from {since} on; what was read before has null there, in the warehouse too"
