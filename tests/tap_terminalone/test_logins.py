"""Logins of both generations: which credential is refused, when a session is renewed."""

import json

import pytest
import requests

from adtap_core.errors import CredentialsError, SettingsError
from adtap_core.tap import RunFailed
from adtap_sandbox import credentials
from tap_terminalone.tap import TapTerminalOne
from tests.canned import Canned, Text
from tests.running import run_command, run_tap

LOGIN = {
    "grant_type": "password",
    "username": credentials.USERNAME,
    "password": credentials.T1_PASSWORD,
    "client_id": credentials.T1_CLIENT_ID,
    "client_secret": credentials.T1_CLIENT_SECRET,
    "audience": "https://api.mediamath.com/",
    "scope": "offline_access",
}


def granted(room):
    """An access token and a refresh token, got by hand."""
    return requests.post(f"{room.url}/oauth/token", json=LOGIN, timeout=30).json()


@pytest.mark.parametrize("kind", ["html", "empty", "garbage"])
@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_what_is_no_answer_of_the_login_is_asked_again(room, generation, kind):
    """A proxy's page under a good status says nothing of the password."""
    path = "/oauth/token" if generation == "current" else "/api/v2.0/login"
    room.fault(kind, path=path, times=1)
    found = room.run(getattr(room, generation)(), "agencies")
    assert found.records["agencies"]


def test_half_a_login_in_xml_is_asked_for_again(room):
    """It breaks off before the session: nothing was refused."""
    half = """<?xml version='1.0' ?><result><entity name="etl" id="4711" type="user" /><sess"""
    room.fault("status", path="/api/v2.0/login", status=200, times=1, body=half)
    assert room.run(room.legacy(), "agencies").records["agencies"]


def test_a_session_may_stand_in_the_logins_xml_alone():
    """As the vendor's clients recorded it, without a cookie: the body says the session."""
    xml = """<result><session sessionid="0a1b2c3d4e5f60718293a4b5c6d7e8f901234567" /><status code="ok" /></result>"""

    def answers(asked):
        if asked.path == "/api/v2.0/login":
            return Text(xml, "text/xml")
        signed_on = "adama_session=0a1b2c3d" in asked.headers.get("cookie", "")
        assert signed_on
        return {"data": [], "meta": {"status": "ok", "count": 0, "total_count": 0}}

    with Canned(answers) as server:
        config = {
            "api_url": server.url,
            "api_generation": "legacy",
            "auth_method": "cookie",
            "username": "etl",
            "password": "canary-0123456789",
            "api_key": "key-0123456789",
        }
        run_tap(TapTerminalOne, config, streams={"verticals"})
        assert "/api/v2.0/verticals" in server.paths()


def test_a_given_session_needs_no_api_key():
    """A gateway that wants one says so; none is made up."""

    def answers(asked):
        good = (
            asked.headers["cookie"] == f"adama_session={'a' * 40}" and "api_key" not in asked.query
        )
        return {"data": [], "meta": {"status": "ok", "total_count": 0}} if good else None

    with Canned(answers) as server:
        config = {
            "api_url": server.url,
            "api_generation": "legacy",
            "auth_method": "session_id",
            "session_id": "a" * 40,
        }
        run_tap(TapTerminalOne, config, streams={"verticals"})
        assert server.paths() == ["/api/v2.0/verticals"]


def test_password_refresh_token_and_given_token_read_the_same(room):
    """Three ways in, one result."""
    tokens = granted(room)
    only = {"username": None, "password": None}
    ways = [
        room.current(),
        room.current(realm="T1DB-Production"),
        room.current(auth_method="oauth_refresh", refresh_token=tokens["refresh_token"], **only),
        room.current(auth_method="access_token", access_token=tokens["access_token"], **only),
    ]
    lists = [room.run(way, "agencies").records["agencies"] for way in ways]
    assert lists[0]
    assert all(found == lists[0] for found in lists)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"password": "wrong-password"}, "user ops@northwind.example"),
        ({"client_secret": "wrong-secret"}, "`client_secret`"),
        ({"client_id": "nobody"}, "`client_id`"),
        ({"auth_method": "oauth_refresh", "refresh_token": "spent-token"}, "`refresh_token`"),
    ],
)
def test_a_refused_credential_is_named_and_tried_once(room, wrong, named):
    """One login, no data request, no second try; the message says which credential."""
    with pytest.raises(CredentialsError, match=named) as refused:
        room.run(room.current(**wrong))
    assert "wrong-" not in str(refused.value)
    assert [e["path"] for e in room.sandbox.log("terminalone")] == ["/oauth/token"]


