"""The one place that asks what time it is."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Final

NOW_VARIABLE: Final = "ADTAPS_NOW"
"""Environment variable that moves the clock (ISO date-time): for runs on the sandbox."""


class Clock:
    """Gives the present moment, in UTC.

    Windows, completeness and data states are planned with `now()`. `ADTAPS_NOW` moves it, so that a
    run on the sandbox can live on another day; from there it goes on at the usual pace.

    Args:
        start: The moment the clock starts at; the machine's own time if None.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._born = time.monotonic()

    @classmethod
    def from_environment(cls) -> "Clock":
        """Return the machine's clock, or one moved by `ADTAPS_NOW`.

        Raises:
            ValueError: If the variable does not hold an ISO date-time.
        """
        text = os.environ.get(NOW_VARIABLE)
        if not text:
            return cls()
        moment = datetime.fromisoformat(text)
        return cls(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    @property
    def is_moved(self) -> bool:
        """Check whether this run plays another day than the machine's."""
        return self._start is not None

    def now(self) -> datetime:
        """Return the present moment for planning, aware, in UTC."""
        if self._start is None:
            return datetime.now(UTC)
        # A moved clock still ticks, or two windows of one run could not be told apart.
        return self._start.astimezone(UTC) + timedelta(seconds=time.monotonic() - self._born)

    def read_at(self) -> datetime:
        """Return the machine's real time, in UTC: when something was read, whatever day is played."""
        return datetime.now(UTC)
