"""Both logins: what they send, how they fail, and what nobody may see."""

import logging
from urllib.parse import parse_qs

import pytest

from adtap_core.errors import CredentialsError
from adtap_core.tap import RunFailed
from tests.canned import Canned


def refused(room, config, caplog):
    """The message of a run whose login is refused."""
    with caplog.at_level(logging.DEBUG), pytest.raises(CredentialsError) as caught:
        room.run(config, "sites")
    return str(caught.value)


def test_a_wrong_password_is_never_posted_twice(room, caplog):
    """No verifier under a good status means wrong credentials; trying again could lock the user."""
    said = refused(room, room.legacy(password="not-the-password"), caplog)
    assert "refused the login of ops@northwind.example (settings `email`, `password`)" in said
    assert "six months" in said
    assert len(room.asked("/login/process")) == 1


def test_an_expired_password_reads_the_same(room, caplog):
    """OpenX answers a page; the message says where to look."""
    room.switch(password_expired=True)
    assert "log in to the OpenX UI" in refused(room, room.legacy(), caplog)
    assert len(room.asked("/login/process")) == 1


@pytest.mark.parametrize("which", ["consumer_key", "consumer_secret"])
def test_a_wrong_consumer_is_told_from_a_wrong_password(room, caplog, which):
    """The settings to look at are named, and nothing is posted but the first step."""
    said = refused(room, room.legacy(**{which: "not-the-consumer"}), caplog)
    assert "(settings `consumer_key`, `consumer_secret`)" in said
    assert len(room.sandbox.log("openx")) == 1
    assert "not-the-consumer" not in said


def test_a_login_by_redirect_works(room):
    """Where the verifier comes with a redirect, it is taken from there."""
    room.switch(login_redirect=True)
    assert room.run(room.legacy(), "sites").records["sites"]


@pytest.mark.parametrize("generation", ["legacy", "current"])
@pytest.mark.parametrize("kind", ["cut", "cut_chunked", "status"])
def test_an_answer_that_is_lost_with_its_one_time_code_begins_the_login_again(
    room, generation, kind
):
    """The verifier and the code are good once: what is refused at the second try refuses no credential."""
    path = "/api/index/token$" if generation == "legacy" else "/oauth2/v1/token$"
    more = {"status": 200, "body": "{}"} if kind == "status" else {}
    room.sandbox.fault(kind, path=path, method="POST", **more)
    assert room.run(getattr(room, generation)(), "sites").records["sites"]
    posted = "/login/process" if generation == "legacy" else "signInWithPassword"
    assert len(room.asked(posted)) == 2


@pytest.mark.parametrize(
    ("generation", "step"),
    [
        ("legacy", "/api/index/initiate$"),
        ("legacy", "/api/index/token$"),
        ("current", "signInWithPassword$"),
        ("current", "/oauth2/v1/authorize$"),
        ("current", "/login/session-info$"),
        ("current", "/login/consent$"),
        ("current", "/oauth2/v1/token$"),
    ],
)
@pytest.mark.parametrize("fault", ["empty", "cut", "html", "garbage"])
def test_a_good_status_without_an_answer_refuses_no_credential(room, generation, step, fault):
    """A proxy that answers nothing, half a document or a page has not said a word of the password: asked again."""
    room.sandbox.fault(fault, path=step)
    assert room.run(getattr(room, generation)(), "sites").records["sites"]


def test_an_identity_without_a_token_or_a_reason_is_asked_once_more(room, caplog):
    """An empty object names neither; a second one ends the run, and says what came."""
    room.sandbox.fault("status", path="signInWithPassword$", status=200, body={})
    assert room.run(room.current(), "sites").records["sites"]
    room.sandbox.fault("status", path="signInWithPassword$", status=200, body={}, times=2)
    with pytest.raises(RunFailed) as caught:
        room.run(room.current(), "sites")
    assert caught.value.exit_code == 1
    assert "no reason: {}" in caplog.text


@pytest.mark.parametrize(
    "page",
    [
        "login/start#/sign-in?session_id={}&x=1",
        "no-such-page?x=1&session_id={}",
        "http://127.0.0.1:1/?session_id={}",
    ],
)
def test_the_session_is_taken_from_the_address_that_the_login_leads_to(room, page):
    """It may stand behind a `#`, and the page for people need not be there: nobody but people reads it."""
    room.switch(login_page=page)
    assert room.run(room.current(max_retries=1), "sites").records["sites"]


def test_scopes_that_come_as_a_list_go_back_as_text(room):
    """The step before says them in either form; OAuth writes them with spaces between."""
    scopes = ["openid", "email", "profile", "api"]
    room.sandbox.fault("status", path="/login/session-info$", status=200, body={"scope": scopes})
    assert room.run(room.current(), "sites").records["sites"]
    (consent,) = room.asked("/login/consent")
    assert parse_qs(consent["body"])["scope"] == [" ".join(scopes)]


