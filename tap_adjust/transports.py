"""A report's answer as JSON, CSV or Parquet: rows to hand over, and the sums that prove them whole.

Adjust pages nothing and cuts silently: what `limit` takes away shows only in a warning (JSON) or in
the totals. So additive metrics are summed here, in the worker, before a row is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from adtap_core.bodies import JsonRows, Row, Table, separated
from adtap_core.errors import Broken
from adtap_core.spool import MEMORY_BYTES
from tap_adjust.fields import metric

if TYPE_CHECKING:
    from adtap_core.http import Reply

FORMATS: Final = ("auto", "json", "csv", "parquet")
PATHS: Final[Mapping[str, str]] = {
    "json": "/report",
    "csv": "/csv_report",
    "parquet": "/parquet_report",
}
_BATCH: Final = 4096
_TEXT_TYPES: Final = ("string", "large_string", "dictionary")


@dataclass
class Sums:
    """The sums of the additive metrics of an answer's rows.

    Args:
        names: The metrics asked for.
    """

    names: Sequence[str]
    rows: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)
    digits: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = [n for n in self.names if metric(n).sums_exactly]
        self.totals = dict.fromkeys(self.names, Decimal(0))
        self.digits = dict.fromkeys(self.names, 0)

    def add(self, name: str, values: Iterable[object]) -> None:
        """Add a column's values; null counts nothing."""
        texts = [str(v) for v in values if v is not None and v != ""]
        try:
            self.totals[name] += sum(map(int, texts))
        except ValueError:
            # What is not a number is the row's own fault and named there, with its column.
            texts = [t for t in texts if _is_number(t)]
            self.totals[name] += sum(map(Decimal, texts), Decimal(0))
            longest = max((len(t.partition(".")[2]) for t in texts), default=0)
            self.digits[name] = max(self.digits[name], longest)

    def short(self, totals: Mapping[str, object]) -> str | None:
        """Say by how much the rows fall short of the service's totals; None if they do not."""
        for name in self.names:
            total = _decimal(totals.get(name))
            if total is None:
                continue
            missing = total - self.totals[name]
            # Each row may be rounded in its last digit, and totals went through a float.
            room = self.rows * Decimal(10) ** -self.digits[name] / 2 + abs(total) / 10**9
            if self.digits[name] == 0:
                room = Decimal("0.5")
            if missing > room:
                return (
                    f"its {self.rows} rows add up to {self.totals[name]} {name}, the service's own "
                    f"total is {total}: rows are missing"
                )
        return None


def _is_number(text: str) -> bool:
    return _decimal(text) is not None


def _decimal(value: object) -> Decimal | None:
    try:
        found = None if value is None else Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found is not None and found.is_finite() else None


@dataclass
class Answer:
    """A report's answer, read once.

    Args:
        open: Opens its rows.
        sums: Its additive metrics, summed.
        envelope: What a JSON answer says beside its rows.
    """

    open: Callable[[], Table]
    sums: Sums
    envelope: Mapping[str, Any] = field(default_factory=dict)


def read(reply: Reply, kind: str, dimensions: Sequence[str], metrics: Sequence[str]) -> Answer:
    """Read an answer through, so that its rows can be handed over without a fault.

    Args:
        reply: The answer; 204 means no rows.
        kind: `json`, `csv` or `parquet`.
        dimensions: Asked for; every one must be there.
        metrics: Asked for.

    Raises:
        Broken: If a column that was asked for is missing, or the body can't be read.
    """
    sums = Sums(metrics)
    if not reply.body.size:
        return Answer(lambda: Table(iter(())), sums)
    if kind == "json":
        return _read_json(reply, sums, dimensions)
    if kind == "csv":
        table = separated(reply.body)
        _sum_lists(sums, table, dimensions)
        return Answer(lambda: separated(reply.body), sums)
    _sum_lists(sums, _parquet(reply), dimensions)
    return Answer(lambda: _parquet(reply), sums)


def _read_json(reply: Reply, sums: Sums, dimensions: Sequence[str]) -> Answer:
    rows = JsonRows(reply.body, ("rows",))
    kept: list[Any] = []
    keep = reply.body.size <= MEMORY_BYTES
    for batch in _batches(rows):
        if not sums.rows:
            _check_columns(batch[0], dimensions)
        sums.rows += len(batch)
        for name in sums.names:
            sums.add(name, [row.get(name) for row in batch])
        if keep:
            kept += batch
    envelope = rows.envelope if isinstance(rows.envelope, dict) else {}
    if keep:
        return Answer(lambda: Table(iter(kept)), sums, envelope)
    return Answer(lambda: Table(iter(JsonRows(reply.body, ("rows",)))), sums, envelope)


def _sum_lists(sums: Sums, table: Table, dimensions: Sequence[str]) -> None:
    columns = list(table.columns or ())
    _check_columns(columns, [*dimensions, *sums.names])
    places = {name: columns.index(name) for name in sums.names}
    for batch in _batches(table.rows):
        sums.rows += len(batch)
        for name, place in places.items():
            sums.add(name, [row[place] for row in batch])


def _check_columns(there: object, asked: Sequence[str]) -> None:
    missing = [name for name in asked if name not in there]  # type: ignore[operator]
    if missing:
        msg = f"the answer has no {', '.join(missing)}, which was asked for"
        raise Broken(msg)


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    line = iter(rows)
    while batch := list(islice(line, _BATCH)):
        yield batch


def _parquet(reply: Reply) -> Table:
    """Give the rows of a Parquet file as value lists; null and the empty text stay apart.

    Raises:
        Broken: If the file can't be read.
    """
    import pyarrow as pa  # noqa: PLC0415 - an extra: only whoever chose Parquet has it
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    try:
        file = pq.ParquetFile(reply.body.open())
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"the answer is not a Parquet file: {error}"
        raise Broken(msg) from error
    schema = file.schema_arrow
    plain = [str(f.type).startswith(_TEXT_TYPES) or _is_numeric(pa, f.type) for f in schema]

    def rows() -> Iterator[Row]:
        for batch in file.iter_batches(batch_size=_BATCH):
            columns = [
                values if as_is else [None if v is None else str(v) for v in values]
                for as_is, values in zip(plain, (c.to_pylist() for c in batch.columns), strict=True)
            ]
            yield from zip(*columns, strict=True)

    return Table(rows(), schema.names)


def _is_numeric(pa: Any, kind: Any) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def as_objects(table: Table) -> Iterator[Mapping[str, Any]]:
    """Give a table's rows as objects, an empty CSV cell as null."""
    if table.columns is None:
        return iter(table.rows)  # type: ignore[arg-type]
    names = list(table.columns)
    if table.empty_is_null:
        return (
            {name: value or None for name, value in zip(names, row, strict=True)}
            for row in table.rows
        )
    return (dict(zip(names, row, strict=True)) for row in table.rows)


def within(table: Table, bucket: str, start: str, end: str) -> Table:
    """Give the rows whose bucket lies in `[start, end)`: days are asked for, hours were wanted."""
    if table.columns is None:
        kept = (r for r in as_objects(table) if start <= str(r.get(bucket)).replace(" ", "T") < end)
        return Table(kept)
    place = list(table.columns).index(bucket)
    rows = (r for r in table.rows if start <= str(r[place]).replace(" ", "T") < end)  # type: ignore[index]
    return Table(rows, table.columns, table.empty_is_null)
