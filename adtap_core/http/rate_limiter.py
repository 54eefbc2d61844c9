"""How many requests may begin in a second."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

_SLOWEST_SECONDS: Final = 0.5
"""The longest gap between two requests that refusals lead to: two a second are too fast for hardly anybody."""
_FIRST_SECONDS: Final = 0.1
"""The gap after the first refusal of a host that was asked without one."""
_TOGETHER_SECONDS: Final = 1.0
"""Refusals that come so soon after one another are of requests that were begun at one pace: they count once."""
_QUIET_SECONDS: Final = 30.0
"""After so long without a refusal a shorter gap is tried: somebody else may have used the same allowance."""


class RateLimiter:
    """Lets so many requests begin in a second, per host; after a rest, several of them at once.

    Args:
        per_second: How many, in the long run; None: no limit.
        burst: How many at once after a rest.
        sleep: Waits for so many seconds; handed in, so that a test need not.

    >>> limiter = RateLimiter(10, burst=2, sleep=lambda seconds: print(round(seconds, 1)))
    >>> for _ in range(3):
    ...     limiter.wait("api.example")
    0.1
    """

    def __init__(
        self, per_second: float | None, burst: int, sleep: Callable[[float], None]
    ) -> None:
        self._gap = 1.0 / per_second if per_second else 0.0
        self._slack = self._gap * (burst - 1)
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self._slowed: dict[str, tuple[float, float]] = {}
        """The gap of hosts that said it was too short, and when it was last made longer."""
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Wait for the host's next turn."""
        if not self._gap and not self._slowed:
            return
        with self._lock:
            now = time.monotonic()
            gap, slack = self._pace(host, now)
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + gap
        if turn > now + slack:
            self._sleep(turn - now - slack)

    def slow_down(self, host: str) -> None:
        """Begin requests half as often from now on: the host said that they come too fast."""
        with self._lock:
            now = time.monotonic()
            gap, since = self._slowed.get(host, (self._gap, -math.inf))
            if now - since >= _TOGETHER_SECONDS:
                longer = min(max(2 * gap, _FIRST_SECONDS), _SLOWEST_SECONDS)
                self._slowed[host] = max(gap, longer), now

    def _pace(self, host: str, now: float) -> tuple[float, float]:
        """Return the gap between two requests to a host, and how far they may be ahead of it."""
        if host not in self._slowed:
            return self._gap, self._slack
        gap, since = self._slowed[host]
        if now - since >= _QUIET_SECONDS:
            gap /= 2
            self._slowed[host] = gap, now
            if gap <= max(self._gap, _FIRST_SECONDS / 2):
                del self._slowed[host]
                return self._gap, self._slack
        return gap, 0.0
