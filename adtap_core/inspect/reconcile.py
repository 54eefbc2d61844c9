"""A warehouse held against the platform: what each report's rows add up to, and what the platform says now.

The rows are those that no later reading has left out (ghosts are not counted, see docs/windows-and-state.md). The
platform is asked the coarsest question that it answers, through the same code that reads reports. Nothing is
written and no bookmark moves.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.errors import AdtapError, CredentialsError, Interrupted, RequestError, SettingsError
from adtap_core.http.client import RequestStats
from adtap_core.inspect.coverage import Read, moment
from adtap_core.platform import Partition, WindowJob
from adtap_core.rows.report_rows import DataState, data_state
from adtap_core.rows.totals import Key, Sums
from adtap_core.sync.control_totals import Asker, Mismatch, Question, mismatches, question
from adtap_core.sync.failures import in_parts, may_be_of_one, may_pass
from adtap_core.sync.planning import Planner
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.run import Run
from adtap_core.windows import Grain, Interval, Zone, cut, join, subtract

STATES: Final = (DataState.PARTIAL, DataState.PROVISIONAL, DataState.SETTLED)
"""From the least final one."""


@dataclass(frozen=True)
class Group:
    """Rows of a warehouse that have account, bucket, currency, zone and reading in common.

    Args:
        key: Account, bucket, currency, time zone and constants.
        synced_at: When they were read, UTC, naive.
        state: The least final `_data_state` among them.
        sums: What they add up to.
        repeated: How many of them have the key of another one.
    """

    key: Key
    synced_at: datetime
    state: DataState
    sums: Sums
    repeated: int = 0


Holds = Callable[[Question, Interval], Iterable[Group]]
"""Gives the rows that a warehouse holds of a report, for a stretch as the ledger spells it."""


@dataclass(frozen=True)
class Difference:
    """A number that the warehouse and the platform disagree on.

    Args:
        found: The two numbers.
        day: The bucket's day in the report's time zone, `YYYY-MM-DD`.
        hour: The bucket's hour there, `HH:MM`; empty but for hourly reports.
        state: How final the bucket was when it was read.
        read_at: When it was read last; None: never.
        remark: What is odd about the warehouse's rows; empty if nothing is.
    """

    found: Mismatch
    day: str
    hour: str
    state: DataState
    read_at: datetime | None
    remark: str = ""

    @property
    def account(self) -> str:
        """Return the account, as JSON text."""
        return str(self.found.key[0])


@dataclass
class Reconciled:
    """What came of one report.

    Args:
        report: The report.
        asked: What the platform was asked; None if it was not.
        why_not: Why the report can't be compared; empty if it can.
        wrong: Whether `why_not` is a fault, and not the report's own nature.
        first: First day compared.
        last: End of the days compared (exclusive).
        differences: Those of settled buckets.
        provisional: Those of buckets that the platform may still restate.
        accounts: Accounts that could not be asked, and why.
        remarks: What was left out, and why.
        compared: How many numbers were compared.
        requests: How many requests it took.
    """

    report: Report
    asked: Question | None = None
    why_not: str = ""
    wrong: bool = False
    first: datetime | None = None
    last: datetime | None = None
    differences: list[Difference] = field(default_factory=list)
    provisional: list[Difference] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    compared: int = 0
    requests: int = 0

    @property
    def ties(self) -> bool:
        """Check whether every settled bucket that can be compared ties out."""
        return not (self.differences or self.accounts or (self.why_not and self.wrong))


def reconcile(
    stream: ReportStream,
    reads: Mapping[str, Sequence[Read]],
    holds: Holds,
    wanted: tuple[datetime | None, datetime | None],
) -> Reconciled:
    """Hold a report's rows against the platform's totals.

    Args:
        stream: The report.
        reads: What the ledger says of it, by account.
        holds: Gives the warehouse's rows.
        wanted: First moment and end of what is compared, naive, in the report's zone; None: all that was read.

    Raises:
        CredentialsError: The login is refused.
        SettingsError: The warehouse can't be read.
    """
    made = Reconciled(stream.report)
    try:
        _Comparison(stream, reads, holds, made).run(wanted)
    except (CredentialsError, SettingsError, Interrupted):
        raise
    except AdtapError as error:
        made.why_not, made.wrong = str(error), True
    return made


class _Comparison:
    """One report being compared."""

    def __init__(
        self,
        stream: ReportStream,
        reads: Mapping[str, Sequence[Read]],
        holds: Holds,
        made: Reconciled,
    ) -> None:
        self._run: Run = stream.run
        # What nobody selected has no selected metrics: then all are meant.
        self._report = stream.asked() if stream.selected else stream.report
        self._planner: Planner = stream.planner()
        self._reads, self._holds, self._made = reads, holds, made
        self._stats = RequestStats()

    def run(self, wanted: tuple[datetime | None, datetime | None]) -> None:
        call, platform = self._run.workers.call, self._run.platform
        asked = call(lambda: question(self._report, platform, self._run.config))
        self._made.asked = asked
        if asked.why_not:
            self._made.why_not = asked.why_not
            return
        partitions = call(lambda: platform.partitions(self._report))
        if not partitions:
            self._made.why_not = (
                "the platform, or this generation of its API, has no such report here"
            )
            return
        whole = self._range(wanted)
        if whole is None:
            self._made.why_not, self._made.wrong = "nothing of it was read in these days", True
            return
        asks, windows = self._windows(partitions, whole)
        totals = self._totals(asked, asks)
        if self._made.accounts and not totals and len(self._made.accounts) == len(partitions):
            message = next(iter(self._made.accounts.values()))
            self._made.why_not, self._made.wrong = message, True
            self._made.accounts = {}
            return
        known = {p.text for p in partitions if p.text not in self._made.accounts}
        self._compare(asked, totals, windows, whole, known)
        self._made.requests = self._stats.requests

    # -- which days --------------------------------------------------------------------------

    def _range(self, wanted: tuple[datetime | None, datetime | None]) -> Interval | None:
        """Return the buckets to compare: those that are over, of all that any account was read for."""
        grain, zone = self._report.grain, self._planner.zone
        windows = [_local(r.window, grain, zone) for reads in self._reads.values() for r in reads]
        first, last = wanted
        if first is None:
            first = min((w.start for w in windows), default=None)
        over = grain.floor(self._planner.over)
        if last is None:
            last = max((w.end for w in windows), default=None)
        if first is None or last is None:
            return None
        whole = Interval(grain.ceil(first), grain.floor(min(last, over)))
        self._made.first, self._made.last = whole.start, whole.end
        return None if whole.is_empty else whole

    def _windows(
        self, partitions: Sequence[Partition], whole: Interval
    ) -> tuple[list[WindowJob], dict[str, Interval]]:
        """Return what to ask, and of each account the stretch that the platform still holds."""
        platform, grain = self._run.platform, self._report.grain
        asked = self._made.asked
        assert asked is not None  # noqa: S101 - asked before
        available: dict[str, Interval] = {}
        alike: dict[Interval, list[Partition]] = {}
        for partition in partitions:
            span = self._run.workers.call(
                partial(platform.available_range, asked.report, partition)
            )
            stretch = whole
            if span is not None:
                stretch = whole.clip(Interval(grain.ceil(span.start), grain.floor(span.end)))
            available[partition.text] = stretch
            alike.setdefault(stretch, []).append(partition)
        for stretch, members in alike.items():
            if stretch.start > whole.start or stretch.is_empty:
                where = "" if len(members) == len(partitions) else f" of {len(members)} accounts"
                until = "now" if stretch.is_empty else stretch.start.date().isoformat()
                self._made.remarks.append(
                    f"days before {until}{where} are not compared: the platform no longer holds them"
                )
        size = platform.bundle_size(asked.report)
        jobs = [
            WindowJob(
                asked.report,
                tuple(members[at : at + size]),
                window,
                self._planner.zone,
                self._stats,
            )
            for stretch, members in alike.items()
            for at in range(0, len(members), size)
            for window in cut([stretch], grain=grain, span_days=asked.report.span_days)
        ]
        return jobs, available

    # -- the platform ------------------------------------------------------------------------

    def _totals(self, asked: Question, jobs: Sequence[WindowJob]) -> dict[Key, Sums]:
        asker = Asker(self._run.platform, self._run.config, asked)
        totals: dict[Key, Sums] = {}
        ask = partial(self._ask, asker)
        for _, done in self._run.workers.in_order(jobs, ask):
            found, failed = done.result()
            totals |= found
            for account, message in failed.items():
                self._made.accounts.setdefault(account, message)
        return totals

    def _ask(self, asker: Asker, job: WindowJob) -> tuple[dict[Key, Sums], dict[str, str]]:
        """Return a window's totals, and the accounts that could not be asked. Runs in a worker.

        One account that is refused, or broken, must not take the others with it: as in a sync.
        """
        totals: dict[Key, Sums] = {}
        failed: dict[str, str] = {}
        pending: deque[tuple[WindowJob, RequestError | None]] = deque([(job, None)])
        while pending:
            part, fault = pending.popleft()
            if fault is None or not may_pass(fault) or self._run.asks_in_parts:
                try:
                    totals |= asker.ask(part)
                    self._run.failed_parts.clear()
                    continue
                except RequestError as error:
                    if may_pass(error) and fault is not None:
                        self._run.failed_parts.add()
                    fault = error
            smaller = self._in_parts(part, fault)
            pending.extend((one, fault) for one in smaller)
            if not smaller:
                failed |= {p.text: str(fault) for p in part.partitions}
        return totals, failed

    def _in_parts(self, job: WindowJob, fault: RequestError) -> list[WindowJob]:
        """Return a request that failed in parts, by accounts; none if it is given up."""
        alone = not may_pass(fault)
        if not may_be_of_one(fault, len(job.partitions)) or not (alone or self._run.asks_in_parts):
            return []
        probed = self._run.failed_parts.are_doubtful
        first, last = in_parts(job.partitions, alone=alone, probed=probed)
        return [replace(job, partitions=tuple(part)) for part in (*first, *last)]

    # -- both --------------------------------------------------------------------------------

    def _compare(
        self,
        asked: Question,
        totals: Mapping[Key, Sums],
        available: Mapping[str, Interval],
        whole: Interval,
        known: set[str],
    ) -> None:
        grain, zone = self._report.grain, self._planner.zone
        groups = list(self._holds(asked, spelled(whole, grain, zone)))
        latest = LatestReads(self._reads)
        rows: dict[Key, Sums] = {}
        seen: dict[Key, list[Group]] = {}
        strangers: dict[str, int] = {}
        constants = {key[4:] for key in totals}
        for group in groups:
            account, bucket = str(group.key[0]), moment_of(str(group.key[1]))
            read = latest.of(account, bucket)
            if read is not None and group.synced_at < moment(read.synced_at):
                continue  # a ghost: a later reading of its window no longer had it
            if account not in known:
                if account not in self._made.accounts:
                    strangers[account] = strangers.get(account, 0) + group.sums.rows
                continue
            stretch = spelled(available[account], grain, zone)
            if not stretch.start <= bucket < stretch.end:
                continue
            if constants and group.key[4:] not in constants:
                message = f"rows of other settings ({', '.join(map(str, group.key[4:]))}) are not compared"
                if message not in self._made.remarks:
                    self._made.remarks.append(message)
                continue
            sums = rows.setdefault(group.key, Sums(dict.fromkeys(asked.columns)))
            sums.merge(group.sums)
            seen.setdefault(group.key[:2], []).append(group)
        for account, count in sorted(strangers.items()):
            self._made.remarks.append(
                f"{count} rows of {account} are not compared: this login does not see it, or the settings leave it out"
            )
        self._made.compared = len(rows.keys() | totals.keys()) * len(asked.columns)
        empty = known - {key[0] for key in seen}
        for found in mismatches(rows, totals, asked):
            made = self._difference(found, seen.get(found.key[:2], []), latest, empty)
            settled = made.state is DataState.SETTLED
            (self._made.differences if settled else self._made.provisional).append(made)

    def _difference(
        self, found: Mismatch, groups: Sequence[Group], latest: "LatestReads", empty: set[str]
    ) -> Difference:
        grain, zone = self._report.grain, self._planner.zone
        account, text = str(found.key[0]), str(found.key[1])
        bucket = moment_of(text)
        read = latest.of(account, bucket)
        local = zone.local(bucket.replace(tzinfo=UTC)) if grain is Grain.HOUR else bucket
        if groups:
            state = min((g.state for g in groups), key=STATES.index)
        else:
            state = self._state_without_rows(local, read)
        return Difference(
            found,
            day=local.date().isoformat(),
            hour=f"{local:%H:%M}" if grain is Grain.HOUR else "",
            state=state,
            read_at=None if read is None else read.synced_at,
            remark=_remark(groups, read, nothing=account in empty),
        )

    def _state_without_rows(self, bucket: datetime, read: Read | None) -> DataState:
        """Return how final a bucket was when it was read, if no row is left to say so."""
        planner, instant = self._planner, self._planner.instant
        if read is not None:
            # A clock that was moved (ADTAPS_NOW) dates no reading: then the present is the best there is.
            instant = min(instant, read.synced_at)
        return data_state(
            bucket,
            grain=self._report.grain,
            zone=planner.zone,
            now=planner.over_at(instant),
            days=planner.settle_days,
        )


def _remark(groups: Sequence[Group], read: Read | None, *, nothing: bool) -> str:
    message = []
    if read is None:
        message.append("never read")
    if nothing:
        message.append("no row of this account at all")
    elif not groups:
        message.append("no row of this bucket")
    if repeated := sum(g.repeated for g in groups):
        message.append(f"{repeated} row{'s' if repeated > 1 else ''} with the key of another one")
    return ", ".join(message)


class LatestReads:
    """The last reading of each bucket, by account."""

    def __init__(self, reads: Mapping[str, Sequence[Read]]) -> None:
        self._reads = reads
        self._known: dict[str, list[tuple[Interval, Read]]] = {}

    def of(self, account: str, bucket: datetime) -> Read | None:
        """Return the last reading of a window that contains a bucket; None if there was none.

        Args:
            account: As JSON text.
            bucket: Its start, as the ledger spells it.
        """
        if account not in self._known:
            self._known[account] = _latest(self._reads.get(account, ()))
        stretches = self._known[account]
        at = bisect_right(stretches, bucket, key=lambda known: known[0].start) - 1
        return stretches[at][1] if at >= 0 and bucket < stretches[at][0].end else None


def _latest(reads: Iterable[Read]) -> list[tuple[Interval, Read]]:
    """Return the stretches that were read, in order, each with its latest reading."""
    found: list[tuple[Interval, Read]] = []
    seen: list[Interval] = []
    for read in sorted(reads, key=lambda r: r.synced_at, reverse=True):
        found += [(stretch, read) for stretch in subtract([read.window], seen)]
        seen = join([*seen, read.window])
    return sorted(found, key=lambda known: known[0])


def moment_of(bucket: str) -> datetime:
    """Return a bucket's start as the ledger spells it: an hour's instant in UTC, else the day at midnight."""
    return datetime.fromisoformat(bucket.replace("Z", ""))


def spelled(stretch: Interval, grain: Grain, zone: Zone) -> Interval:
    """Return a stretch as the ledger spells it: hours as instants in UTC, days by their dates."""
    if grain is not Grain.HOUR or stretch.is_empty:
        return stretch
    return Interval(moment(zone.instant(stretch.start)), moment(zone.instant(stretch.end)))


def _local(window: Interval, grain: Grain, zone: Zone) -> Interval:
    """Return a window of the ledger in the report's zone."""
    if grain is not Grain.HOUR:
        return window
    start, end = (zone.local(m.replace(tzinfo=UTC)) for m in (window.start, window.end))
    return Interval(start, end)


