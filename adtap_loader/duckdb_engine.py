"""The DuckDB file: tables, their evolution, and one transaction per batch."""

# ruff: noqa: S608 - names cannot be parameters in SQL; identifier() quotes each, values are parameters

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import duckdb
from typing_extensions import override

from adtap_loader.columns import BIGINT, HUGEINT, JSON, VARCHAR, short
from adtap_loader.errors import LoadError, one_line, unfit
from adtap_loader.warehouse import Batch, Table, Warehouse, identifier, widened

MEMORY_LIMIT: Final = 96_000_000  # DuckDB spills past it; the rest of the 300 MB is Python's
# One thread: on two it took the same time beside a tap and a quarter more of memory and of CPU.
THREADS: Final = 1
STORAGE_VERSION: Final = "v1.4.0"
"""Files are written so that this version opens them, whichever writes."""
_SINCE: Final = (2, 0)
"""The first version that must be told so, and that casts texts to wide decimals quickly."""
_IN_MEMORY: Final = ":memory:"  # what a path begins with that DuckDB takes for no file
_PARTIAL: Final = ".part"
_ROW_NUMBER: Final = "rowid"  # of every table, unless a column has the name
_LINE: Final = 2_000_000  # bytes that DuckDB expects of a line at most
_NARROW: Final = (
    9  # digits on each side of the point of the widest decimal that DuckDB keeps in 64 bits
)


def _version() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", duckdb.__version__)[:2])


_KINDS: Final = dict.fromkeys(
    ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"), BIGINT
)
"""Types of columns that other loaders made, by the one of ours that holds all of their values."""


