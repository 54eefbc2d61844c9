"""Ready-made logins: how credentials get onto a request.

Login
├── ApiKey                    a key in a header or in the query string
├── BearerToken               a token that the user has
├── BasicLogin                user name and password on every request
└── OAuth2                    a token that ends, traded at a token endpoint
    ├── OAuth2ClientCredentials   for a client's id and secret
    └── OAuth2Refresh             for a refresh token

A static login (`can_refresh` is false) that the platform refuses ends the run at once. One that can be renewed
is renewed when the platform answers 401, once for all requests in flight. A platform with a login of its own
writes a class with the same three members.
"""

import base64
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from typing_extensions import override

from adtap_core.errors import BadRequest, CredentialsError
from adtap_core.http.client import Call, Http
from adtap_core.http.tokens import ends_at
from adtap_core.redact import redact

log = logging.getLogger("adtaps.login")

_REFUSED: Final = frozenset({400, 401, 403})
"""A token endpoint's answers that mean wrong credentials; RFC 6749, section 5.2, read 2026-11-28."""


class Login:
    """A static login: nothing to trade, nothing to renew."""

    can_refresh = False

    def login(self, http: Http) -> None:
        """Do nothing: what the user gave is the login."""

    def apply(self, request: requests.Request) -> None:
        """Put the credentials on a request: set, never added, as it is called for each try.

        Raises:
            NotImplementedError: A subclass says how.
        """
        raise NotImplementedError


class ApiKey(Login):
    """A key in a header, or in the query string.

    Args:
        key: The key.
        header: The header that carries it, e.g. `X-Api-Key`.
        parameter: The query parameter that carries it instead; masked in every message.

    Raises:
        ValueError: Neither or both of them are given.

    >>> request = requests.Request("GET", "https://api.example/things")
    >>> ApiKey("key-0123456789", header="X-Api-Key").apply(request)
    >>> request.headers
    {'X-Api-Key': 'key-0123456789'}
    """

    def __init__(
        self, key: str, *, header: str | None = None, parameter: str | None = None
    ) -> None:
        if (header is None) == (parameter is None):
            msg = "give either `header` or `parameter`"
            raise ValueError(msg)
        redact.learn(key)
        self._key, self._header, self._parameter = key, header, parameter

    @override
    def apply(self, request: requests.Request) -> None:
        if self._header is not None:
            request.headers[self._header] = self._key
            return
        # The address of a next page may hold the key that it was asked with.
        address = urlsplit(request.url)
        query = parse_qsl(address.query, keep_blank_values=True)
        if self._parameter in dict(query):
            kept = urlencode([(k, v) for k, v in query if k != self._parameter])
            request.url = address._replace(query=kept).geturl()
        pairs = request.params or {}
        items = list(pairs.items() if isinstance(pairs, Mapping) else pairs)
        request.params = [(k, v) for k, v in items if k != self._parameter]
        request.params.append((self._parameter, self._key))


class _Authorization(Login):
    """A login that is the value of the header `Authorization`."""

    _value = ""

    @override
    def apply(self, request: requests.Request) -> None:
        request.headers["Authorization"] = self._value


class BearerToken(_Authorization):
    """A token that the user has: `Authorization: Bearer …`.

    Args:
        token: The token.

    >>> request = requests.Request("GET", "https://api.example/things")
    >>> BearerToken("token-0123456789").apply(request)
    >>> request.headers
    {'Authorization': 'Bearer token-0123456789'}
    """

    def __init__(self, token: str) -> None:
        redact.learn(token)
        self._value = f"Bearer {token}"


class BasicLogin(_Authorization):
    """User name and password on every request (RFC 7617).

    Args:
        username: The user name.
        password: The password.

    >>> request = requests.Request("GET", "https://api.example/things")
    >>> BasicLogin("Aladdin", "open sesame").apply(request)
    >>> request.headers
    {'Authorization': 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='}
    """

    def __init__(self, username: str, password: str) -> None:
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        redact.learn(password, pair)
        self._value = f"Basic {pair}"


