"""`--meltano`: the companion asks the Meltano project for settings, streams and state, as a run would get them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import programs
from tests.running import copy_project

BIN = Path(sys.executable).parent
NOW = "2026-03-18T12:00:00Z"


@pytest.fixture
def project(tmp_path, sandbox):
    """A project whose environment `sandbox` is this test's, with three streams chosen in `.env`."""
    file = copy_project(tmp_path)
    text = file.read_text(encoding="utf-8").replace(
        "http://127.0.0.1:${ADTAPS_SANDBOX_PORT}", sandbox.url
    )
    file.write_text(text, encoding="utf-8")
    (tmp_path / ".env").write_text(
        "TAP_ADJUST_START_DATE=2026-03-10\n"
        'TAP_ADJUST__SELECT=\'["apps.*", "campaign_daily.*", "sync_windows.*"]\'\n'
    )
    return tmp_path


def run(folder, *words, **environment):
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    return subprocess.run(
        [programs.on_path() / words[0], *words[1:]],
        cwd=folder,
        env={"PATH": os.defpath, **kept, "ADTAPS_NOW": NOW, **environment},
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.timeout(200)
def test_a_plan_knows_what_meltano_knows(project):
    """Before the first run and after it: the streams chosen, the bookmark held, no file named."""
    here = {"MELTANO_ENVIRONMENT": "sandbox"}
    found = run(project, "adtap", "check", "tap-adjust", "--meltano", **here)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "(none yet: a first run)" in found.stderr
    assert "sees 4 apps" in found.stdout
    assert "channel_daily" not in found.stdout

    path = {"PATH": f"{programs.on_path()}{os.pathsep}{os.defpath}"}
    ran = run(project, "meltano", "run", "tap-adjust", "target-adtap-duckdb", **here, **path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    done = run(project, "adtap", "plan", "tap-adjust", "--meltano", "--json", **here)
    assert "state sandbox:tap-adjust-to-target-adtap-duckdb\n" in done.stderr
    assert "sandbox-adjust-token" not in done.stdout + done.stderr
    streams = {s["stream"]: s for s in json.loads(done.stdout)["streams"]}
    assert set(streams) == {"apps", "campaign_daily"}
    report = streams["campaign_daily"]
    assert {a["bookmark"][:10] for a in report["accounts"]} == {"2026-03-18"}
    held = run(
        project,
        "adtap",
        "reconcile",
        "tap-adjust",
        "--meltano",
        "--warehouse",
        "duckdb:ads.duckdb",
        **here,
    )
    assert held.returncode == 0, held.stdout + held.stderr
    assert "campaign_daily" in held.stdout


def test_what_meltano_cannot_tell_is_one_line(tmp_path):
    """No project here, or one that Meltano does not know: said, with what is missing."""
    none = run(tmp_path, "adtap", "plan", "tap-adjust", "--meltano")
    assert none.returncode == 1
    assert none.stderr == f"--meltano: there is no meltano.yml in {tmp_path}\n"
    away = run(tmp_path, "adtap", "plan", "tap-adjust", "--meltano", MELTANO_ENVIRONMENT="dev")
    assert away.returncode == 1
    (line,) = away.stderr.splitlines()
    assert line.startswith("--meltano: `meltano state get dev:tap-adjust-to-target-adtap-duckdb` ")
    assert "a defect" not in line
    copy_project(tmp_path)
    wrong = run(tmp_path, "adtap", "check", "tap-adjust", "--meltano", MELTANO_ENVIRONMENT="nosuch")
    assert wrong.returncode == 1
    assert "nosuch" in wrong.stdout
    assert "Traceback" not in wrong.stdout + wrong.stderr


@pytest.mark.parametrize(
    ("variables", "yml", "words"),
    [
        (
            {"TAP_ADJUST_LOOKBACK_DAYS": "seven"},
            "",
            "TAP_ADJUST_LOOKBACK_DAYS  'seven' is not a whole number",
        ),
        ({"TAP_ADJUST_REPORTS": '[{"name": "x"}'}, "", "TAP_ADJUST_REPORTS  "),
        ({}, "lookback_days: seven", "line"),
        (
            {"TAP_ADJUST__SELECT": '["apps.*", "campaign_dayly.*"]'},
            "",
            "'campaign_dayly.*' matches no stream (did you mean campaign_daily",
        ),
    ],
    ids=["number", "json", "meltano.yml", "select"],
)
def test_what_meltano_swallows_is_named(project, variables, yml, words):
    """Meltano ends in a traceback that names no setting, or goes on without the stream: here one line says which."""
    if yml:
        file = project / "meltano.yml"
        text = file.read_text(encoding="utf-8")
        wanted = "          api_token: sandbox-adjust-token\n"
        assert wanted in text
        file.write_text(text.replace(wanted, f"{wanted}          {yml}\n"), encoding="utf-8")
    found = run(
        project,
        "adtap",
        "check",
        "tap-adjust",
        "--meltano",
        MELTANO_ENVIRONMENT="sandbox",
        **variables,
    )
    assert found.returncode != 0
    assert words in found.stdout
    assert (yml or "FAIL") in found.stdout
    assert "Traceback" not in found.stdout + found.stderr


def test_a_variable_that_sets_nothing_fails_the_check(sandbox, tmp_path):
    """A run goes on without it, with the default in its place: a check says so and is not good."""
    sandbox.clock(NOW)
    found = run(
        tmp_path,
        "adtap",
        "check",
        "tap-adjust",
        "--config=ENV",
        TAP_ADJUST_API_TOKEN="sandbox-adjust-token",
        TAP_ADJUST_API_URL=f"{sandbox.url}/adjust/reports-service",
        TAP_ADJUST_STRT_DATE="2026-03-10",
    )
    assert found.returncode != 0
    assert (
        "TAP_ADJUST_STRT_DATE is no setting of tap-adjust; did you mean TAP_ADJUST_START_DATE?"
        in found.stdout
    )
