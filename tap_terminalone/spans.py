"""Rows of Reports V1 that are of longer stretches than the bucket that was asked for.

A row says its first and its last day, both inclusive. A platform that summed several buckets into one row would have
them all counted for the first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from adtap_core.bodies.parsing import ByColumn
from adtap_core.errors import MalformedResponse
from adtap_core.windows import Grain, midnight

END: Final = "end_date"


def of_one_bucket(
    rows: Iterator[Any], columns: Sequence[str], start: str, grain: Grain
) -> Iterator[Any]:
    """Return rows, each of which ends in the bucket in which it begins.

    Args:
        rows: In the order of the columns.
        columns: Their names; without an end of the row nothing can be checked.
        start: The column of the first day.
        grain: Days, weeks or months.

    Raises:
        MalformedResponse: At a row that ends later. What is no date is told where its row is made.
    """
    if END not in columns or start not in columns:
        return rows
    at, to = columns.index(start), columns.index(END)
    if isinstance(rows, ByColumn):
        return ByColumn(_checked(rows.blocks, lambda b: zip(b[at], b[to], strict=True), grain))
    return _checked(rows, lambda row: [(row[at], row[to])], grain)


def _checked(
    parts: Iterator[Any], days_of: Callable[[Any], Iterable[tuple[str, str]]], grain: Grain
) -> Iterator[Any]:
    """Return parts of an answer, the first and the last days of their rows looked at: few are different."""
    known: set[tuple[str, str]] = set()
    for part in parts:
        for pair in set(days_of(part)) - known:
            _check(*pair, grain)
            known.add(pair)
        yield part


def _check(start: str, end: str, grain: Grain) -> None:
    try:
        first, last = (date.fromisoformat(text.strip()[:10]) for text in (start, end))
    except ValueError:
        return
    begins: datetime = midnight(first)
    if not begins <= midnight(last) < grain.after(begins):
        msg = f"a row is of {start} to {end}, and one {grain} was asked for"
        raise MalformedResponse(msg)