class OAuth2(_Authorization):
    """A token that ends, traded at a token endpoint (RFC 6749) and renewed when the platform refuses it.

    Args:
        token_url: The token endpoint.
        form: The fields of the request, `grant_type` among them; never shown.
        what: Whose login this is, in a user's words.
        settings: The settings that hold the credentials: named where they are refused.
    """

    can_refresh = True

    def __init__(
        self, token_url: str, form: Mapping[str, str], *, what: str, settings: Sequence[str]
    ) -> None:
        self._settings = settings
        self._url, self._form, self._what = token_url, dict(form), what
        self.expires_at: datetime | None = None

    @override
    def login(self, http: Http) -> None:
        """Trade the credentials for a token.

        Raises:
            CredentialsError: If they are refused, or the answer holds no token.
        """
        call = Call(
            self._url, f"login of {self._what}", method="POST", form=self._form, login=False
        )
        try:
            response = http.send(call)
        except BadRequest as error:
            if error.status in _REFUSED:
                many = "s" if len(self._settings) > 1 else ""
                named = ", ".join(f"`{name}`" for name in self._settings)
                raise CredentialsError(f"{error}; look at the setting{many} {named}") from error
            raise
        with response.body:
            document = response.json()
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str) or not token:
            raise CredentialsError(f"login of {self._what}: the answer holds no `access_token`")
        redact.learn(token)
        self._value = f"Bearer {token}"
        self.expires_at = ends_at(token, document)
        self.traded(document)

    def traded(self, answer: Mapping[str, Any]) -> None:
        """Take note of what else the token endpoint answered."""


class OAuth2ClientCredentials(OAuth2):
    """A token for a client's id and secret (RFC 6749, section 4.4).

    Args:
        token_url: The token endpoint.
        client_id: The client's id.
        client_secret: Its secret.
        more: Further fields, such as `scope` or `audience`.

    >>> login = OAuth2ClientCredentials("https://auth.example/token", "tap", "secret-0123456789", scope="reports")
    >>> login.can_refresh, login.expires_at
    (True, None)
    """

    def __init__(self, token_url: str, client_id: str, client_secret: str, **more: str) -> None:
        redact.learn(client_secret)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            **more,
        }
        super().__init__(
            token_url, form, what=f"client {client_id}", settings=("client_id", "client_secret")
        )


class Rotation:
    """Says once that a platform gives a new refresh token at each use: the next run would be refused.

    Args:
        what: Whose token it is, in a user's words.
        setting: The setting that holds it.
        given: Its value there.
    """

    def __init__(self, what: str, setting: str, given: str) -> None:
        self._what, self._setting, self._given = what, setting, given
        self._is_told = False

    def tell(self, fresh: str) -> None:
        """Warn if a token is another one than the setting's.

        Args:
            fresh: What the platform answered with.
        """
        if fresh == self._given or self._is_told:
            return
        self._is_told = True
        log.warning(
            "%s gave a new refresh token in place of the one in the setting `%s`: this run goes on with the new "
            "one, the next run may find the old one refused. Use a client whose refresh tokens do not rotate, "
            "or another way to log in",
            self._what,
            self._setting,
        )


class OAuth2Refresh(OAuth2):
    """A token for a refresh token (RFC 6749, section 6).

    A server may answer with a new refresh token, which takes the old one's place for the rest of the run; the
    setting keeps the old one, so a platform that lets the old one end needs another login.

    Args:
        token_url: The token endpoint.
        refresh_token: The refresh token.
        more: Further fields, such as `client_id` and `client_secret`.

    >>> OAuth2Refresh("https://auth.example/token", "refresh-0123456789", client_id="tap").can_refresh
    True
    """

    def __init__(self, token_url: str, refresh_token: str, **more: str) -> None:
        redact.learn(refresh_token, more.get("client_secret"))
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **more}
        super().__init__(token_url, form, what="a refresh token", settings=("refresh_token",))
        self._rotation = Rotation("The platform", "refresh_token", refresh_token)

    @override
    def traded(self, answer: Mapping[str, Any]) -> None:
        if isinstance(fresh := answer.get("refresh_token"), str) and fresh:
            redact.learn(fresh)
            self._form["refresh_token"] = fresh
            self._rotation.tell(fresh)
