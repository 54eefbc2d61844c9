"""What a report sync will ask for: from settings, state and clock to windows, without any data request."""

import logging
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adtap_core.declare import Report
from adtap_core.errors import RequestError
from adtap_core.platform import Partition, Platform
from adtap_core.settings import default_start
from adtap_core.state.bookmarks import Bookmark, Later, SyncRange, jobs_in, read_requested_date
from adtap_core.windows import Grain, Interval, cut, midnight

log = logging.getLogger("adtaps.plans")


def lookback_days(report: Report, settings: Mapping[str, Any], platform_days: int) -> int:
    """Return a report's lookback: the user's definition, the setting, the built-in report, the platform."""
    for days in (report.own_lookback_days, settings.get("lookback_days"), report.lookback_days):
        if days is not None:
            return int(days)
    return platform_days


def settle_days(report: Report, settings: Mapping[str, Any], platform_days: int) -> int:
    """Return the days after a bucket's end until it is final: never fewer than are read again.

    A report that says nothing of its own is final once the platform's lookback is over, whatever lookback
    the user chose.
    """
    own = platform_days if report.settle_days is None else report.settle_days
    return max(lookback_days(report, settings, platform_days), own)


@dataclass
class PartitionPlan:
    """The windows of one partition.

    Args:
        partition: Whose.
        bookmark: Its state entry; None for a backfill, which leaves state alone.
        windows: What to read, in order.
        requested: What the windows are read for, the platform's own limits included.
    """

    partition: Partition
    bookmark: Bookmark | None
    windows: list[Interval]
    requested: SyncRange


@dataclass
class Bundle:
    """Partitions that are read with one request for each window, because their windows agree.

    Args:
        plans: Theirs.
        windows: What is read, in order.
        is_apart: Whether a request failed that may have failed for one of them: the rest is asked in parts.
        fault: What may pass and did not, where these are a part of the bundle that met it.
    """

    plans: Sequence[PartitionPlan]
    windows: list[Interval] = field(default_factory=list)
    is_apart: bool = False
    fault: RequestError | None = None


