"""An error names the setting to look at, and where its value came from: a variable, the `.env`, a file, Meltano."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from adtap_core.errors import AdtapError, CredentialsError, SettingsError
from adtap_core.tap import AdTap
from adtap_sandbox import credentials as known
from tap_adjust.tap import TapAdjust
from tap_atomx.tap import TapAtomx
from tap_openx.tap import TapOpenx
from tap_terminalone.tap import TapTerminalOne
from tests.conftest import MOMENT, SandboxHandle
from tests.running import run_tap

NOBODY = "http://127.0.0.1:9"
"""Nobody listens on the port for what is thrown away."""
T1 = {"username": known.USERNAME, "password": known.T1_PASSWORD}
T1_CLIENT = {"client_id": known.T1_CLIENT_ID, "client_secret": known.T1_CLIENT_SECRET}
OPENX = {"email": known.EMAIL, "password": known.OPENX_PASSWORD}
OPENX_KEY = {
    "consumer_key": known.OPENX_CONSUMER_KEY,
    "consumer_secret": known.OPENX_CONSUMER_SECRET,
}
OPENX_CLIENT = {
    "client_id": known.OPENX_CLIENT_ID,
    "identity_key": known.OPENX_IDENTITY_KEY,
    "instance_hostname": known.OPENX_INSTANCE_HOSTNAME,
}
LEGACY = {"api_generation": "legacy"}
LOGINS: dict[str, tuple[type[AdTap], dict[str, Any], str]] = {
    "adjust": (TapAdjust, {"api_token": known.ADJUST_API_TOKEN}, "apps"),
    "atomx": (
        TapAtomx,
        {"email": known.EMAIL, "password": known.ATOMX_PASSWORD},
        "advertisers",
    ),
    "openx sign-on": (TapOpenx, {**OPENX, **OPENX_KEY}, "sites"),
    "openx bearer": (TapOpenx, {**OPENX, **OPENX_CLIENT}, "sites"),
    "terminalone password": (TapTerminalOne, {**T1, **T1_CLIENT}, "advertisers"),
    "terminalone refresh": (
        TapTerminalOne,
        {"refresh_token": "a-refresh-token-0123", **T1_CLIENT},
        "advertisers",
    ),
    "terminalone token": (
        TapTerminalOne,
        {"access_token": "an-access-token-0123"},
        "advertisers",
    ),
    "terminalone cookie": (
        TapTerminalOne,
        {**LEGACY, "auth_method": "cookie", **T1, "api_key": known.T1_API_KEY},
        "advertisers",
    ),
    "terminalone session": (
        TapTerminalOne,
        {**LEGACY, "session_id": "a-session-id-0123", "api_key": known.T1_API_KEY},
        "advertisers",
    ),
}
"""Each way to log in: the tap, good settings (but for those that only a login could give), a stream."""
WRONG = {
    "adjust": "api_token",
    "atomx": "password",
    "openx sign-on": "password",
    "openx bearer": "identity_key",
    "terminalone password": "password",
    "terminalone refresh": "refresh_token",
    "terminalone token": "access_token",
    "terminalone cookie": "api_key",
    "terminalone session": "session_id",
}
"""The credential that each is refused for, once it is wrong."""


def addresses(tap: type[AdTap], url: str) -> dict[str, str]:
    """Return the tap's addresses at the sandbox."""
    below = {
        TapAdjust: {"api_url": "/adjust/reports-service", "kpi_api_url": "/adjust/kpis/v1"},
        TapAtomx: {"api_url": "/atomx/v3"},
        TapOpenx: {"api_url": "/openx", "sso_url": "/openx", "identity_url": "/openx"},
        TapTerminalOne: {"api_url": "/terminalone", "auth_url": "/terminalone"},
    }
    return {name: f"{url}{path}" for name, path in below[tap].items()}


