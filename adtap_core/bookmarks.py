"""What a report stream remembers between runs, one entry a partition.

```
{"replication_key": "day", "replication_key_value": "2026-11-20",     the bookmark
 "covered": [["2026-10-01", "2026-11-20"]],                           what has been read at least once
 "unfinished": {"until": "2026-11-22", "again": ["2026-11-10", "2026-11-20"]},
 "jobs": {...}}                                                       report jobs the platform runs for us
```
The bookmark is the end of the last window completed in order: the first bucket not yet read for good.
`unfinished` is there from a partition's first window to the end of the whole run, other streams included:
`until` is where that run was going, `again` what of its lookback is still to be read. So a killed run goes on where it was, and its lookback is
neither begun anew nor forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from adtap_core.windows import ONE_DAY, Grain, Interval, Zone, join, subtract

__all__ = ["Bookmark", "Wish"]


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
    if value.tzinfo is None:
        return value
    # Without `fold`, see `Grain.floor`.
    return value.replace(tzinfo=None) if grain.is_date else zone.local(value).replace(fold=0)


@dataclass(frozen=True)
class Wish:
    """What the settings ask for, of one report and partition, in the report's zone.

    Args:
        start: First moment ever asked.
        end: End of what is asked now (exclusive), partial bucket included.
        complete: End of the buckets that are over; the bookmark never passes it.
        lookback_days: Days before the bookmark that are read again.
    """

    start: datetime
    end: datetime
    complete: datetime
    lookback_days: int


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
    _again: list[Interval] = field(default_factory=list)
    _until: datetime | None = None

    @property
    def value(self) -> datetime | None:
        """Give the bookmark, naive, in the report's zone; None before the first window."""
        text = self.entry.get("replication_key_value")
        return None if text is None else self._read(text)

    @property
    def covered(self) -> list[Interval]:
        """Give the stretches that have been read at least once."""
        known = self.entry.get("covered")
        if known is not None:
            return join(Interval(self._read(a), self._read(b)) for a, b in known)
        return []

    def plan(self, wish: Wish) -> list[Interval]:
        """Give the stretches to read now: what was never read, and the lookback.

        Begins a run: from here on `close` keeps account of what is left.
        """
        mark, covered = self.value, self.covered
        if mark is not None and not covered:
            # A state of an older version or another tool: all before the bookmark counts as read.
            covered = [Interval(min(wish.start, mark), mark)]
            self.entry["covered"] = [[self._write(i.start), self._write(i.end)] for i in covered]
        asked = Interval(wish.start, wish.end)
        again: list[Interval] = []
        if mark is not None:
            again = self._lookback(mark, wish)
        # The partial bucket was read before but is not done: `covered` never holds it.
        fresh = subtract([asked], covered)
        again = join(i.clip(asked) for i in again)
        self._again, self._until = again, wish.end
        return join([*fresh, *again])

    def _lookback(self, mark: datetime, wish: Wish) -> list[Interval]:
        unfinished = self.entry.get("unfinished")
        if not unfinished:
            return [self._window_before(mark, wish)]
        rest = [Interval(self._read(a), self._read(b)) for a, b in unfinished.get("again", [])]
        until = self._read(unfinished["until"])
        if wish.end - until >= ONE_DAY:
            # Days went by since the run broke off: had it ended, today's run would look back from
            # its end. Without this the days it had already read again would miss a restatement.
            rest.append(self._window_before(min(until, wish.end), wish))
        return rest

    def _window_before(self, mark: datetime, wish: Wish) -> Interval:
        return Interval(
            max(wish.start, self.grain.floor(mark - wish.lookback_days * ONE_DAY)), mark
        )

    def close(self, window: Interval, *, complete: datetime) -> None:
        """Note that a window has been read whole.

        Args:
            window: What was read.
            complete: End of the buckets that were over when it was read.
        """
        done = Interval(window.start, min(window.end, complete))
        mark = self.value
        if mark is None or done.end > mark:
            # A gap read before the bookmark must not move it back.
            self.entry["replication_key"] = str(self.grain)
            self.entry["replication_key_value"] = self._write(max(done.end, mark or done.end))
        covered = join([*self.covered, done])
        self.entry["covered"] = [[self._write(i.start), self._write(i.end)] for i in covered]
        self._again = subtract(self._again, [window])
        if self._until is not None:
            # Also when nothing is left of this partition: if the run breaks off in a later stream, the
            # next one must not look back here once more.
            self.entry["unfinished"] = {
                "until": self._write(self._until),
                "again": [[self._write(i.start), self._write(i.end)] for i in self._again],
            }

    def end(self) -> None:
        """Note that the run is over: the next one looks back again."""
        self.entry.pop("unfinished", None)

    def _write(self, moment: datetime) -> str:
        return write_moment(moment, self.grain, self.zone)

    def _read(self, text: str) -> datetime:
        return read_moment(text, self.grain, self.zone)


def ledger_moment(moment: datetime, grain: Grain, zone: Zone) -> str:
    """Spell a window's border for the ledger, as a date-time for every grain.

    Days, weeks and months keep their calendar date (`2026-11-01` is `2026-11-01T00:00:00Z` whatever
    the zone), so that they compare with the report's date column; hours are UTC instants, like the
    report's `hour` column.
    """
    if grain.is_date:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return zone.instant(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_wish_date(value: str | date, zone: Zone) -> datetime:
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


def entry_of(
    stream_state: MutableMapping[str, Any], partition: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the state entry of a partition, made if it is not there.

    The one partition of a login (an empty key) is the stream's own entry, as singer-sdk has it.
    """
    if not partition:
        return stream_state  # type: ignore[return-value]
    entries: list[dict[str, Any]] = stream_state.setdefault("partitions", [])
    for entry in entries:
        if entry.get("context") == partition:
            return entry
    entries.append({"context": dict(partition)})
    return entries[-1]
