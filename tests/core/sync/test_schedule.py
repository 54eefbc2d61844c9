"""Reports read one after the other, their windows side by side."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from adtap_core.errors import Interrupted
from adtap_core.http.workers import Workers
from adtap_core.sync.schedule import read_reports
from adtap_core.sync.window_tasks import ReportRun


class Report:
    """A report whose windows are numbers; it notes what is done with it."""

    def __init__(self, name: str, windows: int, workers: Workers, notes: list[str], fault: Exception | None = None) -> None:  # fmt: skip
        self.name, self._workers, self._notes, self._fault = name, workers, notes, fault
        self._pending = deque(range(windows))
        self.most = 0

    def prepare(self) -> Any:
        if self._fault is not None:
            raise self._fault
        return ReportRun(None, deque(), accounts=1, whole=0)  # type: ignore[arg-type]

    def start_next(self, reading: Any) -> bool:
        if not self._pending:
            return False
        number = self._pending.popleft()
        self._notes.append(f"begin {self.name}{number}")
        future: Future[int] = self._workers.submit(lambda: number)
        reading.in_flight.append(SimpleNamespace(number=number, future=future))
        return True

    @contextmanager
    def turn(self) -> Iterator[None]:
        self._notes.append(f"turn {self.name}")
        yield

    def begin_turn(self) -> None:
        pass

    def take_next(self, reading: Any) -> Any:
        task = reading.in_flight.popleft()
        return task, self._workers.result(task.future)

    def write_window(self, task: Any, fetched: Any, _reading: Any) -> None:
        assert task.number == fetched
        self._notes.append(f"write {self.name}{fetched}")

    def end_turn(self) -> None:
        self._notes.append(f"end {self.name}")

    def write_notes(self) -> None:
        pass

    def fail(self, error: Exception) -> None:
        self._notes.append(f"fail {self.name}: {error}")


def read(workers: int, *reports: tuple[Any, ...]) -> list[str]:
    """Read reports of a name and so many windows each; return what was done, in order."""
    notes: list[str] = []
    pool = Workers(workers)
    try:
        read_reports([Report(name, many, pool, notes, *fault) for name, many, *fault in reports], pool)  # fmt: skip
    finally:
        pool.close()
    return notes


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_windows_are_written_in_order_report_by_report(workers):
    """However many fly: rows, ledger and state are those of one after the other."""
    notes = read(workers, ("a", 3), ("b", 0), ("c", 2))
    written = [note for note in notes if not note.startswith("begin")]
    assert written == [
        *("turn a", "write a0", "write a1", "write a2", "end a"),
        *("turn b", "end b"),
        *("turn c", "write c0", "write c1", "end c"),
    ]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_network_has_work_while_rows_are_written(workers):
    """Beside the window that is written as many are begun as there are workers, and two more; never all there are."""
    notes = read(workers, ("a", 20))
    begun = written = 0
    for note in notes:
        begun += note.startswith("begin")
        written += note.startswith("write")
        assert begun - written <= workers + 2 + 1
    assert [n.split()[0] for n in notes[: workers + 2]] == ["begin"] * (workers + 2)


def test_the_next_reports_windows_are_begun_when_one_has_no_more():
    """Else the last window of each would be waited for alone."""
    notes = read(2, ("a", 1), ("b", 3))
    assert notes.index("begin b0") < notes.index("turn a")


def test_a_report_that_can_not_be_planned_fails_in_its_turn_and_the_others_are_read():
    """Its line stands where its rows would."""
    notes = read(2, ("a", 1), ("b", 1, ValueError("odd")), ("c", 1))
    done = [n for n in notes if n.startswith(("write", "fail"))]
    assert done == ["write a0", "fail b: odd", "write c0"]


def test_a_signal_while_planning_ends_the_run():
    """It is nobody's failure."""
    with pytest.raises(Interrupted):
        read(2, ("a", 1, Interrupted(15)), ("b", 1))


def test_afterwards_the_workers_look_around_as_before():
    """Who waits for something else later must not write into streams that are done."""
    pool = Workers(1)
    before = pool.idle
    read_reports([Report("a", 1, pool, [])], pool)
    assert pool.idle is before
    pool.close()
