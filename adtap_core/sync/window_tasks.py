"""The windows of a report while it is read: planned, on their way, read, waiting to be closed."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adtap_core import __version__
from adtap_core.http.client import RequestStats
from adtap_core.platform import Fetched, Partition, WindowJob
from adtap_core.rows.totals import Key, Sums
from adtap_core.state.bookmarks import Bookmark, ledger_moment
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

    def line(self, partition: Partition, stats: RequestStats) -> dict[str, Any]:
        """Return its line of the ledger."""
        job = self.task.job
        start, end = (
            ledger_moment(moment, job.report.grain, job.zone)
            for moment in (self.window.start, self.window.end)
        )
        totals = NOT_ASKED
        if self.totals is not None:
            totals = self.totals.ledger(partition.text, alone=len(job.partitions) == 1)
        return {
            "stream": job.report.name,
            "account": partition.text,
            "window_start": start,
            "window_end": end,
            "row_count": self.counts[partition],
            "requests": stats.requests,
            "retries": stats.retries,
            "splits": stats.splits,
            "data_state": self.state,
            **totals,
            "warnings": "; ".join(self.warnings) or None,
            "synced_at": self.task.synced_at,
            "tap_version": __version__,
        }


@dataclass
class JobCheckpoint:
    """A report job that wants to be remembered before anybody waits for it."""

    bookmark: Bookmark
    window: Interval
    name: str
    job: Mapping[str, Any]
    written: threading.Event = field(default_factory=threading.Event)


@dataclass
class ReportRun:
    """A report being read.

    Args:
        planner: Planned the windows.
        pending: Windows that nobody has begun, in order.
        accounts: How many accounts there are.
        whole: How many windows there are.
        in_flight: Windows that were begun, in order.
        done: How many were read.
    """

    planner: Planner
    pending: deque[WindowTask]
    accounts: int
    whole: int
    in_flight: deque[WindowTask] = field(default_factory=deque)
    done: int = 0


def spelt_moment(moment: datetime) -> str:
    """Return an instant as `_synced_at` has it: UTC, microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
