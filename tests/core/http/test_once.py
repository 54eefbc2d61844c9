"""What several threads need is asked for once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from adtap_core.http.once import Once


def test_who_comes_while_somebody_asks_waits_for_the_answer():
    """One request for all of them, whatever it takes; other keys have requests of their own."""
    asked, values = [], Once()
    together = threading.Barrier(4, timeout=30)

    def ask(key):
        asked.append(key)
        threading.Event().wait(0.05)
        return object()

    def get(key):
        together.wait()
        return values.get(key, lambda: ask(key))

    with ThreadPoolExecutor(4) as pool:
        one, same, other, again = pool.map(get, ["a", "a", "b", "a"])
    assert sorted(asked) == ["a", "b"]
    assert one is same is again
    assert other is not one


def test_what_failed_is_asked_for_again():
    """An error is nobody's answer."""
    values = Once()
    with pytest.raises(ZeroDivisionError):
        values.get("a", lambda: 1 / 0)
    assert values.known("a") is None
    assert values.get("a", lambda: 2) == 2
