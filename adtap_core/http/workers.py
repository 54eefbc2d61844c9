"""Work done side by side, results taken in order.

The network lives in worker threads. The main thread waits here, a second at a time, so that it can
notice a signal or a target that is gone even while a platform takes minutes to answer.
"""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from adtap_core.errors import TargetGone

S = TypeVar("S")
T = TypeVar("T")

_LOOK_SECONDS: Final = 0.25
_SWITCH_SECONDS: Final = 0.0005
"""A thread that takes an answer piece by piece waits so long for its turn after each, while rows are made;
with Python's 5 ms a page of a megabyte comes 15 ms later."""
_THREADS: Final = "adtap-worker"
_END: Final = object()


class Workers:
    """Threads that wait for a platform.

    Args:
        count: How many; the ceiling on requests in flight is `Http`'s own.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.idle: Callable[[], None] = check_target
        self._pool: ThreadPoolExecutor | None = None
        self._woken = threading.Event()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Start work in a thread."""
        if self._pool is None:
            sys.setswitchinterval(_SWITCH_SECONDS)
            self._pool = ThreadPoolExecutor(self.count, thread_name_prefix=_THREADS)
        return self._pool.submit(work)

    def result(self, future: Future[T]) -> T:
        """Wait for work to be done; raises what it raised.

        Raises:
            TargetGone: If the reader of standard output went away meanwhile.
        """
        self.wait_for(future)
        return future.result()

    def call(self, work: Callable[[], T]) -> T:
        """Do work in a thread and wait for it."""
        return self.result(self.submit(work))

    def read_ahead(self, items: Iterator[T]) -> Iterator[T]:
        """Return an iterator's items, the next one being fetched while one is used; begins at once."""

        def step() -> object:
            return next(items, _END)

        def rest(upcoming: Future[object]) -> Iterator[T]:
            while (item := self.result(upcoming)) is not _END:
                upcoming = self.submit(step)
                yield item  # type: ignore[misc]

        return rest(self.submit(step))

    def in_order(self, items: Iterable[S], work: Callable[[S], T]) -> Iterator[tuple[S, Future[T]]]:
        """Do work on items side by side; give each with its ended future, in the items' order.

        At most as many as there are workers are begun ahead, so what is held does not grow.

        Args:
            items: What to work on.
            work: Is given an item; runs in a worker thread.
        """
        begun: deque[tuple[S, Future[T]]] = deque()
        source = iter(items)
        while True:
            while len(begun) < self.count and (item := next(source, _END)) is not _END:
                begun.append((item, self.submit(partial(work, item))))  # type: ignore[arg-type]
            if not begun:
                return
            done, future = begun.popleft()
            self.wait_for(future)
            yield done, future

    def wait_for(self, future: Future[Any]) -> None:
        """Wait until work has ended, well or not; look around (`idle`) now and then."""
        future.add_done_callback(lambda _: self.wake())
        while not future.done():
            self._woken.wait(_LOOK_SECONDS)
            self._woken.clear()
            if not future.done():
                self.idle()

    def wake(self) -> None:
        """Let the thread that waits look around at once. Called in any thread."""
        self._woken.set()

    def close(self) -> None:
        """Take no more work; what runs may end by itself."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def still_waiting() -> bool:
    """Return whether a thread of closed workers still waits for an answer that nobody needs any more."""
    return any(thread.name.startswith(_THREADS) for thread in threading.enumerate())


def check_target() -> None:
    """Notice that nobody reads our output any more, without writing.

    Raises:
        TargetGone: If the pipe on standard output is closed at its other end.
    """
    if not hasattr(select, "poll"):  # pragma: no cover - Windows: noticed at the next write
        return
    try:
        descriptor = sys.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, 0)
        events = poll.poll(0)
    except (OSError, ValueError):  # not a real file: a test's buffer
        return
    if any(event & (select.POLLERR | select.POLLNVAL) for _, event in events) and not os.isatty(
        descriptor
    ):
        msg = "the target stopped reading (closed pipe); its own last line says why"
        raise TargetGone(msg)
