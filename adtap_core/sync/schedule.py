"""Reports read one after the other, their windows side by side."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from adtap_core.errors import Interrupted, TargetGone
from adtap_core.http.workers import Workers, check_target
from adtap_core.platform import Fetched
from adtap_core.sync.window_tasks import ReportRun, WindowTask

_WAITING: Final = 2
"""Windows begun beyond those in flight: the network has work while rows are written."""


class Scheduled(Protocol):
    """A report as the schedule knows it: planned, begun window by window, written in its turn."""

    def prepare(self) -> ReportRun:
        """Plan what is read."""

    def start_next(self, reading: ReportRun) -> bool:
        """Begin the next window; return whether there was one."""

    def turn(self) -> AbstractContextManager[None]:
        """Announce the stream, and count and time what is written meanwhile."""

    def begin_turn(self) -> None:
        """Note that its turn has come."""

    def take_next(self, reading: ReportRun) -> tuple[WindowTask, Fetched] | None:
        """Wait for the window whose turn it is; return None if it failed or was cut up."""

    def write_window(self, task: WindowTask, fetched: Fetched, reading: ReportRun) -> None:
        """Write a window."""

    def end_turn(self) -> None:
        """Note that all of its windows are done."""

    def write_notes(self) -> None:
        """Put report jobs that were bought meanwhile into the state."""

    def fail(self, error: Exception) -> None:
        """Note that it can't be read."""


def read_reports(streams: Sequence[Scheduled], workers: Workers) -> None:
    """Read reports one after the other, their windows side by side.

    As many windows are in flight as there are workers, and a few more are begun, so that the network has
    work while rows are written; when a report has no more to begin, the next report's windows are. Rows,
    ledger and state are written report by report, window by window.
    """
    line = _Line(streams, workers)
    workers.idle = line.idle
    try:
        for at, stream in enumerate(streams):
            line.begin_more(at)
            reading = line.readings[at]
            with stream.turn():
                if isinstance(reading, Exception):
                    stream.fail(reading)
                    continue
                stream.begin_turn()
                # What was written last may have had to be asked for again.
                while reading.in_flight or stream.start_next(reading):
                    taken = stream.take_next(reading)
                    line.begin_more(at)
                    if taken is not None:
                        stream.write_window(*taken, reading)
                stream.end_turn()
    finally:
        workers.idle = check_target


class _Line:
    """Reports that wait for their turn, in order, and the workers that fetch their windows."""

    def __init__(self, streams: Sequence[Scheduled], workers: Workers) -> None:
        self._streams, self._workers = streams, workers
        self.readings: list[ReportRun | Exception] = []
        """What was planned, or why it could not be; of the first streams."""

    def begin_more(self, at: int) -> None:
        """Fill the workers, from the report whose turn it is on."""
        begun = sum(len(r.in_flight) for r in self.readings[at:] if isinstance(r, ReportRun))
        while begun < self._workers.count + _WAITING and at < len(self._streams):
            if at == len(self.readings):
                if begun >= self._workers.count:
                    return  # planning asks the platform: it would wait behind all that was begun
                self.readings.append(_prepared(self._streams[at]))
            reading = self.readings[at]
            if isinstance(reading, ReportRun) and self._streams[at].start_next(reading):
                begun += 1
            else:
                at += 1

    def idle(self) -> None:
        """Do what the main thread must do while it waits."""
        check_target()
        for stream in self._streams[: len(self.readings)]:
            stream.write_notes()


def _prepared(stream: Scheduled) -> ReportRun | Exception:
    """Plan a report; what goes wrong is said when it is its turn."""
    try:
        return stream.prepare()
    except (Interrupted, TargetGone):
        raise
    except Exception as error:  # noqa: BLE001 - one stream must not stop the others
        return error
