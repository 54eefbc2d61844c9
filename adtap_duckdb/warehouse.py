"""The DuckDB file: tables, their evolution, and one transaction per batch."""

# ruff: noqa: S608 - names cannot be parameters in SQL; identifier() quotes each, values are parameters

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import duckdb

from adtap_duckdb.columns import HUGEINT, TIMESTAMPTZ, VARCHAR, Column, common_type
from adtap_duckdb.errors import LoadError

MEMORY_LIMIT = "80MB"  # DuckDB spills past it; the rest of the 300 MB is Python's and the batch's
THREADS = 2  # reading and shaping in Python is the bottleneck; more threads only take memory
ROWS_PER_STATEMENT = 500  # measured: 2,000 is no faster and takes 35 MB more
STAGE = "temp.adtap_stage"
# A batch travels as JSON text, rows as arrays, every value a string: [["1","a"],["2",null]].
_ROWS_OF_CHUNK = """(SELECT unnest(from_json(?, '[["VARCHAR"]]')) AS r)"""
_NARROW = 9  # digits on each side of the point of the widest decimal that DuckDB keeps in 64 bits
_VALUE_LENGTH = 60  # characters of a faulty value that a message shows


def identifier(name: str) -> str:
    """Quote a name, whatever it holds, for SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


class Warehouse:
    """One open DuckDB file; nobody else can open it while it is open.

    Args:
        path: The file; made if it is missing, its folder is not.
        schema: Schema of all tables; made if it is missing.

    Raises:
        LoadError: If the folder is missing, or the file is in use, no DuckDB file, or not writable.
    """

    def __init__(self, path: str, schema: str) -> None:
        self.path = Path(path).expanduser()
        if not self.path.parent.is_dir():
            raise LoadError(
                f"Setting 'path': the folder {self.path.parent} does not exist; make it, or name another."
            )
        try:
            self._db = duckdb.connect(str(self.path))
        except duckdb.Error as error:
            raise LoadError(_why_not_opened(self.path, error)) from None
        # Set here and not on connect: DuckDB refuses a second connection of this process otherwise.
        self._db.execute(f"SET memory_limit = '{MEMORY_LIMIT}'; SET threads = {THREADS}")
        # A time stamp without an offset, and a date widened to one, are UTC on every machine.
        self._db.execute("SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false")
        self._schema = schema
        self._db.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        self._types: dict[str, dict[str, str]] = {}
        self._changed: set[str] = set()

    def close(self) -> None:
        """Write everything into the file itself and let go of it."""
        self._db.close()

    def prepare(self, stream: str, columns: Sequence[Column]) -> None:
        """Make the stream's table hold what the stream now sends, losing nothing it has.

        A missing table is made, a missing column added, a retyped column widened where no value
        changes. A column the stream no longer has stays; its new rows are null there. Each step
        stands alone and can be repeated, so a crash between two of them does no harm.

        Args:
            stream: The stream's name, and the table's.
            columns: What the stream sends.

        Raises:
            LoadError: If a column's old and new type have no common one.
        """
        table = self._table(stream)
        existing = {name.casefold(): (name, kind) for name, kind in self._columns_in_file(stream)}
        if not existing:
            body = ", ".join(f"{identifier(c.name)} {c.sql_type}" for c in columns)
            self._db.execute(f"CREATE TABLE {table} ({body})")
            self._types[stream] = {c.name: c.sql_type for c in columns}
            return
        # All refusals come before the first change.
        types: dict[str, str] = {}
        for column in columns:
            _, has = existing.get(column.name.casefold(), ("", column.sql_type))
            wanted = common_type(has, column.sql_type)
            if wanted is None:
                raise LoadError(
                    f"Stream '{stream}', column '{column.name}': the table in {self.path} has it as "
                    f"{has}, the stream now sends {column.sql_type}, and no type keeps both exactly. "
                    f"Keep the old values under another name (ALTER TABLE {table} RENAME COLUMN "
                    f"{identifier(column.name)} TO …) or drop them, then run again."
                )
            types[column.name] = wanted
        for name, wanted in types.items():
            if name.casefold() not in existing:
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {wanted}")
            elif existing[name.casefold()][1] != wanted:
                self._db.execute(
                    f"ALTER TABLE {table} ALTER COLUMN {identifier(name)} SET DATA TYPE {wanted}"
                )
        self._types[stream] = types

    def load(
        self, stream: str, columns: Sequence[Column], keys: Sequence[str], rows: Sequence[bytes]
    ) -> int:
        """Commit a batch in one transaction: all of it is in the file afterwards, or nothing.

        With keys, a row replaces the one of the same key, and of several in the batch the last one
        wins. Without, rows are appended. There is no index: it would have to fit in memory.

        Args:
            stream: The stream's name.
            columns: The columns, in the order of the values in a row.
            keys: The key columns; may be empty.
            rows: Each a JSON array of the row's shaped values.

        Returns:
            How many rows were dropped for a later one of the same key.

        Raises:
            LoadError: If a value does not fit its column.
        """
        table = self._table(stream)
        names = [identifier(column.name) for column in columns]
        types = [self._types[stream][column.name] for column in columns]
        values = ", ".join(_cast(f"r[{place}]", kind) for place, kind in enumerate(types, 1))
        body = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
        dropped = 0
        chunk = "[]"
        self._db.begin()
        try:
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE adtap_stage ({body})")
            for chunk in _chunks(rows):
                self._db.execute(
                    f"INSERT INTO {STAGE} SELECT {values} FROM {_ROWS_OF_CHUNK}", [chunk]
                )
            if keys:
                dropped = self._replace(table, [identifier(key) for key in keys])
            self._db.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)} FROM {STAGE}"
            )
            self._db.execute(f"DROP TABLE {STAGE}")
            self._db.commit()
        except (duckdb.ConversionException, duckdb.OutOfRangeException):
            self._db.rollback()
            raise self._fault(stream, columns, types, chunk) from None
        except BaseException:
            # A signal may come just after the commit, when there is nothing left to undo.
            with contextlib.suppress(duckdb.Error):
                self._db.rollback()
            raise
        self._changed.add(stream)
        return dropped

    def export(self, stream: str, folder: Path) -> None:
        """Write the stream's whole table as Parquet, if it changed since the last export.

        The file appears whole or not at all. HUGEINT is written as DECIMAL(38,0), because DuckDB
        would make a float of it.

        Args:
            stream: The stream's name; the file's, with what a file name cannot hold percent-encoded.
            folder: Where the file goes; must exist.
        """
        if stream not in self._changed:
            return
        columns = self._columns_in_file(stream)
        wide = [identifier(name) for name, kind in columns if kind == HUGEINT]
        casts = ", ".join(f"CAST({name} AS DECIMAL(38,0)) AS {name}" for name in wide)
        target = folder / f"{quote(stream, safe=' ()+,=@')}.parquet"
        partial = target.with_suffix(".parquet.part")
        literal = str(partial).replace("'", "''")
        self._db.execute(
            f"COPY (SELECT * {f'REPLACE ({casts})' if wide else ''} FROM {self._table(stream)}) "
            f"TO '{literal}' (FORMAT parquet, COMPRESSION zstd)"
        )
        partial.replace(target)
        self._changed.discard(stream)

    def _replace(self, table: str, keys: Sequence[str]) -> int:
        """Drop from the stage what a later row replaces, from the table what the stage replaces.

        Keys are never null (the sink refuses such rows), so plain equality is enough. Measured: finding
        20,000 keys among 1,000,000 takes 0.02 to 0.05 s without any index.
        """
        listed = ", ".join(keys)
        dropped = self._count(
            f"DELETE FROM {STAGE} WHERE rowid NOT IN (SELECT max(rowid) FROM {STAGE} GROUP BY {listed})"
        )
        same = " AND ".join(f"old.{key} = new.{key}" for key in keys)
        self._db.execute(f"DELETE FROM {table} AS old USING {STAGE} AS new WHERE {same}")
        return dropped

    def _count(self, statement: str) -> int:
        row = self._db.execute(statement).fetchone()
        return int(row[0]) if row else 0

    def _fault(
        self, stream: str, columns: Sequence[Column], types: Sequence[str], chunk: str
    ) -> LoadError:
        """Find the value that DuckDB refused."""
        for place, (column, kind) in enumerate(zip(columns, types, strict=True), 1):
            row = self._db.execute(
                f"SELECT r[{place}] FROM {_ROWS_OF_CHUNK} "
                f"WHERE r[{place}] IS NOT NULL AND TRY_CAST(r[{place}] AS {kind}) IS NULL LIMIT 1",
                [chunk],
            ).fetchone()
            if row:
                return unfit(stream, column.name, row[0], f"not a value of {short(kind)}")
        return LoadError(f"Stream '{stream}': DuckDB refused a row and does not say which.")

    def _columns_in_file(self, stream: str) -> list[tuple[str, str]]:
        return self._db.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
            "AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) ORDER BY column_index",
            [self._schema, stream],
        ).fetchall()

    def _table(self, stream: str) -> str:
        return f"{identifier(self._schema)}.{identifier(stream)}"


def unfit(stream: str, column: str, value: object, reason: str) -> LoadError:
    """Make the error of a value that its column cannot take."""
    text = str(value)
    shown = text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}…"
    return LoadError(f"Stream '{stream}', column '{column}': {shown!r} is refused: {reason}.")


def short(sql_type: str) -> str:
    """Give a type's usual name for a message."""
    return "TIMESTAMPTZ" if sql_type == TIMESTAMPTZ else sql_type


