"""Report rows: from what the platform sent to what the contract promises, column by column."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from adtap_core.errors import Broken
from adtap_core.names import column_names
from adtap_core.platform import Partition, RowFacts, Source
from adtap_core.records import Unfit, caster
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone

if TYPE_CHECKING:
    from adtap_core.bodies import Table
    from adtap_core.declare import Report

_encode: Final = msgspec.json.Encoder().encode
_KEY_BYTES: Final = 16
_FIRST_SLOTS: Final = 1 << 12
_FULL: Final = 0.6


class DataState(StrEnum):
    """How final a bucket is."""

    PARTIAL = "partial"
    PROVISIONAL = "provisional"
    SETTLED = "settled"


def data_state(bucket: datetime, *, grain: Grain, now: datetime, days: float) -> DataState:
    """Say how final a bucket is.

    Args:
        bucket: Its start, naive, in the report's zone.
        grain: Its length.
        now: The present there, naive.
        days: Days after its end in which the platform may restate it.
    """
    end = grain.after(bucket)
    if end > now:
        return DataState.PARTIAL
    return DataState.SETTLED if end + days * ONE_DAY <= now else DataState.PROVISIONAL


def read_bucket(value: object, grain: Grain, zone: Zone) -> datetime:
    """Read a time bucket as platforms write it: naive, in the report's zone.

    `2026-03-01`, `2026-03-01T05:00:00[Z|+02:00]`, `2026-03-01 05:00:00`, `20260301`, `2026030105`,
    `2026-03`, and of two dates (`2026-03-01 - 2026-03-07`) the first.

    Raises:
        ValueError: If the value is none of these.
    """
    text = str(value).strip()
    if text.isdigit() and len(text) == len("2026030105"):
        return datetime.strptime(text, "%Y%m%d%H")  # noqa: DTZ007 - a wall-clock time of the zone
    if len(text) == len("2026-03"):
        text += "-01"
    if " - " in text:
        text = text.partition(" - ")[0]
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment
    # A date is a date: `2026-03-01T00:00:00Z` as a day bucket means March 1st in any zone.
    return moment.replace(tzinfo=None) if grain.is_date else zone.local(moment)


class Repeats:
    """Counts how often a digest was seen, in eight bytes each: flat for a million rows.

    Two different rows may share 64 bits; the later one then merely gets an occurrence number it did not
    need. None is lost.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))
        self._mask = _FIRST_SLOTS - 1
        self._used = 0
        self._again: dict[int, int] = {}

    def count(self, digest: bytes) -> int:
        """Give how often this digest was seen before."""
        print_ = int.from_bytes(digest[:8], "big") or 1
        slots, mask = self._slots, self._mask
        at = print_ & mask
        while (there := slots[at]) != 0:
            if there == print_:
                times = self._again.get(print_, 0) + 1
                self._again[print_] = times
                return times
            at = (at + 1) & mask
        slots[at] = print_
        self._used += 1
        if self._used > mask * _FULL:
            self._grow()
        return 0

    def _grow(self) -> None:
        old = self._slots
        mask = self._mask = (self._mask + 1) * 2 - 1
        slots = self._slots = array("Q", bytes(8 * (mask + 1)))
        for print_ in old:
            if print_:
                at = print_ & mask
                while slots[at]:
                    at = (at + 1) & mask
                slots[at] = print_