class DuckdbWarehouse(Warehouse):
    """One open DuckDB file; nobody else can open it while it is open.

    Args:
        path: The file; made if it is missing, its folder is not.
        schema: Schema of all tables; made if it is missing.
        replace_windows: Whether a ledger's row removes the older rows of its window.
        parquet: A folder that gets each stream whole as Parquet at the end; None for none.

    Raises:
        LoadError: If the folder is missing, or the file is in use, no DuckDB file, or not writable.
    """

    errors = (duckdb.Error,)
    zeros = True
    parameter = "?"

    def __init__(
        self, path: str, schema: str, *, replace_windows: bool = False, parquet: Path | None = None
    ) -> None:
        super().__init__(schema, replace_windows=replace_windows)
        if parquet and not parquet.is_dir():
            raise LoadError(
                f"Setting 'parquet_path': the folder {parquet} does not exist; make it."
            )
        if path.startswith(_IN_MEMORY):
            raise LoadError(
                f"Setting 'path': {path} is no file; what was loaded would be gone at the end of the load."
            )
        self.path = Path(path).expanduser()
        if not self.path.parent.is_dir():
            raise LoadError(
                f"Setting 'path': the folder {self.path.parent} does not exist; make it, or name another."
            )
        try:
            if _version() >= _SINCE and not (self.path.exists() and self.path.stat().st_size):
                # A file keeps the version that it was made with.
                config: dict[str, Any] = {"storage_compatibility_version": STORAGE_VERSION}
                duckdb.connect(str(self.path), config=config).close()
            self._db = duckdb.connect(str(self.path))
        except duckdb.Error as error:
            raise LoadError(_why_not_opened(self.path, error)) from None
        # Set here and not on connect: DuckDB refuses a second connection of this process otherwise.
        self._db.execute(f"SET threads = {THREADS}")
        # A time stamp without an offset, and a date widened to one, are UTC on every machine.
        self._db.execute("SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false")
        self._parquet = parquet
        self._db.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        self._folded: dict[str, str] = {}

    @classmethod
    @override
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Return the warehouse that settings name.

        Args:
            config: Those of `settings.DUCKDB`.
        """
        folder = config.get("parquet_path")
        return cls(
            config["path"],
            config["default_target_schema"],
            replace_windows=bool(config.get("replace_windows")),
            parquet=Path(folder).expanduser() if folder else None,
        )

    @override
    def close(self) -> None:
        self._db.close()

    @override
    def types_of(self, stream: str, names: Sequence[str]) -> dict[str, str]:
        found = {column.casefold(): kind for column, kind in self._columns_in_file(stream)}
        return {name: found[name.casefold()] for name in names if name.casefold() in found}

    @override
    def prepare(self, table: Table) -> None:
        _refuse_equal_names(table)
        other = self._folded.setdefault(table.stream.casefold(), table.stream)
        if other != table.stream:
            raise LoadError(
                f"The streams '{other}' and '{table.stream}' differ only by case, which DuckDB does not tell "
                "apart: their rows would be in one table. Rename one with a stream map."
            )
        name = self._table(table.stream)
        existing = {
            column.casefold(): (column, kind)
            for column, kind in self._columns_in_file(table.stream)
        }
        if _ROW_NUMBER in existing.keys() | {column.casefold() for column in table.names}:
            raise LoadError(
                f"Stream '{table.stream}': a column '{_ROW_NUMBER}' hides the rows' numbers, by which DuckDB tells "
                "new rows from old ones; rename it with a stream map."
            )
        types = widened(
            table,
            {
                folded: (column, _KINDS.get(kind, kind))
                for folded, (column, kind) in existing.items()
            },
            place=str(self.path),
            how=f'ALTER TABLE {name} RENAME COLUMN "{{}}" TO …',
            fold=True,
        )
        with _telling(table.stream):
            if not existing:
                body = ", ".join(f"{identifier(column)} {kind}" for column, kind in types.items())
                self._db.execute(f"CREATE TABLE {name} ({body})")
            for column, kind in types.items() if existing else ():
                if column.casefold() not in existing:
                    self._db.execute(f"ALTER TABLE {name} ADD COLUMN {identifier(column)} {kind}")
                elif existing[column.casefold()][1] != kind:
                    self._db.execute(
                        f"ALTER TABLE {name} ALTER COLUMN {identifier(column)} SET DATA TYPE {kind}"
                    )
        self._note_table(table, types)

    @override
    def load(self, batches: Sequence[Batch]) -> None:
        # A whole line, and what is made of it, must fit in memory.
        longest = max(batch.spool.longest for batch in batches)
        limit = MEMORY_LIMIT + (32 * longest if longest > _LINE else 0)
        self._db.execute(f"SET memory_limit = '{limit}B'")
        if any(batch.spool.is_wide for batch in batches):
            # From here on: a row group is compressed again until it is full. Measured with 2.0.1, 20,000 rows
            # of 20 kB: three times the CPU, and a file of 173 MB where the next best, zstd, makes 2.
            self._db.execute("SET disabled_compression_methods = 'dict_fsst'")
        self._mark_as_changed(batches)
        self._db.begin()
        try:
            last_rows: dict[str, int] = {}
            for batch in batches:
                with _telling(batch.table.stream):
                    last_rows[batch.table.stream] = self._load(batch)
            for batch in batches:
                if self._replaces and batch.table.is_ledger:
                    name, last = self._table(batch.table.stream), last_rows[batch.table.stream]
                    self._replace_windows(f"(SELECT * FROM {name} WHERE rowid > {last})")
            self._db.commit()
        except BaseException:
            # A signal may come just after the commit, when there is nothing left to undo.
            with contextlib.suppress(duckdb.Error):
                self._db.rollback()
            raise

    def _load(self, batch: Batch) -> int:
        """Append a batch to its table, and remove what its rows replace.

        Rows are numbered in the order in which they come, so the number tells the new from the old.
        There is no index on keys: it would have to fit in memory.

        Returns:
            The number of the last row that was there before; -1 if there was none.
        """
        stream, keys = batch.table.stream, batch.table.keys
        table = self._table(stream)
        found = self._db.execute(f"SELECT coalesce(max(rowid), -1) FROM {table}").fetchone()
        last: int = found[0] if found else -1
        kinds = self._types[stream]
        names = ", ".join(map(identifier, kinds))
        values = ", ".join(_cast(f"c{place}", kind) for place, kind in enumerate(kinds.values()))
        try:
            for rows in _rows_of(batch):
                self._db.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {rows}")
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            self._db.rollback()
            raise self._failed_check(batch, error) from None
        if keys:
            listed = ", ".join(map(identifier, keys))
            same = " AND ".join(f"old.{key} = new.{key}" for key in map(identifier, keys))
            # Keys are never null (such rows are refused), so plain equality is enough.
            self._db.execute(
                f"DELETE FROM {table} WHERE rowid > {last} AND rowid NOT IN "
                f"(SELECT max(rowid) FROM {table} WHERE rowid > {last} GROUP BY {listed})"
            )
            if last >= 0:
                self._db.execute(
                    f"DELETE FROM {table} AS old USING {table} AS new "
                    f"WHERE old.rowid <= {last} AND new.rowid > {last} AND {same}"
                )
        return last

    def _mark_as_changed(self, batches: Sequence[Batch]) -> None:
        """Begin the partial files of streams that are about to change, so that each is written at the end.

        A load that is killed leaves them to the next one, to which its rows do not come again.
        """
        if self._parquet:
            changed = {batch.table.stream for batch in batches}
            if self._replaces and any(batch.table.is_ledger for batch in batches):
                changed |= self._reports.keys()
            for stream in changed:
                _parquet_file(self._parquet, stream, _PARTIAL).touch()

    @override
    def finish(self, streams: Sequence[str]) -> None:
        if self._parquet:
            for stream in streams:
                if _parquet_file(self._parquet, stream, _PARTIAL).exists():
                    self._export(stream, self._parquet)

    def _export(self, stream: str, folder: Path) -> None:
        """Write the stream's whole table as Parquet.

        The file appears whole or not at all. JSON is written as text, because readers make other
        things of Parquet's JSON type; HUGEINT as DECIMAL(38,0), because DuckDB would make a float of it.

        Args:
            stream: The stream's name; the file's, with what a file name cannot hold percent-encoded.
            folder: Where the file goes; must exist.
        """
        written = {HUGEINT: "DECIMAL(38,0)", JSON: VARCHAR}
        casts = ", ".join(
            f"CAST({identifier(name)} AS {written[kind]}) AS {identifier(name)}"
            for name, kind in self._columns_in_file(stream)
            if kind in written
        )
        partial = _parquet_file(folder, stream, _PARTIAL)
        literal = str(partial).replace("'", "''")
        self._db.execute(
            f"COPY (SELECT * {f'REPLACE ({casts})' if casts else ''} FROM {self._table(stream)}) "
            f"TO '{literal}' (FORMAT parquet, COMPRESSION zstd)"
        )
        partial.replace(_parquet_file(folder, stream))

    def _failed_check(self, batch: Batch, error: duckdb.Error) -> LoadError:
        """Find the value that DuckDB refused."""
        stream = batch.table.stream
        columns = enumerate(self._types[stream].items())
        for rows, (place, (name, kind)) in product(_rows_of(batch), columns):
            row = self._db.execute(
                f"SELECT c{place} FROM {rows} "
                f"WHERE c{place} IS NOT NULL AND TRY_CAST(c{place} AS {kind}) IS NULL LIMIT 1"
            ).fetchone()
            if row:
                return unfit(stream, name, row[0], f"not a value of {short(kind)}")
        return LoadError(f"Stream '{stream}': DuckDB refused a row: {one_line(error)}")

    def _columns_in_file(self, stream: str) -> list[tuple[str, str]]:
        return self._db.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
            "AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) ORDER BY column_index",
            [self._schema, stream],
        ).fetchall()

    @override
    def _execute(
        self, statement: str, values: Sequence[object] | None = None
    ) -> duckdb.DuckDBPyConnection:
        return self._db.execute(statement, values)


@contextlib.contextmanager
def _telling(stream: str) -> Iterator[None]:
    """Say in one line what DuckDB refuses, and of which stream: a constraint, a view, an index of somebody else's."""
    try:
        yield
    except (duckdb.ConstraintException, duckdb.CatalogException, duckdb.BinderException) as error:
        raise LoadError(f"Stream '{stream}': {one_line(error)}") from None


