"""`docs/production.md` does what it says: its blocks are run as they stand there."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.programs import on_path
from tests.running import copy_project
from tests.warehouses.stores import BIN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- run(?:: (?P<why>[^\n]*))? -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)  # fmt: skip


def test_each_block_is_run_or_says_why_not():
    """Nobody has to guess which command was tried."""
    untold = [m["text"] for m in BLOCK.finditer(PAGE) if "<!-- run" not in m[0]]
    assert untold == []
    assert all(m["why"] is None or m["why"].startswith("not here, ") for m in BLOCK.finditer(PAGE))


@pytest.mark.timeout(300)
def test_the_page_from_the_first_login_to_the_back_fill(postgres_url, sandbox, tmp_path, request):
    """Roles, load, state in a database, views, alerts, backfill: in this order, with nothing between."""
    if shutil.which("psql") is None:
        pytest.skip("the page's commands need the program psql")
    split = urlsplit(postgres_url)
    name = split.path.strip("/")
    copy_project(tmp_path)
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    environment = {
        "PATH": f"{on_path()}{os.pathsep}{os.environ['PATH']}",
        **kept,
        "ADTAPS_NOW": "2026-03-18T12:00:00Z",
        "TAP_ADJUST_API_URL": f"{sandbox.url}/adjust/reports-service",
        "TAP_ADJUST_KPI_API_URL": f"{sandbox.url}/adjust/kpis/v1",
        "TAP_ADJUST__SELECT": '["apps.*", "campaign_daily.*", "sync_windows.*"]',
    }

    def leave():
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            for role in ("ads_loader", "ads_reader"):
                if connection.execute(
                    "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]
                ).fetchone():
                    connection.execute(f"DROP OWNED BY {role} CASCADE")
                    connection.execute(f"DROP ROLE {role}")

    request.addfinalizer(leave)
    answers = []
    for block in BLOCK.finditer(PAGE):
        if block["why"] is not None:
            continue
        text = block["text"].replace("db.example.com/ads?", f"/{name}?{split.query}&")
        text = text.replace("db.example.com/ads", f"/{name}?{split.query}")
        text = text.replace("DATABASE ads", f"DATABASE {name}")
        if block["language"] == "sql":
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                if "SELECT" in text.split("\n")[0]:
                    # Who only reads is enough for what is asked here.
                    connection.execute("SET ROLE ads_reader")
                    answers.append(connection.execute(text).fetchall())
                else:
                    connection.execute(text)
            continue
        done = subprocess.run(
            ["/bin/sh", "-euc", text],
            cwd=tmp_path,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{(done.stdout + done.stderr)[-4000:]}"
    alerts, days = answers
    assert {row[2] for row in alerts} == {"missing"}  # nobody has loaded since this test's March
    assert {row[1] for row in days} <= {"missing", "partial"}
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SET ROLE ads_reader")
        found = connection.execute(
            "SELECT min(day)::text, max(day)::text FROM tap_adjust.current_campaign_daily"
        ).fetchone()
        assert found == ("2026-03-01", "2026-03-17")
        zones = connection.execute(
            "SELECT DISTINCT _time_zone FROM tap_adjust.campaign_daily"
        ).fetchall()
        assert zones == [("UTC",)]
        late = connection.execute(
            "SELECT max(window_end)::text FROM tap_adjust.sync_windows"
        ).fetchone()
        assert late == ("2026-03-18 00:00:00",)


def test_a_state_folder_is_a_backend(sandbox, tmp_path):
    """`MELTANO_STATE_BACKEND_URI=file://…` keeps the bookmarks in a folder that is shared."""
    copy_project(tmp_path)
    (tmp_path / "state").mkdir()
    environment = {
        "PATH": f"{on_path()}{os.pathsep}{os.defpath}",
        "HOME": os.environ.get("HOME", "/"),
        "MELTANO_STATE_BACKEND_URI": f"file://{tmp_path}/state",
    }
    words = ("set", "--force", "prod:tap-x-to-target-y", '{"singer_state": {"a": 1}}')
    for arguments in (words, ("get", "prod:tap-x-to-target-y")):
        done = subprocess.run(
            [on_path() / "meltano", "--environment=prod", "state", *arguments],
            cwd=tmp_path,
            env=environment,
            text=True,
            capture_output=True,
            check=True,
        )
    assert '{"a":1}' in done.stdout
    assert [path.name for path in (tmp_path / "state").rglob("state.json")] == ["state.json"]


def test_the_container_s_steps_are_the_readme_s():
    """It is not built here; what it runs is what the README says, and what it starts exists."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "RUN make setup\n" in text
    assert "make setup" in readme
    assert (BIN / "meltano").exists()
    jobs = re.findall(r"^- name: ([\w-]+)$", (ROOT / "meltano.yml").read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
    (command,) = re.findall(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    assert [word.strip(' "') for word in command.split(",")][-1] in jobs
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").split()
    assert {".env", ".venv", ".meltano", "*.duckdb"} <= set(ignored)
