"""What a report stream remembers between runs, one entry a partition.

```
{"replication_key": "day", "replication_key_value": "2026-11-20",     the bookmark
 "covered": [["2026-10-01", "2026-11-20"]],     read at least once
 "reread": [["2026-11-06", "2026-11-20", "2026-11-20T05"]],     young when they were read last, at that hour
 "settled": [["2026-10-01", "2026-11-06"]],     read last when they were final: their rows say `settled`
 "lookback_days": 14,                           of the last run
 "unfinished": [{"bookmark": "2026-11-20", "begun": "2026-11-22T05:00:00Z", "done": [["2026-11-06", "2026-11-13"]]}],
 "jobs": [["2026-11-13/2026-11-20", {...}]]}    report jobs the platform runs for us, by window
```
The bookmark is the end of the last window completed in order: the first bucket not yet read for good.

`unfinished` is there from a partition's first window to the end of the whole run, other streams included: the
bookmark that the run began with, when it began, and what it has read by now. A run that goes on within a day
reads what is left of that; later it begins anew, and `reread` still knows every bucket that may have been
restated, whoever read it last, in whichever run, broken or not.

What a run removes it writes as null: Meltano merges the states of some runs into the stored one, and a key that
is merely left out would come back. What comes and goes is a list, not an object: Meltano merges objects key by key,
and breaks off where the stored state has null in an object's place; a list is replaced whole.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from adtap_core.windows import ONE_DAY, Grain, Interval, Zone, join, subtract

log = logging.getLogger("adtaps.bookmarks")
RESUMED_WITHIN: Final = ONE_DAY
"""A broken run is gone on with within this time; later its days may have been restated, so it begins anew."""
CLOCK_TOLERANCE: Final = ONE_DAY
"""How far a bookmark may lie ahead: two machines' clocks differ, and buckets end at different times in the world."""
_CLOCKS_DIFFER: Final = timedelta(hours=1)
"""How far two machines' clocks may differ without one of them being wrong."""
_LONG_AGO: Final = datetime(1, 1, 1)  # noqa: DTZ001 - naive, as all moments of a report's zone
_NEVER: Final = datetime(9999, 1, 1)  # noqa: DTZ001 - as above


Later = Callable[[Sequence[tuple[Interval, datetime]], datetime], list[Interval]]
"""Of stretches that were young when they were read, with up to where buckets were over then, and of up to where
they are over now: what need not be read again in this run."""


def write_moment(moment: datetime, grain: Grain, zone: Zone) -> str:
    """Spell a naive local moment as the report's bucket column does: a date, or UTC with `Z`."""
    if grain.is_date:
        return moment.date().isoformat()
    return zone.instant(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str, grain: Grain, zone: Zone) -> datetime:
    """Read back what `write_moment` wrote (or another tool's date or date-time).

    Raises:
        ValueError: If the text is neither.
    """
    value = datetime.fromisoformat(text)
    if value.tzinfo is not None:
        value = value.replace(tzinfo=None) if grain.is_date else zone.local(value)
    # An hour that a clock change skips in part (Lord Howe: half of it) comes back as its second half.
    return grain.floor(value) if grain is Grain.HOUR else value


@dataclass(frozen=True, kw_only=True)
class SyncRange:
    """What the settings ask for, of one report and partition, naive, in the report's zone.

    Args:
        start: First moment ever asked.
        end: End of what is asked now (exclusive), the running bucket included if it is wanted.
        complete: End of the buckets of it that are over; the bookmark never passes it.
        lookback_days: Days before the bookmark that are read again.
        settle_days: Days after a bucket's end until its rows are final.
        over: The moment up to which buckets are over, wherever their rows' own zones lie.
        closed: End of the buckets that are over whatever is asked for; None: as `complete`.
        now: The present instant, aware.
        default_start: Whether nobody set a start: `start` then moves with the clock, and what was asked once
            is asked from there.
        full: Whether everything is to be read, whatever was read before.
        clock_was_ahead: Whether the clock of an earlier run was, and that was said.
        later: Tells what of the lookback a later run may read; None: all of it is read now.
    """

    start: datetime
    end: datetime
    complete: datetime
    lookback_days: int
    over: datetime
    now: datetime
    settle_days: int = 0
    closed: datetime | None = None
    default_start: bool = False
    full: bool = False
    clock_was_ahead: bool = False
    later: Later | None = None


