"""How seldom Python looks for garbage among a run's objects."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Looking through all there is once more, only to forget it, costs a short run a tenth of its time.
atexit.register(gc.freeze)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for circles of objects seldom, and only among what a run makes; afterwards as before.

    Rows hold no circles: looking for some, a thousand times a second, costs a tenth of a run. Old objects are looked
    at after a hundred million new ones, so none has to be frozen: whoever runs taps in a process that lives on gets
    memory back, and finds frozen what was frozen.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
