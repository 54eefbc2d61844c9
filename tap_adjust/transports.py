"""A report's answer as JSON, CSV or Parquet: rows to hand over, and the sums that prove them whole.

Adjust pages nothing and cuts silently: what `limit` takes away shows only in a warning (JSON) or in
the totals. So additive metrics are summed here, in the worker, before a row is handed over.
"""

import marshal
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast

from adtap_core.bodies.characters import clean_text
from adtap_core.bodies.doubles import check_columns
from adtap_core.bodies.near import NearSums, near_sums, near_sums_of_table
from adtap_core.bodies.parsing import OTHERS, JsonRows, Row, Table, batches, separated
from adtap_core.bodies.spool import MEMORY_BYTES, Spool
from adtap_core.errors import MalformedResponse
from adtap_core.http.response import Response
from adtap_core.names import respelt
from adtap_core.rows.schemas import is_count
from adtap_core.rows.totals import EXACT, ZERO, add_up, as_decimal
from adtap_core.windows import ONE_DAY, ONE_HOUR, midnight
from tap_adjust.fields import metric

FORMATS: Final = ("auto", "json", "csv", "parquet")
PATHS: Final[Mapping[str, str]] = {
    "json": "/report",
    "csv": "/csv_report",
    "parquet": "/parquet_report",
}
_HALF: Final = Decimal("0.5")
_WHOLE: Final = Decimal(2) ** 53
"""From here on a float does not hold every whole number."""
_FLOAT: Final = Decimal("1e-9")
"""By which part a total may be off that went through a float."""
_BATCH: Final = 4096
_BUFFER_BYTES: Final = 64 * 1024
_ROWS: Final = ("rows",)
_TEXT_TYPES: Final = ("string", "large_string", "dictionary", "binary", "large_binary")
"""Older writers leave texts as bytes without saying that they are UTF-8."""


@dataclass
class Sums:
    """The sums of the additive metrics of an answer's rows.

    Args:
        names: The metrics asked for.
    """

    names: Sequence[str]
    rows: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = [n for n in self.names if metric(n).sums_exactly]
        self.totals = dict.fromkeys(self.names, Decimal(0))

    def add(self, rows: Sequence[Any], places: Mapping[str, Any]) -> None:
        """Add rows, column by column: this walks over every row of every report.

        Args:
            rows: Objects or value lists.
            places: Where each metric stands in a row: its key or its number.
        """
        if not rows:
            return
        if isinstance(rows[0], Mapping):
            columns = {name: [row.get(place) for row in rows] for name, place in places.items()}
        else:
            table = list(zip(*rows, strict=True))
            columns = {name: table[place] for name, place in places.items()}
        self.rows += len(rows)
        for name, values in columns.items():
            self.totals[name] = EXACT.add(self.totals[name], add_up(values) or ZERO)

    def short(self, totals: Mapping[str, object], *, exactly: bool = False) -> str | None:
        """Return by how much the rows fall short of the service's totals; None if they do not.

        Args:
            totals: The service's.
            exactly: Whether to take the rows for exact, and not for rounded in their last digit.
        """
        for name, total, room in self._said(totals, exactly=exactly):
            if total - self.totals[name] > room:
                return f"{self._against(name, total)}: rows are missing"
        return None

    def over(self, totals: Mapping[str, object]) -> str | None:
        """Return by how much the rows are more than the service's totals; None if they are not."""
        for name, total, room in self._said(totals):
            if self.totals[name] - total > room:
                return f"{self._against(name, total)}: rows came twice"
        return None

    def _against(self, name: str, total: Decimal) -> str:
        return f"its {self.rows} rows add up to {self.totals[name]} {name}, the service's own total is {total}"

    def _said(
        self, totals: Mapping[str, object], *, exactly: bool = False
    ) -> Iterator[tuple[str, Decimal, Decimal]]:
        """Yield each total that the service tells, with how far the rows may be off it."""
        for name in self.names:
            total = as_decimal(totals.get(name))
            if total is None:
                continue
            # Each row may be rounded in its last digit, the total in its own, and totals went through a float.
            digit = Decimal(10) ** int(min(self.totals[name].as_tuple().exponent, 0))
            own = Decimal(10) ** int(min(total.as_tuple().exponent, 0))
            if digit == 1:
                # A long one is off by half a step of a float, its shortest spelling by as much again.
                room = _HALF if abs(total) < _WHOLE else 2 * abs(total) / _WHOLE
            else:
                # A float's zeros at the end are not written: 118.4 may be 118.40.
                rounded = min(digit, own) if exactly else self.rows * digit + own
                room = rounded / 2 + abs(total) * _FLOAT
            yield name, total, room


