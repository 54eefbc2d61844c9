"""`adtap reconcile` holds a warehouse against the platform's own totals, and says what would mend it."""

# ruff: noqa: S608 - the names in the SQL are this file's own

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
import pytest

from tests import programs
from tests.companion.conftest import Desk
from tests.running import command, run_tap, select

START: Final = "2026-02-06"
SETTLED: Final = "2026-02-17"
"""Older than what Adjust restates at the moment that the tests play, and within one request of it."""
REPORTS: Final = {
    "adjust": ("country_daily", "app_daily"),
    "atomx": ("network_managed_delivery_daily", "inventory_daily"),
    "openx": ("inventory_daily", "device_daily"),
    "openx current": ("country_daily", "private_deal_daily"),
    "terminalone": ("performance_daily", "creatives_daily"),
    "terminalone legacy": ("performance_daily", "creatives_daily"),
}
"""Two of each generation: one is spoilt row by row, of the other an account is missing."""
_LOADED: dict[str, Path] = {}


class Books:
    """A tap, its settings, and a warehouse that it was loaded into."""

    def __init__(self, name: str, desk: Desk, folder: Path) -> None:
        self.desk, self.case = desk, desk.case
        self.reports = REPORTS[name]
        self.path = folder / "books.duckdb"
        more: dict[str, Any] = {"start_date": START}
        if name == "openx":
            more["account_ids"] = [f"161234560{n}" for n in range(4)]
        self.config = desk.config(**more)
        self._file = desk.file("config", self.config)
        if name not in _LOADED:
            self.sync()
            _LOADED[name] = shutil.copy(self.path, folder.parent / f"{name}.duckdb")
        shutil.copy(_LOADED[name], self.path)

    def sync(self, **more: Any) -> None:
        """Run the tap and load what it writes."""
        config = {**self.config, **more}
        messages = run_tap(
            self.case.tap, config, catalog=select(self.case.tap, config, set(self.reports))
        )
        target = self.desk.file(
            "target", {"path": str(self.path), "default_target_schema": self.case.module}
        )
        lines = (json.dumps(m, default=str) + "\n" for m in messages.lines)
        done = programs.run("target-adtap-duckdb", ["--config", target], given=lines)
        assert done.returncode == 0, done.stderr

    def run(self, *arguments: str, place: str | None = None) -> Any:
        """Reconcile."""
        warehouse = f"duckdb:{self.path}" if place is None else place
        return self.desk.call(
            "reconcile",
            self.case.script,
            "--config",
            self._file,
            "--warehouse",
            warehouse,
            *arguments,
        )

    def spoil(self, *statements: str) -> None:
        """Change the warehouse; `{one}` and `{two}` are the reports' tables."""
        with duckdb.connect(str(self.path)) as db:
            db.execute("SET TimeZone = 'UTC'")
            for statement in statements:
                db.execute(self.named(statement))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.path), read_only=True) as db:
            return db.execute(self.named(query)).fetchall()

    def named(self, text: str) -> str:
        """Put tables and the metrics of the first report into a statement."""
        schema = self.case.module
        names = {
            "one": f"{schema}.{self.reports[0]}",
            "two": f"{schema}.{self.reports[1]}",
            "ledger": f"{schema}.sync_windows",
            "money": self.metric("currency"),
            "count": self.metric("count"),
            "settled": SETTLED,
        }
        for name, value in names.items():
            text = text.replace("{" + name + "}", value)
        return text

    @cached_property
    def _columns(self) -> dict[str, Any]:
        tap = self.case.tap(config=self.config, setup_mapper=False)
        found: dict[str, Any] = tap.streams[self.reports[0]].schema["properties"]
        return found

    def metric(self, kind: str) -> str:
        """An additive metric of the first report: money, or a count."""
        return next(
            name
            for name, column in self._columns.items()
            if column.get("x-additivity") == "additive"
            and (column.get("x-unit") == "currency") == (kind == "currency")
            and ("integer" in column["type"]) == (kind == "count")
        )


