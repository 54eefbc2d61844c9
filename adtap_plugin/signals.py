"""Signals that come where an exception would get lost."""

import os
import time
from threading import Timer
from types import FrameType
from typing import Final

_AGAIN_SECONDS: Final = 0.02
"""After so long a signal comes again."""
_PATIENCE_SECONDS: Final = 5.0
"""For so long it does: a log line that takes longer goes to somebody who does not read."""
_first: Final[dict[int, float]] = {}
"""When each signal that comes again came first."""


def comes_again(number: int, frame: FrameType | None) -> bool:
    """Send a signal again, a little later, if what its handler raises now may get lost.

    Returns:
        Whether it comes again: the handler has nothing to do yet. If it came again for too long, the process ends.
    """
    while frame is not None:
        module, function = frame.f_globals.get("__name__"), frame.f_code.co_name
        # `logging` takes whatever is raised while it writes for a fault of its own. An import forgets its lock in a
        # callback, and of what is raised there Python prints a traceback and goes on.
        if module == "logging" or (module, function) == ("importlib._bootstrap", "cb"):
            if time.monotonic() - _first.setdefault(number, time.monotonic()) > _PATIENCE_SECONDS:
                os._exit(128 + number)
            again = Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return True
        frame = frame.f_back
    _first.pop(number, None)
    return False