@dataclass
class Answer:
    """A report's answer, read once.

    Args:
        open: Opens its rows.
        rows: How many there are.
        exactly: Returns the exact sums of its additive metrics.
        near: The same, near enough to tell that no row is missing, if they are at hand.
        envelope: What a JSON answer says beside its rows.
        replaced: How many characters that no database holds were replaced in its rows, beside those of its body.
    """

    open: Callable[[], Table]
    rows: int
    exactly: Callable[[], Sums]
    near: NearSums | None = None
    envelope: Mapping[str, Any] = field(default_factory=dict)
    replaced: int = 0

    @cached_property
    def sums(self) -> Sums:
        """Return the exact sums of its additive metrics."""
        return self.exactly()

    def short(self, totals: Mapping[str, object], *, exactly: bool = False) -> str | None:
        """Return by how much the rows fall short of the service's totals; None if they do not.

        Args:
            totals: The service's.
            exactly: Whether to take the rows for exact, and not for rounded in their last digit.
        """
        if self.near is not None and _reach(self.near, totals):
            return None
        return self.sums.short(totals, exactly=exactly)

    def over(self, totals: Mapping[str, object]) -> str | None:
        """Return by how much the rows are more than the service's totals; None if they are not."""
        if self.near is not None and _tie(self.near, totals):
            return None
        return self.sums.over(totals)

    def begins_like(self, other: "Answer") -> bool:
        """Check whether two answers hold as many rows, the same sums and the same first row: they are one."""
        mine, theirs = self.sums, other.sums
        if not mine.rows or (mine.rows, mine.totals) != (theirs.rows, theirs.totals):
            return False
        return bool(next(self.open().rows) == next(other.open().rows))


def _reach(near: NearSums, totals: Mapping[str, object]) -> bool:
    """Check whether sums surely reach the service's totals: then exact ones do, too."""
    said = {name: as_decimal(totals.get(name)) for name in near.sums}
    return all(
        near.reaches(name, total, room=_HALF, part=float(_FLOAT))
        for name, total in said.items()
        if total is not None
    )


def _tie(near: NearSums, totals: Mapping[str, object]) -> bool:
    """Check whether sums surely are the service's totals: then exact ones are not more."""
    said = {name: as_decimal(totals.get(name)) for name in near.sums}
    return all(
        near.ties(name, total, part=float(_FLOAT))
        for name, total in said.items()
        if total is not None
    )


def read(
    response: Response, kind: str, dimensions: Sequence[str], metrics: Sequence[str]
) -> Answer:
    """Read an answer through, so that its rows can be handed over without a fault.

    Args:
        response: The answer; 204 means no rows.
        kind: `json`, `csv` or `parquet`.
        dimensions: Asked for; every one must be there.
        metrics: Asked for.

    Raises:
        MalformedResponse: If a column that was asked for is missing, or the body can't be read.
    """
    sums = Sums(metrics)
    if not response.body.size:
        return Answer(lambda: Table(iter(())), 0, lambda: sums)
    if kind == "json":
        return _read_json(response, sums, dimensions, metrics)
    if kind == "csv":
        return _read_csv(response, sums, dimensions, metrics)
    return _read_parquet(response, sums, dimensions, metrics)


