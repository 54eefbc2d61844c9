"""`adtap demo`: the whole chain in one command, and one line where it can't go on."""

# ruff: noqa: S608 - queries are put together from constants of this file
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
import yaml

from adtap_cli.demo_choice import CHOICES
from adtap_cli.performance import Role
from adtap_cli.taps import tap_class
from tests.programs import on_path
from tests.running import copy_project, finished

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def demo(folder, *arguments, programs=None, **environment):
    """Run the demo in a folder that holds nothing; its programs, and what they start, are forks if none are given."""
    program = (programs or on_path()) / "adtap"
    return finished(
        [program, "demo", "--project", ROOT / "meltano.yml", *arguments], folder, environment
    )


def begun(folder, *arguments, programs=None):
    """Start the demo, and give it once its first run has begun; a fork, as all that it starts, if no programs are given."""
    process = subprocess.Popen(
        [(programs or on_path()) / "adtap", "demo", "--project", ROOT / "meltano.yml", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("First run"):
            return process
    raise AssertionError(process.communicate()[1])


def started(folder, *arguments):
    """Start the demo in earnest, and give it with its sandbox's process id once its first run has begun."""
    process = begun(folder, *arguments, programs=BIN)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("this system does not say which processes a process has started")
    for child in children.read_text().split():
        if b"adtap_sandbox" in Path(f"/proc/{child}/cmdline").read_bytes():
            return process, int(child)
    process.kill()
    raise AssertionError("the demo has no sandbox")


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """One demo of one platform; what is set for real accounts must not reach it."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / ".env").write_text("TAP_OPENX_EMAIL=somebody@example.com\n")
    done = demo(
        folder,
        "--taps=tap-openx",
        "--days=6",
        programs=BIN,  # once in earnest
        TAP_OPENX_API_URL="http://127.0.0.1:9",
        TAP_OPENX_PASSWORD="a-real-password",
        TARGET_ADTAP_DUCKDB_PATH="/nowhere/ads.duckdb",
        MELTANO_ENVIRONMENT="prod",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Other tests play it again in this folder.
    shutil.copy(folder / "demo-report.html", folder.with_name(f"{folder.name}-first.html"))
    return folder, done.stdout


def rows_of(folder, query):
    with duckdb.connect(str(folder / ".cache/demo/ads.duckdb"), read_only=True) as db:
        db.execute("SET TimeZone = 'UTC'")
        return db.execute(query).fetchall()


LIVE = """
    SELECT * FROM tap_openx.inventory_daily r WHERE NOT EXISTS (
        SELECT 1 FROM tap_openx.sync_windows w
        WHERE w.stream = 'inventory_daily' AND w.account = r._account
          AND w.window_start <= r.day::TIMESTAMPTZ AND r.day::TIMESTAMPTZ < w.window_end
          AND w.synced_at > r._synced_at)"""


def test_the_demo_says_what_is_in_the_file(played):
    """Rows, days, data states and money on the terminal are those of the DuckDB file."""
    folder, said = played
    ((rows, first, last, settled),) = rows_of(
        folder,
        f"SELECT count(*), min(day), max(day), count(*) FILTER (_data_state = 'settled') FROM ({LIVE})",
    )
    line = next(line for line in said.splitlines() if "inventory_daily" in line)
    assert f"{rows:,}  {first} to {last}  {settled:,} settled" in line
    money = rows_of(
        folder, f"SELECT _currency, sum(market_publisher_revenue) FROM ({LIVE}) GROUP BY ALL"
    )
    assert {currency for currency, _ in money} == {"EUR", "USD"}
    for currency, amount in money:
        assert re.search(rf"market publisher revenue +{currency} +{amount:,.2f} ", said)


def test_the_second_run_brings_new_days_and_corrects_old_ones(played):
    """Days that the sandbox restated meanwhile are corrected, new ones come, some become final."""
    _, said = played
    changed = said.partition("What the second run changed")[2]
    line = next(line for line in changed.splitlines() if "inventory_daily" in line)
    new, restated, _, settled = (int(number) for number in re.findall(r"\b\d+\b", line))
    assert min(new, restated, settled) > 0


class Reader(HTMLParser):
    """Collects what the page is made of, and whether its tags close."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.asked = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        self.asked += [value for name, value in attrs if name in {"src", "href", "data", "action"}]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_nothing_but_itself(played):
    """No script, no address, nothing loaded; tags close, ids are unique, charts have words."""
    text = (played[0] / "demo-report.html").read_text(encoding="utf-8")
    page = Reader()
    page.feed(text)
    assert page.open == []
    assert page.asked == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "img", "object", "embed"}
    assert "url(" not in text
    assert "@import" not in text
    assert len(page.ids) == len(set(page.ids))
    charts = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(charts) == 2  # one platform, two currencies, never one chart
    for attrs in charts:
        assert set(attrs["aria-labelledby"].split()) <= set(page.ids)


def test_the_page_says_the_same_numbers(played):
    """A number on the terminal is on the page."""
    folder, said = played
    text = (folder / "demo-report.html").read_text(encoding="utf-8")
    (total,) = rows_of(
        folder, f"SELECT sum(market_publisher_revenue) FROM ({LIVE}) WHERE _currency = 'EUR'"
    )
    assert f"{total[0]:,.2f} EUR" in text
    assert f"{total[0]:,.2f}" in said


def test_the_page_and_the_terminal_say_the_same_times(played):
    """A run takes as long on both, the start of Meltano included."""
    folder, said = played
    text = folder.with_name(f"{folder.name}-first.html").read_text(encoding="utf-8")
    told = re.findall(r"^ +in all +(\d+\.\d s)$", said, re.MULTILINE)
    shown = re.findall(r"<dt>(?:first|second) run</dt><dd>(\d+\.\d s)</dd>", text)
    assert len(told) == 2
    assert shown == told


def test_nothing_of_the_users_own_is_touched(played):
    """The demo leaves its page and its scratch folder, and nothing else."""
    folder, _ = played
    assert sorted(path.name for path in folder.iterdir()) == [".cache", ".env", "demo-report.html"]


def test_the_demo_can_be_played_again(played):
    """A second demo in the same folder starts anew and finds the same rows."""
    folder, said = played
    again = demo(folder, "--taps=openx", "--days=6")
    assert again.returncode == 0, again.stdout + again.stderr

    def tables(text):
        return text.partition("\nLoaded\n")[2].partition("The DuckDB file")[0]

    assert tables(again.stdout) == tables(said)


def one_line(done):
    """The words of a failure: one line on standard error, and nothing that only we understand."""
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("adtap demo: ")
    return line


def test_a_port_in_use_is_said_in_one_line(tmp_path):
    """Whoever asks for a port that is taken is told so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = one_line(demo(tmp_path, f"--port={port}"))
    assert f"127.0.0.1:{port}" in line
    assert "in use" in line


def test_a_missing_meltano_is_said_in_one_line(tmp_path):
    """Without Meltano nothing starts; the line says how to get it."""
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    packages = Path(duckdb.__file__).parents[1]
    done = subprocess.run(
        [python, "-m", "adtap_cli", "demo", f"--project={ROOT / 'meltano.yml'}"],
        cwd=tmp_path,
        env={"PATH": str(python.parent), "PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert "Meltano is not installed" in one_line(done)


def test_a_missing_project_file_is_said_in_one_line(tmp_path):
    """A project file that is not there is named."""
    assert "other.yml is missing" in one_line(demo(tmp_path, "--project=other.yml"))


def test_a_tap_that_fails_is_quoted(tmp_path):
    """The line has the tap's own words, not only that something failed."""
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    wrong = text.replace("sandbox-openx-password", "wrong")
    copy_project(tmp_path)
    (tmp_path / "wrong.yml").write_text(wrong, encoding="utf-8")
    line = one_line(demo(tmp_path, "--project=wrong.yml", "--taps=openx", "--days=1"))
    assert "openx failed: tap-openx: Login refused" in line


def test_a_tap_that_does_not_exist_is_answered_with_those_that_do(tmp_path):
    """A typing error in --taps gets the names."""
    done = demo(tmp_path, "--taps=tap-facebook")
    assert done.returncode == 2
    assert "there are tap-atomx, tap-adjust, tap-terminalone, tap-openx" in " ".join(
        done.stderr.split()
    )


def test_two_demos_do_not_share_a_folder(tmp_path):
    """The second is told so at once; where none is running any more, it may."""
    first = begun(tmp_path, "--taps=openx", "--days=1")
    line = one_line(demo(tmp_path, "--taps=openx"))
    assert "another demo is running in" in line
    first.terminate()
    first.communicate(timeout=250)
    third = begun(tmp_path, "--taps=openx", "--days=1")
    third.terminate()
    third.communicate(timeout=250)


@pytest.mark.parametrize("seconds", [0, 2.5], ids=["before Meltano", "under Meltano"])
def test_a_sandbox_that_dies_ends_the_demo_in_one_line(tmp_path, seconds):
    """Nobody waits for retries against a server that is gone."""
    process, sandbox = started(tmp_path, "--taps=openx", "--days=300")
    time.sleep(seconds)
    os.kill(sandbox, signal.SIGKILL)
    began = time.monotonic()
    _, said = process.communicate(timeout=250)
    assert process.returncode == 1
    # On a busy machine, too: the retries of one request would take longer.
    assert time.monotonic() - began < 30
    (line,) = said.splitlines()
    assert "the sandbox ended by itself (exit code -9)" in line


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_is_stopped_leaves_no_sandbox_behind(tmp_path, number, code):
    """Ctrl-C or a supervisor's stop ends everything that was started."""
    process, sandbox = started(tmp_path, "--taps=openx")
    process.send_signal(number)
    _, said = process.communicate(timeout=250)
    assert process.returncode == code
    assert "Traceback" not in said
    assert not lives(sandbox)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.tap)
