"""Report streams: windows fetched side by side, written in order, closed one by one."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import cached_property, partial
from itertools import chain, islice
from typing import Any, Final, cast

from singer_sdk.exceptions import AbortedSyncFailedException
from typing_extensions import override

from adtap_core.declare import Report
from adtap_core.errors import (
    BadRequest,
    CredentialsError,
    MalformedResponse,
    RequestError,
    RetriesExhausted,
)
from adtap_core.http.client import RequestStats
from adtap_core.platform import Fetched, Partition, WindowJob
from adtap_core.rows.columns import Block
from adtap_core.rows.report_rows import RowShaper
from adtap_core.rows.schemas import DAYS, LEDGER
from adtap_core.rows.window_checks import oddities, window_error
from adtap_core.state.bookmarks import window_name
from adtap_core.sync.failures import FailedParts, in_parts, may_be_of_one, may_pass
from adtap_core.sync.fetching import Fetcher
from adtap_core.sync.ledger import LedgerStream
from adtap_core.sync.planned_reports import PlannedReport
from adtap_core.sync.planning import Bundle, PartitionPlan, Planner, bundles
from adtap_core.sync.run import Run
from adtap_core.sync.schedule import read_reports
from adtap_core.sync.streams import goes_straight
from adtap_core.sync.summary import range_text
from adtap_core.sync.window_tasks import (
    JobCheckpoint,
    ReadWindow,
    ReportRun,
    WindowTask,
    spelt_moment,
)
from adtap_core.sync.window_totals import ReportTotals, WindowTotals
from adtap_core.windows import Interval

log = logging.getLogger("adtaps.reports")
_ANSWER_SECONDS = 10.0
_WAITING_BLOCKS: Final = 8
"""So many blocks, of a thousand rows each, wait until it is known whether their window is good."""


class ReportStream(PlannedReport):
    """A report."""

    def __init__(self, run: Run, report: Report) -> None:
        super().__init__(run, report)
        self._failed: set[Partition] = set()  # accounts that were named as failed
        self._given_up: set[Partition] = set()  # accounts that workers ask no more about
        self._left_out: set[str] = set()  # messages that were said
        self._deciding = threading.Lock()
        # Parts whose rows made no sense. The run's own count is of those that got no answer, and any answer clears it.
        self._odd_parts = FailedParts()
        self._rows = 0
        self._held_back: list[ReadWindow] = []  # until a first row comes
        self._notes: queue.SimpleQueue[JobCheckpoint] = queue.SimpleQueue()
        self._left: dict[Partition, int] = {}  # how many windows are still to be closed
        self._odd: set[str] = set()  # kinds of oddities that were warned of
        self._others: set[str] = set()  # fields nobody asked for that were named
        self._all_stats: list[RequestStats] = []
        self._read: list[Interval] = []
        self._totals: ReportTotals | None = None

    @cached_property
    def _ledger(self) -> LedgerStream:
        return cast("LedgerStream", self.run.streams[LEDGER])

    @cached_property
    def _days(self) -> LedgerStream:
        return cast("LedgerStream", self.run.streams[DAYS])

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher(self.run.platform)

    @cached_property
    def _noisy(self) -> frozenset[str]:
        """Return the columns in which the platform adds up floats: what warehouses round there is noise."""
        metrics, tolerance = self.metric_columns(), self.run.platform.tolerance
        return frozenset(c for m, c in metrics.items() if tolerance(self.report, m).relative)

    # -- reading -----------------------------------------------------------------------------

    @override
    def read(self) -> None:
        """Read this report alone; `read_reports` reads several."""
        read_reports([self], self.run.workers)

    def prepare(self) -> ReportRun:
        """Plan the windows to read. Changes no state, writes nothing: another stream may have its turn."""
        planner, workers = self.planner(), self.run.workers
        partitions = workers.call(lambda: self.run.platform.partitions(planner.report))
        plans = workers.call(lambda: self.plans(planner, partitions, ask_platform=True))
        self._plans = plans
        for plan in plans:
            self._left[plan.partition] = len(plan.windows)
            if plan.bookmark is not None:
                self._bookmarks[plan.partition] = plan.bookmark
        tasks = self.tasks(planner, plans)
        if tasks:
            self._totals = workers.call(self.totals)
        return ReportRun(planner, deque(tasks), accounts=len(plans), whole=len(tasks))

    def totals(self) -> ReportTotals:
        """Return what of the report's rows is added up. May ask the platform which fields there are."""
        return ReportTotals(
            self.asked(),
            self.schema,
            self.run.platform,
            self.config,
            days=self._days.selected,
            digests=self.learned is not None,
        )

    def end_run(self) -> None:
        """Note that the run is over, all streams of it: what was read whole looks back again next time."""
        for partition, bookmark in self._bookmarks.items():
            if self._left[partition] <= 0:
                bookmark.end()
        if self._filled is not None and all(left <= 0 for left in self._left.values()):
            self._describe(self._filled.then)
        if self.learned is not None:
            self._marks["learned"] = [self.learned.ended()]  # a list: see bookmarks.py
        elif self._marks.get("learned") and self.config.get("lookback_mode") != "learned":
            self._marks["learned"] = (
                None  # what was seen before a pause says nothing of what comes after it
            )

    def tasks(self, planner: Planner, plans: Sequence[PartitionPlan]) -> list[WindowTask]:
        """Return the windows to read, in order, partitions bundled where the platform takes several."""
        size = self.run.platform.bundle_size(planner.report)
        return self._tasks(planner, bundles(plans, size))

    def _tasks(self, planner: Planner, wanted: Iterable[Bundle]) -> list[WindowTask]:
        return [
            self._task(planner, bundle, window) for bundle in wanted for window in bundle.windows
        ]

    def _task(self, planner: Planner, bundle: Bundle, window: Interval) -> WindowTask:
        bookmark = bundle.plans[0].bookmark
        known = {} if bookmark is None else bookmark.jobs(window)
        jobs = {n: job for n, job in known.items() if not planner.ended_since(job["made"], window)}
        job = WindowJob(
            report=planner.report,
            partitions=tuple(p.partition for p in bundle.plans),
            window=window,
            zone=planner.zone,
            stats=self._new_stats(),
            remembered={name: entry["parameters"] for name, entry in jobs.items()},
        )
        task = WindowTask(bundle, window, job)
        if jobs:  # as old as the oldest of them: its numbers are
            task.made = min(datetime.fromisoformat(str(e["made"])) for e in jobs.values())
        job.remember = lambda name, parameters: self._remember(task, name, parameters)
        return task

    def _new_stats(self) -> RequestStats:
        self._all_stats.append(RequestStats())
        return self._all_stats[-1]

    @override
    def cost(self) -> RequestStats:
        return RequestStats(
            requests=sum(t.requests for t in self._all_stats),
            retries=sum(t.retries for t in self._all_stats),
            splits=sum(t.splits for t in self._all_stats),
        )

    @property
    def has_whole_accounts(self) -> bool:
        """Check whether some of its accounts were read whole, whatever the others were."""
        return any(left <= 0 and p not in self._failed for p, left in self._left.items())

    @override
    def range_text(self) -> list[str]:
        if not self._read:
            return ["no window was read" if self._failed else "no window to read"]
        return [range_text(self._read, self.report.grain)]

    def start_next(self, reading: ReportRun) -> bool:
        """Begin to fetch the next window; tell whether there was one."""
        while reading.pending:
            task = reading.pending.popleft()
            if any(p not in self._failed for p in task.job.partitions):
                task.future = self.run.workers.submit(partial(self._fetch, task))
                reading.in_flight.append(task)
                return True
        return False

    def take_next(self, reading: ReportRun) -> tuple[WindowTask, Fetched] | None:
        """Wait for the first window that was begun; give it, or None if it can't be had."""
        task = reading.in_flight.popleft()
        if all(p in self._failed for p in task.job.partitions):
            self._drop(task)
            return None
        try:
            return task, self.run.workers.result(task.future)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - one account must not stop the others
            self._fail_or_break_up(task, reading, error)
        return None

    def write_window(self, task: WindowTask, fetched: Fetched, reading: ReportRun) -> None:
        """Write a window's rows and close it."""
        planner = reading.planner
        over = planner.over if task.made is None else min(planner.over, planner.over_at(task.made))
        shaper = self._shaper(task, fetched, over, planner.settle_days)
        assert self._totals is not None  # noqa: S101 - made when the windows were planned
        totals = self._totals.window(fetched, task.control, len(task.job.partitions))
        try:
            with closing(fetched):
                self._write_rows(shaper, task, fetched, totals)
        except Exception as error:  # noqa: BLE001 - one account must not stop the others
            if isinstance(error, MalformedResponse):
                self._note_failure(task, error, self._odd_parts)
            self._fail_or_break_up(task, reading, error)
        else:
            self._note_written(task, fetched, shaper, over, totals)
        reading.done += 1
        self.run.progress.window(
            self.name,
            done=reading.done,
            total=max(reading.whole, reading.done),
            account=(sum(1 for left in self._left.values() if left <= 0), reading.accounts),
            rows=self._rows,
        )

    def begin_turn(self) -> None:
        """Take over the output: from here on this stream writes rows and moves its bookmarks."""
        self._attach()
        for partition, error in self._unplanned:
            self.fail(error, partition=partition.text)
        self.run.progress.begin()

    def _fail_or_break_up(self, task: WindowTask, reading: ReportRun, error: BaseException) -> None:
        """Read a window that failed in parts, if its bundle is to be read so; else note that it can't be read."""
        if task.bundle.is_apart and isinstance(error, RequestError):
            self._break_up(task, reading, error)
        else:
            self._fail_task(task, error)

    def _break_up(self, task: WindowTask, reading: ReportRun, error: RequestError) -> None:
        """Read a bundle's windows from here on in parts: each account alone if one may be refused, else in halves."""
        windows = [task.window]
        for line in (reading.in_flight, reading.pending):
            same = [t for t in line if t.bundle is task.bundle]
            windows += [t.window for t in same]
            for other in same:
                line.remove(other)
                self._drop(other)
        fault = error if may_pass(error) else None
        if error.accounts and task.bundle.fault is None:
            # It was found on the way: the others go on together.
            self._fail_accounts(task, error, error.accounts)
            self._fetcher.forget()
            others = [p for p in task.bundle.plans if p.partition not in error.accounts]
            parts: tuple[list[Sequence[PartitionPlan]], ...] = ([others], [])
        else:
            probed = self.run.failed_parts.are_doubtful or self._odd_parts.are_doubtful
            parts = in_parts(task.bundle.plans, alone=fault is None, probed=probed)
        made = ([Bundle(p, windows, fault=fault) for p in some] for some in parts)
        first, last = (self._tasks(reading.planner, some) for some in made)
        reading.pending.extendleft(reversed(first))
        reading.pending.extend(last)
        reading.whole += len(first) + len(last)

    def _drop(self, task: WindowTask) -> None:
        if task.future is not None and not task.future.cancel():
            task.future.add_done_callback(
                lambda f: f.result().close() if not f.exception() else None
            )

    # -- in a worker -------------------------------------------------------------------------

    def _fetch(self, task: WindowTask) -> Fetched:
        if self._given_up.issuperset(task.job.partitions):
            msg = f"{task.job.what}: not requested: an earlier window failed"
            raise BadRequest(msg)
        if task.bundle.is_apart:
            msg = f"{task.job.what}: not requested: its accounts are asked in parts"
            raise RequestError(msg)
        fault = task.bundle.fault
        if fault is not None and not self._asks_in_parts:
            raise RetriesExhausted(str(fault), status=fault.status)
        self._date(task, task.made)
        try:
            fetched = self._fetcher.fetch(task.job)
        except CredentialsError:
            self._given_up.update(self._left)  # the run ends here
            raise
        except Exception as error:
            self._note_failure(task, error)
            raise
        self.run.failed_parts.clear()
        if self._totals is not None:
            task.control = self._totals.control(task.job)
        return fetched

    def _note_failure(
        self, task: WindowTask, error: Exception, parts: FailedParts | None = None
    ) -> None:
        """Decide, once, what a failure means for its bundle: the rest is asked in parts, or given up."""
        with self._deciding:  # windows of one bundle may fail at once
            if task.bundle.is_apart or self._given_up.issuperset(task.job.partitions):
                return
            passing = may_pass(error)
            if passing and task.bundle.fault is not None:
                (parts or self.run.failed_parts).add()
            of_one = may_be_of_one(error, len(task.job.partitions))
            if of_one and (self._asks_in_parts or not passing):
                task.bundle.is_apart = True
            else:
                self._given_up.update(task.job.partitions)

    @property
    def _asks_in_parts(self) -> bool:
        return self.run.asks_in_parts and not self._odd_parts.seem_an_outage

    def _date(self, task: WindowTask, made: datetime | None = None) -> None:
        """Note when a window is read, and how old its numbers are: as old as the job that was made for them."""
        task.made = made or self.run.clock.now()
        task.synced_at = spelt_moment(self.dated(self.run.clock.read_at()))

    def _remember(self, task: WindowTask, name: str, parameters: object) -> None:
        if name in task.job.remembered:
            self._date(task)  # the job taken up again was of no use: this one is new
        task.job.remembered[name] = parameters  # this run may ask for the window once more
        bookmark = task.bundle.plans[0].bookmark
        if bookmark is None:
            return
        job = {"made": task.made and task.made.isoformat(), "parameters": parameters}
        note = JobCheckpoint(bookmark, task.window, name, job)
        self._notes.put(note)
        self.run.workers.wake()
        # The job is bought already: its name must be in the state before we begin to wait for it.
        note.written.wait(_ANSWER_SECONDS)

    # -- in the main thread ------------------------------------------------------------------

    def write_notes(self) -> None:
        """Put the report jobs that workers bought into the state."""
        while not self._notes.empty():
            note = self._notes.get()
            self._attach()
            note.bookmark.keep_job(note.window, note.name, note.job)
            self.run.write_state(self.name)
            note.written.set()

    def _shaper(
        self, task: WindowTask, fetched: Fetched, over: datetime, settle_days: int
    ) -> RowShaper:
        return RowShaper(
            job=task.job,
            schema=self.schema,
            context=fetched.context,
            now=over,
            settle_days=settle_days,
            keyed=self.run.platform_class.key_columns(self.report),
            synced_at=task.synced_at,
            noisy=self._noisy,
            declared=(*self.report.dimensions, *self.report.metrics),
            secrets=self.run.platform.secret_fields,
        )

    def _note_written(
        self,
        task: WindowTask,
        fetched: Fetched,
        shaper: RowShaper,
        over: datetime,
        totals: WindowTotals | None,
    ) -> None:
        """Say what was odd about a window that was written whole, and close it."""
        self._odd_parts.clear()
        warnings = [*fetched.warnings, *self._oddities(shaper, task)]
        for name in sorted(shaper.others - self._others):
            log.info("%s: field `%s` was not asked for: kept in `_extra`", self.name, name)
        self._others |= shaper.others
        for message in fetched.left_out:
            if message not in self._left_out:  # one failure, not one a window
                self._left_out.add(message)
                self.fail(BadRequest(message))
        self._rows += sum(shaper.counts.values())
        self._held_back.append(
            ReadWindow(
                task,
                shaper.counts,
                shaper.window_state(),
                warnings,
                over,
                totals,
                fetched.held_from,
            )
        )
        if self._may_fail_as_empty:
            return  # Nothing came yet: if nothing comes at all, no bookmark may have moved.
        for window in self._held_back:
            self._close(window)
        self._held_back.clear()

    @property
    def _may_fail_as_empty(self) -> bool:
        """Whether no row came yet; with `fail` no window is closed before, by this run or a broken one that it goes on with."""
        has_read = any(bookmark.has_read for bookmark in self._bookmarks.values())
        return self.config.get("on_empty") == "fail" and not self._rows and not has_read

    def _check_totals(self, totals: WindowTotals, task: WindowTask) -> None:
        """Say what does not tie out in a window.

        Raises:
            RequestError: If that is to be a fault.
        """
        totals.check()
        if not totals.messages:
            return
        more = f" (and {len(totals.messages) - 1} more)" if len(totals.messages) > 1 else ""
        message = f"{task.job.what}: does not tie out: {totals.messages[0]}{more}"
        if self.config.get("on_mismatch") == "fail":
            raise RequestError(f"{message} (setting `on_mismatch`)")
        log.warning("%s", message)

    def _write_rows(
        self, shaper: RowShaper, task: WindowTask, fetched: Fetched, totals: WindowTotals | None
    ) -> None:
        """Write a window's rows.

        What is wrong with it as a whole shows at its end, so the first rows wait: of all but long windows nothing is
        written then.

        Raises:
            RequestError: If it is not what was asked for, or does not tie out.
        """
        extracted = self.run.clock.read_at().isoformat()
        blocks = self._blocks(shaper, fetched, totals)
        waiting = list(islice(blocks, _WAITING_BLOCKS))
        following = next(blocks, None)
        if following is not None:
            # A long one. Not all the way behind by some blocks: that would cost a tenth of its time.
            for block in chain(waiting, (following,), blocks):
                self._write_block(block, extracted)
            waiting.clear()
        if fault := window_error(shaper, task.job.what, not_asked=fetched.not_asked):
            raise fault
        if totals is not None:
            self._check_totals(totals, task)
        for block in waiting:
            self._write_block(block, extracted)

    @staticmethod
    def _blocks(
        shaper: RowShaper, fetched: Fetched, totals: WindowTotals | None
    ) -> Iterator[Block]:
        for open_table in fetched.tables:
            for block in shaper.blocks(open_table()):
                if totals is not None:
                    totals.add(block)
                yield block

    def _oddities(self, shaper: RowShaper, task: WindowTask) -> Iterator[str]:
        """Return what was odd about a window's rows and could be kept all the same; the log says it once."""
        for kind, message in oddities(shaper, task.job.stats.replaced, self.report.grain.value):
            level = logging.INFO if kind in self._odd else logging.WARNING
            self._odd.add(kind)
            log.log(level, "%s %s: %s", self.name, window_name(task.window), message)
            yield message

    @cached_property
    def _goes_straight(self) -> bool:
        """Whether records go out as they are: all that is asked for is selected, and nobody asked more of the SDK."""
        columns = self.metric_columns()
        asked = (("properties", columns[m]) for m in self.asked().metrics)
        return goes_straight(self) and all(self.mask.get(column, True) for column in asked)

    def _write_block(self, block: Block, extracted: str) -> None:
        block = block.first(self.within_limit(block.count))
        if self._goes_straight:
            self.run.out.write_block(self.stream_maps[0].stream_alias, block, extracted)
        else:
            for record in block.dictionaries():
                self.write_mapped(record)
        self.note_records(block.count)

    def _close(self, closing: ReadWindow) -> None:
        """Ledger row, bookmark, STATE: in this order, after the window's last row."""
        task, window = closing.task, closing.window
        stats = task.job.stats
        plans = {p.partition: p for p in task.bundle.plans}
        rows: list[dict[str, Any]] = []
        for partition in task.job.partitions:
            plan = plans[partition]
            self._left[partition] -= 1
            if plan.bookmark is not None:
                plan.bookmark.forget_jobs(task.window, last=self._left[partition] <= 0)
            if window.is_empty:
                continue  # all of it is gone: what was read of it earlier stays the latest reading
            rows.append(closing.line(partition, stats))
            # Bundled partitions share their requests: counted once, so that a sum over the ledger is true.
            stats = RequestStats()
            if plan.bookmark is not None:
                plan.bookmark.close(window, plan.requested, over=closing.over)
                self._note_time(task, plan.requested.now)
        if rows:
            self._read.append(window)
            self._keep_days(closing)
            self._ledger.write(rows)
        self.run.write_state(self.name)

    def _note_time(self, task: WindowTask, begun: datetime) -> None:
        """Note when the report was read, and, after a clock that was ahead, up to when it is dated."""
        self._marks["read_at"] = self._times.then(begun, self.run.clock.now())
        known = self._marks.get("synced_at")
        latest = max(task.synced_at, str(known or ""))
        if latest > spelt_moment(self.run.clock.read_at()):
            self._marks["synced_at"] = latest
        elif known:
            self._marks["synced_at"] = None  # that moment has passed

    def _keep_days(self, closing: ReadWindow) -> None:
        """Write what each bucket held at this reading, and note it for the next lookback."""
        task, totals = closing.task, closing.totals
        if totals is None:
            return
        rows = totals.days(
            task.job.partitions,
            closing.window,
            task.job.zone,
            over=closing.over,
            settle_days=task.bundle.plans[0].requested.settle_days,
            synced_at=task.synced_at,
        )
        self._days.write(list(rows))
        if self.learned is not None:
            accounts = [p.text for p in task.job.partitions]
            self.learned.note(accounts, closing.window, totals.digested())

    def _fail_task(self, task: WindowTask, error: BaseException) -> None:
        if isinstance(error, AbortedSyncFailedException):
            raise error
        self._fail_accounts(task, error, task.job.partitions)

    def _fail_accounts(self, task: WindowTask, error: BaseException, failed: Sequence[Any]) -> None:
        self._given_up.update(failed)
        for partition in failed:
            if partition not in self._failed:
                self._failed.add(partition)
                whose = partition.text if partition.key else ""
                self.fail(error, partition=whose, window=window_name(task.window))

    def end_turn(self) -> None:
        """Say what it means that no row came in the whole run, if none did."""
        wish = self.config.get("on_empty", "ok")
        if self._rows or wish == "ok" or self._failed:
            return
        was_asked = self._read or self._held_back
        if not was_asked and any(bookmark.covered for bookmark in self._bookmarks.values()):
            return  # an earlier run has read all there is by now
        message = "no row in the whole run"
        if self._may_fail_as_empty:
            self.fail(RequestError(f"{message} (setting `on_empty`); its bookmark was not moved"))
        elif wish == "warn":
            log.warning("%s: %s (setting `on_empty`)", self.name, message)
