"""Heavy loads: few rows into a large table, and rows of 20 kB."""

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from benchmarks.loaders import file_of, into_database, into_file, memory_bar, message, report
from benchmarks.measure import ROOT, Run, once, progress, side_by_side, workspace
from benchmarks.sections import Bar, Section, Size, at_most
from benchmarks.throughput import COLUMNS, line
from tests.postgres import running_server

_TABLE_ROWS: Final = 5 * 10**6
_UPSERTED: Final = 20_000
_WIDE_ROWS: Final = 20_000
_COLUMNS: Final = (
    "day", *(f"{kind}_{n}" for kind in ("money", "count", "dimension") for n in range(5)),
    "_account", "_currency", "_synced_at",
)  # fmt: skip

_LEAD: Final = (
    f"Our loaders with {_WIDE_ROWS:,} rows of 20 kB (long texts and objects), and with {_UPSERTED:,} rows that "
    f"replace as many in a table of {_TABLE_ROWS:,} rows of 20 columns, beside the same rows into an empty table. "
    "Other keys of the large table are digests, so that those replaced are spread over all of it."
)


def measure(size: Size) -> Section:
    """Measure them; there is no short form."""
    section = Section("Heavy loads", _LEAD, COLUMNS)
    with running_server() as server:
        url = server.url("postgres")
        for kind, run in _wide(url):
            section.rows.append(line(f"20 kB → {kind}", _WIDE_ROWS, run))
            section.bars.append(memory_bar(f"rows of 20 kB → {kind}", run))
        for kind, run, bar in _into_much(size, url):
            section.rows.append(line(f"into {_TABLE_ROWS:,} → {kind}", _UPSERTED, run))
            section.bars.append(bar)
    return section


def _into_much(size: Size, url: str) -> Iterator[tuple[str, Run, Bar]]:
    body = report(_UPSERTED)
    copies = _TABLE_ROWS // _UPSERTED - 1
    for kind in ("DuckDB", "Postgres"):
        if kind == "DuckDB":
            empty, much = into_file("empty", body), into_file("much", body)
            place, table = str(file_of("much")), "s"
        else:
            empty, much = into_database("empty", body, url), into_database("much", body, url)
            place, table = url, "bench_much.s"
        once(much)
        progress(f"a table of {_TABLE_ROWS:,} rows in {kind}")
        # Not in this process: a child's peak begins at what its parent has in use.
        command = (sys.executable, "-m", "benchmarks.heavy_loads", kind, place, table, str(copies))
        subprocess.run(command, cwd=ROOT, check=True)
        runs = side_by_side([empty, replace(much, before=())], size.repeats)
        ratio = runs["much"].wall / runs["empty"].wall
        claim = f"{_UPSERTED:,} rows into {_TABLE_ROWS:,}, against into none, {kind}, by the clock"
        yield kind, runs["much"], at_most(claim, ratio, 2)


def _wide(url: str) -> Iterator[tuple[str, Run]]:
    body = workspace("loaders") / "wide.jsonl"
    dice = random.Random(1)
    with body.open("w", encoding="utf-8") as out:
        properties = {
            "_row_key": {"type": "string"},
            "t": {"type": "string"},
            "o": {"type": "object"},
        }
        out.write(message("SCHEMA", schema={"properties": properties}, key_properties=["_row_key"]))
        for n in range(_WIDE_ROWS):
            text = f"{dice.randrange(16**4):04x}" * 2500
            record = {"_row_key": str(n), "t": text, "o": {"a": '"\\' * 2500, "n": n}}
            out.write(message("RECORD", record=record))
    yield "DuckDB", once(into_file("wide", body))
    yield "Postgres", once(into_database("wide", body, url))


def _fill(kind: str, place: str, table: str, copies: str) -> None:
    """Fill a table with copies of its rows under other keys."""
    listed = ", ".join(_COLUMNS)
    numbers = f"generate_series(1, {copies}) AS n(n)"
    statement = f"INSERT INTO {table} (_row_key, {listed}) SELECT md5(_row_key || n), {listed} FROM {table}, {numbers}"  # noqa: S608
    if kind == "DuckDB":
        import duckdb  # noqa: PLC0415 - one of the two is needed

        with duckdb.connect(place) as file:
            file.execute(statement)
    else:
        import psycopg  # noqa: PLC0415 - as above

        with psycopg.connect(place, autocommit=True) as server:
            server.execute(statement.encode())
            server.execute(f"VACUUM ANALYZE {table}".encode())
            server.execute("CHECKPOINT")


if __name__ == "__main__":
    _fill(*sys.argv[1:])
