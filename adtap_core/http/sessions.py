"""Which sessions of a login were good: tells one that has ended from one that is refused."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Sessions:
    """The sessions of one login, numbered from 1; several requests use one at once."""

    def __init__(self) -> None:
        self.newest = 0
        self._good = 0
        self._unanswered: Counter[int] = Counter()
        self._answered = threading.Condition()

    @contextmanager
    def using(self, number: int) -> Iterator[None]:
        """Count a request as on its way with a session, until its answer has been judged."""
        with self._answered:
            self._unanswered[number] += 1
        try:
            yield
        finally:
            with self._answered:
                self._unanswered[number] -= 1
                self._answered.notify_all()

    def was_good(self, number: int) -> None:
        """Note that a session was good for a request."""
        with self._answered:
            self._good = max(self._good, number)

    @property
    def were_good(self) -> bool:
        """Return whether any session was good for a request."""
        return self._good > 0

    def has_ended(self, number: int, timeout_seconds: float) -> bool:
        """Return whether a session that was refused is known to have been good, or was replaced meanwhile.

        Waits for the other requests that are on their way with it: where it ends while several are, the refusal
        of one may come before the good answer of another.

        Args:
            number: The session.
            timeout_seconds: The longest wait for the others.
        """

        def known() -> bool:
            return number <= self._good or number != self.newest

        with self._answered:
            self._answered.wait_for(
                lambda: known() or not self._unanswered[number], timeout_seconds
            )
            return known()
