"""`adtap status` says what was read, from a state and from the ledger in a warehouse."""

# ruff: noqa: S608 - the names in the SQL are this file's own

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from adtap_core.rows.schemas import LEDGER_SCHEMA
from tests import programs
from tests.companion.conftest import Desk
from tests.running import Messages, run_tap, select


def read(desk: Desk, **more: Any) -> Messages:
    streams = {desk.case.daily, desk.case.hourly, str(desk.case.incremental or desk.case.entity)}
    config = desk.config(**more)
    return run_tap(desk.case.tap, config, catalog=select(desk.case.tap, config, streams))


_READ: dict[str, Messages] = {}


@pytest.fixture(scope="module", autouse=True)
def _read_is_let_go() -> Iterator[None]:
    """No other file's tests ask for these runs."""
    yield
    _READ.clear()


def undisturbed(desk: Desk) -> Messages:
    """A run of this tap: one for all tests that only look at what it leaves, since each reset makes the same world."""
    key = json.dumps(desk.config(), sort_keys=True, default=str)
    if key not in _READ:
        _READ[key] = read(desk)
    return _READ[key]


def ledger(messages: Messages) -> Messages:
    """The ledger of a run, without the rows that it is about."""
    return Messages([line for line in messages.lines if line.get("stream") == "sync_windows"])


def load(desk: Desk, messages: Messages, schema: str = "ads") -> str:
    """Load a run with the project's own loader; give the file."""
    path = desk.folder / "warehouse.duckdb"
    config = desk.folder / "target.json"
    config.write_text(json.dumps({"path": str(path), "default_target_schema": schema}))
    lines = (json.dumps(m, default=float) + "\n" for m in messages.lines)
    done = programs.run("target-adtap-duckdb", ["--config", str(config)], given=lines)
    assert done.returncode == 0, done.stderr
    return str(path)


def reports(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (s["stream"], json.dumps(s["account"], sort_keys=True)): s
        for s in document["streams"]
        if s["kind"] == "report"
    }


def test_state_and_warehouse_agree_with_the_ledger(desk: Desk) -> None:
    """From, to and accounts are those of the windows that were read; nothing is settled before its time."""
    messages = read(desk)
    from_state = desk.call("status", "--state", desk.file("state", messages.last_state), "--json")
    from_ledger = desk.call("status", "--warehouse", load(desk, messages), "--json")
    assert from_state.code == from_ledger.code == 0, from_state.err + from_ledger.err
    windows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in messages.records["sync_windows"]:
        account = json.dumps(json.loads(row["account"]), sort_keys=True)
        windows.setdefault((row["stream"], account), []).append(
            (row["window_start"], row["window_end"])
        )
    by_state, by_ledger = reports(from_state.json), reports(from_ledger.json)
    assert by_state.keys() == by_ledger.keys() == windows.keys()
    for key, pairs in windows.items():
        for found in (by_state[key], by_ledger[key]):
            assert found["from"][:10] == min(pairs)[0][:10]
            assert found["to"][:13] == max(p[1] for p in pairs)[: len(found["to"])][:13]
            assert found["gaps"] == []
            assert found["settled_until"] <= found["to"]
    run = datetime.fromisoformat(next(iter(by_ledger.values()))["last_run"])
    assert (datetime.now(UTC) - run).total_seconds() < 600


def test_a_day_that_was_never_read_is_a_gap(desk: Desk) -> None:
    """A window taken out of the ledger shows as a gap with its dates."""
    path = load(desk, ledger(undisturbed(desk)))
    with duckdb.connect(path) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("DELETE FROM ads.sync_windows WHERE stream <> ?", [desk.case.daily])
        db.execute("CREATE TEMP TABLE one AS SELECT * FROM ads.sync_windows LIMIT 1")
        db.execute("DELETE FROM ads.sync_windows")
        for first, last in (("2026-03-01", "2026-03-03"), ("2026-03-05", "2026-03-06")):
            db.execute(
                "INSERT INTO ads.sync_windows SELECT * REPLACE "
                "(?::TIMESTAMPTZ AS window_start, ?::TIMESTAMPTZ AS window_end) FROM one",
                [f"{first}T00:00:00Z", f"{last}T00:00:00Z"],
            )
    document = desk.call("status", "--warehouse", path, "--json").json
    (found,) = document["streams"]
    assert (found["from"], found["to"]) == ("2026-03-01", "2026-03-06")
    assert found["gaps"] == [["2026-03-03", "2026-03-05"]]
    shown = desk.call("status", "--warehouse", path)
    assert "never read from 2026-03-03 to 2026-03-05" in shown.out


