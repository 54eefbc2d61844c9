"""Standard output that takes no more: whoever read it has gone, or its disk is full."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import IO, Final

UNREAD_EXIT: Final = 141
"""What a shell gives for `git log | head -1`: 128 and SIGPIPE. Not 0: a check that failed may have stood in the rest."""


@contextlib.contextmanager
def quiet_if_unread() -> Iterator[None]:
    """Let what only shows something end as the system's own tools do when `| head -1` has seen enough.

    Nothing of the kind may stand around a sync, whose reader has not seen enough but failed.

    Raises:
        SystemExit: If nobody reads any more.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout:  # none after `>&-`
                sys.stdout.flush()
    except BrokenPipeError:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # after `2>&1` one pipe
            try:
                stream.flush()
            except BrokenPipeError:
                _silence(stream)
        raise SystemExit(UNREAD_EXIT) from None


def silence_stdout() -> None:
    """Let nothing more go to a standard output that takes no more: Python would complain at its end."""
    _silence(sys.stdout)


def _silence(stream: IO[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