@pytest.fixture(autouse=True)
def _noon(sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADTAPS_NOW", MOMENT)


# -- addresses -------------------------------------------------------------------------------------


ASKED = {
    "adjust": {"api_url": "apps", "kpi_api_url": "kpi_deliverables"},
    "atomx": {"api_url": "advertisers"},
    "openx sign-on": {"sso_url": "sites", "api_url": "sites"},
    "openx bearer": {"identity_url": "sites", "api_url": "sites"},
    "terminalone password": {"auth_url": "advertisers", "api_url": "advertisers"},
}
"""The addresses that each login's runs ask, with a stream that needs them."""


@pytest.mark.parametrize(
    ("login", "dead"), [(login, name) for login, asked in ASKED.items() for name in asked]
)
def test_an_error_of_a_connection_names_the_setting_of_the_host_that_was_asked(
    sandbox: SandboxHandle, caplog: pytest.LogCaptureFixture, login: str, dead: str
) -> None:
    """Adjust has two services and others a login elsewhere: the one to look at is the one that did not answer."""
    tap, settings, _ = LOGINS[login]
    config = {**settings, **addresses(tap, sandbox.url), dead: NOBODY, "max_retries": 0}
    with pytest.raises(AdtapError) as caught:
        run_tap(tap, {**config, "start_date": "2026-03-16"}, streams={ASKED[login][dead]})
    said = f"{caught.value}\n{caplog.text}"
    assert f"could not connect to 127.0.0.1:9: check `{dead}`, DNS and network" in said
    assert all(f"check `{name}`" not in said for name in addresses(tap, "") if name != dead)


# -- credentials -----------------------------------------------------------------------------------


def read_files(tap: type[AdTap], *paths: Path) -> dict[str, Any]:
    """Read settings as the tap's command does with `--config`, given once for each file."""
    return tap.cb_config(None, None, tuple(map(str, paths))).config  # type: ignore[arg-type] # neither is used


def refused(tap: type[AdTap], config: dict[str, Any], stream: str, **more: Any) -> str:
    """Run with credentials that are refused; give what is said."""
    made = tap(config=config, **more)
    catalog = made.catalog_dict
    for entry in catalog["streams"]:
        entry["metadata"][0]["metadata"]["selected"] = entry["tap_stream_id"] == stream
    made = tap(config=config, catalog=catalog, **more)
    try:
        with pytest.raises(CredentialsError) as caught:
            made.run()
    finally:
        made.workers.close()
    return str(caught.value)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("place", [".env", "environment"])
def test_a_refused_login_names_the_credential_and_the_variable_it_came_from(
    sandbox: SandboxHandle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    login: str,
    place: str,
) -> None:
    """Who has three `.env` files and a shell full of exports sees which token it was; never the token."""
    tap, settings, stream = LOGINS[login]
    bad = WRONG[login]
    config = {**settings, bad: "canary-wrong-0123456789", **addresses(tap, sandbox.url)}
    prefix = f"{tap.name.upper().replace('-', '_')}_"
    variables = {f"{prefix}{name.upper()}": str(value) for name, value in config.items()}
    monkeypatch.chdir(tmp_path)
    # The tap puts what `.env` holds into its process's environment: into a copy here.
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr("adtap_plugin.variables._FILLED", {})
    if place == ".env":
        lines = "\n".join(f"{name}={value}" for name, value in variables.items())
        (tmp_path / ".env").write_text(lines, encoding="utf-8")
        wanted = f"`{bad}` from {prefix}{bad.upper()} in {tmp_path / '.env'}"
    else:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        wanted = f"`{bad}` from the variable {prefix}{bad.upper()}"
    said = refused(tap, {}, stream, parse_env_config=True)
    assert said.count(wanted) == 1
    assert "canary" not in said


@pytest.mark.parametrize("login", LOGINS)
def test_a_refused_login_names_the_file_it_came_from(
    sandbox: SandboxHandle, tmp_path: Path, login: str
) -> None:
    """Two files and the second one wins: that is the one to correct."""
    tap, settings, stream = LOGINS[login]
    bad = WRONG[login]
    config = {**settings, **addresses(tap, sandbox.url)}
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps(config))
    second.write_text(json.dumps({bad: "canary-wrong-0123456789"}))
    said = refused(tap, read_files(tap, first, second), stream)
    assert f"`{bad}` from the file {second}" in said
    assert "canary" not in said