def test_a_wrapped_state_is_understood(desk: Desk) -> None:
    """What a scheduler keeps, and a STATE message, say the same as the state itself."""
    state = undisturbed(desk).last_state
    plain = desk.call("status", "--state", desk.file("state", state), "--json").json
    for wrapped in ({"singer_state": state}, {"type": "STATE", "value": state}):
        again = desk.call("status", "--state", desk.file("wrapped", wrapped), "--json").json
        assert [{**s, "last_run": 0} for s in again["streams"]] == [
            {**s, "last_run": 0} for s in plain["streams"]
        ]


def test_people_get_a_table(desk: Desk) -> None:
    """Without --json: a line for each stream and account."""
    done = desk.call("status", "--state", desk.file("state", undisturbed(desk).last_state))
    assert done.code == 0
    assert done.out.splitlines()[0].split("  ")[0] == "stream"
    assert desk.case.daily in done.out
    assert "settled until" in done.out


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "give --state FILE, or --warehouse PLACE, or both"),
        (["--state", "missing.json"], 1, "missing.json"),
        (["--warehouse", "missing.duckdb"], 1, "there is no file missing.duckdb"),
        (["--warehouse", "mysql://host/db"], 1, "mysql"),
        (["--warehouse", "postgresql://me:canary-word@127.0.0.1:9/db"], 1, "--warehouse"),
        (["nosuchtap", "--state", "state.json"], 2, "tap-openx"),
        (["--state", "list.json"], 1, "a JSON object is expected"),
        (["--state", "dates.json"], 1, "not a date"),
        (["--warehouse", "state.json"], 1, "--warehouse state.json"),
    ],
)
def test_bad_input_is_one_line(desk: Desk, arguments: list[str], code: int, words: str) -> None:
    """What can't be read is named in one line, with no traceback and no password."""
    desk.monkeypatch.chdir(desk.folder)
    Path("state.json").write_text("{}")
    Path("list.json").write_text("[]")
    Path("dates.json").write_text(
        json.dumps({"bookmarks": {"inventory_daily": {"replication_key_value": "soon"}}})
    )
    done = desk.call("status", *arguments)
    assert done.code == code
    assert words in done.err


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_nothing_read_is_said(desk: Desk) -> None:
    """An empty state is no fault."""
    done = desk.call("status", "--state", desk.file("state", {}))
    assert (done.code, done.out) == (0, "nothing has been read yet\n")


@pytest.mark.parametrize("desk", ["openx"], indirect=True)
def test_a_postgres_ledger_is_read(desk: Desk, postgres_url: str) -> None:
    """The same ledger in PostgreSQL says the same as in DuckDB, whatever the server's time zone."""
    messages = undisturbed(desk)
    rows = messages.records["sync_windows"]
    names = list(rows[0])
    with psycopg.connect(postgres_url) as db:
        db.execute("CREATE SCHEMA ads")
        kinds = {
            "row_count": "bigint",
            "requests": "bigint",
            "retries": "bigint",
            "splits": "bigint",
        }
        kinds |= dict.fromkeys(("window_start", "window_end", "synced_at"), "timestamptz")
        columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in names)
        db.execute(f"CREATE TABLE ads.sync_windows ({columns})".encode())
        holes = ", ".join(["%s"] * len(names))
        for row in rows:
            db.execute(
                f"INSERT INTO ads.sync_windows VALUES ({holes})".encode(), list(row.values())
            )
    postgres = desk.call("status", "--warehouse", postgres_url, "--json")
    assert postgres.code == 0, postgres.err
    own = desk.call("status", "--warehouse", load(desk, ledger(messages)), "--json").json
    assert postgres.json == own


ADDED = {
    "bookmarks": {
        "mine": {
            "partitions": [
                {
                    "context": {"app_token": "a"},
                    "replication_key": "day",
                    "replication_key_value": "2026-03-20",
                    "covered": [["2026-03-01", "2026-03-20"]],
                }
            ],
            "report": {
                "grain": ["_account", "day"],
                "metrics": [["installs", None], ["adCost", "2026-03-17"]],
            },
        }
    }
}
"""`adCost` was added to a report that had been read from March 1st on."""