@dataclass
class Bookmark:
    """Reads and writes the state entry of one partition.

    Args:
        entry: The entry itself; changed in place.
        grain: The report's bucket.
        zone: The report's time zone.
    """

    entry: MutableMapping[str, Any]
    grain: Grain
    zone: Zone
    _began_with: datetime | None = None
    _begun: datetime | None = None
    _resumed: bool = False
    _done: list[Interval] = field(default_factory=list)
    _read_since: list[Interval] = field(default_factory=list)
    waiting: list[Interval] = field(default_factory=list)
    """What of the lookback is left to a later run."""

    @property
    def value(self) -> datetime | None:
        """Return the bookmark, naive, in the report's zone; None before the first window."""
        text = self.entry.get("replication_key_value")
        return None if text is None else self._read(text)

    @property
    def covered(self) -> list[Interval]:
        """Return the stretches that have been read at least once."""
        return self._stretches("covered")

    def start_of(self, asked: SyncRange) -> datetime:
        """Return where reading starts: with a state, a default start has not moved on with the clock."""
        if not asked.default_start:
            return asked.start
        # Written down at once: an account that is refused for weeks is asked from here when it is back.
        since = self._read(self.entry.setdefault("since", self._write(asked.start)))
        known = [i.start for i in self.covered]
        if (mark := self.value) is not None:
            known.append(self.grain.floor(mark))
        return min([asked.start, since, *known])

    def plan(self, asked: SyncRange) -> list[Interval]:
        """Return the stretches to read now: what was never read, and the lookback.

        Begins a run: from here on `close` keeps account of what it has read.
        """
        mark, start = self.value, asked.start
        whole = Interval(start, asked.end)
        self._resumed = self._resume(asked.now, mark)
        if not self._resumed:
            self._began_with, self._begun, self._done = mark, asked.now, []
        if asked.full:
            return subtract([whole], self._done)
        self._forget_impossible(asked, mark)
        covered = self.covered
        if mark is not None and self.entry.get("covered") is None:
            # A state of an older version or another tool: all before the bookmark counts as read.
            covered = [Interval(min(start, mark), mark)]
            self._keep("covered", covered)
        if asked.lookback_days > self.entry.get("lookback_days", asked.lookback_days):
            # A shorter lookback left them as they were, and nobody came back to them.
            self._take_for_young(subtract(covered, self._stretches("settled")))
        self.entry["lookback_days"] = asked.lookback_days
        young = self._young()
        reread = [
            i.clip(Interval(self._border(read, asked.lookback_days), _NEVER)) for i, read in young
        ]
        again = reread
        if self._began_with is not None:
            before = self._window_before(self._began_with, start, asked.lookback_days)
            # What a broken run read since then was read as `reread` says, not as long ago as the bookmark.
            known = subtract(self._read_since, (i for i, _ in young))
            again = [*reread, *subtract([before], known)]
        again = subtract((i.clip(whole) for i in again), self._done)
        if asked.later is not None:
            now = subtract(again, asked.later(young, asked.over))
            again, self.waiting = now, subtract(again, now)
        # The running bucket was read before but is not done: `covered` never holds it.
        return join([*subtract([whole], covered), *again])

    def _resume(self, now: datetime, mark: datetime | None) -> bool:
        """Take up a run that broke off less than a day ago; tell whether there was one."""
        unfinished = unfinished_of(self.entry)
        if unfinished.get("begun") is None:
            return False
        begun = datetime.fromisoformat(str(unfinished["begun"]))
        began_with = unfinished.get("bookmark")
        before = None if began_with is None else self._read(began_with)
        moved_back = before is not None and (mark is None or mark < before)
        if moved_back or begun - now > _CLOCKS_DIFFER:  # by hand; or that run's clock was wrong
            return False
        done = join(Interval(self._read(a), self._read(b)) for a, b in unfinished.get("done") or [])
        if now - begun >= RESUMED_WITHIN:
            self._read_since = done
            return False
        self._began_with, self._begun, self._done = before, begun, done
        return True

    def _forget_impossible(self, asked: SyncRange, mark: datetime | None) -> None:
        """Cut what can't have been read: past the bookmark, which somebody moved back, or past the present."""
        closed = asked.complete if asked.closed is None else asked.closed
        covered = self.covered
        if not covered:
            return
        past_now = covered[-1].end - closed >= CLOCK_TOLERANCE
        limit = min(closed, mark) if mark is not None else closed
        if covered[-1].end <= limit:
            return
        if past_now and not asked.clock_was_ahead:
            log.warning(
                "State says that buckets up to %s were read, which are not over yet: the clock of that run was "
                "wrong. They are read again once they are over",
                self._write(covered[-1].end),
            )
        there = Interval(_LONG_AGO, limit)
        for name in ("covered", "settled"):
            self._keep(name, join(i.clip(there) for i in self._stretches(name)))
        self._keep_young([(i.clip(there), read) for i, read in self._young()])

    def doubt(self, trusted: datetime | None, days: int) -> None:
        """Take what a run whose clock was ahead may have called final for young.

        Args:
            trusted: Up to where buckets were over at the last reading before that; None: nobody knows.
            days: After which a bucket is final, and not read again.
        """
        final = _LONG_AGO if trusted is None else self._border(trusted, days)
        self._take_for_young([i.clip(Interval(final, _NEVER)) for i in self.covered])

    def _take_for_young(self, stretches: Sequence[Interval]) -> None:
        """Take what was read for younger than the lookback, and not final: it is read again."""
        self._keep("settled", subtract(self._stretches("settled"), stretches))
        others = [(i, read) for whole, read in self._young() for i in subtract([whole], stretches)]
        self._keep_young([*others, *((i, Grain.HOUR.floor(i.start)) for i in stretches)])

    def _window_before(self, mark: datetime, start: datetime, days: int) -> Interval:
        return Interval(max(start, self._border(mark, days)), mark)

    def close(self, window: Interval, asked: SyncRange, *, over: datetime | None = None) -> None:
        """Note that a window has been read whole.

        Args:
            window: What was read.
            asked: What it was read for.
            over: `asked.over` at the moment of the reading, where that was earlier: a report job is as old as
                the platform's answer to it.
        """
        at = asked.over if over is None else over
        done = Interval(window.start, min(window.end, asked.complete))
        mark = self.value
        if mark is None or done.end > mark:
            # A gap read before the bookmark must not move it back.
            self.entry["replication_key"] = str(self.grain)
            self.entry["replication_key_value"] = self._write(max(done.end, mark or done.end))
        self._keep("covered", join([*self.covered, done]))
        final = self._border(at, max(asked.lookback_days, asked.settle_days))
        settled = subtract(self._stretches("settled"), [window])
        self._keep("settled", join([*settled, done.clip(Interval(_LONG_AGO, final))]))
        others = [(i, read) for whole, read in self._young() for i in subtract([whole], [window])]
        young = done.clip(Interval(self._border(at, asked.lookback_days), _NEVER))
        self._keep_young([*others, (young, Grain.HOUR.floor(at))])
        self._done = join([*self._done, window])
        # Also when nothing is left of this partition: if the run breaks off in a later stream, the next one
        # must not look back here once more.
        self.note_begun()

    @property
    def has_read(self) -> bool:
        """Check whether this run, or the broken one that it goes on with, has read anything."""
        return bool(self._done)

    def note_begun(self) -> None:
        """Write into the entry that a run is under way, and what it has read by now."""
        if self._begun is None:
            return
        before = self._began_with
        self.entry["unfinished"] = [
            {
                "bookmark": None if before is None else self._write(before),
                "begun": self._begun.astimezone(UTC).isoformat(timespec="seconds"),
                "done": self._spelt(self._done),
            }
        ]

    def end(self) -> None:
        """Note that the run is over: the next one looks back again."""
        self.entry["unfinished"] = None

    def jobs(self, window: Interval) -> dict[str, Mapping[str, Any]]:
        """Return a window's report jobs that this run may poll, by name.

        None of a run that has ended, or that broke off a day ago or more: their numbers are as old as the jobs.
        """
        known = jobs_in(self.entry).get(window_name(window), {}) if self._resumed else {}
        return {name: e for name, e in known.items() if isinstance(e, Mapping) and e.get("made")}

    def keep_job(self, window: Interval, name: str, job: Mapping[str, Any]) -> None:
        """Note a report job of a window, which only a run that goes on may poll."""
        self.note_begun()
        jobs = jobs_in(self.entry)
        jobs.setdefault(window_name(window), {})[name] = job
        self._keep_jobs(jobs)

    def forget_jobs(self, window: Interval, *, last: bool) -> None:
        """Forget a window's report jobs; after the last window, those of all."""
        if self.entry.get("jobs"):
            jobs = {} if last else jobs_in(self.entry)
            jobs.pop(window_name(window), None)
            self._keep_jobs(jobs)

    def _keep_jobs(self, jobs: Mapping[str, Mapping[str, Any]]) -> None:
        self.entry["jobs"] = [[window, dict(named)] for window, named in jobs.items()] or None

    def _border(self, read: datetime, days: int) -> datetime:
        """Return the first bucket that had not ended so many days before a moment."""
        return self.grain.floor(self.zone.days_before(read, days))

    def _young(self) -> list[tuple[Interval, datetime]]:
        """Return the stretches that were young when they were read last, and up to where buckets were over then."""
        return [
            (Interval(self._read(start), self._read(end)), datetime.fromisoformat(str(read)))
            for start, end, read in self.entry.get("reread") or []
        ]

    def _keep_young(self, young: Iterable[tuple[Interval, datetime]]) -> None:
        alike: dict[datetime, list[Interval]] = {}
        for stretch, read in young:
            if not stretch.is_empty:
                alike.setdefault(read, []).append(stretch)
        self.entry["reread"] = [
            [*pair, read.isoformat(timespec="hours")]
            for read in sorted(alike)
            for pair in self._spelt(join(alike[read]))
        ]

    def _stretches(self, name: str) -> list[Interval]:
        known = self.entry.get(name) or []
        return join(Interval(self._read(a), self._read(b)) for a, b in known)

    def _keep(self, name: str, stretches: list[Interval]) -> None:
        self.entry[name] = self._spelt(stretches)

    def _spelt(self, stretches: list[Interval]) -> list[list[str]]:
        return [[self._write(i.start), self._write(i.end)] for i in stretches]

    def _write(self, moment: datetime) -> str:
        return write_moment(moment, self.grain, self.zone)

    def _read(self, text: str) -> datetime:
        return read_moment(text, self.grain, self.zone)


