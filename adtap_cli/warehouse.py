"""A warehouse, opened to be read: DuckDB or PostgreSQL, its tables, columns and rows, faults as one line each."""

# ruff: noqa: S608 - names cannot be parameters in SQL; each is quoted

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from adtap_cli.stopping import ends_on_ctrl_c
from adtap_core.errors import AdtapError, SettingsError
from adtap_core.inspect.coverage import LEDGER_COLUMNS
from adtap_core.inspect.reconcile import STATES, Group
from adtap_core.rows.schemas import DAYS, LEDGER
from adtap_core.rows.totals import ZERO, Sums, as_decimal
from adtap_core.sync.control_totals import Question
from adtap_core.windows import Grain, Interval
from adtap_plugin.extras import missing

_INTEGERS: Final = frozenset({"BIGINT", "INTEGER", "SMALLINT", "HUGEINT", "TINYINT"})
_EXACT: Final = ("DECIMAL", "NUMERIC")
_ZONED: Final = "WITH TIME ZONE"
_TEXTS: Final = ("CHARACTER VARYING", "VARCHAR", "TEXT")
_OLD_NAMES: Final = ({"partition", "rows"}, {"account", "row_count"})


def warehouse_error(message: str) -> SettingsError:
    """Return an error about the option `--warehouse`, as one line."""
    return SettingsError([f"--warehouse{message}"])


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


class Warehouse:
    """An open warehouse.

    Args:
        place: What it is called in messages; holds no password.
        connection: The driver's connection.
        errors: What the driver raises.
    """

    decimal: str
    """The type that sums are made in where a column's own is not exact."""

    def __init__(self, place: str, connection: Any, errors: type[Exception]) -> None:
        self.place = place
        self._connection, self._errors = connection, errors

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; `?` stands for a value.

        Args:
            query: SQL.
            values: What its `?` stand for, in order.

        Raises:
            SettingsError: The warehouse says no.
        """
        try:
            found = self._connection.execute(self._spelt(query), list(values)).fetchall()
        except self._errors as error:
            raise warehouse_error(f" {self.place}: {str(error).splitlines()[0]}") from error
        return list(found)

    def _spelt(self, query: str) -> str:
        """Return a query as the driver takes it."""
        return query

    def columns(self, schema: str) -> dict[str, dict[str, str]]:
        """Return the columns of each table of a schema, with their types in capitals."""
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in self.rows(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? ORDER BY table_name, ordinal_position",
            [schema],
        ):
            found.setdefault(str(table), {})[str(column)] = str(kind).upper()
        return found

    def schemas_with(self, table: str) -> list[str]:
        """Return the schemas that have a table."""
        query = "SELECT table_schema FROM information_schema.tables WHERE table_name = ? ORDER BY 1"
        return [str(name) for (name,) in self.rows(query, [table])]

    def schema_for(self, wanted: str | None, default: str) -> str:
        """Return the schema that holds a tap's tables, its ledger among them.

        Args:
            wanted: What the user named.
            default: What the loaders call it where nobody names one.

        Raises:
            SettingsError: There is none, or its ledger is of another version.
        """
        found = self.schemas_with(LEDGER)
        schema = wanted or default
        if schema not in found:
            there = f"; there is one in {', '.join(found)} (--schema)" if found else ""
            raise warehouse_error(f" {self.place}: no table {LEDGER} in schema {schema}{there}")
        columns = self.columns(schema)[LEDGER].keys()
        old, new = _OLD_NAMES
        if missing := sorted(new - columns):
            what = (
                "is of version 0.1; rename its columns as CHANGELOG.md says, or load again"
                if old <= columns
                else f"has no column {', '.join(missing)}; is it this tap's ledger?"
            )
            raise warehouse_error(f" {self.place}: {schema}.{LEDGER} {what}")
        return schema

    def moment(self, column: str, kind: str) -> str:
        """Return a column's moment in UTC without a zone, as SQL."""
        name = quoted(column)
        if _ZONED in kind:
            return f"({name} AT TIME ZONE 'UTC')"
        if kind.startswith(_TEXTS):
            return f"(CAST({name} AS TIMESTAMP {_ZONED}) AT TIME ZONE 'UTC')"
        return f"CAST({name} AS TIMESTAMP)"

    def number(self, column: str, kind: str) -> str:
        """Return a column's number so that its sum is exact, as SQL.

        A number with a binary point is taken as the shortest decimal that it stands for.
        """
        if kind in _INTEGERS or kind.startswith(_EXACT):
            return quoted(column)
        return f"CAST(CAST({quoted(column)} AS VARCHAR) AS {self.decimal})"


class _DuckDB(Warehouse):
    decimal = "DECIMAL(38, 18)"


class _Postgres(Warehouse):
    decimal = "NUMERIC"

    @override
    def _spelt(self, query: str) -> str:
        return query.replace("%", "%%").replace("?", "%s")


