"""What an answer, or none, asks of us; which setting's address was asked, and what a user reads."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
import urllib3

from adtap_core.bodies.spool import Spool
from adtap_core.http import outcomes
from adtap_core.http.outcomes import Action
from adtap_core.http.response import Response

SETTINGS = {
    "api_url": "https://automate.example/reports",
    "kpi_api_url": "https://automate.example/reports/kpis/",
    "sso_url": "https://sso.example",
}


@pytest.mark.parametrize(
    ("url", "setting"),
    [
        ("https://automate.example/reports/list", "`api_url`"),
        ("https://automate.example/reports/kpis/v1", "`kpi_api_url`"),
        ("https://automate.example/reports/kpis", "`kpi_api_url`"),
        ("https://sso.example/login/process", "`sso_url`"),
        ("http://sso.example/login/process", ""),
        ("https://elsewhere.example/redirected", ""),
    ],
)
def test_the_setting_of_an_address_is_the_longest_that_it_begins_with(url, setting):
    """Two services of one host are told apart; what no setting names, a redirect's host, has none."""
    assert outcomes.setting_of(url, SETTINGS) == setting


def test_without_a_setting_the_host_alone_is_named():
    """A login may redirect to a host that stands in no setting."""
    error = requests.exceptions.ConnectTimeout()
    assert outcomes.network_message(error, "elsewhere.example", "") == (
        "could not connect to elsewhere.example: check DNS and network"
    )


def test_a_proxy_that_is_not_there_is_told_from_a_platform_that_is_not_there():
    """The variables of the proxy are what to look at, not the platform's address."""
    reason = urllib3.exceptions.ProxyError("Unable to connect to proxy", OSError("refused"))
    error = requests.exceptions.ProxyError(urllib3.exceptions.MaxRetryError(None, "/", reason))
    words = outcomes.network_message(error, "api.example", "`api_url`")
    assert "through the proxy: check the variables HTTPS_PROXY" in words
    assert "api_url" not in words


def test_a_certificate_that_is_not_trusted_says_where_trust_is_set():
    """A company's own certificates, and an address with the wrong scheme, are the usual reasons."""
    reason = urllib3.exceptions.SSLError("certificate verify failed: self-signed certificate")
    error = requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/", reason))
    words = outcomes.network_message(error, "api.example", "`api_url`")
    assert words.startswith("no secure connection to api.example: check `api_url`, and whether")
    assert "REQUESTS_CA_BUNDLE" in words
    assert "self-signed certificate" in words


def answer(status, **headers):
    """An answer of a status, underscores of its headers standing for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, Spool.of(b"no"), "https://api.example", datetime.now(UTC))


@pytest.mark.parametrize(
    ("statuses", "action"),
    [
        ((200, 201, 204), Action.SUCCESS),
        ((301, 302, 307, 400, 402, 404, 405, 409, 410, 422), Action.FAIL),
        ((401,), Action.REFRESH_LOGIN),
        ((403,), Action.FORBIDDEN),
        ((206, 408, 425, 429, 500, 502, 503, 504, 520, 599), Action.RETRY),
    ],
)
def test_a_status_asks_what_http_means_by_it(statuses, action):
    """No status is retried that says that the request is wrong, and none is given up that may pass."""
    assert {outcomes.by_status(answer(status)).action for status in statuses} == {action}


def test_a_part_of_an_answer_may_be_too_much_to_ask_for():
    """Nobody asked for a part: as it stands it would pass for the whole. Twice in a row, smaller ones are asked for."""
    assert outcomes.by_status(answer(206)).heavy


def test_of_a_login_only_what_may_pass_is_asked_again():
    """A refusal, or an answer that makes no sense, is the login's own to explain."""
    passing = {s for s in range(200, 600) if outcomes.of_login(answer(s)).action is Action.RETRY}
    assert passing == {206, 408, 425, 429, *range(500, 600)}
    assert outcomes.of_login(answer(401)) is outcomes.SUCCESS
    assert outcomes.of_login(answer(503), "busy").message == "busy"


def test_what_a_good_answer_begins_with_is_not_looked_at():
    """Words for a message that nobody writes took as long as a fifth of a page of a list."""
    body = Spool.of(b"no")
    body.close()
    good = Response(200, {}, body, "https://api.example", datetime.now(UTC))
    assert outcomes.by_status(good) is outcomes.SUCCESS
    with pytest.raises(ValueError, match="closed"):
        good.excerpt()


def test_a_redirect_says_where_it_leads():
    """An address with `http` for `https`, or the old name of a host."""
    assert outcomes.by_status(answer(301, location="https://new.example/")).message == (
        "redirected to https://new.example/"
    )


NOW = datetime(2031, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17.0),
        (" 2.5 ", 2.5),
        ("-3", 0.0),
        ("", None),
        ("soon", None),
        (format_datetime(NOW + timedelta(seconds=40), usegmt=True), 40.0),
        (format_datetime(NOW - timedelta(seconds=40), usegmt=True), 0.0),
        ("Wed, 01 Jan 2031 12:00:40 -0000", 40.0),
        ("Wed, 01 Jan 20310000000000000000 12:00:40 GMT", None),
    ],
)
def test_a_wait_is_read_in_seconds_or_as_a_date(text, seconds):
    """What is neither asks for no wait of its own; a moment that is over asks for none."""
    reply = Response(503, {"retry-after": text}, Spool.of(b"no"), "https://api.example", NOW)
    assert outcomes.retry_after(reply) == seconds


@pytest.mark.parametrize(("minute", "second"), [(0, 0), (0, 1), (59, 59)])
def test_a_quota_of_the_clock_hour_is_waited_for_past_the_hour(minute, second):
    """The platform's clock may be behind ours by a second."""
    now = NOW.replace(minute=minute, second=second)
    until = now + timedelta(seconds=outcomes.until_next_hour(now))
    assert until == NOW + timedelta(hours=1, seconds=2)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed")), True),
        (urllib3.exceptions.SSLError(ssl.SSLEOFError("ended in the middle")), False),
        (urllib3.exceptions.NewConnectionError(None, "refused"), True),
        (urllib3.exceptions.ProtocolError("reset"), False),
    ],
)
def test_a_certificate_that_is_not_trusted_is_no_connection(reason, expected):
    """Later streams need not find that out again with all their retries; a connection that is cut may come again."""
    kind = (
        requests.exceptions.SSLError if "SSL" in type(reason).__name__ else requests.ConnectionError
    )
    error = kind(urllib3.exceptions.MaxRetryError(None, "/", reason))
    assert outcomes.unconnected(error) is expected


def test_a_proxy_that_is_not_there_is_no_connection():
    """As a host that is not there."""
    reason = urllib3.exceptions.ProxyError("Unable to connect to proxy", OSError("refused"))
    error = requests.exceptions.ProxyError(urllib3.exceptions.MaxRetryError(None, "/", reason))
    assert outcomes.unconnected(error)
