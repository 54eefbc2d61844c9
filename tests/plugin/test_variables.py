"""Settings from variables and `.env`: who wins, what is said, and what is not understood."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_plugin.variables import (
    DotEnv,
    VariableError,
    parse,
    read_settings,
    unknown,
    unknown_settings,
    working_directory,
)
from tests.programs import on_path

SCHEMA = {
    "properties": {
        "api_token": {"type": ["string", "null"], "secret": True},
        "start_date": {"type": ["string", "null"]},
        "lookback_days": {"type": ["integer", "null"]},
        "include_today": {"type": ["boolean", "null"]},
        "request_timeout_seconds": {"type": ["number", "null"]},
        "app_tokens": {"type": ["array", "null"], "items": {"type": ["string", "integer"]}},
        "reports": {"type": ["array", "null"], "items": {"type": "object"}},
        "backfill": {"type": ["object", "null"]},
    }
}


def read(environment, dotenv=None):
    return read_settings("tap-x", SCHEMA, environment, dotenv or DotEnv(Path(".env"), {}))


def test_the_environment_beats_the_file_and_the_file_fills_the_gaps():
    """A token given by hand is the one that is used, and the line says what was passed over."""
    file = DotEnv(Path("/srv/.env"), {"TAP_X_API_TOKEN": "old", "TAP_X_START_DATE": "2026-01-01"})
    found = read({"TAP_X_API_TOKEN": "new"}, file)
    assert found.values == {"api_token": "new", "start_date": "2026-01-01"}
    assert found.summary == (
        "Settings from variables: TAP_X_API_TOKEN of the environment; TAP_X_START_DATE of /srv/.env; "
        "TAP_X_API_TOKEN of /srv/.env not used, the environment comes first"
    )


def test_a_number_in_a_list_keeps_its_digits():
    """As in a file of settings: a float would be another filter to the state, and to the platform."""
    text = '[{"filters": {"cost__gt": 0.50, "installs__gt": 1}}]'
    (report,) = read({"TAP_X_REPORTS": text}).values["reports"]
    assert repr(report["filters"]) == "{'cost__gt': Decimal('0.50'), 'installs__gt': 1}"
    assert repr(read({"TAP_X_BACKFILL": '{"a": 0.50}'}).values["backfill"]) == "{'a': 0.5}"


def test_the_summary_says_that_there_is_no_file(tmp_path):
    """Whoever is in the wrong folder sees it in the first line."""
    assert read({}, DotEnv.of(tmp_path)).summary == (
        f"Settings from variables: none ({tmp_path}/.env is not there)"
    )


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("lookback_days", "3", 3),
        ("lookback_days", " 3 ", 3),
        ("include_today", "TRUE", True),
        ("include_today", "on", True),
        ("include_today", "0", False),
        ("include_today", "No", False),
        ("request_timeout_seconds", "2.5", 2.5),
        ("request_timeout_seconds", "30", 30),
        ("app_tokens", '["a", 7]', ["a", 7]),
        ("app_tokens", "a, b,", ["a", "b"]),
        ("app_tokens", "123", ["123"]),
        ("reports", '[{"name": "x"}]', [{"name": "x"}]),
        ("backfill", '{"from": "2026-01-01"}', {"from": "2026-01-01"}),
        ("start_date", "2026-01-01", "2026-01-01"),
        ("api_token", "123", "123"),
        ("api_token", "[1]", "[1]"),
    ],
)
def test_a_value_gets_the_type_of_its_setting(setting, text, value):
    """Numbers, booleans, lists and objects arrive as such; text stays text, whatever it looks like."""
    found = read({f"TAP_X_{setting.upper()}": text}).values[setting]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [
        ("lookback_days", "seven", "'seven' is not a whole number"),
        ("lookback_days", "2.5", "'2.5' is not a whole number"),
        ("include_today", "ture", "'ture' is not true or false"),
        ("include_today", "2", "'2' is not true or false"),
        ("request_timeout_seconds", "1e999", "'1e999' is not a number"),
        ("request_timeout_seconds", "nan", "'nan' is not a number"),
        (
            "reports",
            "[{'name': 'x'}]",
            "\"[{'name': 'x'}]\" is not a JSON list (JSON takes double quotes, not single ones)",
        ),
        ("reports", "x,y", "'x,y' is not a JSON list (expecting value)"),
        ("reports", '{"name": "x"}', '\'{"name": "x"}\' is not a JSON list'),
        ("app_tokens", '["a"', "'[\"a\"' is not a JSON list (expecting ',' delimiter)"),
        ("backfill", "[1]", "'[1]' is not a JSON object"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_variable(setting, text, words):
    """No word is taken for `false`, no traceback for a number: the variable, its value, what is expected."""
    with pytest.raises(VariableError) as caught:
        read({f"TAP_X_{setting.upper()}": text})
    (fault,) = caught.value.errors
    assert fault == f"TAP_X_{setting.upper()}: {words}"


def test_every_variable_that_does_not_fit_is_named_at_once():
    """Nobody corrects one, runs, and is told of the next; a value out of `.env` says so."""
    file = DotEnv(Path("/srv/.env"), {"TAP_X_INCLUDE_TODAY": "ture"})
    with pytest.raises(VariableError) as caught:
        read({"TAP_X_LOOKBACK_DAYS": "seven"}, file)
    assert caught.value.errors == [
        "TAP_X_LOOKBACK_DAYS: 'seven' is not a whole number",
        "TAP_X_INCLUDE_TODAY (in /srv/.env): 'ture' is not true or false",
    ]


def test_a_secret_that_does_not_fit_is_not_shown():
    """A secret list or number would be quoted otherwise."""
    with pytest.raises(ValueError, match="the value is not a whole number") as caught:
        parse("hunter2-canary", {"type": "integer", "secret": True})
    assert "canary" not in str(caught.value)


def test_an_empty_variable_sets_nothing():
    """`TAP_X_LOOKBACK_DAYS=` in a file is a line that nobody filled in; the file's value is no gap then."""
    assert read({"TAP_X_LOOKBACK_DAYS": "", "TAP_X_API_TOKEN": ""}).values == {}


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("TAP_X_LOOKBACK_DAY", "TAP_X_LOOKBACK_DAYS"),
        ("TAP_X_STARTDATE", "TAP_X_START_DATE"),
        ("TAP_X_TOKEN", "TAP_X_API_TOKEN"),
        ("TAP_X_QQQQ", None),
    ],
)
def test_a_variable_that_sets_nothing_is_named_with_the_nearest(name, near):
    """A typing error in a name is seen, in the environment as in the file."""
    hint = f"; did you mean {near}?" if near else ""
    none = DotEnv(Path(".env"), {})
    assert unknown("tap-x", SCHEMA, {name: "1"}, none) == {
        name: f"{name} is no setting of tap-x{hint}"
    }
    file = DotEnv(Path("/srv/.env"), {name: "1"})
    assert unknown("tap-x", SCHEMA, {}, file) == {
        name: f"{name} (in /srv/.env) is no setting of tap-x{hint}"
    }


