"""What every platform of the sandbox shares: the clock and its moments, the restatement curve, the switches."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, TypeVar

from adtap_sandbox.world import World

SETTLE_DAYS: Final[dict[str, int]] = {"events": 3, "exchange": 7, "spend": 14, "conversions": 30}
"""Age in whole days at which a number of that kind stops to move."""

VANISH_DAYS: Final = 2
"""Age in whole days at which a short-lived row is gone."""

MILLION: Final = 1_000_000
Made = TypeVar("Made")
_place: Final[Callable[..., list[Any]]] = lru_cache(maxsize=32)(lambda *_key: [])
ONE_DAY: Final = timedelta(days=1)


class Clock:
    """The sandbox's idea of now.

    It follows real time at a distance, or stands still. Reading and moving it is safe from any
    thread: its whole state is one tuple, replaced at once.

    Args:
        now: The moment at which it starts, with a zone; real time if None. It runs on from there.
    """

    def __init__(self, now: datetime | None = None) -> None:
        offset = timedelta() if now is None else _aware(now) - datetime.now(UTC)
        self._state: tuple[timedelta, datetime | None] = (offset, None)

    @property
    def frozen(self) -> bool:
        return self._state[1] is not None

    def now(self) -> datetime:
        offset, standing_at = self._state
        return standing_at if standing_at is not None else datetime.now(UTC) + offset

    def set(self, moment: datetime) -> None:
        """Put the clock at a moment, which has a zone (else a `ValueError`), and hold it there."""
        self._state = (self._state[0], _aware(moment))

    def advance(self, by: timedelta) -> None:
        """Move the clock, back by a negative step; it goes on to run, or to stand still, as before."""
        offset, standing_at = self._state
        self._state = (offset, standing_at + by) if standing_at else (offset + by, None)

    def follow(self) -> None:
        """Let a clock that stands still run on, from where it stands."""
        _, standing_at = self._state
        if standing_at is not None:
            self._state = (standing_at - datetime.now(UTC), None)


@dataclass
class Environment:
    """What a reset makes anew and every platform's room is given: who exists, the time, how platforms behave."""

    world: World
    clock: Clock
    switches: dict[str, dict[str, object]] = field(default_factory=dict)
    platform: str = ""  # whose room it is

    def switch(self, name: str) -> Any:
        """The present value of a behaviour that a test may change; a `KeyError` if the platform has none such."""
        return self.switches[self.platform][name]

    def kept(self, question: str, make: Callable[[], Made]) -> Made:
        """What follows from world, moment, switches and question alone: made once while the clock stands, over resets."""
        now, switches = self.clock.now(), self.switches.get(self.platform)
        key = (self.world, now, json.dumps(switches, sort_keys=True), self.platform, question)
        place = _place(*key) if self.clock.frozen else []
        made: Made = place[0] if place else make()
        if not place and self.clock.now() == now:
            place.append(made)
        return made

    def age(self, day: date) -> int:
        """Whole days from the bucket's day to today in UTC; a day ahead of UTC counts as today."""
        return max(0, (self.clock.now().date() - _day(day)).days)

    def millionths(self, moment_of_bucket: date, *key: object, kind: str = "events") -> int:
        """How many millionths of a bucket's final value are known by now; another key has another curve.

        They start at 800,000 to 960,000, by key, on the bucket's own day (of a moment, its date), grow
        with every whole day, and are exactly a million from the kind's settle age on. Whole, so that
        ``value * millionths // MILLION`` rounds down without a doubt.
        """
        settle = SETTLE_DAYS[kind]
        age = self.age(moment_of_bucket)
        if age >= settle:
            return MILLION
        day = _day(moment_of_bucket)
        missing = self.world.between(40, 200, "share", kind, day, *key) * 1000
        # Quadratic: most of what is late comes in the first days, as it does on the platforms.
        return MILLION - round(Fraction(missing * (settle - age) ** 2, settle**2))

    def vanished(self, day: date, *key: object) -> bool:
        """Whether a row that the platform showed at first has been taken back.

        About one row in forty exists while its day is younger than two days and is gone after.
        """
        if self.age(day) < VANISH_DAYS:
            return False
        return self.world.number("vanished", _day(day), *key) % 41 == 0


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the moment {moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _day(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def rfc3339(moment: datetime) -> str:
    """Return `2024-05-01T08:00:00Z`: whole seconds in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
