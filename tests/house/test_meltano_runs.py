"""Meltano itself reads the project, without a network."""

import importlib.resources
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from tap_adjust.tap import TapAdjust
from tap_terminalone.tap import TapTerminalOne
from tests import programs
from tests.running import copy_project, project_document

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def project(tmp_path):
    """A folder with nothing but the project's file and what it includes."""
    copy_project(tmp_path)
    return tmp_path


def meltano(folder, *arguments, **environment):
    """Run Meltano as a user does; a dead proxy stands for the missing network."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    dead = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    return subprocess.run(
        [programs.on_path() / "meltano", *arguments],
        cwd=folder,
        env={
            "PATH": f"{programs.on_path()}{os.pathsep}{os.defpath}",
            **kept,
            **dead,
            **environment,
        },
        text=True,
        capture_output=True,
        check=False,
    )


def answer(done):
    """The JSON that Meltano printed, behind whatever it logged before."""
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_the_file_follows_meltanos_own_schema():
    """No key is misspelt, no kind and no capability is one that Meltano does not know."""
    schema = importlib.resources.files("meltano") / "schemas" / "meltano.schema.json"
    rules = json.loads(schema.read_text(encoding="utf-8"))
    jsonschema.validate(project_document(), rules)
    for file in (ROOT / "plugins").iterdir():
        jsonschema.validate(yaml.safe_load(file.read_text(encoding="utf-8")), rules)


def test_settings_from_the_environment_reach_the_tap_with_their_types(project):
    """Numbers arrive as numbers, objects as objects, days as they were written."""
    config = answer(
        meltano(
            project,
            "invoke",
            "--dump=config",
            "tap-adjust",
            TAP_ADJUST_API_TOKEN="secret",
            TAP_ADJUST_REQUEST_TIMEOUT_SECONDS="2.5",
            TAP_ADJUST_START_DATE="2026-01-01",
            TAP_ADJUST_INCLUDE_TODAY="true",
            TAP_ADJUST_APP_TOKENS='["abc", 12]',
            TAP_ADJUST_BACKFILL='{"from": "2026-01-01", "to": "2026-02-01"}',
        )
    )
    read = TapAdjust(config=config).config
    assert read["request_timeout_seconds"] == 2.5
    assert read["app_tokens"] == ["abc", "12"]
    assert config["start_date"] == "2026-01-01"
    assert config["include_today"] is True
    assert config["backfill"] == {"from": "2026-01-01", "to": "2026-02-01"}


def configured(project, tap, settings):
    """Write settings into the file's environment `dev`; give what Meltano makes of them."""
    file = project / "meltano.yml"
    text = yaml.safe_load(file.read_text(encoding="utf-8"))
    dev = next(entry for entry in text["environments"] if entry["name"] == "dev")
    dev["config"] = {"plugins": {"extractors": [{"name": tap, "config": settings}]}}
    file.write_text(yaml.safe_dump(text), encoding="utf-8")
    return answer(meltano(project, "invoke", "--dump=config", tap))


def test_numbers_in_the_file_reach_the_tap(project):
    """A fraction where a number is wanted, numbers where ids are."""
    settings = {
        "access_token": "t-t-t",
        "auth_method": "access_token",
        "request_timeout_seconds": 2.5,
        "organization_ids": [33, "34"],
    }
    read = TapTerminalOne(config=configured(project, "tap-terminalone", settings)).config
    assert read["request_timeout_seconds"] == 2.5
    assert read["organization_ids"] == ["33", "34"]


def test_the_sandbox_environment_needs_no_setting_from_the_user(project):
    """`--environment=sandbox` is complete: addresses and credentials are there, secrets hidden."""
    done = meltano(project, "--environment=sandbox", "config", "print", "tap-openx")
    config = answer(done)
    assert config["api_url"] == "http://127.0.0.1:4310/openx"
    assert config["email"] == "ops@northwind.example"
    assert "sandbox-openx-password" not in done.stdout + done.stderr