@pytest.fixture
def books(desk: Desk, request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """Each tap, in each generation of its API, loaded."""
    return Books(request.node.callspec.params["desk"], desk, tmp_path)


adjust_only = pytest.mark.parametrize("desk", ["adjust"], indirect=True)


def test_an_untouched_warehouse_ties_out(books: Books) -> None:
    """Every bucket of every account is what the platform says now, in both generations of all four."""
    done = books.run("--format", "json")
    document = done.json
    assert done.code == 0, done.err
    assert document["ties"]
    assert {r["report"] for r in document["reports"]} == set(books.reports)
    for report in document["reports"]:
        assert report["not_comparable"] is None
        assert (report["differences"], report["provisional"]) == ([], [])
        assert report["from"] == START
        assert report["compared"] > 30


DEFECTS: Final[Mapping[str, str]] = {
    "a deleted row": "DELETE FROM {one} WHERE _row_key = (SELECT MIN(_row_key) FROM {one} "
    "WHERE day = '2026-02-06' AND {count} > 0)",
    "a row that stands twice": "INSERT INTO {one} SELECT * FROM {one} WHERE _row_key = "
    "(SELECT MAX(_row_key) FROM {one} WHERE day = '2026-02-07' AND {count} > 0)",
    "a cent": "UPDATE {one} SET {money} = {money} + 0.01 WHERE _row_key = "
    "(SELECT MIN(_row_key) FROM {one} WHERE day = '2026-02-08' AND {money} > 0)",
    "a currency": "UPDATE {one} SET _currency = 'XXX' WHERE _row_key = "
    "(SELECT MIN(_row_key) FROM {one} WHERE day = '2026-02-09' AND {money} > 0)",
    "a missing day": "DELETE FROM {one} WHERE day = '2026-02-10'",
}


def test_what_is_wrong_is_found_named_and_mended_in_one_back_fill(books: Books) -> None:
    """Rows lost, doubled and changed, a day, an account and a currency: each by report, account, day and metric."""
    (account,) = books.ask("SELECT MAX(_account) FROM {two}")[0]
    books.spoil(*DEFECTS.values(), f"DELETE FROM {{two}} WHERE _account = '{account}'")
    done = books.run("--format", "json", "--repair")
    assert done.code == 1
    reports = {r["report"]: r for r in done.json["reports"]}
    one, two = (reports[name]["differences"] for name in books.reports)
    days: dict[str, list[dict[str, Any]]] = {}
    for found in one:
        days.setdefault(found["day"], []).append(found)
    assert sorted(days) == [f"2026-02-{day:02}" for day in range(6, 11)], done.err
    assert all(d["data_state"] == "settled" and d["read_at"] for d in (*one, *two))
    lost, doubled, cent, currency, missing = (days[day] for day in sorted(days))
    assert all(d["difference"].startswith("-") for d in lost)
    assert not any(d["difference"].startswith("-") for d in doubled)
    assert {d["remark"] for d in doubled} == {"1 row with the key of another one"}
    # Two platforms send amounts with float noise: the cent stands in it.
    assert [(d["metric"], round(float(d["difference"]), 5)) for d in cent] == [
        (books.metric("currency"), 0.01)
    ]
    assert {d["currency"] for d in currency} > {"XXX"}
    assert {d["warehouse"] for d in missing} == {None}
    assert {d["remark"].split(",")[-1].strip() for d in missing} <= {
        "no row of this bucket",
        "no row of this account at all",
    }
    assert {(d["account"], d["remark"]) for d in two} == {
        (account, "no row of this account at all")
    }
    for name in books.reports:
        assert f"{name}: {len(reports[name]['differences'])} of " in done.err

    (repair,) = done.json["repair"]
    assert repair["backfill"]["from"] <= "2026-02-06"
    assert set(repair["backfill"]["streams"]) == set(books.reports)
    books.sync(**repair)
    again = books.run()
    assert again.code == 0, again.out + again.err


@pytest.mark.parametrize("desk", ["adjust", "terminalone legacy"], indirect=True)
def test_days_that_may_still_be_restated_are_shown_apart(books: Books) -> None:
    """A changed number of a provisional day is named, and the exit code stays 0: the next run reads it again."""
    (day,) = books.ask(
        "SELECT MAX(day) FROM {one} WHERE _data_state = 'provisional' AND {count} > 0"
    )[0]
    books.spoil(f"UPDATE {{one}} SET {{count}} = {{count}} + 1 WHERE day = '{day}'")
    done = books.run()
    assert done.code == 0, done.err
    assert "Settled days that differ" not in done.out
    assert "may still restate" in done.out
    assert str(day) in done.out


@adjust_only
def test_ghosts_are_not_counted(books: Books) -> None:
    """A row that a later reading of its window no longer had changes nothing; one as new as the reading does."""
    ghost = (
        "INSERT INTO {one} SELECT * REPLACE ('ghost' AS _row_key, {synced} AS _synced_at) FROM {one} "
        "WHERE day = '{settled}' LIMIT 1"
    )
    books.spoil(ghost.replace("{synced}", "_synced_at - INTERVAL 1 HOUR"))
    assert books.run().code == 0
    books.spoil(ghost.replace("{synced}", "_synced_at"))
    assert books.run().code == 1


@adjust_only
def test_an_account_that_was_never_read_is_a_difference(books: Books) -> None:
    """An app without a row in the ledger is said to have never been read, for every day of the others."""
    (account,) = books.ask("SELECT MAX(_account) FROM {two}")[0]
    books.spoil(
        f"DELETE FROM {{two}} WHERE _account = '{account}'",
        f"DELETE FROM {{ledger}} WHERE account = '{account}'",
    )
    done = books.run("--format", "json", "--reports", books.reports[1])
    (report,) = done.json["reports"]
    assert done.code == 1
    assert {(d["account"], d["read_at"]) for d in report["differences"]} == {(account, None)}
    assert report["differences"][0]["remark"] == "never read, no row of this account at all"


@adjust_only
def test_days_and_reports_can_be_chosen(books: Books) -> None:
    """`--from` and `--to` (exclusive) and names of reports confine what is asked; an unknown name is a usage error."""
    books.spoil(DEFECTS["a missing day"])
    chosen = ("--reports", *books.reports, "--from", "2026-02-11", "--to", "2026-02-13")
    done = books.run(*chosen, "--format", "json")
    assert done.code == 0
    assert {(r["from"], r["to"]) for r in done.json["reports"]} == {("2026-02-11", "2026-02-13")}
    assert books.run("--reports", books.reports[1]).code == 0
    wrong = books.run("--reports", "app_dayly")
    assert wrong.code == 2
    assert "app_daily" in wrong.err
    assert "YYYY-MM-DD" in books.run("--from", "yesterday").err


@adjust_only
def test_csv_has_a_line_for_each_difference(books: Books) -> None:
    """Days are written `YYYY-MM-DD`, numbers with all their digits."""
    books.spoil(DEFECTS["a cent"])
    done = books.run("--format", "csv", "--repair")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert (row["report"], row["day"], row["difference"]) == (
        books.reports[0],
        "2026-02-08",
        "0.01",
    )
    assert '"backfill"' in done.err


@adjust_only
def test_a_refused_question_leaves_the_others_their_turn(books: Books) -> None:
    """The platform refuses one report's totals: it is not comparable, in the platform's words; the others are."""
    # The question for all four apps, then for each alone.
    books.desk.sandbox.fault(
        "status",
        platform="adjust",
        path="/report$",
        status=403,
        body={"error_desc": "spend is not for you"},
        times=5,
    )
    done = books.run("--format", "json", "--from", SETTLED)
    assert done.code == 1
    refused, other = done.json["reports"]
    assert "spend is not for you" in refused["not_comparable"]
    assert other["ties"]
    assert other["compared"]
    assert f"{refused['report']}: not comparable: " in done.err


@adjust_only
def test_a_fault_of_one_question_is_looked_for_in_its_halves(books: Books) -> None:
    """As in a sync: the totals of the apps in the half that is answered are compared all the same."""
    books.config["max_retries"] = 0
    books._file = books.desk.file("config", books.config)
    # All four apps; two of them; one of these.
    books.desk.sandbox.fault("status", platform="adjust", path="/report$", status=500, times=2)
    books.desk.sandbox.fault(
        "status", platform="adjust", path="/report$", status=500, after=1, times=1
    )
    days = ("--from", "2026-02-11", "--to", "2026-02-13")
    done = books.run("--format", "json", "--reports", books.reports[1], *days)
    (report,) = done.json["reports"]
    assert done.code == 1
    assert len(report["accounts_not_comparable"]) == 1
    assert report["compared"]
    assert not report["differences"]


@adjust_only
def test_what_can_not_be_added_up_is_said(books: Books) -> None:
    """Averages of users are not summed: they are left out, with the reason."""
    done = books.run()
    assert (
        "app_daily: not compared: daus, waus, maus: distinct, which can't be added up" in done.out
    )
    left_out = {r["report"]: r["left_out"] for r in books.run("--format", "json").json["reports"]}
    assert left_out["app_daily"].keys() == {"daus", "waus", "maus"}


def _broken(books: Books) -> str:
    path = books.path.with_name("broken.duckdb")
    path.write_bytes(b"no database at all")
    return f"duckdb:{path}"


BAD: Final[Mapping[str, tuple[Callable[[Books], str | None], str]]] = {
    "no file": (lambda b: "duckdb:" + str(b.path.with_name("none.duckdb")), "there is no file"),
    "no warehouse": (lambda _: "mysql://there", "'mysql' is not understood"),
    "no database": (_broken, "not a valid DuckDB database file"),
    "no ledger": (lambda b: b.spoil("DROP TABLE {ledger}"), "no table sync_windows in schema"),
    "ledger of 0.1": (
        lambda b: b.spoil(
            "ALTER TABLE {ledger} RENAME account TO partition",
            "ALTER TABLE {ledger} RENAME row_count TO rows",
        ),
        "is of version 0.1; rename its columns as CHANGELOG.md says",
    ),
    "no table": (lambda b: b.spoil("DROP TABLE {one}"), "country_daily in the warehouse"),
    "no column": (
        lambda b: b.spoil("ALTER TABLE {one} DROP COLUMN clicks"),
        "country_daily has no column clicks; if you deselected it, say so with --catalog",
    ),
    "table of 0.1": (
        lambda b: b.spoil("ALTER TABLE {one} RENAME _account TO _partition"),
        "the table is of version 0.1",
    ),
}


@adjust_only
@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_with_a_warehouse_is_one_line(books: Books, what: str) -> None:
    """Absent, damaged, without the table or a column, of another version: one line that says what to do."""
    spoil, words = BAD[what]
    done = books.run(place=spoil(books))
    assert done.code == 1
    (line,) = [text for text in done.err.splitlines() if text]
    assert words in line


@adjust_only
def test_a_warehouse_that_is_being_written_to_is_named(books: Books) -> None:
    """A lock that another process holds is said, with what to do."""
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [command("python"), "-c", script, str(books.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        done = books.run()
        writer.communicate("\n")
    assert done.code == 1
    assert "somebody writes to it just now" in done.err


@adjust_only
def test_postgres_ties_out_too(books: Books, postgres_url: str) -> None:
    """The same from a PostgreSQL warehouse: untouched it ties out, a cent is found."""
    module = books.case.module
    with psycopg.connect(postgres_url) as db:
        db.execute(f"CREATE SCHEMA {module}")
    with duckdb.connect(str(books.path), read_only=True) as source:
        source.execute("SET TimeZone = 'UTC'")
        for name in (*books.reports, "sync_windows"):
            _copy(source, module, name, postgres_url)
    assert books.run(place=postgres_url).code == 0
    with psycopg.connect(postgres_url) as db:
        one = f"{module}.{books.reports[1]}"
        db.execute(
            f"UPDATE {one} SET revenue = revenue + 0.01 WHERE day = '{SETTLED}' AND _row_key = "
            f"(SELECT MIN(_row_key) FROM {one} WHERE day = '{SETTLED}')"
        )
    done = books.run("--format", "csv", place=postgres_url)
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert (row["metric"], row["difference"]) == ("revenue", "0.01")


def _copy(source: duckdb.DuckDBPyConnection, schema: str, name: str, url: str) -> None:
    kinds = {"HUGEINT": "BIGINT", "JSON": "JSONB"}
    columns = source.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ?", [name]
    ).fetchall()
    spelt = ", ".join(f'"{c}" {kinds.get(k, k)}' for c, k in columns)
    text = ", ".join(f'CAST("{c}" AS VARCHAR)' for c, _ in columns)
    rows = source.execute(f"SELECT {text} FROM {schema}.{name}").fetchall()
    with psycopg.connect(url, options="-c timezone=UTC") as db:
        db.execute(f"CREATE TABLE {schema}.{name} ({spelt})")
        with db.cursor().copy(f"COPY {schema}.{name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