def _read_csv(
    response: Response, sums: Sums, dimensions: Sequence[str], metrics: Sequence[str]
) -> Answer:
    asked = (*dimensions, *metrics)

    def table() -> Table:
        return _respelt(separated(response.body), asked)

    def exactly() -> Sums:
        _sum_lists(sums, table())
        return sums

    first = table()
    _check_columns(first.columns, asked)
    counts = {name for name in sums.names if is_count(metric(name).schema())}
    near = near_sums_of_table(first, counts, {*sums.names} - counts)
    return Answer(
        table,
        exactly().rows if near is None else near.rows,
        exactly if near else lambda: sums,
        near,
    )


def _respelt(table: Table, asked: Sequence[str]) -> Table:
    table.columns = respelt(table.columns or (), asked)
    return table


def _read_json(
    response: Response, sums: Sums, dimensions: Sequence[str], metrics: Sequence[str]
) -> Answer:
    rows = JsonRows(response.body, _ROWS)
    if response.body.size > MEMORY_BYTES:
        return _read_large_json(response, sums, dimensions, metrics)
    kept = list(rows)
    if kept:
        if not all(isinstance(row, Mapping) for row in kept):
            msg = "a row of the answer is not an object"
            raise MalformedResponse(msg)
        named = respelt(kept[0], (*dimensions, *metrics))
        if named != list(kept[0]):
            spelt = dict(zip(kept[0], named, strict=True))
            kept = [{spelt.get(k, k): v for k, v in row.items()} for row in kept]
        _check_columns(kept[0], dimensions)
        lost = [m for m in metrics if m not in kept[0]]
        _check_columns({m for m in lost if any(m in row for row in kept)}, lost)
        sums.add(kept, {name: name for name in sums.names})
    return Answer(lambda: Table(iter(kept)), len(kept), lambda: sums, envelope=_envelope(rows))


def _read_large_json(
    response: Response, sums: Sums, dimensions: Sequence[str], metrics: Sequence[str]
) -> Answer:
    """Read an answer from disk twice: once its sums alone, once, when it is its turn, its rows."""
    first = next(iter(JsonRows(response.body, _ROWS)), None)
    fields = (*dimensions, *metrics)
    there = {name: name for name in fields}
    if first is not None:
        there |= dict(zip(respelt(first, fields), first, strict=True))
        _check_columns(first, [there[name] for name in dimensions])
        lost = [m for m in metrics if there[m] not in first]
        if lost:  # seldom, and then one more look at the body
            seen = {m for row in JsonRows(response.body, _ROWS) for m in lost if m in row}
            _check_columns(seen, lost)
    whole = frozenset(there[m] for m in metrics if is_count(metric(m).schema()))
    rows = JsonRows(response.body, _ROWS)
    summed = {there[name]: name for name in sums.names}
    near = near_sums(rows, summed.keys() & whole, summed.keys() - whole)
    if near is not None:
        near = NearSums(
            near.rows, *({summed[n]: v for n, v in of.items()} for of in (near.sums, near.sizes))
        )
    else:
        rows = _sum_objects(response, sums, there, whole)

    def exactly() -> Sums:
        if near is not None:
            _sum_objects(response, sums, there, whole)
        return sums

    again = JsonRows(response.body, _ROWS, tuple(there[name] for name in fields), whole=whole)
    # Under the names that were asked for, however the answer spells them.
    return Answer(
        lambda: again.table(fields),
        sums.rows if near is None else near.rows,
        exactly,
        near,
        _envelope(rows),
    )


def _sum_objects(
    response: Response, sums: Sums, there: Mapping[str, str], whole: frozenset[str]
) -> JsonRows:
    """Add up the objects of an answer, exactly; give them, read."""
    summed = tuple(there[name] for name in sums.names)
    rows = JsonRows(response.body, _ROWS, summed or (next(iter(there.values())),), whole=whole)
    places = {name: place for place, name in enumerate(sums.names)}
    for batch in batches(rows):
        sums.add(batch, places)
    return rows


