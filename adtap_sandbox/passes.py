"""What was handed out and opens a door until it ends: tokens, sessions, one-time codes.

How somebody comes by one, and in which words they are refused, is each platform's own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from adtap_sandbox.environment import Clock

Holder = TypeVar("Holder")


@dataclass
class Pass(Generic[Holder]):
    """One of them: who or what it stands for, when it ends (None: never), how often it was shown."""

    holder: Holder
    ends: datetime | None
    shown: int = 0


class Passes(Generic[Holder]):
    """All of one kind that were handed out since the last reset; they end by the sandbox's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, Pass[Holder]] = {}

    def __len__(self) -> int:
        return len(self._given)

    def __getitem__(self, name: str) -> Pass[Holder]:
        return self._given[name]

    def add(self, name: str, holder: Holder, life: timedelta | None = None) -> str:
        """Hand one out, for ever if no life is given; return its name."""
        ends = None if life is None else self._clock.now() + life
        self._given[name] = Pass(holder, ends)
        return name

    def find(self, name: str) -> Pass[Holder] | None:
        """Return one that has not ended."""
        found = self._given.get(name)
        if found is None or (found.ends is not None and self._clock.now() >= found.ends):
            return None
        return found

    def drop(self, name: str) -> None:
        self._given.pop(name, None)

    def clear(self) -> int:
        """Forget all; return how many there were."""
        count = len(self._given)
        self._given.clear()
        return count