class RowShaper:
    """Makes one window's rows.

    Args:
        report: With the metrics that are selected.
        schema: The stream's schema.
        facts: What the rows are in.
        window: The window read.
        zone: Of the buckets.
        now: The present in the zone, naive.
        settle_days: Days in which a row may still be restated.
        partitions: Whose rows these are.
        synced_at: When the window was read, as text.
    """

    def __init__(
        self,
        *,
        report: Report,
        schema: Mapping[str, Any],
        facts: RowFacts,
        window: Interval,
        zone: Zone,
        now: datetime,
        settle_days: float,
        partitions: Sequence[Partition],
        synced_at: str,
    ) -> None:
        self._report, self._facts, self._window, self._zone = report, facts, window, zone
        self._now, self._days, self._synced_at = now, settle_days, synced_at
        self._partitions = partitions
        properties = schema["properties"]
        names = column_names([*report.dimensions, *report.metrics])
        self._fields = [
            (field, names[field], caster(properties[names[field]]))
            for field in (*report.dimensions, *report.metrics)
        ]
        keyed = sorted(names[d] for d in report.dimensions)
        for column, fact in (("_currency", facts.currency), ("_time_zone", facts.time_zone)):
            if isinstance(fact, Source):
                # Where the platform can vary it by row, it tells rows apart.
                keyed.append(column)
        self._keyed = [*keyed, *sorted(facts.constants)]
        self._repeats = Repeats()
        self._buckets: dict[object, tuple[datetime, str, str]] = {}
        self.latest: datetime | None = None
        self.counts: dict[Partition, int] = dict.fromkeys(partitions, 0)
        self.outside = 0

    def shape(self, table: Table) -> Iterator[dict[str, Any]]:
        """Give the records of a table.

        Raises:
            Broken: If a value does not fit its column, or a bucket can't be read.
        """
        facts, column = self._facts, self._report.grain.value
        get = _getter(table)
        bucket_of = get(facts.bucket) if facts.bucket else None
        partition_of = get(facts.partition[0]) if facts.partition else None
        fields = [(name, get(field), cast) for field, name, cast in self._fields]
        fixed, varying = self._common_columns(get)
        start, end, only = self._window.start, self._window.end, self._partitions[0]
        buckets, count = self._buckets, self.counts
        for row in table.rows:
            raw = bucket_of(row) if bucket_of else None
            moment, text, state = buckets.get(raw) or self._read_bucket(raw)
            if not start <= moment < end:
                self.outside += 1
                continue
            partition = only if partition_of is None else self._partition(partition_of(row))
            record: dict[str, Any] = {"_row_key": None, column: text}
            for name, value_of, cast in fields:
                value = value_of(row)
                record[name] = value if value is None else self._cast(name, cast, value)
            record |= fixed
            for name, value_of, lookup in varying:
                value = value_of(row)
                record[name] = value if lookup is None else lookup.get(str(value))
            record["_data_state"] = state
            record["_partition"] = partition.text
            record["_synced_at"] = self._synced_at
            record["_row_key"] = self._row_key(record, partition.text, text)
            count[partition] += 1
            yield record

    def _common_columns(
        self, get: Callable[[str], Callable[[Any], Any]]
    ) -> tuple[dict[str, Any], list[tuple[str, Callable[[Any], Any], Mapping[str, str] | None]]]:
        """Give the columns with one value for all rows, and those that the row decides."""
        facts = self._facts
        zone = self._zone.name if facts.time_zone is None else facts.time_zone
        fixed: dict[str, Any] = {"_time_zone": None, "_currency": None}
        varying = []
        for name, fact in (("_time_zone", zone), ("_currency", facts.currency)):
            if isinstance(fact, Source):
                varying.append((name, get(fact.field), fact.lookup))
            else:
                fixed[name] = fact
        return {**fixed, "_data_state": None, "_partition": None, **facts.constants}, varying

    @staticmethod
    def _cast(name: str, cast: Callable[[Any], Any], value: object) -> object:
        try:
            return cast(value)
        except Unfit as error:
            msg = f"column {name}: {value!r} does not fit its type"
            raise Broken(msg) from error

    def _partition(self, value: object) -> Partition:
        assert self._facts.partition is not None  # noqa: S101 - asked only then
        found = self._facts.partition[1].get(str(value))
        if found is None:
            msg = f"a row belongs to {value!r}, which was not asked for"
            raise Broken(msg)
        return found

    def _row_key(self, record: Mapping[str, Any], partition: str, bucket: str) -> str:
        key = _encode([partition, bucket, *[record[k] for k in self._keyed]])
        digest = hashlib.blake2b(key, digest_size=_KEY_BYTES).digest()
        if times := self._repeats.count(digest):
            # The platform itself repeats this grain: every one of these rows counts.
            digest = hashlib.blake2b(key + b"#%d" % times, digest_size=_KEY_BYTES).digest()
        return digest.hex()

    def _read_bucket(self, raw: object) -> tuple[datetime, str, str]:
        grain = self._report.grain
        if raw is None:
            if self._facts.bucket is not None:
                msg = f"a row has no {self._facts.bucket}"
                raise Broken(msg)
            moment = self._window.start
        else:
            try:
                moment = read_bucket(raw, grain, self._zone)
            except ValueError as error:
                msg = f"{self._facts.bucket} {raw!r} is not a {grain}"
                raise Broken(msg) from error
        if grain is Grain.HOUR:
            text = self._zone.instant(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            text = moment.date().isoformat()
            moment = datetime.combine(moment.date(), time())
        if (
            grain is Grain.WEEK
            and self._window.start - timedelta(days=6) <= moment < self._window.start
        ):
            moment = self._window.start  # the platform's week begins on another day than Monday
        state = data_state(moment, grain=grain, now=self._now, days=self._days)
        found = self._buckets[raw] = (moment, text, state.value)
        return found

    def window_state(self) -> str:
        """Give the state of the window's latest bucket: the least final one."""
        grain = self._report.grain
        last = grain.after(grain.ceil(self._window.end), -1)
        return data_state(last, grain=grain, now=self._now, days=self._days).value


def _getter(table: Table) -> Callable[[str], Callable[[Any], Any]]:
    if table.columns is None:
        return lambda field: lambda row: row.get(field)
    places = {name: i for i, name in enumerate(table.columns)}

    def by_place(field: str) -> Callable[[Any], Any]:
        place = places.get(field)
        if place is None:
            return lambda _row: None
        if table.empty_is_null:
            return lambda row: row[place] or None
        return lambda row: row[place]

    return by_place
