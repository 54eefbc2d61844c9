"""Lists as all platforms serve them: filtered, put in order, cut into pages.

What a platform's request means is its own: it reads its parameters into tests and sort keys, and
writes the page into its own envelope. The work in between is the same for all and done here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, Generic, TypeVar

Row = TypeVar("Row")

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = dict(
    zip(("=", "==", "!=", ">", "<", ">=", "<="), (eq, eq, ne, gt, lt, ge, le), strict=True)
)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page, and of how many in all; at most `limit`, after `offset` others."""

    rows: list[Row]
    total: int
    offset: int
    limit: int

    @property
    def next(self) -> int | None:
        """Offset of the next page; None on the last one."""
        end = self.offset + self.limit
        return end if end < self.total else None


def page(rows: Sequence[Row], limit: int, offset: int) -> Page[Row]:
    """Return the rows from an offset on, at most so many."""
    return Page(list(rows[offset : offset + limit]), len(rows), offset, limit)


def select(rows: Iterable[Row], tests: Iterable[Callable[[Row], bool]]) -> list[Row]:
    kept = list(rows)
    for test in tests:
        kept = [row for row in kept if test(row)]
    return kept


def sort(rows: list[Row], keys: Iterable[tuple[Callable[[Row], Any], bool]]) -> list[Row]:
    """Return the rows in order; those that are alike stay as they stand.

    The keys are what is sorted by, first things first: the value of a row, and whether it descends.
    """
    for key, descending in reversed(list(keys)):
        rows = sorted(rows, key=key, reverse=descending)
    return rows


def sort_key(value: object, *, nulls_last: bool = False) -> tuple[int, Any]:
    """Return a key that orders values of mixed kinds: numbers, then text; null before all or after all."""
    if value is None:
        return (3 if nulls_last else 0, 0)
    if isinstance(value, (int, float, Decimal)):
        return (1, value)
    return (2, str(value))


def whole_number(
    text: str | None, default: int, refused: Exception, *, least: int = 0, most: int | None = None
) -> int:
    """Return a parameter that must be a whole number from `least` to `most`; the platform's refusal of anything else."""
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < least or (most is not None and number > most):
        raise refused
    return number
