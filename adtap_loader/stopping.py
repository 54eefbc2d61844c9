"""SIGTERM and SIGINT: a load stops at once, with the code that a shell gives for the signal."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from adtap_plugin.signals import comes_again

_stopped_by: Final[list[int]] = []


def stop(log: logging.Logger, number: int, frame: FrameType | None) -> None:
    """Say that a signal ends the load, and end it; what is not committed is read again.

    Args:
        log: Where that is said.
        number: The signal.
        frame: What it interrupts; where an exit would get lost, the signal comes again instead.

    Raises:
        SystemExit: With the code that a shell gives for the signal.
    """
    if comes_again(number, frame):
        return
    log.info("Stopped by signal %d; rows since the last STATE are read again.", number)
    _stopped_by.append(number)
    raise SystemExit(128 + number)


@contextmanager
def ends_as_asked() -> Iterator[None]:
    """Keep the exit that a signal asked for.

    DuckDB puts an error of its own (`Query interrupted`) in its place where the signal comes in a query.

    Raises:
        SystemExit: With the code of the signal, whatever error came of it.
    """
    try:
        yield
    except Exception:
        if not _stopped_by:
            raise
        raise SystemExit(128 + _stopped_by[-1]) from None