def test_the_login_page_of_another_host_is_not_asked_for(room):
    """Its address holds all that is wanted: a host that can't be reached cost each login all its retries."""
    with Canned(lambda _asked: {}) as other:
        room.switch(login_page=f"{other.url}/?session_id={{}}")
        assert room.run(room.current(), "sites").records["sites"]
        assert other.asked == []


def test_a_single_sign_on_that_is_gone_is_no_refused_login(room, caplog):
    """502 from the login's host: nothing was said of the credentials; the message says where to go from here."""
    room.switch(sso_down=True)
    with caplog.at_level(logging.INFO), pytest.raises(RunFailed) as caught:
        room.run(room.legacy(max_retries=1), "sites")
    assert caught.value.exit_code == 1
    assert "`sso_url`" in caplog.text
    assert "`api_generation`" in caplog.text


def test_a_session_that_ends_on_the_platform_api_is_renewed(room):
    """A 401, and a login page under 200: one new login, the list is whole."""
    whole = room.run(room.legacy(), "ads").records["ads"]
    for switch in (False, True):
        room.switch(html_when_logged_out=switch)
        room.sandbox.clear_log()
        room.sandbox.fault(
            "status",
            path="/ox/4.0/ad$",
            status=401,
            body={"http_status": 401, "type": "Permission", "message": "Not logged in"},
        ) if not switch else room.sandbox.fault("html", path="/ox/4.0/ad$", times=2)
        assert room.run(room.legacy(), "ads").records["ads"] == whole
        assert len(room.asked("/login/process")) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "not-the-password"}, "(settings `email`, `password`)"),
        ({"identity_key": "not-the-key"}, "(setting `identity_key`)"),
        ({"client_id": "not-the-client"}, "`client_id`"),
        ({"instance_hostname": "other-ui.openx.example"}, "`instance_hostname`"),
    ],
)
def test_each_credential_of_the_current_login_is_named(room, caplog, change, words):
    """Which one, for whom; no second try."""
    said = refused(room, room.current(**change), caplog)
    assert words in said
    assert len(room.asked("signInWithPassword")) <= 1


def test_a_redirect_to_the_login_page_is_a_session_that_has_ended(room):
    """A UI host may send a browser there, as it may answer with that page."""
    there = {"Location": "/login?next=%2Fox%2F4.0%2Fsite"}
    room.sandbox.fault("status", path="/ox/4.0/site$", status=302, headers=there, body="")
    assert room.run(room.legacy(), "sites").records["sites"]
    assert len(room.asked("/login/process")) == 2


def test_one_address_that_always_leads_to_the_login_page_fails_alone(room):
    """The new session was good for others: it is this address that people are kept from."""
    there = {"Location": "/login"}
    room.sandbox.fault(
        "status", path="/ox/4.0/adunit$", status=302, headers=there, body="", times=None
    )
    with pytest.raises(RunFailed) as caught:
        room.run(room.legacy(), "sites", "ad_units", "creatives")
    assert caught.value.exit_code == 4
    assert room.asked("/creative")


def test_a_session_that_is_refused_twice_ends_the_run(room):
    """A new login did not help: the message says whose login, in the platform's words."""
    room.sandbox.fault(
        "status",
        path="/ox/4.0/site$",
        status=401,
        times=None,
        body={"http_status": 401, "type": "Permission", "message": "Not logged in"},
    )
    with pytest.raises(CredentialsError, match=r"Not logged in: login of ops@northwind\.example"):
        room.run(room.legacy(), "sites")
    assert len(room.asked("/login/process")) == 2


def test_a_bearer_token_that_ends_is_renewed(room):
    """An hour later the token is refused: a new login, and the run ends well."""
    whole = room.run(room.current(), "ads").records["ads"]
    room.sandbox.clear_log()
    room.sandbox.fault(
        "status", path="/api/v1/ox/4.0/ad$", status=401, body={"message": "Unauthorized"}
    )
    assert room.run(room.current(), "ads").records["ads"] == whole
    assert len(room.asked("/oauth2/v1/token")) == 2


SECRETS = ("sandbox-openx-password", "sandbox-consumer-secret", "sandbox-identity-key")


@pytest.mark.parametrize("generation", ["legacy", "current"])
def test_no_secret_is_seen_anywhere(room, caplog, generation):
    """Not in messages, logs or errors, even when the platform throws one back at us."""
    config = getattr(room, generation)(max_retries=1)
    room.sandbox.fault(
        "status",
        path="/adunit$",
        status=400,
        body={"type": "Value Error", "message": f"no {config['password']}", "value": SECRETS[1]},
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(RunFailed):
        room.run(config, "sites", "ad_units")
    entries = room.sandbox.log("openx")
    sent = [e["headers"] for e in entries]
    tokens = {
        value.partition("=")[2] or value.removeprefix("Bearer ")
        for headers in sent
        for name, value in headers.items()
        if (name.lower() == "cookie" and value.startswith("openx3_access_token="))
        or (name.lower() == "authorization" and value.startswith("Bearer "))
    }
    assert tokens
    text = caplog.text
    assert [s for s in (*SECRETS, *tokens) if s in text] == []
    assert any(m.startswith("ad_units") for m in caplog.messages)