def test_a_token_that_ends_is_renewed_once_and_nothing_is_repeated(room):
    """Every third request finds its token spent; the run ends well, each page read once."""
    room.switch(token_requests=3)
    found = room.run(room.current(), "campaigns", "strategies", "performance_daily")
    assert len(room.asked("/oauth/token")) > 1
    for name in ("campaigns", "strategies"):
        ids = [r["id"] for r in found.records[name]]
        assert sorted(ids) == room.truth(collection=name)["ids"]


def test_rotating_refresh_tokens_are_followed(room, caplog):
    """Each answer holds the next refresh token; that the setting's is spent with the first is said, once."""
    tokens = granted(room)
    room.switch(token_requests=4, refresh_token_rotates=True)
    config = room.current(auth_method="oauth_refresh", refresh_token=tokens["refresh_token"])
    found = room.run(config, "campaigns", "strategies", "concepts", "agencies", "vendors", "deals")
    assert found.records["deals"]
    assert len(room.asked("/oauth/token")) > 2
    (warned,) = [r.getMessage() for r in caplog.records if r.name == "adtaps.login"]
    assert "setting `refresh_token`" in warned
    assert tokens["refresh_token"] not in caplog.text


def test_a_given_token_that_ends_stops_the_run_at_once(room):
    """It can't be renewed: said once, with the setting's name."""
    token = granted(room)["access_token"]
    config = room.current(auth_method="access_token", access_token=token)
    room.sandbox.clock("2026-03-19T12:00:01+00:00")
    with pytest.raises(CredentialsError, match="access_token"):
        room.run(config)
    assert len(room.sandbox.log("terminalone")) == 2


def test_nobody_at_the_logins_address_is_told_with_its_setting(room, caplog):
    """A wrong `auth_url`: nothing was said of the credentials, and the setting is named."""
    with pytest.raises(RunFailed) as caught:
        room.run(room.current(auth_url="http://127.0.0.1:9", max_retries=0), "agencies")
    assert caught.value.exit_code == 1
    assert "`auth_url`" in caplog.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "username is missing"),
        ({"client_id": "c"}, "client_secret is missing"),
        (
            {"auth_method": "cookie", "username": "u", "password": "p", "api_key": "k"},
            "legacy generation",
        ),
        ({"auth_method": "magic"}, "is not one of"),
        (
            {"access_token": "t-t-t", "organization_ids": ["x"]},
            "organization_ids: 'x' is not an id",
        ),
        ({"access_token": "t-t-t", "time_zone": "Europe/Berlin"}, "each campaign's own zone"),
    ],
)
def test_settings_that_cannot_work_are_told_before_any_request(room, settings, words):
    """One line for each fault."""
    with pytest.raises(SettingsError) as refused:
        room.run({"api_url": room.url, "auth_url": room.url, **settings})
    assert words in str(refused.value)
    assert not room.sandbox.log("terminalone")


@pytest.mark.parametrize("which", ["current", "legacy"])
def test_discovery_needs_no_credentials_and_no_network(which):
    """The catalogue is there without them, and holds what that generation has."""
    tap = TapTerminalOne(config={"api_generation": which}, validate_config=False)
    names = {entry["tap_stream_id"] for entry in tap.catalog_dict["streams"]}
    assert {"campaigns", "performance_daily"} <= names
    assert ("marketplaces" in names) == (which == "current")


def test_no_secret_is_ever_shown(room, tmp_path):
    """Refused login, spent token, failing report: no credential in any output."""
    room.fault("status", path="/reporting/v2/", status=500, times=99, body="sandbox-t1-password")
    wrong = run_command(
        "tap-terminalone", folder=tmp_path, config=room.current(password="sandbox-x")
    )
    failing = run_command(
        "tap-terminalone",
        folder=tmp_path,
        config=room.current(max_retries=0),
        environment={"LOGLEVEL": "DEBUG"},
    )
    assert (wrong.code, failing.code) == (3, 1)
    for run in (wrong, failing):
        shown = run.stderr + json.dumps(run.lines, default=str)
        assert "sandbox-t1-" not in shown.replace("sandbox-t1-client", "")
        assert "sandbox-x" not in shown
        assert "eyJ" not in shown
        assert "Traceback" not in run.stderr
