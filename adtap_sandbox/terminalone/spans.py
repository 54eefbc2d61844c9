"""Windows of time by name or by dates, as the reports of both generations understand them."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from adtap_sandbox.moments import ONE_DAY, full_hour

_LAST: Final = re.compile(r"^last_(\d+)_(days|hours)$")
_EVER: Final = datetime(2013, 1, 1)  # noqa: DTZ001 - wall-clock time of any zone

_TICK: Final = timedelta(microseconds=1)

Bounds = Callable[[datetime], tuple[datetime, datetime]]


def day_of(moment: datetime) -> datetime:
    """Return the midnight at or before a moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def named(window: str) -> Bounds | None:
    """Return the first and last unit of a named window for a wall-clock now; None if unknown.

    `last_N_days` ends with yesterday, `last_N_hours` with the last full hour.
    """
    match = _LAST.match(window)
    if match:
        count = int(match[1])
        if match[2] == "days":
            return lambda now: (day_of(now) - count * ONE_DAY, day_of(now) - _TICK)
        return lambda now: (full_hour(now) - timedelta(hours=count), full_hour(now) - _TICK)
    return {
        "current_day": lambda now: (day_of(now), day_of(now) + ONE_DAY - _TICK),
        "yesterday": lambda now: (day_of(now) - ONE_DAY, day_of(now) - _TICK),
        "month_to_date": lambda now: (day_of(now).replace(day=1), day_of(now) - _TICK),
        "campaign_to_date": lambda now: (_EVER, day_of(now) - _TICK),
        "flight_to_date": lambda now: (_EVER, day_of(now) - _TICK),
    }.get(window)


def between(first: datetime, last: datetime) -> Bounds:
    """Return the same first and last unit whatever the zone."""
    return lambda _: (first, last)


def not_older(bounds: Bounds, days: int | None) -> Bounds:
    """Cut a window off at a dataset's retention."""
    if days is None:
        return bounds

    def cut(now: datetime) -> tuple[datetime, datetime]:
        first, last = bounds(now)
        return max(first, day_of(now) - days * ONE_DAY), last

    return cut
