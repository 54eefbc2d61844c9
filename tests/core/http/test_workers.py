"""The thread that waits for work: it looks around meanwhile."""

import threading
import time

from adtap_core.http import workers as workers_module
from adtap_core.http.workers import Workers

PATIENCE = 60.0
"""Seconds that nothing here takes, on a busy machine either."""


def test_work_that_needs_the_waiting_thread_does_not_wait_for_its_next_look(monkeypatch):
    """A report job's name is put into the state at once, not up to a quarter of a second later."""
    monkeypatch.setattr(workers_module, "_LOOK_SECONDS", PATIENCE)
    workers, looked = Workers(1), threading.Event()
    workers.idle = looked.set

    def work() -> bool:
        time.sleep(0.05)
        workers.wake()
        return looked.wait(PATIENCE / 2)

    begun = time.monotonic()
    assert workers.call(work)
    assert time.monotonic() - begun < PATIENCE / 2
    workers.close()


def test_the_waiting_thread_looks_around_while_work_takes_its_time(monkeypatch):
    """A signal, or a target that is gone, is noticed although no answer comes."""
    monkeypatch.setattr(workers_module, "_LOOK_SECONDS", 0.01)
    workers, looks, enough = Workers(1), [], threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            enough.set()

    workers.idle = look
    assert workers.call(lambda: enough.wait(PATIENCE))
    workers.close()