# -- what would mend it ----------------------------------------------------------------------


@dataclass
class Backfill:
    """A backfill that reads differing days again.

    Args:
        first: Its first day.
        last: Its end (exclusive).
        streams: The reports.
    """

    first: datetime
    last: datetime
    streams: set[str] = field(default_factory=set)

    def setting(self) -> dict[str, Any]:
        """Return it as the setting `backfill` takes it."""
        return {
            "from": self.first.date().isoformat(),
            "to": self.last.date().isoformat(),
            "streams": sorted(self.streams),
        }


def repairs(found: Iterable[Reconciled]) -> list[Backfill]:
    """Return the fewest backfills that read every differing settled day again.

    Days that one request covers anyway are one range, whatever good days lie between; so are days side by side.
    """
    days: list[tuple[Interval, str, int]] = []
    for made in found:
        grain = Grain.DAY if made.report.grain is Grain.HOUR else made.report.grain
        for text in {d.day for d in made.differences}:
            start = grain.floor(datetime.fromisoformat(text))
            days.append(
                (Interval(start, grain.after(start)), made.report.name, made.report.span_days)
            )
    return list(_ranges(sorted(days)))


def _ranges(days: Sequence[tuple[Interval, str, int]]) -> Iterator[Backfill]:
    """Return ranges that hold some days, each as long as one request or without a gap. The days are sorted."""
    current: Backfill | None = None
    span = 0
    for day, name, most in days:
        span = most if current is None else min(span, most)
        near = current is not None and (
            day.start <= current.last or (day.end - current.first).days <= span
        )
        if current is None or not near:
            if current is not None:
                yield current
            current, span = Backfill(day.start, day.end), most
        current.last = max(current.last, day.end)
        current.streams.add(name)
    if current is not None:
        yield current