def test_the_schedule_says_what_it_runs(project):
    """An orchestrator can read times and tasks from Meltano."""
    schedules = answer(meltano(project, "schedule", "list", "--format=json"))["schedules"]
    (daily,) = schedules["job"]
    assert daily["name"] == "daily"
    assert daily["job"]["name"] == "all-platforms"
    assert len(daily["job"]["tasks"]) == 4


def test_postgres_gets_moments_in_utc_and_money_exactly(project, postgres_url):
    """The loader's definition alone is enough: the server's own zone is not UTC, its session's is."""
    import psycopg

    money = "12345678901234567890.123456789012345678"
    decimal = {"type": ["string", "null"], "format": "x-singer.decimal"}
    schema = {
        "properties": {
            "key": {"type": "string"},
            "spend": {**decimal, "precision": 38, "scale": 18},
            "moment": {"type": "string", "format": "date-time"},
        }
    }
    stream = {"tap_stream_id": "d", "stream": "d", "key_properties": ["key"], "schema": schema}
    messages = [
        {"type": "SCHEMA", **stream},
        {
            "type": "RECORD",
            "stream": "d",
            "record": {"key": "a", "spend": money, "moment": "2026-03-29T01:30:00Z"},
        },
    ]
    (project / "catalog.json").write_text(json.dumps({"streams": [{**stream, "metadata": []}]}))
    (project / "messages.jsonl").write_text("\n".join(map(json.dumps, messages)) + "\n")
    tap = project / "tap"
    tap.write_text(
        f'#!/bin/sh\ncd "{project}"\ncase "$*" in *--discover*) cat catalog.json;; *) cat messages.jsonl;; esac\n'
    )
    tap.chmod(0o755)
    file = project / "plugins/tap-adjust.meltano.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("executable: tap-adjust", "executable: ./tap"), encoding="utf-8")

    address = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    done = meltano(
        project,
        "--environment=sandbox",
        "run",
        "tap-adjust",
        "target-postgres",
        TARGET_POSTGRES_SQLALCHEMY_URL=address,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT spend::text, moment::text FROM tap_adjust.d").fetchone()
    assert row == (money, "2026-03-29 01:30:00")


def test_personal_data_is_not_read_unless_it_is_selected(project):
    """Meltano's own list of what a run would read has sites, and no users."""
    done = meltano(project, "--environment=sandbox", "select", "--list", "--json", "tap-openx")
    streams = {
        entry["stream"] for entry in answer(done)["streams"] if entry["selection"] != "excluded"
    }
    assert {"sites", "inventory_daily", "sync_windows"} <= streams
    assert not streams & {"users", "audit_trail"}
    personal = {
        (entry["stream"], entry["property"])
        for entry in answer(done)["streams"]
        if entry["property"] in {"payment_info", "contact_name"}
        and entry["selection"] == "selected"
    }
    assert not personal


def test_what_a_user_lets_meltano_write_goes_into_their_own_file_alone(project):
    """Settings and streams chosen with Meltano's commands add lines to meltano.yml, and change nothing else.

    Meltano writes every included file anew on the way, in its own order and without comments further in.
    """
    before = {file: file.read_text("utf-8") for file in (project / "plugins").iterdir()}
    was = (project / "meltano.yml").read_text("utf-8").splitlines()
    words = (
        ("--environment=dev", "config", "set", "tap-adjust", "start_date", "2026-10-01"),
        ("--environment=dev", "select", "tap-adjust", "campaign_daily", "*"),
    )
    for arguments in words:
        done = meltano(project, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    assert {file: file.read_text("utf-8") for file in before} == before
    now = (project / "meltano.yml").read_text("utf-8").splitlines()
    assert [line for line in was if line and line not in now] == []
    entry = {
        "name": "tap-adjust",
        "config": {"start_date": "2026-10-01"},
        "select": ["campaign_daily.*"],
    }
    environments = yaml.safe_load((project / "meltano.yml").read_text("utf-8"))["environments"]
    assert environments[0]["config"]["plugins"]["extractors"] == [entry]
    listed = answer(
        meltano(project, "--environment=dev", "select", "--list", "--json", "tap-adjust")
    )["streams"]
    assert {s["stream"] for s in listed} == {"campaign_daily"}
