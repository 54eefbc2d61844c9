"""What a person waiting for a long run sees: a line every half minute, a live one on a terminal."""

import logging
import sys
import time
from typing import Final

from adtap_core.formatting import count

log = logging.getLogger("adtaps.progress")

_EVERY_SECONDS: Final = 30.0


class Progress:
    """Says how far a run is.

    Args:
        live: Whether standard error is a terminal, where one line can change in place.
    """

    def __init__(self, *, live: bool | None = None) -> None:
        self._live = sys.stderr.isatty() if live is None else live
        self._said = time.monotonic()
        self._began = self._said

    def begin(self) -> None:
        """Start counting for another stream."""
        self._began = time.monotonic()

    def window(
        self, stream: str, *, done: int, total: int, account: tuple[int, int], rows: int
    ) -> None:
        """Note that a window is done.

        Args:
            stream: The stream's name.
            done: Windows of it that are done.
            total: Windows of it.
            account: How many accounts are done, and of how many.
            rows: Rows written.
        """
        left = (time.monotonic() - self._began) / done * (total - done) if done else 0.0
        accounts = f", account {account[0]}/{account[1]}" if account[1] > 1 else ""
        line = f"{stream}: window {done}/{total}{accounts}, {count(rows, 'row')}, about {left:.0f} s left"
        if self._live:
            sys.stderr.write(f"\r\x1b[K{line}" + ("\n" if done == total else ""))
            sys.stderr.flush()
        else:
            self._say(line)

    def records(self, stream: str, number: int) -> None:
        """Note how many records of an entity have been read."""
        self._say(f"{stream}: {count(number, 'row')} so far")

    def _say(self, line: str) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY_SECONDS:
            self._said = now
            log.info("%s", line)
