"""Which days a report sync asks for: dates in, windows out. Pure arithmetic, no clock, no network.

Moments here are naive and mean the report's own time zone; `Zone` turns them into UTC instants. An
`Interval` is half open: `start` belongs to it, `end` does not.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from adtap_core.time_zones import time_zone

ONE_DAY: Final = timedelta(days=1)
ONE_HOUR: Final = timedelta(hours=1)
_OFFSET = re.compile(r"^(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})$")


class Grain(StrEnum):
    """The time bucket of a report; also the name of its column.

    >>> Grain.WEEK.floor(datetime(2026, 3, 18, 12))
    datetime.datetime(2026, 3, 16, 0, 0)
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def is_date(self) -> bool:
        """Return whether the bucket is written as a date (all but the hour)."""
        return self is not Grain.HOUR

    def floor(self, moment: datetime) -> datetime:
        """Return the start of the bucket that holds a moment. Weeks start on Monday.

        Of an hour that a clock change repeats, the first: windows begin and end between hours of the wall
        clock, so both are read once the second is over.
        """
        if self is Grain.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0, fold=0)
        midnight = datetime.combine(moment.date(), time())
        if self is Grain.WEEK:
            return midnight - ONE_DAY * midnight.weekday()
        return midnight.replace(day=1) if self is Grain.MONTH else midnight

    def ceil(self, moment: datetime) -> datetime:
        """Return the first bucket start at or after a moment."""
        floor = self.floor(moment)
        return floor if floor == moment else self.after(floor)

    def after(self, bucket: datetime, steps: int = 1) -> datetime:
        """Return the start of the bucket `steps` further on (negative: back)."""
        if self is Grain.HOUR:
            return bucket + ONE_HOUR * steps
        if self is Grain.DAY:
            return bucket + ONE_DAY * steps
        if self is Grain.WEEK:
            return bucket + timedelta(weeks=steps)
        months = bucket.year * 12 + bucket.month - 1 + steps
        return bucket.replace(year=months // 12, month=months % 12 + 1)


@dataclass(frozen=True)
class Zone:
    """A time zone by its IANA name, or a fixed offset such as `+05:30`.

    Args:
        name: The name as the platform and the user know it; written to `_time_zone`.

    Raises:
        ValueError: If there is no such zone.

    >>> Zone("+05:30").instant(datetime(2026, 3, 18))
    datetime.datetime(2026, 3, 17, 18, 30, tzinfo=datetime.timezone.utc)
    """

    name: str

    def __post_init__(self) -> None:
        _ = self.info

    @property
    def info(self) -> tzinfo:
        """Return the zone's rules."""
        return _zone_info(self.name)

    def local(self, moment: datetime) -> datetime:
        """Return the naive wall-clock time here of an aware moment."""
        return moment.astimezone(self.info).replace(tzinfo=None)

    def days_before(self, moment: datetime, days: float) -> datetime:
        """Return the naive moment so many days before one: of 24 hours or of the calendar, whichever is earlier.

        No platform says which days it means. Where clocks were put forward in between, three days of the calendar
        are 71 hours.

        Args:
            moment: Naive, in the report's zone.
            days: How many; parts of days too.
        """
        by_hours = self.local(self.instant(moment) - days * ONE_DAY)
        return min(by_hours, moment - days * ONE_DAY)

    def instant(self, moment: datetime) -> datetime:
        """Return the UTC instant of a naive wall-clock time here.

        An hour that a clock change repeats is told apart by `fold`; one that it skips counts as the
        hour that follows.
        """
        return moment.replace(tzinfo=self.info).astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone_info(name: str) -> tzinfo:
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        if found := _OFFSET.match(name):
            shift = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
            return timezone(shift if found["sign"] == "+" else -shift)
        return time_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"{name!r} is not a time zone (an IANA name such as Europe/Berlin, or +02:00)"
        raise ValueError(msg) from error


@dataclass(frozen=True, order=True)
class Interval:
    """A half-open stretch of time, naive, in the report's zone.

    Args:
        start: Its first moment.
        end: The first moment behind it.

    >>> march = Interval(datetime(2026, 3, 1), datetime(2026, 4, 1))
    >>> march.clip(Interval(datetime(2026, 3, 30), datetime(2026, 5, 1))).start
    datetime.datetime(2026, 3, 30, 0, 0)
    """

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """Return whether it holds nothing."""
        return self.start >= self.end

    def clip(self, other: "Interval") -> "Interval":
        """Return the part that lies in both; empty if none does."""
        return Interval(max(self.start, other.start), min(self.end, other.end))

    def halves(self, grain: Grain) -> "tuple[Interval, Interval] | None":
        """Cut in two at a bucket's border; None if it is a single bucket."""
        middle = grain.floor(self.start + (self.end - self.start) / 2)
        if middle <= self.start:
            middle = grain.after(grain.floor(self.start))
        if middle >= self.end:
            return None
        return Interval(self.start, middle), Interval(middle, self.end)


def join(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same stretches sorted, without overlaps, those that touch made one."""
    joined: list[Interval] = []
    for piece in sorted(i for i in intervals if not i.is_empty):
        if joined and piece.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, piece.end))
        else:
            joined.append(piece)
    return joined


def subtract(whole: Iterable[Interval], holes: Iterable[Interval]) -> list[Interval]:
    """Return what of `whole` lies in none of `holes`.

    Args:
        whole: Half open.
        holes: What is taken out of it, in any order.
    """
    left = join(whole)
    for hole in join(holes):
        parts = [
            (
                Interval(piece.start, min(piece.end, hole.start)),
                Interval(max(piece.start, hole.end), piece.end),
            )
            for piece in left
        ]
        left = [part for two in parts for part in two if not part.is_empty]
    return left


def cut(intervals: Sequence[Interval], *, grain: Grain, span_days: int) -> Iterator[Interval]:
    """Cut stretches into windows of at most `span_days` days, at bucket borders, in order.

    Args:
        intervals: What to cut; must not overlap.
        grain: The report's bucket: no window ends inside one.
        span_days: The most days that one request may cover. A bucket longer than that (a month) is
            a window of its own.
    """
    for piece in intervals:
        start = piece.start
        while start < piece.end:
            # Windows of whole days stay on days even where hours are read: the next sync, which
            # starts on another hour, then asks for the same windows again.
            limit = datetime.combine(start.date(), time()) + ONE_DAY * span_days
            end = min(grain.floor(limit), piece.end)
            if end <= start:
                end = min(grain.after(grain.floor(start)), piece.end)
            yield Interval(start, end)
            start = end


def midnight(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time())
