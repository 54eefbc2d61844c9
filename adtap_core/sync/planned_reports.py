"""What a report asks for: its selected metrics, and the windows its state leaves to be read."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from typing_extensions import override

from adtap_core.declare import Report
from adtap_core.errors import RequestError
from adtap_core.platform import Partition
from adtap_core.rows.schemas import report_schema
from adtap_core.state.bookmarks import Bookmark, read_moment
from adtap_core.state.fingerprints import (
    Filled,
    as_mapping,
    changed_lines,
    filled_from,
    fingerprint,
    future_lines,
    kind_lines,
)
from adtap_core.state.reading_times import ReadingTimes
from adtap_core.sync.failures import FailedParts, may_pass
from adtap_core.sync.learned_lookback import Learned
from adtap_core.sync.planning import PartitionPlan, Planner
from adtap_core.sync.run import Run
from adtap_core.sync.selection import StreamDefinition
from adtap_core.sync.streams import AdStream

log = logging.getLogger("adtaps.reports")
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CREEP: Final = 1e-6
"""How fast time goes on while rows are dated after a clock that was ahead: less than a tenth of a second a day."""


class PlannedReport(AdStream):
    """A report as it is asked for: what of it is selected, and what is planned. Reads nothing."""

    def __init__(self, run: Run, report: Report) -> None:
        self.report = report
        definition = StreamDefinition(
            name=report.name,
            schema=report_schema(report, run.platform_class, run.config),
            keys=("_row_key",),
            replication_key=report.grain.value,
            selected=report.selected,
        )
        super().__init__(run, definition)
        self._fresh: list[dict[str, Any]] = []
        self._unplanned: list[tuple[Partition, RequestError]] = []
        self._bookmarks: dict[Partition, Bookmark] = {}
        self._plans: Sequence[PartitionPlan] = ()
        self._filled: Filled | None = None
        self._times = ReadingTimes()
        self.learned: Learned | None = None

    @cached_property
    def _marks(self) -> dict[str, Any]:
        """Return this stream's state; one that is new gets into the run's state by `_attach`."""
        found: dict[str, Any] = self.run.state.get("bookmarks", {}).get(self.name, {})
        return found

    # -- what is selected --------------------------------------------------------------------

    @override
    def unselectable(self) -> Iterable[str]:
        """Return the columns that can't be left out: dimensions are the grain, and without ours a row can't be understood."""
        metrics = set(self.metric_columns().values())
        return [name for name in self.schema["properties"] if name not in metrics]

    def metric_columns(self) -> dict[str, str]:
        """Return each metric's column."""
        names = self.report.columns
        return {m: names[m] for m in self.report.metrics}

    def asked(self) -> Report:
        """Return the report with the selected metrics only: the platform is not asked for the others."""
        chosen = tuple(
            metric
            for metric, column in self.metric_columns().items()
            if self.mask.get(("properties", column), True)
        )
        # A platform needs at least one metric to say that a row exists.
        return replace(self.report, metrics=chosen or self.report.metrics[:1])

    # -- planning ----------------------------------------------------------------------------

    def planner(self) -> Planner:
        """Return the planner of this moment."""
        return Planner(self.asked(), self.run.platform, self.config, self.run.clock.now())

    @property
    def reads_fully(self) -> bool:
        """Check whether the catalog asks for a full read: everything, whatever state says was read."""
        return self.forced_replication_method == "FULL_TABLE"

    def starts_later(self) -> str | None:
        """Return what to say if the start lies in the future, so that this run reads nothing."""
        requested = self.planner().requested()
        if self.config.get("backfill") or requested.start <= self.planner().now:
            return None
        day = f"{requested.start:%Y-%m-%d}"
        return f"`start_date` lies in the future ({day}): nothing is read before that day"

    def check_buckets(self) -> None:
        """Say what of the days that were asked for is not read because it is part of a bucket only.

        Raises:
            RequestError: If nothing is left of a backfill.
        """
        planner = self.planner()
        if (message := planner.cut_buckets()) is None:
            return
        requested = planner.requested()
        if self.config.get("backfill") and requested.start >= requested.end:
            raise RequestError(message)
        log.warning("%s", message)

    def fingerprint(self) -> dict[str, Any]:
        """Return what must not change under one bookmark: what a row means, whatever is read of it."""
        platform = self.run.platform
        return fingerprint(
            self.report,
            tap=self.run.name,
            grain=self.schema["x-grain"],
            time_zone=platform.zone(self.report).name,
            settings=platform.row_settings(self.report, self.config),
        )

    def state_errors(self) -> list[str]:
        """Return one line for each way in which the report no longer fits its state."""
        marks = self.run.state.get("bookmarks", {}).get(self.name, {})
        tap, platform, report = self.run.name, self.run.platform, self.report
        zone, keys = platform.zone(report), platform.account_keys(report)

        def read(text: str) -> datetime:
            return read_moment(text, report.grain, zone)

        return [
            *changed_lines(tap, report, marks.get("report"), self.fingerprint()),
            *kind_lines(tap, report, marks, keys, platform.account_settings),
            *future_lines(tap, report.name, marks, read, zone.local(self.run.clock.now())),
        ]

    def _entries(self, partitions: Sequence[Partition]) -> dict[Partition, dict[str, Any]]:
        """Return each partition's state entry; one that is new gets into the state by `_attach`."""
        if len(partitions) == 1 and not partitions[0].key:
            return {partitions[0]: self._marks}
        known = {Partition(e.get("context") or {}): e for e in self._marks.get("partitions") or ()}
        fresh = {p: {"context": dict(p.key)} for p in partitions if p not in known}
        self._fresh = list(fresh.values())
        both = known | fresh
        return {p: both[p] for p in partitions}

    def _attach(self) -> None:
        """Put this stream's entries into the state, if they are not there yet."""
        if self.config.get("backfill"):
            return
        self.run.state.setdefault("bookmarks", {})[self.name] = self._marks
        if self._fresh:
            self._marks["partitions"] = [*(self._marks.get("partitions") or []), *self._fresh]
            self._fresh = []
        if self._filled is None:
            self._filled = self._filled_from()
        self._describe(self._filled.now)

    def _describe(self, metrics: Mapping[str, str | None]) -> None:
        """Write into the state what the report's rows mean, and from when on its metrics are filled."""
        pairs = [[*pair] for pair in metrics.items()]
        self._marks["report"] = {**self.fingerprint(), "metrics": pairs}

    def _filled_from(self) -> Filled:
        """Return from when on each metric is filled; one that is new is said, with the setting that fills it."""
        filled = filled_from(
            self.asked(),
            as_mapping((self._marks.get("report") or {}).get("metrics")),
            [(p.bookmark.covered, p.windows) for p in self._plans if p.bookmark is not None],
            self.run.platform.zone(self.report),
        )
        if filled.message is not None:
            log.warning("%s", filled.message)
        return filled

    def plans(
        self, planner: Planner, partitions: Sequence[Partition], *, ask_platform: bool
    ) -> list[PartitionPlan]:
        """Plan all partitions; `ask_platform`: it may be asked what it holds. Changes no bookmark."""
        backfill = bool(self.config.get("backfill"))
        entries: Mapping[Partition, dict[str, Any]] = (
            {p: {} for p in partitions} if backfill else self._entries(partitions)
        )
        made = []
        self._unplanned = []
        self.learned = self._learned(planner, partitions)
        self._times = ReadingTimes.of(self._marks)
        was_ahead = not backfill and self._times.is_ahead(planner.instant)
        if was_ahead:
            self._doubt(planner)
        failed = FailedParts()
        for at, partition in enumerate(partitions):
            try:
                made.append(
                    planner.plan(
                        partition,
                        entries[partition],
                        ask_platform=ask_platform,
                        full=self.reads_fully,
                        later=None if self.learned is None or was_ahead else self.learned.later,
                        clock_was_ahead=was_ahead,
                    )
                )
                failed.clear()
            except RequestError as error:
                self._unplanned.append((partition, error))
                if may_pass(error):
                    failed.add()
                if failed.seem_an_outage:  # the rest would cost all their retries in vain
                    self._unplanned += [(other, error) for other in partitions[at + 1 :]]
                    break
        return made

    def _doubt(self, planner: Planner) -> None:
        """Take what a run whose clock was ahead called final for young, of all accounts: those not read now, too."""
        log.warning(
            "%s: state says that it was read at %sZ, which is in the future: the clock of that run was wrong. What it "
            "may have called final is read again",
            self.name,
            f"{self._times.last:%Y-%m-%dT%H:%M}",
        )
        trusted = self._times.trusted(planner.instant)
        over = None if trusted is None else planner.over_at(trusted)
        days = max(planner.lookback_days, planner.settle_days)
        for entry in (self._marks, *(self._marks.get("partitions") or ())):
            if entry.get("covered"):
                Bookmark(entry, self.report.grain, planner.zone).doubt(over, days)

    def dated(self, moment: datetime) -> datetime:
        """Return how rows are dated: never before what an earlier run was, whose clock was ahead.

        Else the later reading would seem to be the earlier one, and its rows ghosts.
        """
        if self._floor is None:
            return moment
        # A backfill leaves no trace in state: of it and the next run, the later one is later all the same.
        return max(moment, self._floor + (moment - _EPOCH) * _CREEP)

    @cached_property
    def _floor(self) -> datetime | None:
        """Return the moment up to which earlier runs dated rows, if that lies in the future."""
        now = self.run.clock.read_at()
        last = self._marks.get("synced_at")
        dated = None if last is None else datetime.fromisoformat(str(last))
        read = None if self.run.clock.is_moved else self._times.floor(now)
        return max((m for m in (dated, read) if m is not None and m > now), default=None)

    def _learned(self, planner: Planner, partitions: Sequence[Partition]) -> Learned | None:
        """Return what earlier runs saw days move; None where the lookback is read whole whatever they saw."""
        wanted = self.config.get("lookback_mode") == "learned"
        if not wanted or self.config.get("backfill") or self.reads_fully:
            return None
        return Learned.of(
            next(iter(self._marks.get("learned") or ()), None),
            [self.fingerprint(), list(self.asked().metrics)],
            accounts=[p.text for p in partitions],
            lookback_days=planner.lookback_days,
            grain=self.report.grain,
            zone=planner.zone,
            over=planner.over,
        )