@contextmanager
def opened(place: str) -> Iterator[Warehouse]:
    """Open a warehouse to read it.

    Args:
        place: `duckdb:PATH`, a DuckDB file, or `postgresql://…`.

    Raises:
        SettingsError: It is not there, is locked, or can't be understood; one line.
    """
    scheme = urlsplit(place).scheme
    if scheme in {"postgres", "postgresql"}:
        opens = _open_postgres(place)
    elif scheme in {"", "duckdb", "file"} or Path(place).exists():
        path = place.removeprefix("duckdb:").removeprefix("file:")
        opens = _open_duckdb(f"/{path.lstrip('/')}" if path.startswith("//") else path)
    else:
        raise warehouse_error(
            f": {scheme!r} is not understood; duckdb:PATH, a DuckDB file or postgresql://… is expected"
        )
    with opens as warehouse:
        yield warehouse


def _driver(name: str, what: str) -> Any:
    """Return a module that only some users need.

    Raises:
        SettingsError: It is not installed; names what to install.
    """
    if (message := missing(what, name)) is not None:
        raise warehouse_error(f": {message}")
    return importlib.import_module(name)


@contextmanager
def _open_duckdb(path: str) -> Iterator[Warehouse]:
    driver = _driver("duckdb", "a DuckDB file")
    if not Path(path).is_file():
        raise warehouse_error(f": there is no file {path}")
    try:
        connection = driver.connect(path, read_only=True)
    except driver.Error as error:
        message = str(error).splitlines()[0]
        if "lock" in message.lower():
            message += "; somebody writes to it just now: wait for the loader to end"
        raise warehouse_error(f" {path}: {message}") from error
    with connection, ends_on_ctrl_c(connection.interrupt):
        connection.execute("SET TimeZone = 'UTC'")
        yield _DuckDB(path, connection, driver.Error)


@contextmanager
def _open_postgres(url: str) -> Iterator[Warehouse]:
    driver = _driver("psycopg", "a PostgreSQL URL")
    split = urlsplit(url)
    shown = url.replace(f":{split.password}@", ":***@") if split.password else url
    try:
        connection = driver.connect(url, connect_timeout=10)
    except driver.Error as error:
        raise warehouse_error(f" {shown}: {' '.join(str(error).split())}") from error
    with connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield _Postgres(shown, connection, driver.Error)