@pytest.mark.parametrize("desk", ["adjust"], indirect=True)
@pytest.mark.parametrize("kind", ["DATE", "VARCHAR", "TIMESTAMP"])
def test_a_backfill_of_an_added_metric_shows_in_the_rows(desk: Desk, kind: str) -> None:
    """A state does not know of it, and says so; with the warehouse beside it, the rows tell from when on it is filled."""
    state = desk.file("state", ADDED)
    alone = desk.call("status", "--state", state)
    assert (
        "adCost is filled from 2026-03-17 on by ordinary runs; before, it is null, unless a backfill"
        in alone.out
    )
    path = str(desk.folder / "filled.duckdb")
    with duckdb.connect(path) as db:
        db.execute(
            f"CREATE SCHEMA ads; CREATE TABLE ads.mine (day {kind}, _account VARCHAR, ad_cost DECIMAL(38,18))"
        )
        for day in range(1, 20):
            cost = None if day < 17 else day
            rows = [
                (f"2026-03-{day:02d}", '{"app_token":"a"}', cost),
                (f"2026-03-{day:02d}", '{"app_token":"b"}', 1),
            ]
            db.executemany("INSERT INTO ads.mine VALUES (?, ?, ?)", rows)
    both = ["--state", state, "--warehouse", path]
    assert (
        "what was read before has null there, in the warehouse too"
        in desk.call("status", *both).out
    )
    with duckdb.connect(path) as db:
        db.execute("UPDATE ads.mine SET ad_cost = 0 WHERE CAST(day AS DATE) >= DATE '2026-03-04'")
    said = (
        "adCost is filled from 2026-03-04 on in the warehouse, by ordinary runs from 2026-03-17 on"
    )
    assert said in desk.call("status", *both).out
    (found,) = desk.call("status", *both, "--json").json["streams"]
    assert (found["filled_from"], found["filled_in_warehouse"]) == (
        {"adCost": "2026-03-17"},
        {"adCost": "2026-03-04"},
    )


ENDLESS = """
CREATE VIEW sync_windows AS
SELECT ledger.*
FROM
    (SELECT {columns}) ledger,
    (SELECT sum(a.range * b.range) AS total FROM range(300000000) a, range(100000) b) endless
WHERE endless.total < 0
"""


def is_querying(process: subprocess.Popen[str], path: Path) -> bool:
    """Wait until a process has that file open, and a second of work behind it since; False if it ended before."""
    proc = Path(f"/proc/{process.pid}")
    if not proc.exists():
        time.sleep(4)  # a system that does not say
        return process.poll() is None

    def has_opened() -> bool:
        links = []
        for link in (proc / "fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(link.readlink())
        return path in links

    def worked() -> float:
        fields = (proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    begun = None
    while process.poll() is None:
        if begun is None and has_opened():
            begun = worked()
        if begun is not None and worked() > begun + 1:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("command", ["status", "report"])
def test_ctrl_c_in_a_query_ends_as_anywhere_else(tmp_path: Path, command: str) -> None:
    """One line and 130: no error of DuckDB's own, no traceback."""
    path = tmp_path / "warehouse.duckdb"
    moments = {"window_start", "window_end", "synced_at"}
    columns = ", ".join(
        f"NULL::{'TIMESTAMPTZ' if name in moments else 'VARCHAR'} AS {name}"
        for name in LEDGER_SCHEMA["properties"]
    )
    with duckdb.connect(str(path)) as db:
        db.execute(ENDLESS.format(columns=columns))
    adtap = str(Path(sys.executable).parent / "adtap")
    called = [adtap, command, "--warehouse", f"duckdb:{path}"]
    with subprocess.Popen(called, stderr=subprocess.PIPE, cwd=tmp_path, text=True) as running:
        assert is_querying(running, path.resolve())
        running.send_signal(signal.SIGINT)
        try:
            _, said = running.communicate(timeout=120)
        finally:
            running.kill()
    assert said.splitlines() == [f"adtap {command}: stopped"]
    assert running.returncode == 130
