"""What a sync would read and ask: every window and request, of every stream and account, none of them sent.

Made by the code that reads: the same planner, the same windows, the same calls. Only metadata is asked
for (lists of accounts and fields, date ranges), and not even that where nothing may be asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from adtap_core.declare import Report
from adtap_core.errors import AdtapError, OfflineError, RequestError, SettingsError
from adtap_core.http.client import Call
from adtap_core.inspect.coverage import spell
from adtap_core.inspect.dry_run import (
    RequestRecorder,
    entity_calls,
    record_requests,
    request_document,
    request_line,
    window_calls,
)
from adtap_core.platform import Partition, Platform, WindowJob
from adtap_core.sync.learned_lookback import FEWEST_RUNS, WEEK
from adtap_core.sync.planning import PartitionPlan
from adtap_core.sync.reports import ReportStream
from adtap_core.sync.streams import EntityStream
from adtap_core.tap import AdTap
from adtap_core.windows import Grain, Interval, subtract

NEW, AGAIN, BOTH, BACKFILL = "new", "lookback", "new and lookback", "backfill"
PAGES: Final = "further pages, where there are more"
"""What follows the first request of an entity that hangs below no other."""
_HOURS_A_DAY: Final = 24


@dataclass(frozen=True)
class PlannedWindow:
    """A window of one account.

    Args:
        interval: Half open, in the report's time zone.
        kind: Whether it was read before: `new`, `lookback`, `new and lookback`, `backfill`.
    """

    interval: Interval
    kind: str


@dataclass(frozen=True)
class PlannedAccount:
    """What is to be read of one account.

    Args:
        key: The partition's key; empty for the login as a whole.
        bookmark: Where the last run ended; None before the first, and in a backfill.
        windows: In order.
        new: Buckets that were never read.
        again: Buckets that are read again.
    """

    key: Mapping[str, str]
    bookmark: datetime | None
    windows: Sequence[PlannedWindow]
    new: int
    again: int

    def document(self) -> dict[str, Any]:
        """Return it for JSON: its windows with `from` and `to` (exclusive) in the report's zone."""
        spelt = [(spell(w.interval.start), spell(w.interval.end), w.kind) for w in self.windows]
        return {
            "account": dict(self.key),
            "bookmark": spell(self.bookmark),
            "new": self.new,
            "lookback": self.again,
            "windows": [{"from": a, "to": b, "kind": kind} for a, b, kind in spelt],
        }


@dataclass(frozen=True)
class PlannedRequest:
    """One request.

    Args:
        call: What would be sent.
        accounts: Whose rows.
        interval: The window; None for an entity.
    """

    call: Call
    accounts: Sequence[Mapping[str, str]] = ()
    interval: Interval | None = None

    def document(self) -> dict[str, Any]:
        """Return the request for JSON.

        Returns:
            `method`, `url`, `body`; of a window `from`, `to` (exclusive) in the report's zone and `accounts`.
        """
        made = request_document(self.call)
        if self.interval is not None:
            made |= {"from": spell(self.interval.start), "to": spell(self.interval.end)}
            made["accounts"] = [dict(a) for a in self.accounts]
        return made


@dataclass
class StreamPlan:
    """What is to be read of one stream.

    Args:
        name: The stream.
        grain: A report's bucket; None for an entity.
        time_zone: A report's time zone.
        lookback_days: A report's lookback.
        since: An entity's bookmark: only what was changed from there on is asked for.
        accounts: A report's accounts.
        requests: Those that can be known before, in order.
        follows: What comes on top of them in a number that nobody can know before.
        remarks: What this plan can't tell, and why.
        notes: What it reads and why, where that is not the usual.
    """

    name: str
    grain: Grain | None = None
    time_zone: str = ""
    lookback_days: int = 0
    since: str | None = None
    accounts: list[PlannedAccount] = field(default_factory=list)
    requests: list[PlannedRequest] = field(default_factory=list)
    follows: str = ""
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the plan for JSON.

        Returns:
            `stream`, `kind`, `requests`, `follows`, `remarks`, `notes`; of an entity `since`, of a report its grain,
            zone, lookback and `accounts`.
        """
        made: dict[str, Any] = {
            "stream": self.name,
            "kind": "entity" if self.grain is None else "report",
        }
        if self.grain is None:
            made["since"] = self.since
        else:
            made |= {
                "grain": self.grain.value,
                "time_zone": self.time_zone,
                "lookback_days": self.lookback_days,
                "accounts": [a.document() for a in self.accounts],
            }
        return {
            **made,
            "requests": [r.document() for r in self.requests],
            "follows": self.follows or None,
            "remarks": self.remarks,
            "notes": self.notes,
        }


@dataclass
class Plan:
    """What a sync would do.

    Args:
        tap: Its tap's name.
        now: The moment it is made for, aware.
        streams: In the order they are read.
        metadata: What was asked to make the plan; the sync asks it too.
        failures: What could not be planned, a line each.
        failed_streams: The streams that these lines are about, in their order.
    """

    tap: str
    now: datetime
    streams: list[StreamPlan] = field(default_factory=list)
    metadata: list[Call] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed_streams: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Return the least number of requests that the sync makes, logins left out."""
        return len(self.metadata) + sum(len(s.requests) for s in self.streams)

    @property
    def is_least(self) -> bool:
        """Return whether more may follow: further pages, children, polls."""
        return any(s.follows or s.remarks for s in self.streams)

    def document(self) -> dict[str, Any]:
        """Return the plan for JSON.

        Returns:
            `tap`, `now` (UTC), `streams`, `metadata` (requests), `totals` (counts), `failures` (lines).
        """
        accounts = [a for s in self.streams for a in s.accounts]
        return {
            "tap": self.tap,
            "now": self.now.isoformat(timespec="seconds"),
            "streams": [s.document() for s in self.streams],
            "metadata": [PlannedRequest(c).document() for c in self.metadata],
            "totals": {
                "streams": len(self.streams),
                "windows": sum(len(a.windows) for a in accounts),
                "requests": self.requests,
                "more_may_follow": self.is_least,
                "new": sum(a.new for a in accounts),
                "lookback": sum(a.again for a in accounts),
            },
            "failures": self.failures,
        }


