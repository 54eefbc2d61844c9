"""When a report was read last, as state keeps it: what shows that an earlier run's clock was ahead.

A reading that lies in the future proves it. What was read since the reading before that one may then have been
called final too early, and nothing read from now on may be dated before it: the later reading would seem to be the
earlier one, and its rows ghosts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

ONE_DAY: Final = timedelta(days=1)
KEPT_TO: Final = timedelta(minutes=10)
"""How exactly state knows when a report was read, and by how much a clock must be ahead to be noticed."""


@dataclass(frozen=True)
class ReadingTimes:
    """When a report was read, by the clocks of the runs.

    Args:
        before: In an earlier run, a day before the last one or the next to it; None: nobody knows.
        last: In the last run; None: never, or by a version that did not keep it.
    """

    before: datetime | None = None
    last: datetime | None = None

    @classmethod
    def of(cls, marks: Mapping[str, Any]) -> "ReadingTimes":
        """Return what a report's state says."""
        both = [
            None if text is None else datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
            for text in marks.get("read_at") or (None, None)
        ]
        return cls(*both)

    def is_ahead(self, now: datetime) -> bool:
        """Check whether the clock of the last run was ahead."""
        return self.last is not None and self.last - now > KEPT_TO

    def trusted(self, now: datetime) -> datetime | None:
        """Return the last reading before now that can be trusted; None if nobody knows one."""
        if not self.is_ahead(now):
            return self.last
        is_past = self.before is not None and self.before - now <= KEPT_TO
        return self.before if is_past else None

    def floor(self, now: datetime) -> datetime | None:
        """Return the moment before which nothing may be dated, if a clock was ahead."""
        return None if self.last is None or not self.is_ahead(now) else self.last + KEPT_TO

    def then(self, begun: datetime, now: datetime) -> list[str | None]:
        """Return what state keeps once a run has read something.

        Args:
            begun: When that run was planned.
            now: When it read.
        """
        before = self.trusted(begun)
        if self.last is not None and not self.is_ahead(begun):
            # Whoever runs every hour would lose the last good one at the second bad one; and a run that was killed
            # and started again leaves the state of one that was not.
            is_recent = self.before is not None and begun - self.before < ONE_DAY
            before = self.before if is_recent or begun - self.last < KEPT_TO else self.last
        return [None if before is None else _spelt(before), _spelt(now)]


def latest(said: Sequence[Sequence[str | None]]) -> list[str | None]:
    """Return what several parts of a state say together: the last reading, and the earliest one before it."""
    before = [one for one, _ in said if one is not None]
    return [min(before) if len(before) == len(said) else None, max(str(last) for _, last in said)]


def _spelt(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return (moment - timedelta(minutes=moment.minute % 10)).strftime("%Y-%m-%dT%H:%M")
