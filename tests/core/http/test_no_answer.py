"""Which setting's address was asked, and what a user reads when no answer came."""

import ssl

import pytest
import requests
import urllib3

from adtap_core.http import outcomes

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
    assert outcomes.Addresses(SETTINGS).setting(url) == setting


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
