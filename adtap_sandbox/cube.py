"""The report engine of all platforms: days are cut into buckets, lines added up in groups.

A line is the finest thing that a platform counts (a creative on a placement, a cell of a campaign, a
slot of an ad unit). It has whole numbers for a whole UTC day; a piece of that day gets its part along a
curve, by differences of running totals, so that parts add up to the day to the last digit.

What stays with a platform: its lines and their numbers, names, limits, words of refusal, quirks. How
much of a number is known by now is the matter of `Environment`, for all of them; rows are filtered, sorted and
cut into pages as lists are (`lists.py`).

Why not SQL: a platform has hundreds of metrics and dimensions of which a request wants a few, and each
moves with the clock, so nothing can be stored ahead; and the sandbox runs without a database.
"""

import struct
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import accumulate, pairwise
from operator import add
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from adtap_sandbox.environment import ONE_DAY, midnight

HOURS: Final = 24

Labels: TypeAlias = tuple[Any, ...]
"""The values of a report's time columns in one bucket."""

Key = TypeVar("Key", bound=Hashable)


def single_precision(number: float) -> float:
    """Return a number gone through four bytes: 0.0019 becomes 0.0018999999389052391, as on two platforms' wire."""
    return float(struct.unpack("f", struct.pack("f", number))[0])


class Curve:
    """How a day's numbers spread over its steps (hours, quarter hours): one weight for each."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._until = (0, *accumulate(weights))

    def parts(self, values: Iterable[int], first: int, last: int) -> list[int]:
        """Return what of each of a day's numbers falls between two steps, the second one excluded."""
        until, total = self._until, self._until[-1]
        before, after = until[first], until[last]
        if after - before == total:
            return list(values)
        return [value * after // total - value * before // total for value in values]


class Piece(NamedTuple):
    """A stretch of one UTC day that falls into one bucket, from step `first` to before `last`."""

    labels: Labels
    first: int
    last: int


def cut_days(
    begin: datetime,
    end: datetime,
    label: Callable[[datetime], Labels],
    *,
    steps: int = HOURS,
    turns: Iterable[int] | None = None,
) -> Iterator[tuple[date, list[Piece]]]:
    """Return the UTC days of a span, oldest first, cut into pieces of one bucket each.

    Args:
        begin: First moment, UTC; a step that begins earlier is left out.
        end: Moment after the last, UTC.
        label: Gives the bucket of a stretch, told from its first moment in UTC.
        steps: Steps that a day has.
        turns: Steps at which to cut; if None, wherever the bucket changes.
    """
    step = ONE_DAY / steps
    inner = set(range(steps) if turns is None else turns)
    dawn = midnight(begin.date())
    while dawn < end:
        low = max(0, -((dawn - begin) // step))
        high = min(steps, -((dawn - end) // step))
        pieces: list[Piece] = []
        edges = {low, high, *(n for n in inner if low < n < high)} if low < high else set()
        for first, last in pairwise(sorted(edges)):
            labels = label(dawn + first * step)
            if turns is None and pieces and pieces[-1].labels == labels:
                pieces[-1] = pieces[-1]._replace(last=last)
            else:
                pieces.append(Piece(labels, first, last))
        yield dawn.date(), pieces
        dawn += ONE_DAY


class Groups(dict[Key, list[Any]]):
    """Sums by key, in the order in which the keys first came."""

    def add(self, key: Key, numbers: Sequence[Any]) -> None:
        """Add a line's numbers to those of its key."""
        known = self.get(key)
        self[key] = list(numbers if known is None else map(add, known, numbers))

    def totals(self, width: int) -> list[Any]:
        """Return the sums of each of so many columns over all keys; zeros where there is none."""
        return [sum(column) for column in zip(*self.values(), strict=True)] or [0] * width


def placed(columns: Sequence[str], times: Sequence[str]) -> Callable[[Labels, Labels], Labels]:
    """Return what puts a bucket's labels and a line's values in the order of the columns wanted.

    Args:
        columns: The columns wanted.
        times: Those among them that a bucket has, in the order of its labels. A line has a value for
            each of the others, in their order.
    """
    others = [name for name in columns if name not in times]
    places = [
        (0, times.index(name)) if name in times else (1, others.index(name)) for name in columns
    ]
    return lambda labels, values: tuple([(labels, values)[side][at] for side, at in places])
