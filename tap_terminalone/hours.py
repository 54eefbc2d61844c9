"""Hours of Reports V1 as instants: the platform writes them on the wall clock of each campaign, or of one zone.

An answer is asked for so wide that every zone's hours of a window are in it, and cut by instant here.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from adtap_core.errors import MalformedResponse
from adtap_core.time_zones import time_zone
from adtap_core.windows import Interval

WIDEST_ZONE: Final = timedelta(hours=14)
_UTC: Final = frozenset({"UTC", "GMT", "ETC/UTC", "ETC/GMT", "ZULU"})
_NO_ZONE: Final = (ValueError, ZoneInfoNotFoundError, OSError)

Row = Sequence[Any]


class Place(NamedTuple):
    """Where a row says its hour.

    Args:
        hour: The column of the hour.
        zone: The column of its zone; None: all are in one.
        fixed: That one; None: UTC.
    """

    hour: int
    zone: int | None = None
    fixed: str | None = None


def is_zone(said: str) -> bool:
    """Check whether a report's words for its time zone name one."""
    try:
        time_zone(said)
    except _NO_ZONE:
        return False
    return True


def fixed_zone(said: str) -> str | None:
    """Return the one zone that a report's words for its time zone name; None for UTC, and where they name none."""
    return said if is_zone(said) and said.upper() not in _UTC else None


def wall_clocks(window: Interval, *, in_utc: bool) -> Interval:
    """Return the hours to ask for, on the report's wall clocks: wide enough for every zone."""
    wide = timedelta() if in_utc else WIDEST_ZONE
    return Interval(window.start - wide, window.end + wide)


def as_instants(rows: Iterator[Row], place: Place, window: Interval) -> Iterator[Row]:
    """Yield rows with their hour as an instant of UTC, without those that were only asked for to be safe.

    Of the hour that a clock change repeats, both count as the first: the platform does not tell them apart. Rows
    of hours that were not asked for stay: that they came is a fault, which is told where rows are made.

    Args:
        rows: Lists of values.
        place: Where they say their hour.
        window: Half open, naive, in UTC.
    """
    at, zone_at, fixed = place
    asked = wall_clocks(window, in_utc=zone_at is None and fixed is None)
    known: dict[tuple[str, str | None], str | None] = {}
    for row in rows:
        key = (row[at], fixed if zone_at is None else row[zone_at])
        if key not in known:
            known[key] = instant(*key, window, asked)
        text = known[key]
        if text is not None:
            yield [*row[:at], text, *row[at + 1 :]]


def instant(text: str, zone: str | None, window: Interval, asked: Interval) -> str | None:
    """Return an hour as an instant; None if it was asked for and lies outside the window all the same.

    Args:
        text: On the wall clock of its zone.
        zone: Its zone; None: UTC.
        window: Half open, naive, in UTC.
        asked: The hours that were asked for, on wall clocks.

    Raises:
        MalformedResponse: If it can't be read, or its zone is not known, or empty: whose hour it is nobody knows.
    """
    try:
        info = UTC if zone is None else time_zone(zone)
        clock = datetime.fromisoformat(text)
        moment = clock.replace(tzinfo=info).astimezone(UTC)
    except _NO_ZONE as error:
        msg = f"the hour {text!r} of the zone {zone!r} can't be read"
        raise MalformedResponse(msg) from error
    inside = window.start <= moment.replace(tzinfo=None) < window.end
    if not inside and asked.start <= clock.replace(tzinfo=None) < asked.end:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