def make_plan(tap: AdTap, *, offline: bool = False) -> Plan:
    """Plan a tap's next sync.

    Args:
        tap: With its settings, state and catalog. Plans once: it is of no other use afterwards.
        offline: Whether not even metadata may be asked for.

    Raises:
        SettingsError: If a report can't be asked for.
        CredentialsError: If the login is refused.
    """
    watch = record_requests(tap.platform.http, offline=offline)
    plan = Plan(tap.name, tap.clock.now())
    try:
        _check(tap, offline=offline)
        streams = tap.streams_to_read()
        for stream in streams:
            if isinstance(stream, ReportStream):
                plan.streams.append(_report(tap, stream, offline=offline))
        if not offline and any(isinstance(s, EntityStream) for s in streams):
            tap.name_unseen_accounts()
        # Last, and nothing of it kept: what stands for the entities' answers must reach no report.
        entities = [entity_plan(tap, watch, s) for s in streams if isinstance(s, EntityStream)]
        plan.streams[:0] = entities
    finally:
        tap.workers.close()
    plan.metadata = watch.metadata
    plan.failures = [f.line() for f in tap.failures]
    plan.failed_streams = list(dict.fromkeys(f.stream for f in tap.failures))
    return plan


def _check(tap: AdTap, *, offline: bool) -> None:
    if not offline:
        tap.check_reports()
        return
    errors = [
        f for s in tap.streams_to_read() if isinstance(s, ReportStream) for f in s.state_errors()
    ]
    if errors:
        raise SettingsError(errors)


# -- reports ---------------------------------------------------------------------------------


def _report(tap: AdTap, stream: ReportStream, *, offline: bool) -> StreamPlan:
    planner = stream.planner()
    report = planner.report
    made = StreamPlan(
        stream.name,
        report.grain,
        planner.zone.name,
        planner.lookback_days,
        follows=tap.platform_class.follows(report, tap.config),
    )
    try:
        partitions = tap.platform.partitions(report)
    except OfflineError:
        partitions = _partitions_in_state(tap, stream)
        made.remarks.append(
            "accounts as the state has them: the platform was not asked for others"
            if partitions
            else "accounts are not known: the platform was not asked, and the state has none"
        )
    except RequestError as error:
        stream.fail(error)
        return made
    bounded = not offline or _knows_bounds(tap, stream, partitions)
    if not bounded:
        made.remarks.append(
            "not limited to the days that the platform holds: the platform was not asked"
        )
    plans = stream.plans(planner, partitions, ask_platform=bounded)
    made.accounts = [_account(plan, report.grain) for plan in plans]
    made.notes = list(_learned_notes(stream, made, plans))
    control = control_of(stream, made)
    for task in stream.tasks(planner, plans):
        accounts = [dict(p.key) for p in task.job.partitions]
        try:
            calls = asked_for(tap.platform, task.job, control)
        except OfflineError as error:
            if not any("request" in r for r in made.remarks):
                made.remarks.append(f"the requests of its windows are not known: {error}")
            continue
        except AdtapError as error:
            stream.fail(error)
            break
        made.requests += [PlannedRequest(c, accounts, task.window) for c in calls]
    return made


