"""Dates: the ``date_period`` grammar, UTC offsets and the buckets that rows are labelled with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from adtap_sandbox.cube import Labels, Piece, cut_days
from adtap_sandbox.environment import ONE_DAY, full_hour, midnight

from .replies import invalid

SLOTS = 96  # quarter hours a day: the finest UTC offset there is
TIME_DIMENSIONS = ("hour", "day", "week", "month", "quarter", "year")
_DATE = r"(\d{4}-\d{2}-\d{2})(?:T[\d:.]+Z?)?"
_ABSOLUTE = re.compile(rf"^{_DATE}:{_DATE}$")
_RELATIVE = re.compile(r"^-(\d{1,5})d:-(\d{1,5})d$")
_HOURS = re.compile(r"^-(\d{1,4})h:-(\d{1,4})h$")
_OFFSET = re.compile(r"^([+-]?)(\d{2}):(\d{2})$")


def offset_minutes(text: str) -> int:
    """Minutes east of UTC in ``[+-]HH:MM``; 400 for anything else: an unescaped ``+`` arrives as a space."""
    if found := _OFFSET.match(text):
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes <= 14 * 60 and minutes % 15 == 0:
            return -minutes if found[1] == "-" else minutes
    raise invalid(f"Invalid utc_offset: {text!r} loc=utc_offset")


def date_range(text: str, today: date) -> tuple[date, date]:
    """First and last day (both inclusive) of a ``date_period``.

    Absolute ``D:D``, relative ``-10d:-3d`` or one of the documented keywords; 400 for every other form, those refused
    live (``last_7_days``) among them.
    """
    sunday = today - ONE_DAY * ((today.weekday() + 1) % 7)  # the docs' sample week runs Sunday on
    first_of_month = today.replace(day=1)
    last_of_previous = first_of_month - ONE_DAY
    keywords = {
        "today": (today, today),
        "yesterday": (today - ONE_DAY, today - ONE_DAY),
        "this_week": (sunday, today),
        "last_week": (sunday - 7 * ONE_DAY, sunday - ONE_DAY),
        "this_month": (first_of_month, today),
        "last_month": (last_of_previous.replace(day=1), last_of_previous),
        "this_month_until_yesterday": (first_of_month, today - ONE_DAY),
    }
    if text in keywords:
        return keywords[text]
    if found := _RELATIVE.match(text):
        first, last = (today - int(n) * ONE_DAY for n in found.groups())
    elif found := _ABSOLUTE.match(text):
        try:
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        except ValueError:
            raise invalid(f"Invalid date_period: {text} loc=date_period") from None
    else:
        raise invalid(f"Invalid date_period: {text} loc=date_period")
    if last < first:
        raise invalid(f"Invalid date_period: {text} ends before it starts loc=date_period")
    return first, last


def hours_back(text: str, now: datetime) -> tuple[datetime, datetime]:
    """UTC bounds of ``hour__between`` (``-10h:-0h``): whole hours, the last one included."""
    found = _HOURS.match(text)
    if not found or int(found[1]) < int(found[2]):
        raise invalid(f"Invalid hour__between: {text} loc=hour__between")
    hour = timedelta(hours=1)
    return full_hour(now) - int(found[1]) * hour, full_hour(now) - (int(found[2]) - 1) * hour


def _label(dimension: str, moment: datetime, *, iso: bool, monday: bool) -> str:
    """How a local moment reads in a time dimension; `iso` is the bucket's first day instead of its display form."""
    day = moment.date()
    if dimension == "hour":
        return moment.strftime("%Y-%m-%dT%H:00:00")
    if dimension == "day":
        return day.isoformat()
    if dimension == "week":
        start = day - ONE_DAY * (day.weekday() if monday else (day.weekday() + 1) % 7)
        return start.isoformat() if iso else f"{start} - {start + 6 * ONE_DAY}"
    if dimension == "month":
        return f"{day:%Y-%m}-01" if iso else f"{day:%Y-%m}"
    quarter = (day.month - 1) // 3
    if dimension == "quarter":
        return f"{day.year}-{quarter * 3 + 1:02d}-01" if iso else f"Q{quarter + 1} {day.year}"
    return f"{day.year}-01-01" if iso else str(day.year)


@dataclass(frozen=True)
class BaseDay:
    """One UTC day and how it is cut."""

    day: date  # the UTC day
    pieces: tuple[Piece, ...]  # its stretches inside the report's range, in quarter hours
    # where the day's uncuttable numbers (network spend) go; None outside the range
    daily: Labels | None


@dataclass(frozen=True)
class Calendar:
    """The time side of a report."""

    first: date  # first local day
    last: date  # last local day, inclusive
    offset: int  # minutes east of UTC
    dimensions: tuple[str, ...]  # time dimensions asked for, in order
    now: datetime  # the clock, aware UTC
    iso: bool = False  # `format_dates=false`
    between: tuple[datetime, datetime] | None = None  # UTC bounds of `hour__between`, if sent
    monday: bool = False  # weeks begin on Monday

    @property
    def today(self) -> date:
        """The running day in the report's time zone."""
        return (self.now + timedelta(minutes=self.offset)).date()

    def _labels(self, moment: datetime) -> Labels:
        return tuple(
            [_label(name, moment, iso=self.iso, monday=self.monday) for name in self.dimensions]
        )

    def days(self, known_since: date) -> list[BaseDay]:
        """The UTC days that touch the range, oldest first, nothing before ``known_since``."""
        first = max(self.first - ONE_DAY, known_since)
        final = min(self.last + ONE_DAY, self.now.date())
        cut = dict(self._cut(first))
        result: list[BaseDay] = []
        for ahead in range((final - first).days + 1):
            day = first + ahead * ONE_DAY
            # The ad networks' day is theirs: it is never re-cut by an offset.
            inside = self.first <= day <= self.last and self.between is None
            daily = self._labels(midnight(day)) if inside else None
            if cut.get(day) or daily is not None:
                result.append(BaseDay(day, tuple(cut.get(day, ())), daily))
        return result

    def _cut(self, known_since: date) -> Iterator[tuple[date, list[Piece]]]:
        """Cut where the local day (or hour) turns over; what has not happened yet is not counted."""
        shift = timedelta(minutes=self.offset)
        quarter = self.now.replace(minute=self.now.minute // 15 * 15, second=0, microsecond=0)
        bounds = [(midnight(self.first) - shift, midnight(self.last + ONE_DAY) - shift)]
        bounds += [(midnight(known_since), quarter), *([self.between] if self.between else [])]
        step = 4 if "hour" in self.dimensions else SLOTS
        return cut_days(
            max(begin for begin, _ in bounds),
            min(end for _, end in bounds),
            lambda moment: self._labels(moment + shift),
            steps=SLOTS,
            turns=range((-self.offset // 15) % step, SLOTS, step),
        )

    def days_per_bucket(self) -> dict[tuple[str, ...], int]:
        """How many days each bucket averages over, for averages of daily users."""
        result: dict[tuple[str, ...], int] = {}
        day = self.first
        by_day = [at for at, name in enumerate(self.dimensions) if name != "hour"]
        while day <= min(self.last, self.today):
            labels = self._labels(midnight(day))
            key = tuple(labels[at] for at in by_day)
            result[key] = result.get(key, 0) + 1
            day += ONE_DAY
        return result
