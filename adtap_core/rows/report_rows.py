"""Report rows: from what the platform sent to what the contract promises, column by column."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, time
from enum import StrEnum
from functools import partial
from hashlib import blake2b
from itertools import compress
from typing import Any, Final, NamedTuple

import msgspec

from adtap_core.bodies.parsing import OTHERS, ByColumn, Picker, Table, blocks_of
from adtap_core.errors import MalformedResponse
from adtap_core.names import respelt, snake_case
from adtap_core.platform import Partition, RowContext, RowLookup, WindowJob
from adtap_core.redact import redact
from adtap_core.rows.columns import Block, Same, distinct
from adtap_core.rows.records import (
    Cast,
    caster,
    fitted,
    keep,
    kept,
    tells_secret,
    to_text,
    without_secrets,
)
from adtap_core.rows.repeats import KEY_BYTES, Repeats
from adtap_core.rows.schemas import EXTRA
from adtap_core.windows import Grain, Zone

_encode: Final = msgspec.json.Encoder().encode
_TEXTS: Final = frozenset({str, type(None)})


class DataState(StrEnum):
    """How final a bucket is."""

    PARTIAL = "partial"
    PROVISIONAL = "provisional"
    SETTLED = "settled"


def data_state(
    bucket: datetime, *, grain: Grain, zone: Zone, now: datetime, days: float
) -> DataState:
    """Return how final a bucket is.

    Args:
        bucket: Its start, naive, in the report's zone.
        grain: Its length.
        zone: Of the report.
        now: The present there, naive.
        days: Days after its end in which the platform may restate it.
    """
    end = grain.after(bucket)
    if end > now:
        return DataState.PARTIAL
    return DataState.SETTLED if end <= zone.days_before(now, days) else DataState.PROVISIONAL


def read_bucket(value: object, grain: Grain, zone: Zone) -> datetime:
    """Read a time bucket as platforms write it: naive, in the report's zone.

    `2026-03-01`, `2026-03-01T05:00:00[Z|+02:00]`, `2026-03-01 05:00:00`, `20260301`, `2026030105`,
    `2026-03`, and of two dates (`2026-03-01 - 2026-03-07`) the first.

    Args:
        value: The bucket as the platform writes it.
        grain: The time bucket.
        zone: The report's time zone.

    Raises:
        ValueError: If the value is none of these.
    """
    text = str(value).strip()
    if text.isdigit() and len(text) == len("2026030105"):
        return datetime.strptime(text, "%Y%m%d%H")  # noqa: DTZ007 - a wall-clock time of the zone
    if grain is Grain.HOUR and len(text) <= len("2026-03-16"):
        msg = "a date without an hour"
        raise ValueError(msg)
    if len(text) == len("2026-03"):
        text += "-01"
    if " - " in text:
        text = text.partition(" - ")[0]
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment
    # A date is a date: `2026-03-01T00:00:00Z` as a day bucket means March 1st in any zone.
    return moment.replace(tzinfo=None) if grain.is_date else zone.local(moment)


class _Bucket(NamedTuple):
    """A time bucket as rows write it."""

    text: str
    state: str


class RowShaper:
    """Makes one window's rows.

    Args:
        job: The window read: report, partitions, time zone.
        schema: The stream's schema.
        context: What the rows are in.
        now: The present in the job's zone, naive.
        settle_days: Days in which a row may still be restated.
        keyed: Columns that are always in the key, beside account, bucket and dimensions.
        synced_at: When the window was read, as text.
        noisy: Columns whose numbers carry noise of the platform's own making.
        declared: All fields of the report: one that was deselected and comes all the same is left out.
        secrets: The platform's own names of secrets.
    """

    def __init__(
        self,
        *,
        job: WindowJob,
        schema: Mapping[str, Any],
        context: RowContext,
        now: datetime,
        settle_days: float,
        keyed: frozenset[str],
        synced_at: str,
        noisy: frozenset[str] = frozenset(),
        declared: Collection[str] = (),
        secrets: Collection[str] = (),
    ) -> None:
        report = job.report
        self._report, self._context, self._window, self._zone = (
            report,
            context,
            job.window,
            job.zone,
        )
        self._now, self._days, self._synced_at = now, settle_days, synced_at
        self._partitions = job.partitions
        properties = schema["properties"]
        names = report.columns
        self._fields = [
            (field, names[field], caster(properties[names[field]], noisy=names[field] in noisy))
            for field in (*report.dimensions, *report.metrics)
        ]
        self._keyed = sorted(names[d] for d in report.dimensions)
        for column, fact in (("_currency", context.currency), ("_time_zone", context.time_zone)):
            if column in keyed or isinstance(fact, RowLookup):
                self._keyed.append(column)
        self._keyed += sorted(context.constants)
        sources = [
            f.field for f in (context.currency, context.time_zone) if isinstance(f, RowLookup)
        ]
        others = [f for f in (context.bucket, context.partition and context.partition[0]) if f]
        fields = [field for field, _name, _type in self._fields]
        self._wanted = tuple(dict.fromkeys([*fields, *sources, *others]))
        self._known = {*self._wanted, *context.ignored, *filter(None, [context.told])}
        self._ignored = context.ignored - {context.told}
        self._deselected = {f.lower() for f in declared if f not in self._known}
        self._secrets = secrets
        self._repeats = Repeats()
        self._buckets: dict[object, _Bucket | None] = {}
        self.counts: dict[Partition, int] = dict.fromkeys(job.partitions, 0)
        self.outside: Counter[str] = Counter()
        """What rows outside the window say that they are of, and how many: the window is not what was asked for."""
        self.told: set[str] = set()
        """The buckets that rows say they are of which were asked for as one; see `RowContext.told`."""
        self.beside = 0
        """How many rows came of the bucket that begins where what was asked for ends."""
        self.unfit: Counter[str] = Counter()
        """How many values did not fit their column's type, by column; they are kept in `_extra`."""
        self.fine: Counter[str] = Counter()
        """How many numbers have more digits behind the point than warehouses hold; they are whole in `_extra`."""
        self.others: set[str] = set()
        """Fields that nobody asked for: what they hold is kept in `_extra`."""
        self._absent = {*fields, *sources} - context.optional

    @property
    def absent(self) -> list[str]:
        """Return the fields that stood in no row, though there were rows: not even as null."""
        return sorted(self._absent) if sum(self.counts.values()) else []

    def blocks(self, table: Table) -> Iterator[Block]:
        """Yield the records of a table, a thousand or so at a time.

        Columns are made whole columns at once: a row's twenty values cost a third of what they cost
        one by one.

        Raises:
            MalformedResponse: If a bucket can't be read, or a row belongs to nobody who was asked for.
        """
        for block in blocks_of(table.rows):
            records = self._records(block, table)
            if records is not None:
                yield records
        self.beside += table.beside()

    def _records(self, block: Sequence[Any], table: Table) -> Block | None:
        context = self._context
        column_of = _Columns(block, table, self._wanted, self._ignored)
        raws = column_of(context.bucket) if context.bucket else [None] * column_of.count
        buckets = self._buckets
        there = _distinct(raws, context.bucket)
        for raw in there - buckets.keys():
            buckets[raw] = self._read_bucket(raw)
        if not all(map(buckets.__getitem__, there)):
            inside = [buckets[raw] is not None for raw in raws]
            self.outside.update(str(r) for r, is_in in zip(raws, inside, strict=True) if not is_in)
            if not any(inside):
                return None
            if isinstance(table.rows, ByColumn):
                block = [list(compress(column, inside)) for column in block]
            else:
                block = list(compress(block, inside))
            column_of = _Columns(block, table, self._wanted, self._ignored)
            raws = list(compress(raws, inside))
            there = set(raws)
        count = column_of.count
        read = {raw: bucket for raw in there if (bucket := buckets[raw]) is not None}
        columns: dict[str, Sequence[Any]] = {
            "_row_key": (),
            self._report.grain.value: _looked_up({r: b.text for r, b in read.items()}, raws),
        }
        unfit: dict[int, dict[str, Any]] = {}
        for field, name, to_type in self._fields:
            columns[name] = self._cast(name, to_type, column_of(field), unfit)
        if self._absent:
            self._absent = {field for field in self._absent if not column_of.holds(field)}
        if context.told is not None:
            self.told |= column_of.said(context.told)
        self._add_common(columns, column_of, count)
        columns["_data_state"] = _looked_up({r: b.state for r, b in read.items()}, raws)
        columns["_row_key"] = self._row_keys(columns, unfit)
        # What is no column changes no key.
        self._keep_others(column_of, unfit)
        columns[EXTRA] = list(map(unfit.get, range(count))) if unfit else Same(None, count)
        return Block(columns, count)

    def _add_common(
        self, columns: dict[str, Sequence[Any]], column_of: "_Columns", count: int
    ) -> None:
        """Add the columns that every report has."""
        context = self._context
        zone = self._zone.name if context.time_zone is None else context.time_zone
        for name, fact in (("_time_zone", zone), ("_currency", context.currency)):
            if not isinstance(fact, RowLookup):
                columns[name] = Same(fact, count)
                continue
            values, lookup = column_of(fact.field), fact.lookup
            if (text := _only_text(values)) is not None:
                values = Same(text if lookup is None else lookup.get(text), count)
            elif lookup is not None:
                values = list(map(lookup.get, map(str, values)))
            elif not _TEXTS.issuperset(map(type, values)):
                values = [None if v is None else to_text(v) for v in values]
            columns[name] = values
        columns["_data_state"] = ()
        if context.partition is None:
            if len(self._partitions) > 1:
                msg = "rows of several accounts do not say whose they are"
                raise MalformedResponse(msg)
            only = self._partitions[0]
            columns["_account"] = Same(only.text, count)
            self.counts[only] += count
        else:
            columns["_account"] = self._accounts(column_of(context.partition[0]))
        for name, value in context.constants.items():
            columns[name] = Same(value, count)
        columns["_synced_at"] = Same(self._synced_at, count)

    def _accounts(self, values: Sequence[Any]) -> Sequence[str]:
        """Return whose each row is, as JSON text; counts them."""
        only = _only_text(values)
        if only is not None:
            whose: Sequence[str] = Same(only, len(values))
            times = {only: len(values)}
        else:
            whose = list(map(str, values))
            times = Counter(whose)
        texts = {}
        for key, number in times.items():
            partition = self._partition(key)
            self.counts[partition] += number
            texts[key] = partition.text
        return _looked_up(texts, whose)

    def _cast(
        self, name: str, to_type: Cast, values: Sequence[Any], unfit: dict[int, dict[str, Any]]
    ) -> Sequence[Any]:
        """Return a column's values; one that does not fit its type is null, and kept in `unfit` by its place."""
        made, misfits = fitted(to_type, values)
        for place, error in misfits:
            unfit.setdefault(place, {})[name] = kept(values[place])
            (self.unfit if error.instead is None else self.fine)[name] += 1
        return made

    def _keep_others(self, column_of: "_Columns", extras: dict[int, dict[str, Any]]) -> None:
        """Put what rows hold under names that nobody asked for into `extras`, by the rows' places."""
        for place, name, value in column_of.others(self._known):
            hidden = name in self._secrets or tells_secret(name) or redact.is_secret(value)
            if name.lower() not in self._deselected and not hidden:
                found = kept(without_secrets(value, self._secrets))
                keep(extras, place, snake_case(name), name, found)
                self.others.add(name)

    def _partition(self, key: str) -> Partition:
        assert self._context.partition is not None  # noqa: S101 - asked only then
        found = self._context.partition[1].get(key)
        if found is None:
            msg = f"a row belongs to {key!r}, which was not asked for"
            raise MalformedResponse(msg)
        return found

    def _row_keys(
        self, columns: Mapping[str, Sequence[Any]], unfit: Mapping[int, Mapping[str, Any]]
    ) -> list[str]:
        parts = ("_account", self._report.grain.value, *self._keyed)
        keys = list(map(_encode, zip(*(columns[p] for p in parts), strict=True)))
        for place, values in unfit.items():
            # By its text: two values that fit no type are two rows all the same, and null is a third.
            whole = [
                str(values[p]) if found is None and p in values else found
                for p, found in ((p, columns[p][place]) for p in parts)
            ]
            keys[place] = _encode(whole)
        digest = partial(blake2b, digest_size=KEY_BYTES)
        digests = [digest(key).digest() for key in keys]
        buckets = distinct(columns[self._report.grain.value])
        for place, times in self._repeats.among(digests, buckets).items():
            # The platform itself repeats this grain: every one of these rows counts.
            digests[place] = digest(keys[place] + b"#%d" % times).digest()
        return list(map(bytes.hex, digests))

    def _read_bucket(self, raw: object) -> _Bucket | None:
        """Read a bucket; None if it lies outside the window."""
        grain = self._report.grain
        if raw is None:
            if self._context.bucket is not None:
                msg = f"a row has no {self._context.bucket}"
                raise MalformedResponse(msg)
            moment = self._window.start
        else:
            there = self._context.bucket_zone or self._zone
            try:
                moment = read_bucket(raw, grain, there)
            except ValueError as error:
                msg = f"{self._context.bucket} {raw!r} is not a {grain}"
                raise MalformedResponse(msg) from error
            if there != self._zone and not grain.is_date:
                moment = self._zone.local(there.instant(moment))
        if grain is Grain.HOUR:
            text = self._zone.instant(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            text = moment.date().isoformat()
            if moment.time() != time():
                msg = (
                    f"{self._context.bucket} {raw!r} is not the beginning of a {grain}: in another time zone? (setting "
                    "`time_zone`)"
                )
                raise MalformedResponse(msg)
        if grain.is_date and grain.floor(moment) != moment:
            # Its days would lie in two of our buckets, and half of them each would share one key.
            msg = (
                f"{self._context.bucket} {raw!r} is not the first day of a {grain} (weeks begin on Monday): the "
                "platform's buckets are others than those asked for"
            )
            raise MalformedResponse(msg)
        if not self._window.start <= moment < self._window.end:
            return None
        return _Bucket(
            text,
            data_state(moment, grain=grain, zone=self._zone, now=self._now, days=self._days).value,
        )

    def window_state(self) -> str:
        """Return the state of the window's latest bucket: the least final one."""
        grain = self._report.grain
        last = grain.after(grain.ceil(self._window.end), -1)
        return data_state(last, grain=grain, zone=self._zone, now=self._now, days=self._days).value


class _Columns:
    """A block's values by field, turned from rows into columns once.

    Args:
        block: Rows of one table, or their columns, as they were read.
        table: The table.
        wanted: The fields that will be asked for.
        ignored: Fields that will not, though rows may hold them.
    """

    def __init__(
        self, block: Sequence[Any], table: Table, wanted: tuple[str, ...], ignored: frozenset[str]
    ) -> None:
        self._empty_is_null, self._seen = table.empty_is_null, table.seen
        names = table.columns
        if names is None:
            picker = Picker(wanted, others=True, ignored=ignored)
            block, names, self._seen = picker.pick_all(block), picker.columns, picker.seen
        is_by_column = isinstance(table.rows, ByColumn)
        self.count = len(block[0]) if is_by_column else len(block)
        columns = block if is_by_column else zip(*block, strict=True)
        self._places = dict(zip(names, columns, strict=False))
        self._spelt = _other_spellings(wanted, names)

    def others(self, known: Collection[str]) -> Iterator[tuple[int, str, Any]]:
        """Return what rows hold under names that are not known: the row's place, the name and the value.

        Args:
            known: The names that are known, as they were asked for.
        """
        spelt = {*known, *self._spelt.values()}
        for name, values in self._places.items():
            if name == OTHERS:
                for place, more in enumerate(values) if any(values) else ():
                    yield from (
                        (place, n, v)
                        for n, v in (more or {}).items()
                        if n not in spelt and v is not None
                    )
            elif name not in spelt:
                there = (v is not None and not (self._empty_is_null and v == "") for v in values)
                yield from (
                    (place, name, values[place]) for place, is_there in enumerate(there) if is_there
                )

    def said(self, field: str) -> set[str]:
        """Return the distinct values of a field that was not asked for, if rows hold it."""
        values = self._places.get(field)
        if values is None:
            values = [more.get(field) for more in self._places.get(OTHERS, ()) if more]
        return {str(v) for v in values if v is not None}

    def holds(self, field: str) -> bool:
        """Check whether a field stands in a row, be it as null."""
        values = self._places.get(self._name(field))
        if values is None:
            return False
        return any(v is not None for v in values) or self._seen is None or field in self._seen

    def _name(self, field: str) -> str:
        """Return a field's name in these rows: its letters may be of the other case."""
        return field if field in self._places else self._spelt.get(field, field)

    def __call__(self, field: str) -> Sequence[Any]:
        values: Sequence[Any] | None = self._places.get(self._name(field))
        if values is None:
            return [None] * self.count
        if self._empty_is_null and not all(values) and "" in values:
            # A separated text can't tell null from "": empty is null (contract §3).
            return [v or None for v in values]
        return values


def _only_text(values: Sequence[Any]) -> str | None:
    """Return the text that all values are; None if they differ, or are no text."""
    first = values[0]
    return first if type(first) is str and values.count(first) == len(values) else None


def _looked_up(texts: Mapping[Any, str], keys: Sequence[Any]) -> Sequence[str]:
    """Return what each key stands for; most blocks are of one day and one account."""
    values = set(texts.values())
    if len(values) == 1:
        return Same(values.pop(), len(keys))
    return list(map(texts.__getitem__, keys))


def _distinct(raws: Sequence[Any], bucket: str | None) -> set[Any]:
    try:
        return set(raws)
    except TypeError as error:  # a list, or an object
        msg = f"{bucket} of a row is neither a text nor a number"
        raise MalformedResponse(msg) from error


def _other_spellings(wanted: tuple[str, ...], there: Collection[str]) -> dict[str, str]:
    """Return how rows spell fields, by field, if with letters of the other case."""
    if all(name in there for name in wanted):
        return {}
    spelt = zip(respelt(there, wanted), there, strict=True)
    return {name: given for name, given in spelt if name != given}
