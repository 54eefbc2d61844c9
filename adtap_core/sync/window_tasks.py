"""The windows of a report while it is read: planned, on their way, read, waiting to be closed."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adtap_core import __version__
from adtap_core.declare import Report
from adtap_core.http.client import RequestStats
from adtap_core.platform import Fetched, Partition, WindowJob
from adtap_core.rows.totals import Key, Sums
from adtap_core.state.bookmarks import Bookmark, jobs_in, ledger_moment
from adtap_core.sync.planning import Bundle, Planner
from adtap_core.sync.window_totals import NOT_ASKED, WindowTotals
from adtap_core.windows import Interval


@dataclass
class WindowTask:
    """One window of one bundle, on its way.

    Args:
        bundle: Whose.
        window: Which days.
        job: What the platform is asked.
        synced_at: When it was read, as its rows and the ledger say. Of a report job that is taken up again not when
            it was made: a backfill may have read its days since, of which state knows nothing, and the rows, which
            overwrite the backfill's, would pass for its ghosts.
        made: The tap's clock at that moment; of a report job that is taken up again, when the platform was asked for
            it: its numbers are as young as they were then.
        control: The platform's totals of the window, if they are wanted.
    """

    bundle: Bundle
    window: Interval
    job: WindowJob
    synced_at: str = ""
    made: datetime | None = None
    control: dict[Key, Sums] | None = None
    future: Future[Fetched] | None = None


@dataclass
class ReadWindow:
    """A window that was read whole and waits to be closed.

    Args:
        task: The window to read.
        counts: Its rows by account.
        state: How final its latest bucket is.
        warnings: For the ledger.
        over: The moment up to which buckets were over when it was read.
        totals: What its rows add up to, where that is wanted.
        held_from: Where the platform has dropped its beginning since it was planned: what is left of it.
    """

    task: WindowTask
    counts: Mapping[Partition, int]
    state: str
    warnings: Sequence[str]
    over: datetime
    totals: WindowTotals | None = None
    held_from: datetime | None = None

    @property
    def window(self) -> Interval:
        """Return what was read of it: what the platform dropped is no time without rows, and no later reading."""
        start, end = self.task.window.start, self.task.window.end
        return Interval(start if self.held_from is None else max(start, self.held_from), end)

    def line(self, stream: str, partition: Partition, stats: RequestStats) -> dict[str, Any]:
        """Return its line of the ledger.

        Args:
            stream: The report's name.
            partition: Whose line it is.
            stats: What it cost.
        """
        job = self.task.job
        start, end = (
            ledger_moment(moment, job.report.grain, job.zone)
            for moment in (self.window.start, self.window.end)
        )
        return {
            "stream": stream,
            "account": partition.text,
            "window_start": start,
            "window_end": end,
            "row_count": self.counts[partition],
            "requests": stats.requests,
            "retries": stats.retries,
            "splits": stats.splits,
            "data_state": self.state,
            **self.tied(partition),
            "warnings": "; ".join(self.warnings) or None,
            "synced_at": self.task.synced_at,
            "tap_version": __version__,
        }

    def tied(self, partition: Partition) -> Mapping[str, Any]:
        """Return what the ledger says of the window's totals.

        Args:
            partition: Whose line it is.
        """
        if self.totals is None:
            return NOT_ASKED
        return self.totals.ledger(partition.text, alone=len(self.task.job.partitions) == 1)


@dataclass
class JobCheckpoint:
    """A report job that wants to be remembered before anybody waits for it."""

    task: WindowTask
    name: str
    parameters: Any
    written: threading.Event = field(default_factory=threading.Event)


@dataclass
class ReportRun:
    """A report being read.

    Args:
        planner: Planned the windows.
        report: With the metrics that are selected.
        pending: Windows that nobody has begun, in order.
        accounts: How many accounts there are.
        whole: How many windows there are.
        in_flight: Windows that were begun, in order.
        done: How many were read.
    """

    planner: Planner
    report: Report
    pending: deque[WindowTask]
    accounts: int
    whole: int
    in_flight: deque[WindowTask] = field(default_factory=deque)
    done: int = 0


def jobs_of(bookmark: Bookmark | None, window: Interval) -> Mapping[str, Mapping[str, Any]]:
    """Return the report jobs of a window that a run which goes on may poll.

    None of a run that has ended, or that broke off a day ago or more: their numbers are as old as the jobs.

    Args:
        bookmark: The account's; None: it has none yet.
        window: The window: half open, naive, in the report's zone.
    """
    if bookmark is None or not bookmark.is_resumed:
        return {}
    jobs = jobs_in(bookmark.entry).get(window_name(window), {})
    return {
        name: entry
        for name, entry in jobs.items()
        if isinstance(entry, Mapping) and entry.get("made")
    }


def over_at_reading(task: WindowTask, planner: Planner) -> datetime:
    """Return up to where buckets were over when a window was read.

    Args:
        task: The window to read.
        planner: The report's planner.
    """
    return planner.over if task.made is None else min(planner.over, planner.over_at(task.made))


def spelt_moment(moment: datetime) -> str:
    """Return an instant as `_synced_at` has it: UTC, microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def window_name(window: Interval) -> str:
    """Return a window as messages and state name it: `2026-11-01/2026-11-08`."""
    return f"{_short(window.start)}/{_short(window.end)}"


def _short(moment: datetime) -> str:
    return moment.date().isoformat() if moment.hour == 0 else moment.isoformat(timespec="hours")
