"""What a report sync will ask for: from settings, state and clock to windows, without any data request."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adtap_core.bookmarks import Bookmark, Wish, read_wish_date
from adtap_core.settings import default_start
from adtap_core.windows import Interval, cut, midnight

if TYPE_CHECKING:
    from adtap_core.declare import Report
    from adtap_core.platform import Partition, Platform

log = logging.getLogger("adtaps.plans")


def lookback_days(report: Report, settings: Mapping[str, Any], platform_days: int) -> int:
    """Give a report's lookback: the user's definition, the setting, the built-in report, the platform."""
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
        complete: End of the buckets that are over.
    """

    partition: Partition
    bookmark: Bookmark | None
    windows: list[Interval]
    complete: datetime


@dataclass
class Bundle:
    """Partitions that are read with one request for each window, because their windows agree."""

    plans: Sequence[PartitionPlan]
    windows: list[Interval] = field(default_factory=list)


class Planner:
    """Plans one report.

    Args:
        report: The report.
        platform: Its platform: asked for the zone and for what it holds.
        settings: The tap's settings.
        now: The present, aware.
    """

    def __init__(
        self, report: Report, platform: Platform, settings: Mapping[str, Any], now: datetime
    ) -> None:
        self._report, self._platform, self._settings = report, platform, settings
        self.zone = platform.zone(report)
        self.now = self.zone.local(now)
        self.lookback_days = lookback_days(report, settings, platform.lookback_days)
        self.settle_days = settle_days(report, settings, platform.lookback_days)
        self._closed = self.zone.local(now - timedelta(hours=platform.closing_hours(report)))
        self.over = self.zone.local(now - timedelta(hours=platform.running_hours(report)))
        """The moment up to which buckets are over, wherever their rows' own zones lie."""

    def asked(self) -> Wish:
        """Give what the settings ask for, before the platform's own limits."""
        grain = self._report.grain
        complete = end = grain.floor(self._closed)
        if self._settings.get("include_today"):
            end = grain.after(grain.floor(self.now))
        starts = [self._settings.get("start_date"), self._report.start_date]
        moments = [read_wish_date(s, self.zone) for s in starts if s is not None]
        start = max(moments) if moments else midnight(default_start(self.now))
        if backfill := self._settings.get("backfill"):
            start = read_wish_date(backfill["from"], self.zone)
            end = min(end, read_wish_date(backfill["to"], self.zone))
        elif self._settings.get("end_date") is not None:
            end = min(end, read_wish_date(self._settings["end_date"], self.zone))
        end = grain.floor(end)
        return Wish(
            start=grain.ceil(start),
            end=end,
            complete=min(complete, end),
            lookback_days=self.lookback_days,
        )

    def plan(
        self, partition: Partition, entry: MutableMapping[str, Any], *, ask_platform: bool = True
    ) -> PartitionPlan:
        """Plan a partition's windows.

        Args:
            partition: Whose.
            entry: Its state entry.
            ask_platform: Whether the platform may be asked what it holds.
        """
        wish = self.asked()
        held = self._platform.held(self._report, partition) if ask_platform else None
        if held is not None:
            wish = self._clip(wish, held, partition)
        span = self._report.span_days
        grain = self._report.grain
        if self._settings.get("backfill"):
            whole = [Interval(wish.start, wish.end)] if wish.start < wish.end else []
            return PartitionPlan(
                partition, None, list(cut(whole, grain=grain, span_days=span)), wish.complete
            )
        bookmark = Bookmark(entry, grain, self.zone)
        if wish.start >= wish.end:
            return PartitionPlan(partition, bookmark, [], wish.complete)
        stretches = cut_out(bookmark.plan(wish), entry.get("jobs") or {})
        windows = list(cut(stretches, grain=grain, span_days=span))
        return PartitionPlan(partition, bookmark, windows, wish.complete)

    def _clip(self, wish: Wish, held: Interval, partition: Partition) -> Wish:
        grain = self._report.grain
        first = grain.ceil(held.start)
        if wish.start < first:
            log.warning(
                "%s%s: asked from %s, the platform holds data from %s only; what lies before is not read",
                self._report.name,
                f" {partition.text}" if partition.key else "",
                wish.start.date(),
                held.start.date(),
            )
        whole = grain.floor(held.end)
        # A running bucket is read up to the last moment that the platform holds, if it is wanted at all.
        end = min(wish.end, held.end if self._settings.get("include_today") else whole)
        return replace(
            wish, start=max(wish.start, first), end=end, complete=min(wish.complete, whole, end)
        )


def cut_out(stretches: Sequence[Interval], jobs: Mapping[str, Any]) -> list[Interval]:
    """Cut stretches where windows begin and end whose report jobs are on their way: those are polled on.

    Args:
        stretches: What is to be read.
        jobs: Of the state, by window.
    """
    left = list(stretches)
    for name in jobs:
        start, _, end = name.partition("/")
        window = Interval(datetime.fromisoformat(start), datetime.fromisoformat(end))
        around = next((s for s in left if s.start <= window.start and window.end <= s.end), None)
        if around is not None and not window.is_empty:
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