def _rows_of(batch: Batch) -> list[str]:
    """Return the relations of a batch's rows, one after the other: texts `c0`, `c1` and so on.

    Measured: DuckDB needs a third less for them than for rows that are JSON, and no 20 ms before the first
    row, as its own reader of JSON lines does. Nothing is left to its guesses.
    """
    longest = max(batch.spool.longest, _LINE)
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(batch.table.columns)))
    settings = (
        f"columns = {{{columns}}}, auto_detect = false, header = false, "
        "delim = ',', quote = '\"', escape = '\\', new_line = '\\n', nullstr = 'null', "
        "allow_quoted_nulls = false, compression = 'none', parallel = false, "
        f"max_line_size = {longest}, buffer_size = {2 * longest}"
    )
    paths = (path.replace("'", "''") for path in batch.spool.paths)
    return [f"read_csv('{path}', {settings})" for path in paths]


def _cast(value: str, sql_type: str) -> str:
    """Return the expression that turns a shaped text into its type, exactly.

    Measured: DuckDB 1.4.4 needs 11 µs for a text to DECIMAL(38,18), and 1.5 µs by way of 64 bits. That
    way is open where at most nine digits stand on each side of the point. 2.0.1 needs 0.1 µs.
    """
    if sql_type == VARCHAR:
        return value
    cast = f"CAST({value} AS {sql_type})"
    match = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", sql_type)
    narrow = match is None or int(match[2]) < _NARROW or int(match[1]) - int(match[2]) < _NARROW
    if narrow or _version() >= _SINCE:
        return cast
    point = f"strpos({value}, '.')"
    return (
        f"CASE WHEN length({value}) <= {_NARROW} OR ({point} BETWEEN 1 AND {_NARROW + 1} "
        f"AND length({value}) - {point} <= {_NARROW}) "
        f"THEN CAST(CAST({value} AS DECIMAL({2 * _NARROW},{_NARROW})) AS {sql_type}) ELSE {cast} END"
    )


def _parquet_file(folder: Path, stream: str, more: str = "") -> Path:
    return folder / f"{quote(stream, safe=' ()+,=@')}.parquet{more}"


def _refuse_equal_names(table: Table) -> None:
    seen: dict[str, str] = {}
    for name in table.names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise LoadError(
                f"Stream '{table.stream}': columns '{other}' and '{name}' differ only by case, which "
                "DuckDB does not tell apart; rename one with a stream map."
            )


def _why_not_opened(path: Path, error: duckdb.Error) -> str:
    text = one_line(error)
    if "lock on file" in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"process {holder[1]}" if holder else "another process"
        return f"{path} is in use by {who}; wait for it to end, or close it. Nothing was loaded."
    if "newer version of DuckDB" in text:
        return (
            f"{path} was made by a newer DuckDB than this one, {duckdb.__version__}: install that one here "
            "(pip install --upgrade duckdb), or let it write a copy that both can open (docs/warehouses.md, "
            "«DuckDB 1.4 and 2»). Nothing was loaded."
        )
    return f"{path} cannot be opened as a DuckDB file: {text}"
