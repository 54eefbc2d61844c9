"""Windows of time by name or by dates, as the reports of both generations understand them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from adtap_sandbox.cube import ONE_DAY

_LAST: Final = re.compile(r"^last_(\d+)_(days|hours)$")
_EVER: Final = datetime(2013, 1, 1)  # noqa: DTZ001 - wall-clock time of any zone

Bounds = Callable[[datetime], tuple[datetime, datetime]]


def named(window: str) -> Bounds | None:
    """Return the first and last unit of a named window for a wall-clock now; None if unknown.

    `last_N_days` ends with yesterday, `last_N_hours` with the last full hour.
    """
    match = _LAST.match(window)
    if match:
        count = int(match[1])
        if match[2] == "days":
            return lambda now: (_day(now) - count * ONE_DAY, _day(now) - _TICK)
        return lambda now: (_hour(now) - timedelta(hours=count), _hour(now) - _TICK)
    return {
        "current_day": lambda now: (_day(now), _day(now) + ONE_DAY - _TICK),
        "yesterday": lambda now: (_day(now) - ONE_DAY, _day(now) - _TICK),
        "month_to_date": lambda now: (_day(now).replace(day=1), _day(now) - _TICK),
        "campaign_to_date": lambda now: (_EVER, _day(now) - _TICK),
        "flight_to_date": lambda now: (_EVER, _day(now) - _TICK),
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
        return max(first, _day(now) - days * ONE_DAY), last

    return cut


_TICK: Final = timedelta(microseconds=1)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
