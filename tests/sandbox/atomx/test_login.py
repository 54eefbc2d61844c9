"""Logins and tokens of the atomx room."""

import base64
import json

import pytest

EMAIL = "ops@northwind.example"
PASSWORD = "sandbox-atomx-password"
DEAD = {"success": False, "error": "User unauthorized", "errno": 1}


def test_a_login_has_the_platforms_shape(api):
    """The token stands under the key that `resource` names; its middle part holds the expiry."""
    reply = api.login(expiration=7200, totp=None)
    assert reply["success"] is True
    assert reply["resource"] == "auth_token"
    assert reply["totp_required"] is False
    assert reply["user"]["id"] == 311
    middle = reply["auth_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert claims["exp"] - claims["iat"] == 7200


@pytest.mark.parametrize(
    "given",
    [
        {"email": EMAIL, "password": "wrong"},
        {"email": "else@northwind.example", "password": PASSWORD},
        {"password": PASSWORD},
    ],
    ids=["wrong password", "unknown user", "no user"],
)
def test_wrong_credentials_are_401(api, given):
    """With the usual error body."""
    reply = api.ask("POST", "/v3/login", json=given)
    assert reply.status_code == 401
    assert reply.json() == {"success": False, "error": "Invalid email or password", "errno": 1}


def test_the_user_id_logs_in_too_and_so_does_get(api):
    """Both are documented: the id in place of the e-mail, and GET with the password in the URL."""
    by_id = api.ask("POST", "/v3/login", json={"id": 311, "password": PASSWORD})
    by_get = api.ask("GET", "/v3/login", params={"email": EMAIL, "password": PASSWORD})
    assert [by_id.status_code, by_get.status_code] == [200, 200]


@pytest.mark.parametrize("header", [None, "Bearer none", "Basic x", "Bearer "])
def test_calls_without_a_living_token_are_401(api, header):
    """Whatever is wrong with it, the body is the same."""
    api.session.headers.pop("Authorization")
    reply = api.ask("GET", "/v3/creatives", headers={"Authorization": header} if header else {})
    assert reply.status_code == 401
    assert reply.json() == DEAD


def test_a_token_dies_by_the_sandbox_clock(api, sandbox):
    """One second before its end it lives, at its end it does not; a new login goes on."""
    api.login(expiration=60)
    sandbox.clock("2026-03-18T12:30:59+00:00")
    assert api.ask("GET", "/v3/networks").status_code == 200
    sandbox.clock("2026-03-18T12:31:00+00:00")
    assert api.ask("GET", "/v3/networks").json() == DEAD
    api.login()
    assert api.ask("GET", "/v3/networks").status_code == 200


def test_a_bad_expiration_is_400(api):
    """It is a number of seconds."""
    for wrong in ("soon", 0, -5):
        given = {"email": EMAIL, "password": PASSWORD, "expiration": wrong}
        assert api.ask("POST", "/v3/login", json=given).status_code == 400


def test_a_token_can_be_used_up(api, sandbox):
    """Switch `requests_per_token`: the third call needs a new login."""
    sandbox.switch("atomx", requests_per_token=2)
    api.login()
    assert [api.ask("GET", "/v3/sizes").status_code for _ in range(3)] == [200, 200, 401]
    api.login()
    assert api.ask("GET", "/v3/sizes").status_code == 200


def test_second_factor_in_two_steps(api, sandbox):
    """The provisional token opens only `totp`; the code makes it a full one."""
    sandbox.switch("atomx", second_factor=True)
    assert api.login()["totp_required"] is True
    assert api.ask("GET", "/v3/networks").json() == DEAD
    assert api.ask("POST", "/v3/totp", json={"totp": "000000"}).status_code == 401
    full = api.ask("POST", "/v3/totp", json={"totp": "123456"}).json()
    assert full["totp_required"] is False
    headers = {"Authorization": f"Bearer {full['auth_token']}"}
    assert api.ask("GET", "/v3/networks", headers=headers).status_code == 200


def test_second_factor_in_one_step(api, sandbox):
    """The code in the login body; a wrong one is 401."""
    sandbox.switch("atomx", second_factor=True, totp_code="777777")
    assert api.login(totp="777777")["totp_required"] is False
    given = {"email": EMAIL, "password": PASSWORD, "totp": "123456"}
    assert api.ask("POST", "/v3/login", json=given).status_code == 401


def test_old_versions_carry_the_token_in_a_cookie(api):
    """v1 and v2 set `auth_tkt`, and take it back with the suffix of the PHP client."""
    api.session.headers.pop("Authorization")
    reply = api.ask("POST", "/v2/login", json={"email": EMAIL, "password": PASSWORD})
    token = reply.json()["auth_tkt"]
    assert reply.cookies["auth_tkt"] == token
    api.session.cookies.clear()
    cookie = {"Cookie": f"auth_tkt={token}!userid_type:int"}
    assert api.ask("GET", "/v2/networks", headers=cookie).status_code == 200
    assert api.ask("GET", "/v3/networks", headers=cookie).status_code == 401
    pairs = api.ask("GET", "/v1/networks_list", headers=cookie).json()["networks_list"]
    assert pairs[0] == [4, "Northwind Media"]


def test_a_reset_forgets_tokens(api, sandbox):
    """A token of before opens nothing."""
    sandbox.reset()
    assert api.ask("GET", "/v3/networks").json() == DEAD


def test_the_bare_path_serves_the_same(api, sandbox):
    """Clients that carry no prefix find the room at /v3/."""
    headers = dict(api.session.headers)
    reply = api.session.get(f"{sandbox.url}/v3/networks_list", headers=headers, timeout=30)
    assert reply.json()["networks_list"] == api.rows("networks_list")
