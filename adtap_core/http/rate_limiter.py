"""How many requests may begin in a second."""

import threading
import time
from collections.abc import Callable


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
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Wait for the host's next turn."""
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self._gap
        if turn > now + self._slack:
            self._sleep(turn - now - self._slack)