def unfinished_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an entry says of a run under way; nothing if there is none. 0.1 wrote an object."""
    found = entry.get("unfinished") or {}
    made = found[0] if isinstance(found, list) else found
    return made if isinstance(made, Mapping) else {}


def jobs_in(entry: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return an entry's report jobs: by window, then by name; none of those that 0.1 kept, undated, as an object."""
    found = entry.get("jobs")
    if not isinstance(found, list):
        return {}
    return {str(window): dict(jobs) for window, jobs in found}


def window_name(window: Interval) -> str:
    """Return a window as messages and state name it: `2026-11-01/2026-11-08`."""
    return f"{_short(window.start)}/{_short(window.end)}"


def _short(moment: datetime) -> str:
    return moment.date().isoformat() if moment.hour == 0 else moment.isoformat(timespec="hours")


def ledger_moment(moment: datetime, grain: Grain, zone: Zone) -> str:
    """Spell a window's border for the ledger, as a date-time for every grain.

    Days, weeks and months keep their calendar date (`2026-11-01` is `2026-11-01T00:00:00Z` whatever
    the zone), so that they compare with the report's date column; hours are UTC instants, like the
    report's `hour` column.
    """
    if grain.is_date:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return write_moment(moment, grain, zone)


def read_requested_date(value: str | date, zone: Zone) -> datetime:
    """Read a date or date-time setting as a naive moment of the report's zone.

    A date, or a midnight written with `Z` (as many tools write dates), means that day in the report's
    zone; any other date-time means that instant.

    Raises:
        ValueError: If the text is neither.
    """
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        return moment
    if moment.time() == time() and moment.utcoffset() == UTC.utcoffset(None):
        return moment.replace(tzinfo=None)
    return zone.local(moment)