def test_a_refused_login_under_meltano_names_the_env_file_behind_it(
    sandbox: SandboxHandle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meltano hands settings on in a file of its own, which nobody should edit: what fed it is named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TAP_ADJUST_API_TOKEN=canary-wrong-0123456789\n")
    handed = tmp_path / ".meltano" / "run" / "tap-adjust" / "tap.config.json"
    handed.parent.mkdir(parents=True)
    own = {"account_id": 7, "api_token": "canary-wrong-0123456789"}
    handed.write_text(json.dumps({**own, **addresses(TapAdjust, sandbox.url)}))
    said = refused(TapAdjust, read_files(TapAdjust, handed), "apps")
    assert f"`api_token` from TAP_ADJUST_API_TOKEN in {tmp_path / '.env'}, through Meltano" in said
    assert "`account_id` from Meltano (the variable TAP_ADJUST_ACCOUNT_ID, meltano.yml" in said


# -- what was typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["token-0123456789\n", "token\u20130123456789"], ids=["line end", "dash"]
)
@pytest.mark.parametrize(
    ("login", "setting"),
    [
        ("adjust", "api_token"),
        ("terminalone token", "access_token"),
        ("terminalone session", "session_id"),
        ("openx bearer", "instance_hostname"),
    ],
)
def test_a_credential_that_no_header_can_carry_is_named(
    sandbox: SandboxHandle, login: str, setting: str, value: str
) -> None:
    """Copied with its line end, or out of a word processor: it was taken for a network that fails, or for a defect."""
    tap, settings, stream = LOGINS[login]
    config = {**settings, setting: value, **addresses(tap, sandbox.url)}
    said = refused(tap, config, stream)
    assert setting in said or login == "openx bearer"
    assert value.strip() not in said
    assert "a defect" not in said


def test_space_around_a_refused_token_is_said(sandbox: SandboxHandle, tmp_path: Path) -> None:
    """It can't be seen, and is often the reason."""
    file = tmp_path / "config.json"
    token = f" {known.ADJUST_API_TOKEN}"
    file.write_text(json.dumps({"api_token": token, **addresses(TapAdjust, sandbox.url)}))
    said = refused(TapAdjust, read_files(TapAdjust, file), "apps")
    assert f"`api_token` from the file {file}, with a space or line end around it" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such file"),
        ("", "that is a folder: name the JSON file in it"),
        (" ", "the file is empty"),
        ("[1]", "a JSON object is expected"),
        ('"x"', "a JSON object is expected"),
        ("{'a': 1}", "can't be read as JSON"),
    ],
)
@pytest.mark.parametrize("tap", [TapAdjust, TapAtomx, TapOpenx, TapTerminalOne])
def test_of_several_files_the_one_that_cant_be_read_is_named(
    tmp_path: Path, tap: type[AdTap], text: str | None, words: str
) -> None:
    """In one line, with what is wrong with it."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text("{}")
    if text:
        bad.write_text(text)
    elif text is not None:
        bad.mkdir()
    with pytest.raises(SettingsError) as caught:
        read_files(tap, good, bad)
    (fault,) = caught.value.errors
    assert fault.startswith(f"--config {bad}: {words}")


@pytest.mark.parametrize("tap", [TapAdjust, TapAtomx, TapOpenx, TapTerminalOne])
def test_a_misspelt_setting_is_named_also_where_another_is_missing(
    caplog: pytest.LogCaptureFixture, tap: type[AdTap]
) -> None:
    """What is missing may stand there under a name that is misspelt."""
    with pytest.raises(SettingsError):
        tap(config={"start_dat": "2026-01-01"})
    assert "Setting 'start_dat' is not known (did you mean start_date" in caplog.text


def test_values_that_nearly_fit_say_how_they_fit() -> None:
    """A currency in small letters, one id where a list belongs."""
    with pytest.raises(SettingsError) as caught:
        TapAdjust(config={"api_token": "x", "currency": "usd", "app_tokens": "abc"})
    assert caught.value.errors == [
        "app_tokens: 'abc' is not a list, such as [\"abc\"]",
        "currency: 'usd' does not have the form ^[A-Z]{3}$; did you mean 'USD'?",
    ]
