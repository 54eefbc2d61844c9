"""What the README and the pages of docs/ say, done."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
import requests

from adtap_cli.taps import TAPS
from adtap_sandbox import credentials
from tap_openx.tap import TapOpenx
from tests.programs import on_path
from tests.running import copy_project, project_document, run_tap

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs").glob("**/*.md"))
# Pages of one platform, of warehouses, production and the companion have tests of their own.
OURS = [
    ROOT / "docs" / f"{name}.md"
    for name in (
        "windows-and-state", "data-states", "time-and-money", "backfills", "faults", "settings",
        "troubleshooting", "glossary",
    )
]  # fmt: skip
TEXT = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *OURS))
# Commands that need neither settings nor a server.
ALONE = (
    "tap-adjust --about --format=markdown",
    "adtap explain tap-openx inventory_daily",
)
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]
NOW = "2026-11-22T12:00:00+00:00"

OPENX = {
    "email": credentials.EMAIL,
    "password": credentials.OPENX_PASSWORD,
    "consumer_key": credentials.OPENX_CONSUMER_KEY,
    "consumer_secret": credentials.OPENX_CONSUMER_SECRET,
}


def blocks(text, kind):
    """The fenced blocks of a page that are of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def block(text, words, kind="sh"):
    """The one block of a page that has these words in it."""
    (found,) = [one for one in blocks(text, kind) if words in one]
    return found


def shell(script, folder, **environment):
    """Run lines as a reader's shell does; the first that fails fails the test.

    The programs of the environment are forks (tests/programs.py): that the scripts themselves work under Meltano is
    tested in test_demo.py.
    """
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": f"{on_path()}{os.pathsep}{os.defpath}", **kept, **environment},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone that was set up before: what is tracked, and the environment."""
    folder = tmp_path_factory.mktemp("clone") / "adtaps"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt", ".env.example"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (0, 0))  # nothing is newer than the environment
    copy_project(folder)
    if not (BIN.parent / ".complete").exists():
        pytest.skip("this environment was not made by `make setup`")
    (folder / ".venv").symlink_to(on_path().parent)
    return folder