def _envelope(rows: JsonRows) -> Mapping[str, Any]:
    return rows.envelope if isinstance(rows.envelope, dict) else {}


def _sum_lists(sums: Sums, table: Table) -> None:
    columns = list(table.columns or ())
    places = {name: columns.index(name) for name in sums.names}
    for batch in batches(table.rows):
        sums.add(batch, places)


def _check_columns(there: Container[str] | None, asked: Sequence[str]) -> None:
    missing = [name for name in asked if name not in (there or ())]
    if missing:
        msg = f"the answer has no {', '.join(missing)}, which was asked for"
        raise MalformedResponse(msg)


def _read_parquet(
    response: Response, sums: Sums, dimensions: Sequence[str], metrics: Sequence[str]
) -> Answer:
    """Read a file column after column, and lay the values down to be taken row by row.

    A row group's columns read side by side take as much memory each as one does alone.

    Raises:
        MalformedResponse: If a column is missing or the file can't be read.
    """
    import pyarrow as pa  # noqa: PLC0415 - an extra: only whoever chose Parquet has it
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    # What Arrow's own pools keep for later is more than all that is read here.
    pa.set_memory_pool(pa.system_memory_pool())
    laid = _Laid()
    try:
        # Without the buffer a column is read whole: as much memory as the file is large.
        file = pq.ParquetFile(
            response.body.open(),
            buffer_size=_BUFFER_BYTES,
            pre_buffer=False,
            page_checksum_verification=True,
        )
        named = file.schema_arrow.names
        check_columns(named)
        columns = respelt(named, (*dimensions, *metrics))
        _check_columns(columns, [*dimensions, *metrics])
        sums.rows = file.metadata.num_rows
        replaced = 0
        for name, column in zip(named, columns, strict=True):
            length = 0
            # One thread: each would keep memory of its own.
            for batch in file.iter_batches(_BATCH, columns=[name], use_threads=False):
                values, odd = _values(batch.column(0))
                replaced += odd
                if column in sums.totals:
                    sums.totals[column] = EXACT.add(sums.totals[column], add_up(values) or ZERO)
                laid.add(column, values)
                length += len(values)
            _check_length(name, length, sums.rows)
        laid.end()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        laid.close()
        msg = f"the answer is not a Parquet file that can be read: {error}"
        raise MalformedResponse(msg) from error
    except BaseException:
        laid.close()
        raise
    response.body.close()
    response.body = laid.spool()
    return Answer(
        lambda: Table(chain.from_iterable(laid.blocks(response.body)), columns),
        sums.rows,
        lambda: sums,
        replaced=replaced,
    )


def _check_length(name: str, length: int, rows: int) -> None:
    """Check that a column holds a value for each row: else the others' values would stand beside the wrong rows.

    Raises:
        MalformedResponse: If it does not.
    """
    if length != rows:
        msg = f"the answer's column {name} holds {length} values for {rows} rows"
        raise MalformedResponse(msg)