def test_a_setting_that_there_is_not_is_named_whatever_it_is_called():
    """The name is what was given, quotes and all; the nearest settings are named."""
    given = {"start_date": 1, "start_dat": 1, "it's": 2}
    assert unknown_settings(given, SCHEMA) == {
        "start_dat": "Setting 'start_dat' is not known (did you mean start_date?)",
        "it's": """Setting "it's" is not known""",
    }


def test_what_meltano_and_the_sdk_set_is_no_typing_error():
    """Meltano's extras have a second underscore; the log level is the SDK's; other plugins are others."""
    names = ("TAP_X__SELECT", "TAP_X_LOGLEVEL", "TAP_XY_TOKEN", "TARGET_X_PATH", "TAP_X_START_DATE")
    assert unknown("tap-x", SCHEMA, dict.fromkeys(names, "1"), DotEnv(Path(".env"), {})) == {}


def test_no_file_of_a_folder_above_is_read(tmp_path, monkeypatch):
    """Neither the parent's nor that of the folder the package was installed in."""
    (tmp_path / ".env").write_text("TAP_X_API_TOKEN=above\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert working_directory() == DotEnv(tmp_path / "here/.env", {})


def test_a_line_that_cannot_be_read_is_counted_and_the_others_hold(tmp_path):
    """One open quotation mark does not silence the whole file, and is not passed over either."""
    (tmp_path / ".env").write_text("TAP_X_API_TOKEN='open\nTAP_X_START_DATE=2026-01-01\n")
    found = DotEnv.of(tmp_path)
    assert (found.values, found.broken) == ({"TAP_X_START_DATE": "2026-01-01"}, (1,))


def test_a_file_that_is_no_text_is_named(tmp_path):
    """A folder called .env, or bytes, end in one line."""
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(VariableError, match=r"\.env can't be read"):
        DotEnv.of(tmp_path)


@given(st.dictionaries(st.sampled_from(list(SCHEMA["properties"])), st.text(max_size=30)))
def test_whatever_a_variable_says_it_is_a_value_or_a_named_fault(given_):
    """No text ends in anything but a setting of its type or a line with its name."""
    variables = {f"TAP_X_{k.upper()}": v for k, v in given_.items()}
    kinds = {"integer": int, "boolean": bool, "number": (int, float), "array": list,
             "object": dict, "string": str}  # fmt: skip
    good, faults = {}, []
    try:
        good = read(variables).values
    except VariableError as error:
        faults = error.errors
    for name, value in good.items():
        assert isinstance(value, kinds[SCHEMA["properties"][name]["type"][0]])
    assert [f for f in faults if not any(f.startswith(f"{v}:") for v in variables)] == []


# The programs themselves.


def run(folder, *words, **environment):
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    return subprocess.run(
        [on_path() / words[0], *words[1:]],
        cwd=folder,
        env={"PATH": f"{on_path()}{os.pathsep}{os.defpath}", **kept, **environment},
        text=True,
        input="",
        capture_output=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path):
    """A folder with a `.env`, and one above it with another."""
    (tmp_path / ".env").write_text("TAP_ADJUST_API_TOKEN=token-of-above\n")
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / ".env").write_text(
        "TAP_ADJUST_API_TOKEN=token-of-the-file\nTAP_ADJUST_LOOKBACK_DAY=3\n"
        "TARGET_ADTAP_DUCKDB_PATH=ads.duckdb\nTARGET_ADTAP_DUCKDB_BATCH_SIZE=3\n"
    )
    return folder


