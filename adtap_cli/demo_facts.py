"""What the demo's DuckDB file holds, and what a second run changed in it."""

# ruff: noqa: S608 - names cannot be parameters in SQL; each is quoted

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from adtap_cli.chart import Bar
from adtap_cli.demo_choice import ABOUT_THE_SYNC, Choice, Money
from adtap_cli.page import Turnover
from adtap_cli.views import DIALECTS, live_rows
from adtap_cli.warehouse import quoted

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
class Facts:
    """All that the demo says about the file."""

    streams: tuple[Stream, ...]
    turnovers: tuple[Turnover, ...]


@dataclass(frozen=True)
class _Table:
    """A stream's table in one of the two files.

    Args:
        schema: File and schema, as SQL.
        name: The stream.
        columns: Their names.
    """

    schema: str
    name: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """All of its rows."""
        return f"{self.schema}.{quoted(self.name)}"

    @property
    def grain(self) -> str:
        """The bucket's column of a report; empty for other streams."""
        found = (name for name in GRAINS if name in self.columns and "_row_key" in self.columns)
        return next(found, "")

    @property
    def live(self) -> str:
        """The query of a report's rows that the platform still returns."""
        return live_rows(DIALECTS["duckdb"], self.schema, self.name, self.grain)


Tables = dict[tuple[str, str, str], _Table]
"""By file (`new` or `old`), schema and stream."""


def facts(warehouse: Path, before: Path, choices: Sequence[Choice]) -> Facts:
    """Read the file, and compare it with a copy made before the last run."""
    with duckdb.connect() as db:
        # Days and moments compare in UTC on every machine.
        db.execute("SET TimeZone = 'UTC'")
        for path, name in ((warehouse, "new"), (before, "old")):
            text = str(path).replace("'", "''")
            db.execute(f"ATTACH '{text}' AS {name} (READ_ONLY)")
        tables = _tables(db)
        streams = [
            _stream(db, choice.platform, table, tables.get(("old", schema, name)))
            for choice in choices
            for (file, schema, name), table in sorted(
                tables.items(), key=lambda item: _place(choice, item[0][2])
            )
            if (file, schema) == ("new", choice.schema) and name not in ABOUT_THE_SYNC
        ]
        turnovers = [
            turnover
            for choice in choices
            for money in choice.money
            for turnover in _turnovers(db, tables, choice, money)
        ]
    return Facts(streams=tuple(streams), turnovers=tuple(turnovers))


def _tables(db: duckdb.DuckDBPyConnection) -> Tables:
    found = db.execute(
        "SELECT database_name, schema_name, table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name IN ('new', 'old') GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return {
        (file, schema, name): _Table(f"{file}.{quoted(schema)}", name, tuple(columns))
        for file, schema, name, columns in found
    }


def _place(choice: Choice, name: str) -> tuple[int, int, str]:
    for group, names in enumerate((choice.entities, choice.reports)):
        if name in names:
            return group, names.index(name), name
    return 2, 0, name


def _stream(
    db: duckdb.DuckDBPyConnection, platform: str, new: _Table, old: _Table | None
) -> Stream:
    (everything,) = _one(db, f"SELECT count(*) FROM {new.sql}")
    if not new.grain:
        change = Change()
        if old is not None:
            (there,) = _one(db, f"SELECT count(*) FROM {old.sql}")
            shared = ", ".join(quoted(c) for c in new.columns if c in old.columns)
            (other,) = _one(
                db,
                f"SELECT count(*) FROM (SELECT {shared} FROM {new.sql} EXCEPT SELECT {shared} FROM {old.sql})",
            )
            change = Change(new=everything - there, restated=max(0, other - (everything - there)))
        return Stream(platform=platform, name=new.name, rows=everything, change=change)

    rows, first, last = _one(
        db, f"SELECT count(*), min({new.grain})::DATE, max({new.grain})::DATE FROM ({new.live})"
    )
    states = db.execute(
        f"SELECT _data_state, count(*) FROM ({new.live}) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    change = Change(new=everything, vanished=everything - rows)
    return Stream(
        platform=platform,
        name=new.name,
        rows=rows,
        first=first,
        last=last,
        states=dict(states),
        change=change if old is None else _change(db, new, old, vanished=everything - rows),
    )


def _change(db: duckdb.DuckDBPyConnection, new: _Table, old: _Table, *, vanished: int) -> Change:
    saying = [c for c in new.columns if c in old.columns and c not in ABOUT_THE_READ]
    differs = " OR ".join(f"n.{quoted(c)} IS DISTINCT FROM o.{quoted(c)}" for c in saying)
    fresh, restated, settled, gone = _one(
        db,
        f"""
        SELECT count(*) FILTER (o._row_key IS NULL),
               count(*) FILTER (o._row_key IS NOT NULL AND ({differs})),
               count(*) FILTER (o._data_state <> 'settled' AND n._data_state = 'settled'),
               (SELECT count(*) FROM {old.sql}) - (SELECT count(*) FROM ({old.live}))
        FROM {new.sql} n LEFT JOIN {old.sql} o USING (_row_key)
        """,
    )
    return Change(new=fresh, restated=restated, vanished=vanished - gone, settled=settled)


def _turnovers(
    db: duckdb.DuckDBPyConnection, tables: Tables, choice: Choice, money: Money
) -> list[Turnover]:
    new, old = (tables.get((file, choice.schema, money.stream)) for file in ("new", "old"))
    if new is None or not new.grain or money.column not in new.columns:
        return []
    sums = f"""
        SELECT {new.grain}::DATE AS day, coalesce(_currency, 'unknown') AS currency,
               sum({quoted(money.column)}) AS amount, bool_and(_data_state = 'settled') AS final"""
    before = "SELECT NULL AS day, NULL AS currency, NULL AS amount WHERE false"
    if old is not None and money.column in old.columns:
        before = f"{sums} FROM ({old.live}) GROUP BY ALL"
    rows = db.execute(
        f"""
        WITH now AS ({sums} FROM ({new.live}) GROUP BY ALL), before AS ({before})
        SELECT now.currency, now.day, before.amount, coalesce(now.amount, 0), now.final
        FROM now LEFT JOIN before USING (day, currency) ORDER BY ALL
        """
    ).fetchall()
    by_currency: dict[str, list[Bar]] = {}
    for currency, day, was, amount, final in rows:
        state = "settled" if final else "provisional"
        by_currency.setdefault(currency, []).append(
            Bar(day=day, before=was, now=Decimal(amount), state=state)
        )
    return [
        Turnover(
            platform=choice.platform,
            role=money.role,
            label=money.label,
            column=f"{money.stream}.{money.column}",
            currency=currency,
            days=tuple(days),
        )
        for currency, days in by_currency.items()
        if any(day.now for day in days)
    ]


def _one(db: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = db.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return row
