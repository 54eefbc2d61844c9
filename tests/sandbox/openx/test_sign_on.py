"""The legacy single sign-on behaves as the vendor's guide and clients say."""

import socket
from urllib.parse import parse_qsl, urlsplit

import pytest
from requests_oauthlib import OAuth1

from adtap_sandbox import credentials

SESSION = "/ox/4.0/session"


def test_three_steps_lead_to_a_session(legacy):
    """The token of step 3, sent as a cookie, opens the Platform API and both Data Service prefixes."""
    assert legacy.get(SESSION).json()["user"]["email"] == credentials.EMAIL
    for prefix in ("/data/ods/1.0", "/data/1.0"):
        assert legacy.get(f"{prefix}/report/fields").status_code == 200


def test_a_signature_by_another_secret_is_refused(stranger):
    """The HMAC is checked, not only present."""
    reply = stranger.initiate(secret="another")
    assert (reply.status_code, reply.text) == (401, "oauth_problem=signature_invalid")


def test_an_unknown_consumer_is_refused(stranger):
    """The consumer key is looked at before the signature."""
    reply = stranger.initiate(key="another")
    assert (reply.status_code, reply.text) == (401, "oauth_problem=consumer_key_unknown")


@pytest.mark.parametrize("place", ["auth_header", "query", "body"])
def test_oauth_parameters_are_taken_from(stranger, place):
    """Header, query or form: clients of the vendor use each of them."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if place == "body" else {}
    auth = OAuth1(
        credentials.OPENX_CONSUMER_KEY,
        credentials.OPENX_CONSUMER_SECRET,
        callback_uri="oob",
        signature_type=place,
    )
    reply = stranger.http.post(f"{stranger.url}/api/index/initiate", auth=auth, headers=headers)
    assert dict(parse_qsl(reply.text))["oauth_callback_confirmed"] == "true"


def test_a_wrong_password_gets_a_page_under_a_status_of_success(stranger):
    """Nothing but the missing verifier tells that it was wrong."""
    token = dict(parse_qsl(stranger.initiate().text))["oauth_token"]
    reply = stranger.process(token, "wrong")
    assert reply.status_code == 200
    assert "oauth_verifier" not in reply.text
    assert "<!DOCTYPE html>" in reply.text


def test_a_verifier_works_once_and_only_its_own(stranger):
    """The request token is used up by step 3, and another verifier is refused."""
    pending = dict(parse_qsl(stranger.initiate().text))
    text = stranger.process(pending["oauth_token"]).text
    assert text.startswith("oob?oauth_token=")
    verifier = dict(parse_qsl(text.partition("?")[2]))["oauth_verifier"]
    assert stranger.token(pending, "0123456789").status_code == 401
    assert stranger.token(pending, verifier).status_code == 200
    assert stranger.token(pending, verifier).status_code == 401


def test_a_redirected_login_ends_on_the_same_text(openx, stranger):
    """Clients are prepared for a 302; where it leads is the bare text."""
    openx.switch("openx", login_redirect=True)
    assert stranger.log_in().get(SESSION).status_code == 200


def test_a_form_in_parts_is_taken_too(stranger):
    """multipart/form-data has been seen to work."""
    token = dict(parse_qsl(stranger.initiate().text))["oauth_token"]
    parts = {
        "email": (None, credentials.EMAIL),
        "password": (None, credentials.OPENX_PASSWORD),
        "oauth_token": (None, token),
    }
    assert "oauth_verifier" in stranger.http.post(f"{stranger.url}/login/process", files=parts).text


def test_a_missing_length_is_refused(stranger):
    """Steps 1 and 3 need Content-Length, even of nothing."""
    split = urlsplit(stranger.url)
    with socket.create_connection((split.hostname, split.port), timeout=60) as line:
        head = f"POST {split.path}/api/index/initiate HTTP/1.1\r\nHost: {split.netloc}\r\n\r\n"
        line.sendall(head.encode())
        assert b"411" in line.recv(100).splitlines()[0]


def test_two_idle_hours_end_a_session(openx, legacy):
    """Each call keeps it alive; two hours without one end it."""
    for _ in range(3):
        openx.clock(advance_days=1.9 / 24)
        assert legacy.get(SESSION).status_code == 200
    openx.clock(advance_days=2 / 24)
    assert legacy.get(SESSION).status_code == 401
    assert legacy.get("/data/1.0/report/fields").json()["code"] == "401"


def test_log_out_and_revocation_end_a_session(stranger):
    """`DELETE /session` and `DELETE /api/index/token` do, with {} and 204."""
    stranger.log_in()
    assert stranger.http.delete(f"{stranger.url}{SESSION}").json() == {}
    assert stranger.get(SESSION).status_code == 401
    stranger.http.cookies.clear()
    stranger.log_in()
    params = {
        "oauth_consumer_key": credentials.OPENX_CONSUMER_KEY,
        "oauth_token": stranger.http.cookies["openx3_access_token"],
    }
    reply = stranger.http.delete(f"{stranger.url}/api/index/token", params=params)
    assert reply.status_code == 204
    assert stranger.get(SESSION).status_code == 401


def test_a_retired_host_answers_502(openx, stranger):
    """What was seen of the legacy host in 2026."""
    openx.switch("openx", sso_down=True)
    assert stranger.initiate().status_code == 502


def test_ending_all_sessions_is_a_control(openx, legacy):
    """A test can end a session in the middle of a sync."""
    assert legacy.http.delete(f"{legacy.url}/_sessions").json()["legacy"] == 1
    assert legacy.get(SESSION).status_code == 401
    openx.switch("openx", html_when_logged_out=True)
    reply = legacy.get(SESSION)
    assert (reply.status_code, reply.text[:15]) == (200, "<!DOCTYPE html>")
