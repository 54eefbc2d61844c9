"""What is asked for once in a run, whoever needs it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Once(Generic[K, V]):
    """Values that are asked for once each, from several threads: who comes later waits for who asks.

    What `ask` raises comes through, and the next one asks again.

    >>> names: Once[int, str] = Once()
    >>> names.get(1, lambda: "one"), names.get(1, lambda: "another"), names.known(2)
    ('one', 'one', None)
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._found: dict[K, V] = {}

    def get(self, key: K, ask: Callable[[], V]) -> V:
        """Return a value; ask for it if nobody has.

        Args:
            key: What it is of.
            ask: Gives it; runs while others wait.
        """
        with self._lock:
            if key not in self._found:
                self._found[key] = ask()
            return self._found[key]

    def known(self, key: K) -> V | None:
        """Return a value that was asked for by now, else None."""
        with self._lock:
            return self._found.get(key)

    def put(self, key: K, value: V) -> None:
        """Put a value that was found otherwise into the place of an older one."""
        with self._lock:
            self._found[key] = value
