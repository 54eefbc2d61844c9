"""What the demo's DuckDB file holds, and what a second run changed in it."""

# ruff: noqa: S608 - names cannot be parameters in SQL; _name() quotes each

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from adtap_cli.demo_choice import ABOUT_THE_SYNC, Choice, Money

LEDGER: Final = "sync_windows"
GRAINS: Final = ("hour", "day", "week", "month")
# Columns that say when and how finally a row was read, and not what it says.
ABOUT_THE_READ: Final = frozenset({"_synced_at", "_data_state"})


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a run changed in a stream.

    Args:
        new: Rows that were not there before.
        restated: Rows that were there and say something else now.
        vanished: Rows that the platform no longer returns, found through `sync_windows`.
        settled: Rows that were not final before and are now.
    """

    new: int = 0
    restated: int = 0
    vanished: int = 0
    settled: int = 0


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream as it is in the file.

    Args:
        platform: Whose.
        name: Its name.
        rows: How many rows, the vanished ones left out.
        first: First day, for a report.
        last: Last day, for a report.
        states: Rows by data state, for a report.
        change: What the last run changed.
    """

    platform: str
    name: str
    rows: int
    first: date | None = None
    last: date | None = None
    states: dict[str, int] = field(default_factory=dict)
    change: Change = field(default_factory=Change)

    @property
    def is_report(self) -> bool:
        """Whether its rows are counted by day."""
        return bool(self.states) or self.first is not None


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a sum.

    Args:
        day: The day, in the report's time zone.
        before: What the first run found; None if it did not ask.
        now: What is known now.
        final: Whether every row of it is settled.
    """

    day: date
    before: Decimal | None
    now: Decimal
    final: bool


@dataclass(frozen=True, kw_only=True)
class Turnover:
    """A platform's money in one role and one currency: nothing else may be added to it.

    Args:
        platform: Whose.
        money: What it is.
        currency: In what; `unknown` if the platform does not say.
        days: Day by day.
    """

    platform: str
    money: Money
    currency: str
    days: tuple[Day, ...]

    @property
    def total(self) -> Decimal:
        """The sum over all days."""
        return sum((day.now for day in self.days), Decimal())

    @property
    def final(self) -> Decimal:
        """The sum over the days that can't change any more."""
        return sum((day.now for day in self.days if day.final), Decimal())

    @property
    def moved(self) -> Decimal:
        """By how much the second run changed the days that the first one knew."""
        known = (day for day in self.days if day.before is not None)
        return sum((day.now - (day.before or Decimal()) for day in known), Decimal())


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that the demo says about the file."""

    streams: tuple[Stream, ...]
    turnovers: tuple[Turnover, ...]


def facts(warehouse: Path, before: Path, choices: Sequence[Choice]) -> Facts:
    """Read the file, and compare it with a copy made before the last run."""
    with duckdb.connect() as db:
        # Days and moments compare in UTC on every machine.
        db.execute("SET TimeZone = 'UTC'")
        for path, name in ((warehouse, "new"), (before, "old")):
            db.execute(f"ATTACH {_text(str(path))} AS {name} (READ_ONLY)")
        tables = _tables(db)
        streams = [
            _stream(db, tables, choice, name)
            for choice in choices
            for name in sorted(
                tables.get(("new", choice.schema), {}),
                key=lambda name: (*_place(choice, name), name),
            )
            if name not in ABOUT_THE_SYNC
        ]
        turnovers = [
            turnover
            for choice in choices
            for money in choice.money
            for turnover in _turnovers(db, tables, choice, money)
        ]
    return Facts(streams=tuple(streams), turnovers=tuple(turnovers))


Tables = dict[tuple[str, str], dict[str, list[str]]]


def _tables(db: duckdb.DuckDBPyConnection) -> Tables:
    """Return the columns of each table, by file and schema."""
    found: Tables = {}
    for file, schema, table, column in db.execute(
        "SELECT database_name, schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE database_name IN ('new', 'old') ORDER BY ALL"
    ).fetchall():
        found.setdefault((file, schema), {}).setdefault(table, []).append(column)
    return found


def _place(choice: Choice, name: str) -> tuple[int, int]:
    for group, names in enumerate((choice.entities, choice.reports)):
        if name in names:
            return group, names.index(name)
    return 2, 0


def _stream(db: duckdb.DuckDBPyConnection, tables: Tables, choice: Choice, name: str) -> Stream:
    columns = tables["new", choice.schema][name]
    old = tables.get(("old", choice.schema), {}).get(name)
    table = _table("new", choice, name)
    grain = _grain(columns)
    if grain is None:
        rows = _one(db, f"SELECT count(*) FROM {table}")[0]
        change = Change()
        if old is not None:
            was = _table("old", choice, name)
            there = _one(db, f"SELECT count(*) FROM {was}")[0]
            shared = ", ".join(_name(c) for c in columns if c in old)
            other = _one(
                db,
                f"SELECT count(*) FROM (SELECT {shared} FROM {table} EXCEPT SELECT {shared} FROM {was})",
            )[0]
            change = Change(new=rows - there, restated=max(0, other - (rows - there)))
        return Stream(platform=choice.platform, name=name, rows=rows, change=change)

    live = _live("new", choice, name, grain)
    rows, first, last = _one(
        db, f"SELECT count(*), min({grain})::DATE, max({grain})::DATE FROM ({live})"
    )
    states = dict(
        db.execute(f"SELECT _data_state, count(*) FROM ({live}) GROUP BY 1 ORDER BY 1").fetchall()
    )
    return Stream(
        platform=choice.platform,
        name=name,
        rows=rows,
        first=first,
        last=last,
        states=states,
        change=_change(db, choice, name, columns=columns, old=old, grain=grain),
    )


def _change(
    db: duckdb.DuckDBPyConnection,
    choice: Choice,
    name: str,
    *,
    columns: Sequence[str],
    old: Sequence[str] | None,
    grain: str,
) -> Change:
    table = _table("new", choice, name)
    gone = _one(db, f"SELECT count(*) FROM ({_ghosts('new', choice, name, grain)})")[0]
    if old is None:
        return Change(new=_one(db, f"SELECT count(*) FROM {table}")[0], vanished=gone)
    was = _table("old", choice, name)
    gone -= _one(db, f"SELECT count(*) FROM ({_ghosts('old', choice, name, grain)})")[0]
    saying = [c for c in columns if c in old and c not in ABOUT_THE_READ]
    differs = " OR ".join(f"n.{_name(c)} IS DISTINCT FROM o.{_name(c)}" for c in saying)
    new, restated, settled = _one(
        db,
        f"""
        SELECT count(*) FILTER (o._row_key IS NULL),
               count(*) FILTER (o._row_key IS NOT NULL AND ({differs})),
               count(*) FILTER (o._data_state <> 'settled' AND n._data_state = 'settled')
        FROM {table} n LEFT JOIN {was} o USING (_row_key)
        """,
    )
    return Change(new=new, restated=restated, vanished=gone, settled=settled)


def _turnovers(
    db: duckdb.DuckDBPyConnection, tables: Tables, choice: Choice, money: Money
) -> list[Turnover]:
    columns = tables.get(("new", choice.schema), {}).get(money.stream)
    grain = _grain(columns or ())
    if not columns or grain is None or money.column not in columns:
        return []
    column = _name(money.column)
    old = "old", choice.schema
    before = "SELECT NULL AS day, NULL AS currency, NULL AS amount WHERE false"
    if money.column in tables.get(old, {}).get(money.stream, ()):
        before = f"""
            SELECT {grain}::DATE AS day, coalesce(_currency, 'unknown') AS currency,
                   sum({column}) AS amount
            FROM ({_live("old", choice, money.stream, grain)}) GROUP BY ALL"""
    rows = db.execute(
        f"""
        WITH now AS (
            SELECT {grain}::DATE AS day, coalesce(_currency, 'unknown') AS currency,
                   coalesce(sum({column}), 0) AS amount, bool_and(_data_state = 'settled') AS final
            FROM ({_live("new", choice, money.stream, grain)}) GROUP BY ALL
        ), before AS ({before})
        SELECT now.currency, now.day, before.amount, now.amount, now.final
        FROM now LEFT JOIN before USING (day, currency) ORDER BY ALL
        """
    ).fetchall()
    by_currency: dict[str, list[Day]] = {}
    for currency, day, was, amount, final in rows:
        by_currency.setdefault(currency, []).append(
            Day(day=day, before=was, now=Decimal(amount), final=bool(final))
        )
    return [
        Turnover(platform=choice.platform, money=money, currency=currency, days=tuple(days))
        for currency, days in by_currency.items()
        if any(day.now for day in days)
    ]


def ghost_rule(*, rows: str, ledger: str, stream: str, grain: str) -> str:
    """SQL for the rows of a report that the platform no longer returns.

    A row is a ghost if the ledger holds a window of its stream and partition that contains its
    bucket and was read later than the row.

    Args:
        rows: The table's name as SQL.
        ledger: The ledger's name as SQL.
        stream: The stream's name.
        grain: The bucket's column.
    """
    return f"""
        SELECT r.* FROM {rows} r WHERE EXISTS (
            SELECT 1 FROM {ledger} w
            WHERE w.stream = {_text(stream)} AND w.account = r._account
              AND w.window_start <= r.{grain}::TIMESTAMPTZ AND r.{grain}::TIMESTAMPTZ < w.window_end
              AND w.synced_at > r._synced_at)"""


def _ghosts(file: str, choice: Choice, name: str, grain: str) -> str:
    return ghost_rule(
        rows=_table(file, choice, name),
        ledger=_table(file, choice, LEDGER),
        stream=name,
        grain=grain,
    )


def _live(file: str, choice: Choice, name: str, grain: str) -> str:
    """SQL for the rows that the platform still returns."""
    return f"SELECT * FROM {_table(file, choice, name)} ANTI JOIN ({_ghosts(file, choice, name, grain)}) USING (_row_key)"


def _grain(columns: Sequence[str]) -> str | None:
    if "_row_key" not in columns:
        return None
    return next((name for name in GRAINS if name in columns), None)


def _table(file: str, choice: Choice, name: str) -> str:
    return f"{file}.{_name(choice.schema)}.{_name(name)}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _one(db: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = db.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return row