def asked_for(platform: Platform, job: WindowJob, control: Report | None) -> list[Call]:
    """Return the calls that reading a window begins with.

    Args:
        platform: Its connection must be watched.
        job: The window.
        control: What is asked for its totals; None if nothing is.

    Raises:
        AdtapError: If metadata that the calls are made of could not be had.
    """
    calls, _ = window_calls(platform, job)
    if control is None:
        return calls
    return [*calls, *window_calls(platform, replace(job, report=control))[0]]


def control_of(stream: ReportStream, made: StreamPlan) -> Report | None:
    """Return what is asked for control totals beside each window; None if nothing is.

    Args:
        stream: The report's stream.
        made: Takes why nothing is asked.
    """
    if not stream.config.get("control_totals"):
        return None
    try:
        return stream.totals().asked
    except RequestError as error:
        made.remarks.append(f"the requests for control totals are not known: {error}")
        return None


def _learned_notes(
    stream: ReportStream, made: StreamPlan, plans: Sequence[PartitionPlan]
) -> Iterator[str]:
    """Return what a lookback that learns reads, why, and what it leaves to later runs."""
    learned = stream.learned
    if learned is None:
        return
    if learned.is_learning:
        yield (
            f"lookback_mode learned: {learned.runs} of {FEWEST_RUNS} runs seen; until then the whole lookback is "
            "read again"
        )
        return
    moving = sorted(learned.moving())
    grain = stream.report.grain
    waiting = sum(buckets(i, grain) for p in plans if p.bookmark for i in p.bookmark.waiting)
    again = sum(a.again for a in made.accounts)
    seen = f"days were seen to move at the ages {_ranges(moving)}" if moving else "no day moved"
    yield (
        f"lookback_mode learned, from {learned.runs} runs: {seen}; a day is read again at the ages "
        f"{_ranges(learned.due_ages())}, and {WEEK} days after its last reading at the latest. Of {again + waiting} "
        f"{grain.value}s of lookback {again} are read now, {waiting} are left to later runs"
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Return numbers in words, runs of them as one: `1 to 4, 11, 18`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{r[0]} to {r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


def _knows_bounds(tap: AdTap, stream: ReportStream, partitions: Sequence[Partition]) -> bool:
    try:
        for partition in partitions[:1]:
            tap.platform.available_range(stream.asked(), partition)
    except OfflineError:
        return False
    return True


def _partitions_in_state(tap: AdTap, stream: ReportStream) -> list[Partition]:
    marks = tap.state.get("bookmarks", {}).get(stream.name, {})
    listed = [e.get("context") or {} for e in marks.get("partitions", [])]
    if not listed and marks.get("replication_key_value"):
        listed = [{}]
    return [Partition({k: str(v) for k, v in key.items()}) for key in listed]


def _account(plan: PartitionPlan, grain: Grain) -> PlannedAccount:
    bookmark = plan.bookmark
    covered = [] if bookmark is None else bookmark.covered
    windows = []
    new = again = 0
    for window in plan.windows:
        unread = sum(buckets(i, grain) for i in subtract([window], covered))
        read = buckets(window, grain) - unread
        new, again = new + unread, again + read
        kind = BOTH if unread and read else NEW if unread else AGAIN
        windows.append(PlannedWindow(window, BACKFILL if bookmark is None else kind))
    value = None if bookmark is None else bookmark.value
    return PlannedAccount(plan.partition.key, value, windows, new, again)


def buckets(interval: Interval, grain: Grain) -> int:
    """Return how many buckets an interval holds, one that is cut counted whole.

    Args:
        interval: Half open, naive.
        grain: The time bucket.
    """
    if interval.is_empty:
        return 0
    start, end = grain.floor(interval.start), grain.ceil(interval.end)
    if grain is Grain.MONTH:
        return (end.year - start.year) * 12 + end.month - start.month
    days = (end - start).days
    if grain is Grain.HOUR:
        return days * _HOURS_A_DAY + (end - start).seconds // 3600
    return days // 7 if grain is Grain.WEEK else days


# -- entities --------------------------------------------------------------------------------


def entity_plan(tap: AdTap, watch: RequestRecorder, stream: EntityStream) -> StreamPlan:
    """Return what is to be read of an entity, as far as it can be known before."""
    entity = stream.entity
    made = StreamPlan(stream.name, since=stream.since())
    calls = entity_calls(tap.platform, watch, entity, made.since, stream.greatest())
    if entity.parent is None:
        made.requests = [PlannedRequest(c) for c in calls]
        made.follows = PAGES
        return made
    changed = " that this sync reads anew" if entity.parent_changed_only else ""
    line = f": {request_line(calls[0])}" if calls else ""
    made.follows = f"one request or more for each of the {entity.parent}{changed}{line}"
    return made
