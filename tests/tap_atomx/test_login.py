"""Logging in to atomx: what is sent, what is refused, and what happens when a token dies."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from adtap_core.errors import CredentialsError, RetriesExhausted, SettingsError
from adtap_core.tap import RunFailed
from tap_atomx.auth import TokenLogin, one_time_code
from tap_atomx.tap import TapAtomx
from tests.canned import Asked, Canned, Text
from tests.conftest import SandboxHandle
from tests.running import run_command, run_tap

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def logins(sandbox: SandboxHandle) -> list[dict[str, Any]]:
    """The logins that were sent, in order."""
    return [
        json.loads(e["body"]) | {"_path": e["path"]}
        for e in sandbox.log("atomx")
        if e["path"] in {"/v3/login", "/v3/totp"}
    ]


def test_the_login_asks_for_a_token_life(read, sandbox):
    """One login a run: e-mail, password and a life of the token; no code where none is set."""
    read({"networks", "advertisers"})
    assert logins(sandbox) == [
        {
            "email": "ops@northwind.example",
            "password": "sandbox-atomx-password",
            "expiration": 86_400,
            "_path": "/v3/login",
        }
    ]
    others = [e for e in sandbox.log("atomx") if e["path"] != "/v3/login"]
    assert others
    assert all(e["headers"]["authorization"].startswith("Bearer ") for e in others)


def test_a_wrong_password_stops_at_once(sandbox, settings, tmp_path: Path):
    """One request, exit code above 0, one line that names account and settings, and no password in it."""
    done = run_command(
        "tap-atomx", folder=tmp_path, config={**settings, "password": "wrong-password-4711"}
    )
    assert done.code != 0
    assert len(sandbox.log("atomx")) == 1
    assert "ops@northwind.example" in done.stderr
    assert "Invalid email or password" in done.stderr
    assert "`password`" in done.stderr
    assert "wrong-password-4711" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.records


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "error": "account disabled"},
        {"success": True, "resource": "auth_token", "auth_token": None},
    ],
    ids=["refused-under-200", "no-token"],
)
def test_a_login_refused_under_status_200_is_refused(read, sandbox, body):
    """`success: false` under 200, or no token, never begins a sync."""
    sandbox.fault("status", platform="atomx", path="/login", status=200, body=body, times=None)
    with pytest.raises((CredentialsError, RetriesExhausted)) as caught:
        read({"networks"}, max_retries=0)
    assert "ops@northwind.example" in str(caught.value)


def test_a_second_factor_without_a_code_says_what_to_do(read, sandbox):
    """`totp_required` without a code stops at once; the provisional token is not used."""
    sandbox.switch("atomx", second_factor=True)
    with pytest.raises(CredentialsError, match="second factor") as caught:
        read({"networks"})
    assert "`totp`" in str(caught.value)
    assert [e["path"] for e in sandbox.log("atomx")] == ["/v3/login"]


@pytest.mark.parametrize("in_login", [True, False], ids=["one-step", "two-steps"])
def test_a_code_opens_a_login_with_a_second_factor(read, sandbox, in_login):
    """The code goes with the login; where the platform wants it apart, in a second step."""
    sandbox.switch("atomx", second_factor=True, totp_in_login=in_login)
    found = read({"networks"}, totp="123456")
    assert len(found.records["networks"]) == 2
    paths = [login["_path"] for login in logins(sandbox)]
    assert paths == (["/v3/login"] if in_login else ["/v3/login", "/v3/totp"])
    assert all(login["totp"] == "123456" for login in logins(sandbox))


def test_a_secret_gives_the_code_of_the_moment(read, sandbox):
    """With the shared secret in `totp` unattended runs log in; the code is that of authenticator apps."""
    # RFC 6238, appendix B, its SHA-1 key and the last six of its eight digits.
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert [one_time_code(key, s) for s in (59, 1111111109, 20000000000)] == [
        "287082",
        "081804",
        "353130",
    ]
    sandbox.switch("atomx", second_factor=True, totp_code=one_time_code(SECRET, 1111111109))
    with patch("tap_atomx.client.TokenLogin", partial(TokenLogin, seconds=lambda: 1111111109.0)):
        assert len(read({"networks"}, totp=SECRET).records["networks"]) == 2


def test_a_code_that_the_server_repeats_is_masked(read, sandbox):
    """It is as good as a password, for half a minute."""
    said = {"success": False, "error": "wrong code 654321"}
    sandbox.switch("atomx", second_factor=True)
    with patch("tap_atomx.auth.one_time_code", return_value="654321"):
        sandbox.fault("status", platform="atomx", path="/login", status=401, body=said)
        with pytest.raises(CredentialsError) as caught:
            read({"networks"}, totp=SECRET)
    assert "wrong code ***" in str(caught.value)


def test_a_second_factor_that_is_neither_code_nor_secret_is_refused(settings):
    """Before any request, and without showing it."""
    with pytest.raises(SettingsError, match="totp") as caught:
        run_tap(TapAtomx, {**settings, "totp": "not-a-code"})
    assert "not-a-code" not in str(caught.value)


def test_a_wrong_code_stops_at_once(read, sandbox):
    """No second try: another one could lock the account."""
    sandbox.switch("atomx", second_factor=True)
    with pytest.raises(CredentialsError):
        read({"networks"}, totp="000000")
    assert len(sandbox.log("atomx")) == 1


def single_use(codes: list[str]) -> Callable[[Asked], object]:
    """A server that takes each code once, and whose first token ends after one list."""
    lists: list[str] = []

    def answers(asked: Asked) -> object:
        if asked.path == "/v3/login":
            code = asked.json["totp"]
            codes.append(code)
            if codes.count(code) > 1:
                said = {"success": False, "error": "code was used already", "errno": 9}
                return Text(json.dumps(said), "application/json", 401)
            return {"success": True, "resource": "auth_token", "auth_token": f"token-of-{code}"}
        lists.append(asked.path)
        if len(lists) > 1 and asked.headers["authorization"] == "Bearer token-of-111111":
            said = {"success": False, "error": "User unauthorized", "errno": 1}
            return Text(json.dumps(said), "application/json", 401)
        name = asked.path.removeprefix("/v3/")
        return {"success": True, "resource": name, name: [{"id": 1}], "count": 1, "limit": 1000}

    return answers


@pytest.mark.parametrize("is_secret", [True, False])
def test_a_code_that_is_good_once_is_not_used_twice(is_secret):
    """A token that dies within half a minute of its login: the next login waits for the next code of the secret."""
    codes: list[str] = []
    slept: list[float] = []
    login = partial(TokenLogin, seconds=lambda: 1111111115.0, sleep=slept.append)
    made = ["111111", "111111", "222222"]
    with (
        Canned(single_use(codes)) as server,
        patch("tap_atomx.client.TokenLogin", login),
        patch("tap_atomx.auth.one_time_code", lambda _, at: made.pop(0) if at else "000000"),
    ):
        config = {"api_url": f"{server.url}/v3", "email": "a@b.example", "password": "p" * 12}
        if is_secret:
            found = run_tap(TapAtomx, {**config, "totp": SECRET}, streams={"sizes", "browsers"})
            assert [r["id"] for r in found.records["browsers"]] == [1]
            assert codes == ["111111", "111111", "222222"]
            assert slept == [25.0]
        else:
            with pytest.raises(CredentialsError):
                run_tap(TapAtomx, {**config, "totp": "111111"}, streams={"sizes", "browsers"})
            assert codes == ["111111", "111111"]
            assert not slept


def test_a_token_of_an_older_api_names_the_address():
    """Versions 1 and 2 answer with `auth_tkt`: nothing is wrong with the password."""
    document = {"success": True, "resource": "auth_tkt", "auth_tkt": "ticket-0123456789"}
    with Canned(lambda _: document) as server:
        config = {"api_url": f"{server.url}/v2", "email": "a@b.example", "password": "p" * 12}
        with pytest.raises(CredentialsError, match="older version of the API") as caught:
            run_tap(TapAtomx, config, streams={"sizes"})
    assert "`api_url`" in str(caught.value)
    assert "`password`" not in str(caught.value)


def test_a_token_life_that_is_too_long_names_its_setting(read, sandbox):
    """400 may be about any part of the login: the longest life of a token is not published."""
    said = {"success": False, "error": "expiration must be at most 3600", "errno": 6}
    sandbox.fault("status", platform="atomx", path="/login", status=400, body=said, times=None)
    with pytest.raises(CredentialsError, match="at most 3600") as caught:
        read({"networks"})
    assert "`token_expiration_seconds`" in str(caught.value)
    assert len(sandbox.log("atomx")) == 1


def test_a_token_that_dies_is_renewed(read: Callable[..., Any], sandbox):
    """Tokens good for three calls: the same records, one login for every three calls, nothing twice."""
    streams = {"networks", "advertisers", "campaigns", "sites", "sizes", "browsers"}
    whole = read(streams)
    sandbox.switch("atomx", requests_per_token=3)
    sandbox.clear_log()
    again = read(streams)
    assert again.records == whole.records
    refused = [e for e in sandbox.log("atomx") if e["status"] == 401]
    assert refused
    assert len(logins(sandbox)) == len(refused) + 1


def test_a_failure_under_status_200_is_a_failure(read, sandbox):
    """`success: false` under 200 is asked again; if it stays, the stream fails and says why."""
    sandbox.switch("atomx", fail_softly=["advertisers$"], fail_softly_times=1)
    found = read({"advertisers"})
    assert len(found.records["advertisers"]) == len(sandbox.environment.world.advertisers)
    sandbox.switch("atomx", fail_softly=["advertisers$"], fail_softly_times=0)
    with pytest.raises(RunFailed):
        read({"advertisers", "networks"}, max_retries=1)


@pytest.mark.parametrize("kind", ["reset", "cut", "html", "empty", "garbage"])
@pytest.mark.parametrize("stream", ["creatives", "advertiser_delivery_daily"])
def test_faults_that_pass_cost_nothing_but_a_retry(read, sandbox, kind, stream):
    """A list and a download both come whole after a connection that broke or a body that was none."""
    whole = read({stream})
    path = "/creatives" if stream == "creatives" else "/report"
    sandbox.fault(kind, platform="atomx", path=path)
    healed = read({stream})
    hidden = {"_synced_at"}
    assert [{k: v for k, v in r.items() if k not in hidden} for r in healed.records[stream]] == [
        {k: v for k, v in r.items() if k not in hidden} for r in whole.records[stream]
    ]
    assert whole.records[stream]


def test_retry_after_is_obeyed(read, sandbox):
    """429 with `Retry-After: 1` on a download is waited for."""
    sandbox.fault(
        "status", platform="atomx", path="/report", status=429, headers={"Retry-After": "1"}
    )
    found = read({"inventory_daily"})
    assert found.records["inventory_daily"]
    assert found.windows("inventory_daily")[0]["retries"] == 1