def _cast(value: str, sql_type: str) -> str:
    """Give the expression that turns a shaped text into its type, exactly.

    Measured: DuckDB 1.4.4 needs 7 µs for a text to DECIMAL(38,18), and 1.5 µs by way of 64 bits. That
    way is open where at most nine digits stand on each side of the point.
    """
    if sql_type == VARCHAR:
        return value
    cast = f"CAST({value} AS {sql_type})"
    match = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", sql_type)
    if match is None or int(match[2]) < _NARROW or int(match[1]) - int(match[2]) < _NARROW:
        return cast
    point = f"strpos({value}, '.')"
    return (
        f"CASE WHEN length({value}) <= {_NARROW} OR ({point} BETWEEN 1 AND {_NARROW + 1} "
        f"AND length({value}) - {point} <= {_NARROW}) "
        f"THEN CAST(CAST({value} AS DECIMAL({2 * _NARROW},{_NARROW})) AS {sql_type}) ELSE {cast} END"
    )


def _chunks(rows: Iterable[bytes]) -> Iterable[str]:
    source = iter(rows)
    while part := list(islice(source, ROWS_PER_STATEMENT)):
        yield f"[{b','.join(part).decode()}]"


def _why_not_opened(path: Path, error: duckdb.Error) -> str:
    text = " ".join(str(error).split())
    if "lock on file" in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"process {holder[1]}" if holder else "another process"
        return f"{path} is in use by {who}; wait for it to end, or close it. Nothing was loaded."
    return f"{path} cannot be opened as a DuckDB file: {text}"