def asked_with(sandbox):
    """The tokens of the requests that reached the platform."""
    return {entry["headers"].get("authorization") for entry in sandbox.log("adjust")}


def test_check_and_run_use_the_same_token(project, sandbox):
    """What `adtap check` says of a login holds for the run: both take the environment's, else the file's."""
    url = {"TAP_ADJUST_API_URL": f"{sandbox.url}/adjust/reports-service"}
    for words in (("adtap", "check", "tap-adjust", "--config=ENV"), ("tap-adjust", "--config=ENV")):
        for token in ("token-of-the-shell", None):
            sandbox.clear_log()
            given = {"TAP_ADJUST_API_TOKEN": token} if token else {}
            done = run(project, *words, **url, **given)
            assert done.returncode != 0  # the sandbox knows neither
            assert asked_with(sandbox) == {f"Bearer {token or 'token-of-the-file'}"}
            (line,) = [one for one in done.stderr.splitlines() if "Settings from variables" in one]
            source = "of the environment" if token else f"of {project}/.env"
            assert f"TAP_ADJUST_API_TOKEN {source}" in line.replace(
                "TAP_ADJUST_API_URL, ", ""
            ).replace(", TAP_ADJUST_API_URL", "")
            assert (done.stdout + done.stderr).count("did you mean TAP_ADJUST_LOOKBACK_DAYS?") == 1


def test_the_loader_reads_its_own_folders_file_too(project):
    """The same rules for the target: its file, its typing errors, its types."""
    done = run(project, "target-adtap-duckdb", "--config=ENV")
    assert done.returncode == 0, done.stderr
    assert (project / "ads.duckdb").exists()
    assert f"TARGET_ADTAP_DUCKDB_PATH of {project}/.env" in done.stderr
    assert "did you mean TARGET_ADTAP_DUCKDB_BATCH_SIZE_ROWS?" in done.stderr
    wrong = run(
        project, "target-adtap-duckdb", "--config=ENV", TARGET_ADTAP_DUCKDB_VALIDATE_RECORDS="ture"
    )
    assert wrong.returncode == 1
    assert "TARGET_ADTAP_DUCKDB_VALIDATE_RECORDS: 'ture' is not true or false" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REPORTS", "[{'name': 'x'}]", "is not a JSON list (JSON takes double quotes"),
        ("LOOKBACK_DAYS", "seven", "'seven' is not a whole number"),
        ("INCLUDE_TODAY", "ture", "'ture' is not true or false"),
    ],
)
def test_a_wrong_variable_is_a_settings_error_of_every_command(tmp_path, name, value, words):
    """Not «a defect»: the run, the check and the plan name the variable, before any request."""
    variables = {"TAP_ADJUST_API_TOKEN": "token-0123", f"TAP_ADJUST_{name}": value}
    for code, command in ((2, ("tap-adjust",)), (1, ("adtap", "plan", "tap-adjust"))):
        done = run(tmp_path, *command, "--config=ENV", **variables)
        assert done.returncode == code
        assert f"Setting: TAP_ADJUST_{name}: " in done.stderr
        assert words in done.stderr
        assert "defect" not in done.stderr


def test_what_meltano_would_misread_is_named_under_meltano_too(tmp_path, sandbox):
    """Meltano takes `ture` for false and hands that on: the tap still finds the word in `.env`."""
    (tmp_path / ".env").write_text(
        "TAP_ADJUST_INCLUDE_TODAY=ture\nTAP_ADJUST_STARTDATE=2026-01-01\n"
    )
    config = {"api_url": f"{sandbox.url}/adjust", "api_token": "wrong", "include_today": False}
    (tmp_path / "config.json").write_text(json.dumps(config))
    words = ("tap-adjust", "--config=config.json")
    done = run(tmp_path, *words, TAP_ADJUST_INCLUDE_TODAY="false")
    place = f"(in {tmp_path}/.env)"
    assert f"TAP_ADJUST_INCLUDE_TODAY {place}: 'ture' is not true or false" in done.stderr
    assert f"TAP_ADJUST_STARTDATE {place} is no setting" in done.stderr
    assert "did you mean TAP_ADJUST_START_DATE?" in done.stderr