class Planner:
    """Plans one report."""

    def __init__(
        self, report: Report, platform: Platform, settings: Mapping[str, Any], now: datetime
    ) -> None:
        self.report, self._platform, self._settings = report, platform, settings
        self.zone = platform.zone(report)
        self.instant = now
        self.now = self.zone.local(now)
        self.lookback_days = lookback_days(report, settings, platform.lookback_days)
        self.settle_days = settle_days(report, settings, platform.lookback_days)
        # What comes late, the lookback reads; without one a bucket is read once, and not before it is whole.
        self.waits_until_closed = platform.waits_until_closed or not self.lookback_days
        hours = platform.closing_hours(report) if self.waits_until_closed else 0.0
        self._closed = self.zone.local(now - timedelta(hours=hours))
        self._running = timedelta(hours=platform.zone_spread_hours(report))
        self.over = self.over_at(now)
        """The moment up to which buckets are over, wherever their rows' own zones lie."""

    def over_at(self, moment: datetime) -> datetime:
        """Return up to where buckets were over at an instant, naive, in the report's zone."""
        return self.zone.local(moment - self._running)

    def ended_since(self, made: str, window: Interval) -> bool:
        """Return whether a window's last bucket ran at an instant and is over now: a job begun then is of a part of it.

        Args:
            made: The instant, UTC text.
            window: Naive, in the report's zone.
        """
        return self.over_at(datetime.fromisoformat(made)) < window.end <= self.over

    def cut_buckets(self) -> str | None:
        """Return a line if what was asked for begins or ends inside a bucket: only whole ones are read.

        Part of a week or month would stand in the warehouse as if it were the whole.
        """
        grain, settings = self.report.grain, self._settings
        if grain not in {Grain.WEEK, Grain.MONTH}:
            return None
        line = f"{self.report.name}: %s lies inside a {grain.value}; only whole ones are read%s"
        if not (backfill := settings.get("backfill")):
            own = self.report.start_date or settings.get("start_date")
            start = None if own is None else read_requested_date(own, self.zone)
            if start is None or grain.ceil(start) == start:
                return None
            return line % ("`start_date`", f", from {grain.ceil(start):%Y-%m-%d}")
        start, end = (read_requested_date(backfill[key], self.zone) for key in ("from", "to"))
        first, last = grain.ceil(start), grain.floor(end)
        if start >= end or (first, last) == (start, end):
            return None
        rest = f": {first:%Y-%m-%d} to {last:%Y-%m-%d} (exclusive)"
        if first >= last:
            wide = f"{grain.floor(start):%Y-%m-%d} to {grain.ceil(end):%Y-%m-%d}"
            rest = f", and there is none; ask for {wide}"
        return line % ("`backfill`", rest)

    def requested(self, *, full: bool = False) -> SyncRange:
        """Return what the settings ask for, before the platform's own limits."""
        grain = self.report.grain
        closed = end = grain.floor(self._closed)
        if self._settings.get("include_today"):
            end = grain.after(grain.floor(self.now))
        # The report's own start beats the setting, be it earlier or later.
        own = self.report.start_date or self._settings.get("start_date")
        start = (
            midnight(default_start(self.now))
            if own is None
            else read_requested_date(own, self.zone)
        )
        # The bucket that holds the first moment is read whole; of weeks and months, those that begin from its day on.
        start = (Grain.DAY if grain.is_date else grain).floor(start)
        if backfill := self._settings.get("backfill"):
            start = read_requested_date(backfill["from"], self.zone)
            end = min(end, read_requested_date(backfill["to"], self.zone))
        elif self._settings.get("end_date") is not None:
            end = min(end, read_requested_date(self._settings["end_date"], self.zone))
        end = grain.floor(end)
        return SyncRange(
            start=grain.ceil(start),
            end=end,
            complete=min(closed, end),
            closed=closed,
            lookback_days=self.lookback_days,
            settle_days=self.settle_days,
            over=self.over,
            now=self.instant,
            default_start=own is None,
            full=full,
        )

    def plan(
        self,
        partition: Partition,
        entry: MutableMapping[str, Any],
        *,
        ask_platform: bool = True,
        full: bool = False,
        later: Later | None = None,
        clock_was_ahead: bool = False,
    ) -> PartitionPlan:
        """Plan a partition's windows, by its entry in the state; the rest is as `SyncRange` has it."""
        requested = replace(self.requested(full=full), clock_was_ahead=clock_was_ahead, later=later)
        grain, span = self.report.grain, self.report.span_days
        backfill = bool(self._settings.get("backfill"))
        bookmark = None if backfill else Bookmark(entry, grain, self.zone)
        if bookmark is not None:
            requested = replace(requested, start=bookmark.start_of(requested))
        available = self._platform.available_range(self.report, partition) if ask_platform else None
        if available is not None:
            requested = self._clip(requested, available, partition)
        stretches: list[Interval] = []
        if requested.start < requested.end:
            stretches = [Interval(requested.start, requested.end)]
            if bookmark is not None:
                stretches = cut_out(bookmark.plan(requested), jobs_in(entry), grain)
        windows = list(cut(stretches, grain=grain, span_days=span))
        return PartitionPlan(partition, bookmark, windows, requested)

    def _clip(self, requested: SyncRange, available: Interval, partition: Partition) -> SyncRange:
        grain = self.report.grain
        first = grain.ceil(available.start)
        if requested.start < first:
            log.warning(
                "%s%s: start is %s, but the platform holds data only from %s on; earlier days are not read",
                self.report.name,
                f" {partition.text}" if partition.key else "",
                requested.start.date(),
                available.start.date(),
            )
        whole = grain.floor(available.end)
        # A running bucket is read up to the last moment that the platform holds, if it is wanted at all.
        end = min(requested.end, available.end if self._settings.get("include_today") else whole)
        return replace(
            requested,
            start=max(requested.start, first),
            end=end,
            complete=min(requested.complete, whole, end),
        )


def cut_out(stretches: Sequence[Interval], jobs: Iterable[str], grain: Grain) -> list[Interval]:
    """Cut stretches where windows begin and end whose report jobs are on their way: those are polled on.

    One that ends inside a bucket, which was running then, is of use only where what is to be read ends there, too.

    Args:
        stretches: What is to be read.
        jobs: The names of their windows, as state has them.
        grain: The report's bucket.
    """
    left = list(stretches)
    for name in jobs:
        start, _, end = name.partition("/")
        window = Interval(datetime.fromisoformat(start), datetime.fromisoformat(end))
        around = next((s for s in left if s.start <= window.start and window.end <= s.end), None)
        if around is None or window.is_empty:
            continue
        is_aligned = grain.floor(window.start) == window.start
        if is_aligned and window.end in {grain.floor(window.end), around.end}:
            pieces = (
                Interval(around.start, window.start),
                window,
                Interval(window.end, around.end),
            )
            at = left.index(around)
            left[at : at + 1] = [p for p in pieces if not p.is_empty]
    return left


def bundles(plans: Iterable[PartitionPlan], size: int) -> Iterator[Bundle]:
    """Put partitions whose windows agree together, at most `size` of them, in order."""
    groups: dict[tuple[Interval, ...], list[PartitionPlan]] = {}
    for plan in plans:
        groups.setdefault(tuple(plan.windows), []).append(plan)
    for windows, members in groups.items():
        for at in range(0, len(members), size):
            yield Bundle(members[at : at + size], list(windows))
