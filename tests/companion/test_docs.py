"""Every command of the companion's page is run, as it stands there."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.companion.conftest import Desk
from tests.companion.test_status import load, read
from tests.programs import on_path
from tests.running import finished, run_tap, select

PAGE = Path(__file__).resolve().parents[2] / "docs" / "companion.md"
NUMBERS = PAGE.with_name("numbers.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_line(line: str, folder: Path) -> str:
    """Run a page's command in a folder; it ends well and says something, which is given."""
    program, *arguments = shlex.split(line)
    done = subprocess.run(
        [on_path() / program, *arguments],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, (line, done.stderr)
    assert done.stdout
    return done.stdout


@pytest.mark.parametrize("desk", ["adjust"], indirect=True)
def test_the_pages_commands_work(desk: Desk) -> None:
    """Each line of each block ends well, in a folder with the files that the page names."""
    messages = read(desk)
    load(desk, messages)
    desk.file("adjust", desk.config())
    desk.file("state", messages.last_state)
    lines = [
        line for block in BLOCK.findall(PAGE.read_text()) for line in block.splitlines() if line
    ]
    assert len(lines) > 8
    for line in lines:
        # The loader of this test calls its schema `ads`; a reader's is called as they like.
        said = run_line(line.replace("--schema adjust", "--schema ads"), desk.folder)
        if "--json" in line:
            json.loads(said)


@pytest.mark.parametrize("desk", ["adjust"], indirect=True)
def test_the_commands_and_queries_about_numbers_work(desk: Desk) -> None:
    """`docs/numbers.md`: each command ends well on a warehouse that ties out, each query finds its columns."""
    config = desk.config(start_date="2026-02-01")
    streams = {"app_daily", "campaign_daily", "sync_days"}
    messages = run_tap(desk.case.tap, config, catalog=select(desk.case.tap, config, streams))
    path = load(desk, messages, schema="tap_adjust")
    desk.file("adjust", config)
    text = NUMBERS.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines() if line]
    assert len(lines) == 4
    for line in lines:
        run_line(line, desk.folder)
    queries = re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert queries
    with duckdb.connect(path, read_only=True) as db:
        assert [db.execute(query).fetchall() for query in queries] == [[]]


@pytest.mark.parametrize("desk", ["adjust"], indirect=True)
def test_settings_come_from_the_environment(desk: Desk, tmp_path: Path) -> None:
    """`--config=ENV` reads the variables that Meltano sets, as the taps do."""
    settings: dict[str, Any] = desk.config()
    environment = {
        f"TAP_ADJUST_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }
    program = on_path() / "adtap"
    done = finished([program, "check", "tap-adjust", "--config=ENV"], tmp_path, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sees 4 apps" in done.stdout