class _Laid:
    """Columns of values on disk, in batches."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - a spool closes it
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._waiting: dict[str, list[Any]] = {}
        self._end = 0

    def add(self, name: str, values: list[Any]) -> None:
        """Lay values of a column down, in batches of one length: a file's own may differ from column to column."""
        waiting = self._waiting.setdefault(name, [])
        waiting += values
        while len(waiting) >= _BATCH:
            self._write(name, waiting[:_BATCH])
            del waiting[:_BATCH]

    def end(self) -> None:
        """Lay down what is left of all columns."""
        for name, values in self._waiting.items():
            if values:
                self._write(name, values)
        self._waiting.clear()

    def _write(self, name: str, values: list[Any]) -> None:
        # Written and read by this very process. Version 2 looks for no value that came before.
        laid = marshal.dumps(values, 2)
        self._file.write(laid)
        self._places.setdefault(name, []).append((self._end, len(laid)))
        self._end += len(laid)

    def spool(self) -> Spool:
        """Return what was laid down as a body."""
        return Spool(cast("IO[bytes]", self._file), self._end)

    def blocks(self, spool: Spool) -> Iterator[Iterator[Row]]:
        """Yield the rows, batch by batch."""
        file = spool.open()

        def taken(place: tuple[int, int]) -> list[Any]:
            file.seek(place[0])
            values: list[Any] = marshal.loads(file.read(place[1]))  # noqa: S302 - our own, see above
            return values

        for batch in zip(*self._places.values(), strict=True):
            yield zip(*map(taken, batch), strict=True)

    def close(self) -> None:
        """Release what it holds."""
        self._file.close()


def _values(column: Any) -> tuple[list[Any], int]:
    """Return a column's values: whole numbers and doubles as they are, all else as text.

    Returns:
        The values, and how many characters that no database holds were replaced in them.
    """
    from pyarrow import types  # noqa: PLC0415 - an extra

    kind = column.type
    if types.is_float32(kind):
        # The fewest digits that tell it from its neighbours: as a double 118.42 is 118.41999816894531.
        column = column.cast("string")
        kind = column.type
    if types.is_integer(kind) or types.is_floating(kind):
        return column.to_pylist(), 0
    if not str(kind).startswith(_TEXT_TYPES):
        return [None if v is None else str(v) for v in column.to_pylist()], 0
    # Making a text costs ten times as much as a number, and most of them come again and again.
    coded = column if types.is_dictionary(kind) else column.dictionary_encode()
    try:
        given = coded.dictionary.to_pylist()
    except UnicodeDecodeError:  # half a surrogate pair
        given = coded.dictionary.cast("large_binary").to_pylist()
    texts: list[str | None] = []
    replaced = 0
    for each in given:
        text, odd = (None, 0) if each is None else clean_text(each)
        texts.append(text)
        replaced += odd
    texts.append(None)
    return [texts[n] for n in coded.indices.fill_null(len(texts) - 1).to_pylist()], replaced


def as_objects(table: Table) -> Iterator[Mapping[str, Any]]:
    """Return a table's rows as objects, an empty CSV cell as null."""
    if table.columns is None:
        return iter(table.rows)  # type: ignore[arg-type]
    names = list(table.columns)
    if names[-1] == OTHERS:
        made = (dict(zip(names, row, strict=True)) for row in table.rows)
        return ({**(row.pop(OTHERS) or {}), **row} for row in made)
    if table.empty_is_null:
        return (
            {name: value or None for name, value in zip(names, row, strict=True)}
            for row in table.rows
        )
    return (dict(zip(names, row, strict=True)) for row in table.rows)


def within(table: Table, bucket: str, start: datetime, end: datetime) -> Table:
    """Return the rows of a window of hours: whole days were asked for, and what else they hold is left out.

    Rows of other days stay: that they came is a fault, which is told where rows are made.

    Args:
        table: The rows.
        bucket: The field of the hour.
        start: Of the window, naive, in the report's zone.
        end: Its end, exclusive.
    """
    first, last = midnight(start.date()), midnight((end - ONE_HOUR).date()) + ONE_DAY
    inside, asked = ((a.isoformat(), b.isoformat()) for a, b in ((start, end), (first, last)))

    def stays(hour: object) -> bool:
        text = str(hour).replace(" ", "T")
        return inside[0] <= text < inside[1] or not asked[0] <= text < asked[1]

    if table.columns is None:
        return Table(row for row in as_objects(table) if stays(row.get(bucket)))
    place = list(table.columns).index(bucket)
    table.rows = (row for row in table.rows if stays(row[place]))  # type: ignore[index]
    return table