def test_what_the_demo_reads_exists(choice):
    """Streams are the tap's, by day and selected; money is a money column that may be added up."""
    tap = tap_class(choice.tap)(config={}, validate_config=False, setup_mapper=False)
    entries = {entry.name: entry for entry in (*tap.entities, *tap.reports)}
    assert {*choice.entities, *choice.reports} <= set(entries)
    assert [n for n in (*choice.entities, *choice.reports) if not entries[n].selected] == []
    for money in choice.money:
        assert money.stream in choice.reports
        column = tap.streams[money.stream].schema["properties"][money.column]
        assert (column["x-unit"], column["x-additivity"]) == ("currency", "additive")


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.tap)
def test_the_demo_moves_every_address_that_the_sandbox_environment_has(choice):
    """On another port, the addresses of meltano.yml's environment `sandbox` and no others change."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    sandbox = next(entry for entry in project["environments"] if entry["name"] == "sandbox")
    config = next(
        entry["config"]
        for entry in sandbox["config"]["plugins"]["extractors"]
        if entry["name"] == choice.tap
    )
    urls = {
        k: v.removeprefix("http://127.0.0.1:${ADTAPS_SANDBOX_PORT}")
        for k, v in config.items()
        if "_url" in k
    }
    assert urls == choice.urls


def test_each_side_of_the_trade_has_its_role():
    """OpenX sells, TerminalOne and atomx's advertisers buy, Adjust measures."""
    roles = {choice.platform: {money.role for money in choice.money} for choice in CHOICES}
    assert roles == {
        "atomx": {Role.BUY},
        "Adjust": {Role.MEASURE},
        "TerminalOne": {Role.BUY},
        "OpenX": {Role.SELL},
    }


def test_the_demo_ends_with_what_to_do_next(played):
    """The last words name files that are there and commands that exist."""
    folder, said = played
    last = said.partition("\nNext\n")[2]
    for name in ("demo-report.html", ".env.example", "README.md"):
        assert name in last
        assert (folder / name).exists() or (ROOT / name).exists()
    assert "adtap check tap-adjust --meltano" in last
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(r'from "(.*)" on', last)
    assert f"\n## {section}\n" in readme
