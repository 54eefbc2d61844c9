"""Ready-made logins: what each puts on a request, when it renews, what it says when it is refused."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from adtap_core.errors import CredentialsError
from adtap_core.http.auth import (
    ApiKey,
    BasicLogin,
    BearerToken,
    Login,
    OAuth2ClientCredentials,
    OAuth2Refresh,
)
from adtap_core.http.client import Call, Http, HttpOptions
from adtap_core.http.outcomes import by_status
from adtap_core.redact import redact
from adtap_core.testing import StandIn

KEY = "canary-key-0123456789"


class TokenServer(StandIn):
    """A token endpoint, and a list that wants the token it gave last."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0
        self.refused = False

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        if path == "/token":
            if self.refused:
                return 400, {"error": "invalid_client"}
            self.given += 1
            return 200, {
                "access_token": f"token-number-{self.given}",
                "expires_in": 60,
                "refresh_token": f"refresh-number-{self.given}",
            }
        good = headers.get("Authorization") == f"Bearer token-number-{self.given}"
        return (200, []) if good else (401, {"error": "expired"})


def connection(login: Login) -> Http:
    limits = HttpOptions(concurrency=2, timeout_seconds=60, max_retries=1, user_agent="tests")
    return Http(classify=lambda _call, reply: by_status(reply), auth=login, limits=limits)


def apply(login: Login, **more: Any) -> requests.PreparedRequest:
    """A request with the login on it, twice: each try puts it on."""
    request = requests.Request("GET", "https://api.example.com/x", **more)
    login.apply(request)
    login.apply(request)
    return request.prepare()


def test_a_key_goes_into_its_header():
    """Under the name that the platform wants."""
    assert apply(ApiKey(KEY, header="X-Api-Key")).headers["X-Api-Key"] == KEY


@pytest.mark.parametrize("params", [None, {"a": "1"}, [("a", "1"), ("a", "2")]])
def test_a_key_stands_once_in_the_query_beside_what_was_there(params):
    """Set, not added, however often a request is tried."""
    url = apply(ApiKey(KEY, parameter="key"), params=params).url or ""
    assert url.count(f"key={KEY}") == 1
    assert url.count("a=") == len(params or ())


def test_a_key_in_a_next_pages_address_is_replaced():
    """Some APIs give it back there: twice is two keys for some, and refused."""
    request = requests.Request("GET", f"https://api.example.com/x?after=a%2Fb&key={KEY}&of=")
    ApiKey(KEY, parameter="key").apply(request)
    url = request.prepare().url or ""
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [
        ("after", "a/b"),
        ("of", ""),
        ("key", KEY),
    ]


def test_a_key_needs_one_place():
    """Neither both nor none."""
    for places in ({}, {"header": "X", "parameter": "x"}):
        with pytest.raises(ValueError, match="either"):
            ApiKey(KEY, **places)


def test_a_token_is_a_bearer_and_a_pair_is_basic():
    """RFC 6750 and RFC 7617."""
    assert apply(BearerToken(KEY)).headers["Authorization"] == f"Bearer {KEY}"
    basic = apply(BasicLogin("Aladdin", "open sesame")).headers["Authorization"]
    assert basic == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_a_token_that_ends_is_renewed_once():
    """The platform says 401: one new token, the request again, nothing for the caller to see."""
    with TokenServer() as server:
        http = connection(OAuth2ClientCredentials(f"{server.url}/token", "client-7", KEY))
        assert http.send(Call(f"{server.url}/list", "list")).json() == []
        server.given += 10  # the token in hand is no longer the last one
        assert http.send(Call(f"{server.url}/list", "list")).json() == []
        asked = [path for _, path in server.log]
    assert asked == ["/token", "/list", "/list", "/token", "/list"]


def test_a_refused_client_is_named_and_its_secret_is_not():
    """At once, without a retry."""
    with TokenServer() as server:
        server.refused = True
        http = connection(OAuth2ClientCredentials(f"{server.url}/token", "client-7", KEY))
        with pytest.raises(
            CredentialsError, match=r"client client-7.*settings `client_id`, `client_secret`"
        ) as failure:
            http.send(Call(f"{server.url}/list", "list"))
        assert len(server.log) == 1
    assert KEY not in str(failure.value)


def test_a_new_refresh_token_takes_the_old_ones_place(caplog):
    """And is a secret from then on; that the setting's is spent is said."""
    with TokenServer() as server:
        login = OAuth2Refresh(f"{server.url}/token", KEY, client_id="client-7")
        http = connection(login)
        http.send(Call(f"{server.url}/list", "list"))
        assert login._form["refresh_token"] == "refresh-number-1"
    assert "in the setting `refresh_token`" in caplog.text
    assert "refresh-number-1" not in redact("it was refresh-number-1")