def ledgers(
    warehouse: Warehouse, schema: str | None, columns: Iterable[str] = LEDGER_COLUMNS
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each ledger, or of one schema's, by schema; columns as `ledger` takes them.

    Raises:
        SettingsError: There is none, or one is of another version.
    """
    there = warehouse.schemas_with(LEDGER)
    if not there or schema not in {None, *there}:
        where = f"schema {schema!r} of {warehouse.place}" if schema else warehouse.place
        raise warehouse_error(f": no table {LEDGER} in {where}; load something into it first")
    return {
        name: ledger(warehouse, warehouse.schema_for(name, name), columns)
        for name in (there if schema is None else [schema])
    }


def ledger(
    warehouse: Warehouse, schema: str, columns: Iterable[str] = LEDGER_COLUMNS
) -> list[dict[str, Any]]:
    """Return a ledger's rows by column, moments in UTC without a zone.

    Args:
        warehouse: Open.
        schema: Of the ledger.
        columns: Which are wanted; one beyond those that coverage is made of is null where the table is older than it.
    """
    kinds = warehouse.columns(schema)[LEDGER]
    made = {
        name: warehouse.moment(name, kinds[name])
        if name in {"window_start", "window_end", "synced_at"}
        else quoted(name)
        if name in kinds or name in LEDGER_COLUMNS
        else "NULL"
        for name in columns
    }
    return _selected(warehouse, schema, LEDGER, made)


def _selected(
    warehouse: Warehouse, schema: str, table: str, columns: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a table's rows: what each name stands for, in SQL."""
    query = f"SELECT {', '.join(columns.values())} FROM {quoted(schema)}.{quoted(table)}"
    return [dict(zip(columns, row, strict=True)) for row in warehouse.rows(query)]


def readings(warehouse: Warehouse, schema: str) -> list[dict[str, Any]]:
    """Return the rows of `sync_days`, moments in UTC without a zone.

    Raises:
        SettingsError: There is no such table.
    """
    kinds = warehouse.columns(schema).get(DAYS)
    if kinds is None:
        raise warehouse_error(
            f" {warehouse.place}: no table {DAYS} in schema {schema}; select the stream {DAYS}, it is not "
            "selected by default"
        )
    made = {
        name: warehouse.moment(name, kinds[name])
        if name in {"bucket", "synced_at"}
        else quoted(name)
        for name in ("stream", "account", "bucket", "synced_at", "age_days", "data_state", "totals")
    }
    return _selected(warehouse, schema, DAYS, made)


# -- a report's rows -------------------------------------------------------------------------

_OURS: Final = ("_row_key", "_data_state", "_synced_at")
_RANKS: Final = {state.value: rank for rank, state in enumerate(STATES)}


def groups(
    warehouse: Warehouse, schema: str, stream: str, asked: Question, stretch: Interval
) -> Iterator[Group]:
    """Return what a report's rows add up to, by what tells them apart and by their reading.

    Args:
        warehouse: Open.
        schema: The schema of the tables.
        stream: The report.
        asked: What the platform is asked, and so what is added up.
        stretch: Buckets, as the ledger spells them.

    Raises:
        AdtapError: The table, or a column of it, is missing.
    """
    kinds = _kinds(warehouse, schema, stream, asked)
    account, bucket, *others = asked.keys
    moments = [warehouse.moment(name, kinds[name]) for name in (bucket, "_synced_at")]
    keys = [quoted(account), moments[0], *(quoted(name) for name in others), moments[1]]
    ranks = " ".join(f"WHEN '{state}' THEN {rank}" for state, rank in _RANKS.items())
    numbers = {name: warehouse.number(name, kinds[name]) for name in asked.columns}
    sums = [
        f"MIN(CASE {quoted('_data_state')} {ranks} END)",
        "COUNT(*)",
        f"COUNT(*) - COUNT(DISTINCT {quoted('_row_key')})",
        *(f"SUM({number})" for number in numbers.values()),
        *(f"SUM(ABS({numbers[name]}))" for name in asked.noisy),
    ]
    query = (
        f"SELECT {', '.join([*keys, *sums])} FROM {quoted(schema)}.{quoted(stream)} "
        f"WHERE {moments[0]} >= ? AND {moments[0]} < ? "
        f"GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}"
    )
    spelling = "%Y-%m-%dT%H:%M:%SZ" if asked.report.grain is Grain.HOUR else "%Y-%m-%d"
    for row in warehouse.rows(query, [stretch.start, stretch.end]):
        key, synced_at, rest = row[: len(keys) - 1], row[len(keys) - 1], row[len(keys) :]
        rank, count, repeated, *values = rest
        totals = dict(zip(asked.columns, map(as_decimal, values), strict=False))
        sizes = dict(zip(asked.noisy, map(as_decimal, values[len(totals) :]), strict=True))
        yield Group(
            (key[0], key[1].strftime(spelling), *key[2:]),
            synced_at,
            STATES[-1 if rank is None else int(rank)],
            Sums(totals, int(count), {n: size or ZERO for n, size in sizes.items()}),
            int(repeated),
        )


def _kinds(warehouse: Warehouse, schema: str, stream: str, asked: Question) -> Mapping[str, str]:
    """Return the types of a report's columns.

    Raises:
        AdtapError: The table, or a column of it, is missing.
    """
    kinds = warehouse.columns(schema).get(stream)
    if kinds is None:
        msg = f"no table {schema}.{stream} in the warehouse"
        raise AdtapError(msg)
    missing = [name for name in (*asked.keys, *_OURS, *asked.columns) if name not in kinds]
    if not missing:
        return kinds
    msg = f"{schema}.{stream} has no column {', '.join(missing)}"
    if "_account" in missing and "_partition" in kinds:
        msg += (
            "; the table is of version 0.1: rename its columns as CHANGELOG.md says, or load again"
        )
    elif set(missing) <= set(asked.columns):
        msg += "; if you deselected it, say so with --catalog"
    raise AdtapError(msg)


def by_day(
    warehouse: Warehouse, schema: str, stream: str, column: str, since: date
) -> list[tuple[date, str | None, int, Decimal | None]]:
    """Return the sums of a daily report's additive metric: day, currency, rank of the least final row, sum.

    A row that a later reading of its window no longer had is left out.
    """
    columns = warehouse.columns(schema)
    rows, windows = columns[stream], columns[LEDGER]
    ranks = " ".join(f"WHEN '{state}' THEN {rank}" for state, rank in _RANKS.items())
    query = (
        f"WITH held AS (SELECT day, _account, _currency, CASE _data_state {ranks} END AS rank_, "
        f"{warehouse.moment('_synced_at', rows['_synced_at'])} AS read_at, "
        f"{warehouse.number(column, rows[column])} AS amount "
        f"FROM {quoted(schema)}.{quoted(stream)} WHERE day >= ?), "
        f"seen AS (SELECT account, {warehouse.moment('synced_at', windows['synced_at'])} AS read_at, "
        + ", ".join(
            f"{warehouse.moment(f'window_{end}', windows[f'window_{end}'])} AS {end}s"
            for end in ("start", "end")
        )
        + f" FROM {quoted(schema)}.{quoted(LEDGER)} WHERE stream = ?) "
        "SELECT day, _currency, min(rank_), sum(amount) FROM held WHERE NOT EXISTS (SELECT 1 FROM seen WHERE "
        "seen.account = held._account AND seen.read_at > held.read_at AND seen.starts <= held.day AND held.day < seen.ends) "
        "GROUP BY day, _currency ORDER BY _currency, day"
    )
    return [
        (day, currency, int(rank or 0), as_decimal(amount))
        for day, currency, rank, amount in warehouse.rows(query, [since, stream])
    ]