@pytest.fixture(scope="module")
def platforms():
    """A sandbox that lives on the day of the README's examples."""
    process = subprocess.Popen(
        [sys.executable, "-m", "adtap_sandbox", "--port=0", f"--now={NOW}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    url = re.search(r"http://\S+", process.stdout.readline()).group()
    # While it stands, what is asked twice is made once.
    requests.post(f"{url}/_control/clock", json={"set": NOW}, timeout=60).raise_for_status()
    yield {
        "ADTAPS_NOW": NOW,
        "TAP_ADJUST_API_URL": f"{url}/adjust/reports-service",
        "TAP_ADJUST_KPI_API_URL": f"{url}/adjust/kpis/v1",
    }
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.mark.timeout(240)
def test_two_commands_are_enough(clone):
    """`make demo` ends well in under four minutes, with all four platforms on its page."""
    script = block(README, "make demo").splitlines()
    assert (
        script[0] == "git clone <this repository> adtaps && cd adtaps"
    )  # the clone is this folder
    began = time.monotonic()
    said = shell("\n".join(script[1:]), clone)
    assert time.monotonic() - began < 240
    page = (clone / "demo-report.html").read_text(encoding="utf-8")
    for name in ("atomx", "Adjust", "TerminalOne", "OpenX"):
        assert name in said.partition("Money by role")[2].partition("What the second")[0]
        assert "<title id=" in page
        assert f">{name}, " in page


@pytest.mark.timeout(240)
def test_a_real_account_is_three_blocks_away(clone, platforms):
    """Set up, credentials into .env, check, plan, run, and the rows can be asked for."""
    setup, settings = block(README, "cp .env.example"), blocks(README, "ini")[0]
    shell(setup, clone)
    assert "your-api-token" in settings
    (clone / ".env").write_text(settings.replace("your-api-token", credentials.ADJUST_API_TOKEN))
    activate = ". .venv/bin/activate\n"  # the reader's shell is still in it
    run = block(README, "meltano run tap-adjust")
    said = shell(activate + run, clone, **platforms)
    assert "os_daily" in said
    with duckdb.connect(str(clone / "ads.duckdb"), read_only=True) as db:
        days = db.execute("SELECT min(day)::TEXT, max(day)::TEXT FROM tap_adjust.os_daily")
        assert days.fetchone() == ("2026-10-01", "2026-11-21")
        query = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'tap_adjust'"
        tables = {row[0] for row in db.execute(query).fetchall()}
        assert tables == {"apps", "os_daily", "os_daily_usd", "sync_windows"}
        money = db.execute("SELECT DISTINCT _currency FROM tap_adjust.os_daily_usd").fetchall()
        assert money == [("USD",)]
    shown = shell(activate + block(README, "duckdb.connect"), clone)
    assert "settled" in shown
    with duckdb.connect(str(clone / "ads.duckdb"), read_only=True) as db:
        sums = db.execute("SELECT sum(cost) FROM tap_adjust.os_daily GROUP BY day, _currency")
        money = {row[0].quantize(Decimal("0.01"), ROUND_HALF_UP) for row in sums.fetchall()}
    # Readable, and still decimal: to the cent, as the table has it.
    assert set(map(Decimal, re.findall(r"│ +(-?\d+\.\d+) │", shown))) <= money
    assert re.findall(r"│ +-?\d+\.\d\d │", shown)
    assert not re.findall(r"\d\.\d{3}", shown)
    assert "decimal(38,2)" in shown
    # All that the account has: of three days. A variable of the environment beats the one in .env.
    few = {**platforms, "TAP_ADJUST_START_DATE": "2026-11-19"}
    shell(activate + block(README, "tap-adjust --config=ENV --discover"), clone, **few)
    with (clone / "rows.jsonl").open(encoding="utf-8") as lines:
        rows = (row for row in map(json.loads, lines) if row.get("stream") == "os_daily")
        days = {row["record"]["day"] for row in rows if row["type"] == "RECORD"}
    assert days == {"2026-11-19", "2026-11-20", "2026-11-21"}


def test_the_sandbox_is_two_terminals_away(clone):
    """The sandbox, started as the README says, answers the project's environment `sandbox`."""
    with socket.socket() as free:
        if free.connect_ex(("127.0.0.1", 4310)) == 0:
            pytest.skip("something else listens on port 4310")
    lines = block(README, "adtap sandbox").split()
    sandbox = subprocess.Popen(
        [BIN / lines[0], *lines[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert "127.0.0.1:4310" in sandbox.stdout.readline()
        # A few streams will do here.
        few = {"TAP_OPENX__SELECT": '["accounts.*", "inventory_daily.*", "sync_windows.*"]'}
        shell(block(README, "--environment=sandbox"), clone, **few)
    finally:
        sandbox.terminate()
        sandbox.wait()
        sandbox.stdout.close()
    with duckdb.connect(str(clone / "ads.duckdb"), read_only=True) as db:
        assert db.execute("SELECT count(*) FROM tap_openx.inventory_daily").fetchone()[0] > 0


def test_incremental_works_as_the_example_says(sandbox):
    """Each run of the README's table asks for the days of its line, and leaves its bookmark."""
    table = README.partition("| run on | days requested")[2].partition("\n\n")[0]
    runs = re.findall(
        r"^\| November (\d+)\D*?\| November (\d+) to (\d+).*?\| `([\d-]+)`", table, re.MULTILINE
    )
    assert len(runs) == 3
    url = f"{sandbox.url}/openx"
    config = {**OPENX, "api_url": url, "sso_url": url, "start_date": "2026-11-01"}
    state = None
    with pytest.MonkeyPatch.context() as patch:
        for day, first, last, bookmark in runs:
            now = f"2026-11-{int(day):02}T12:00:00+00:00"
            sandbox.clock(now)
            patch.setenv("ADTAPS_NOW", now)
            messages = run_tap(TapOpenx, config, state=state, streams={"inventory_daily"})
            windows = messages.windows("inventory_daily")
            assert min(w["window_start"] for w in windows) == f"2026-11-{int(first):02}T00:00:00Z"
            assert max(w["window_end"] for w in windows) == f"2026-11-{int(last) + 1:02}T00:00:00Z"
            state = messages.last_state
            mark = state["bookmarks"]["inventory_daily"]
            assert mark["replication_key_value"] == bookmark


def test_a_back_fill_reads_its_days_and_leaves_the_bookmarks(sandbox, monkeypatch):
    """The setting of the page of backfills does what the page says."""
    text = (ROOT / "docs/backfills.md").read_text(encoding="utf-8")
    name, _, value = block(text, "BACKFILL", "ini").strip().partition("=")
    assert name == "TAP_OPENX_BACKFILL"
    backfill = json.loads(value.strip("'"))
    monkeypatch.setenv("ADTAPS_NOW", NOW)
    sandbox.clock(NOW)
    url = f"{sandbox.url}/openx"
    state = {"bookmarks": {"inventory_daily": {"replication_key_value": "2026-11-20"}}}
    messages = run_tap(
        TapOpenx,
        {**OPENX, "api_url": url, "sso_url": url, "backfill": backfill},
        state=state,
        streams={"inventory_daily", "demand_daily", "sites"},
    )
    windows = messages.records["sync_windows"]
    assert {w["stream"] for w in windows} == {"inventory_daily"}
    assert min(w["window_start"] for w in windows) == f"{backfill['from']}T00:00:00Z"
    assert max(w["window_end"] for w in windows) == f"{backfill['to']}T00:00:00Z"
    assert messages.last_state == state


def test_the_sandbox_fails_as_the_page_of_faults_says(sandbox, monkeypatch):
    """The command of the page brings two retries, which the ledger counts, and no row less."""
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    monkeypatch.setenv("ADTAPS_NOW", NOW)
    sandbox.clock(NOW)
    url = f"{sandbox.url}/openx"
    config = {**OPENX, "api_url": url, "sso_url": url, "start_date": "2026-11-18"}
    whole = run_tap(TapOpenx, config, streams={"inventory_daily"})
    text = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
    command = block(text, "curl").replace("http://127.0.0.1:4310", sandbox.url)
    shell(command, ROOT)
    faulty = run_tap(TapOpenx, config, streams={"inventory_daily"})
    assert sum(w["retries"] for w in whole.windows("inventory_daily")) == 0
    assert sum(w["retries"] for w in faulty.windows("inventory_daily")) == 2
    assert faulty.final("inventory_daily").keys() == whole.final("inventory_daily").keys()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """What the demo of OpenX leaves, to ask it what the pages ask."""
    folder = tmp_path_factory.mktemp("warehouse")
    shell(f"adtap demo --taps=openx --days=4 --project={ROOT / 'meltano.yml'}", folder)
    return folder / ".cache/demo/ads.duckdb"


def test_every_query_of_the_pages_can_be_run(warehouse):
    """SQL in the README and in docs/ answers with rows, and the view drops the rows taken back."""
    queries = [
        query
        for page in (ROOT / "README.md", *OURS)
        for query in blocks(page.read_text("utf-8"), "sql")
    ]
    assert len(queries) >= 4
    with duckdb.connect(str(warehouse)) as db:
        db.execute("SET TimeZone = 'UTC'")
        for query in queries:
            rows = db.execute(query).fetchall()
            assert rows or query.startswith("CREATE"), query
        # On some days the sandbox takes no row back: one that an older reading left is there in any case.
        db.execute(
            "UPDATE tap_openx.inventory_daily SET _synced_at = _synced_at - INTERVAL 1 DAY "
            "WHERE _row_key = (SELECT min(_row_key) FROM tap_openx.inventory_daily)"
        )
        kept, all_ = (
            db.execute(f"SELECT count(*) FROM tap_openx.inventory_daily{end}").fetchone()[0]  # noqa: S608
            for end in ("_now", "")
        )
        assert 0 < kept < all_


def test_every_command_of_the_pages_is_run_here():
    """A command that is added to a page and to no test is found."""
    known = {
        "git clone <this repository> adtaps && cd adtaps", "make demo",
        "make setup && . .venv/bin/activate", "test -e .env || cp .env.example .env",
        "adtap check tap-adjust --meltano", "adtap plan tap-adjust --meltano",
        "meltano run tap-adjust target-adtap-duckdb",
        "tap-adjust --config=ENV --discover > catalog.json",
        "tap-adjust --config=ENV --catalog=catalog.json > rows.jsonl",
        "adtap sandbox", "meltano --environment=sandbox run tap-openx target-adtap-duckdb",
    }  # fmt: skip
    lines = {
        line
        for page in (ROOT / "README.md", *OURS)
        for one in blocks(page.read_text(encoding="utf-8"), "sh")
        for line in one.splitlines()
    }
    others = {line for line in lines if not line.startswith(("python -c ", "curl -X POST "))}
    assert others == known | {command for command in ALONE if f"\n{command}\n" in TEXT}


@pytest.mark.parametrize("command", ALONE)
def test_commands_that_need_nothing_answer(tmp_path, command):
    """A command that a page mentions in passing, or on a line of its own, answers."""
    assert f"`{command}`" in TEXT or f"\n{command}\n" in TEXT
    assert shell(command, tmp_path)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Each file that a page links to is there, and so is the heading."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(
        r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    ):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in slugs, target


def test_every_page_is_reached_from_the_readme():
    """A page that nobody links to is not read; those of the platforms are found by their names."""
    assert "(docs/)" in README
    platforms = {f"{tap.removeprefix('tap-')}.md" for tap in TAPS}
    others = [page for page in PAGES if page.name not in platforms]
    assert [str(p) for p in others if f"({p.relative_to(ROOT)})" not in README] == []


def test_the_example_of_env_names_settings_that_exist():
    """Each line of .env.example sets something; together they can log in to every platform."""
    plugins = {e["name"]: e for kind in project_document()["plugins"].values() for e in kind}
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    set_here = set(re.findall(r"^# ((?:TAP|TARGET)_\w+)=", text, re.MULTILINE))
    known = {
        f"{name}_{setting['name']}".upper().replace("-", "_"): (name, setting["name"])
        for name, entry in plugins.items()
        for setting in entry["settings"]
    }
    extras = {f"{tap.upper().replace('-', '_')}__SELECT" for tap in TAPS}
    assert set_here - set(known) == extras
    for tap in TAPS:
        given = {setting for name, setting in map(known.get, set_here - extras) if name == tap}
        groups = plugins[tap]["settings_group_validation"]
        assert any(set(group) <= given for group in groups), tap
