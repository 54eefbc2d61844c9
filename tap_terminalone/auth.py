"""The logins of TerminalOne: OAuth 2 bearers for both generations, cookies for the legacy one.

BearerAuth          a token from Auth0 by password or refresh token, or one that was given
└── BridgedAuth     a bearer, and the legacy session that it buys
SessionAuth         a cookie session by user and password, or one that was given

Source: the vendor's authentication guide and its published clients, read 2026-11-20. Tokens and sessions
live 24 hours from their beginning, used or not; nothing tells that one is about to end, so a new login is
made when the platform says 401.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import requests
from typing_extensions import override

from adtap_core.errors import BadRequest, CredentialsError, RetriesExhausted
from adtap_core.http.auth import Rotation
from adtap_core.http.client import Auth, Call, Http
from adtap_core.http.response import Response
from adtap_core.http.tokens import ends_at
from adtap_core.redact import redact
from tap_terminalone import responses

OAUTH_PASSWORD, OAUTH_REFRESH, ACCESS_TOKEN = "oauth_password", "oauth_refresh", "access_token"
COOKIE, SESSION_ID = "cookie", "session_id"
METHODS: Final = (OAUTH_PASSWORD, OAUTH_REFRESH, ACCESS_TOKEN, COOKIE, SESSION_ID)
BEARERS: Final = (OAUTH_PASSWORD, OAUTH_REFRESH, ACCESS_TOKEN)
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    OAUTH_PASSWORD: ("username", "password", "client_id", "client_secret"),
    OAUTH_REFRESH: ("refresh_token", "client_id", "client_secret"),
    ACCESS_TOKEN: ("access_token",),
    COOKIE: ("username", "password", "api_key"),
    SESSION_ID: ("session_id",),
}
"""The settings that each way to log in can't do without."""

AUDIENCE: Final = "https://api.mediamath.com/"
REALM_GRANT: Final = "http://auth0.com/oauth/grant-type/password-realm"
SESSION_COOKIE: Final = "adama_session"
_REFUSALS: Final = frozenset({400, 401, 403})
"""The answers that refuse credentials."""


def method(settings: Mapping[str, Any]) -> str:
    """Return the way to log in: as the settings say, or by whose credentials are there."""
    named = settings.get("auth_method")
    if named:
        return str(named)
    for guess in (ACCESS_TOKEN, OAUTH_REFRESH, OAUTH_PASSWORD, SESSION_ID, COOKIE):
        if settings.get(
            {OAUTH_PASSWORD: "client_id", COOKIE: "username"}.get(guess, NEEDED[guess][0])
        ):
            return guess
    return OAUTH_PASSWORD


def make_auth(settings: Mapping[str, Any], *, legacy: bool) -> Auth:
    """Return the login that the settings mean.

    Args:
        settings: The tap's settings.
        legacy: Whether it is for the legacy generation.
    """
    if method(settings) not in BEARERS:
        return SessionAuth(settings)
    return BridgedAuth(settings) if legacy else BearerAuth(settings)


class BearerAuth:
    """An OAuth 2 bearer token.

    Args:
        settings: `auth_url` and what `auth_method` needs.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._method = method(settings)
        self._token = str(settings.get("access_token") or "")
        self.expires_at = ends_at(self._token)
        self._refresh_token = str(settings.get("refresh_token") or "")
        self._rotation = Rotation("TerminalOne", "refresh_token", self._refresh_token)
        self.can_refresh = self._method != ACCESS_TOKEN

    def apply(self, request: requests.Request) -> None:
        """Set the bearer."""
        request.headers["Authorization"] = f"Bearer {self._token}"

    def login(self, http: Http) -> None:
        """Get a new token; nothing to do where one was given.

        Raises:
            CredentialsError: If a credential is refused.
            RetriesExhausted: If nobody answers at the login's address, or only the platform's faults do.
        """
        if self._method == ACCESS_TOKEN:
            return
        response = send_login(
            http,
            Call(
                url=f"{_base(self._settings, 'auth_url')}/oauth/token",
                what="TerminalOne login",
                method="POST",
                json=self._grant(),
                expects="text",
                login=False,
            ),
            "auth_url",
        )
        with response.body:
            answer = response.json_or_none()
            token = answer.get("access_token") if isinstance(answer, Mapping) else None
            if (
                response.status != HTTPStatus.OK
                or not isinstance(token, str)
                or not token
                or not isinstance(answer, Mapping)
            ):
                raise CredentialsError(self._refused(response, answer))
        redact.learn(token, answer.get("id_token"), answer.get("refresh_token"))
        self._token = token
        self.expires_at = ends_at(token, answer)
        # Where refresh tokens rotate, the old one is spent with this answer.
        self._refresh_token = str(answer.get("refresh_token") or self._refresh_token)
        if self._method == OAUTH_REFRESH:
            self._rotation.tell(self._refresh_token)

    def _grant(self) -> dict[str, Any]:
        given = self._settings
        client = {k: given[k] for k in ("client_id", "client_secret")}
        if self._method == OAUTH_REFRESH:
            return {"grant_type": "refresh_token", "refresh_token": self._refresh_token, **client}
        grant = {
            "grant_type": "password",
            "username": given["username"],
            "password": given["password"],
            "audience": AUDIENCE,
            **client,
        }
        if given.get("realm"):
            grant |= {"grant_type": REALM_GRANT, "realm": given["realm"], "scope": "openid"}
        return grant

    def _refused(self, response: Response, answer: object) -> str:
        said = answer if isinstance(answer, Mapping) else {}
        error = str(said.get("error") or "")
        message = str(said.get("error_description") or error or response.excerpt(200))
        if error in {"invalid_client", "access_denied", "unauthorized_client"}:
            which = "the client (settings `client_id`, `client_secret`)"
        elif self._method == OAUTH_REFRESH:
            which = "the refresh token (setting `refresh_token`); log in anew to get another"
        else:
            which = f"user {self._settings['username']} (settings `username`, `password`, `realm`)"
        return f"TerminalOne refused {which}: HTTP {response.status} {message}"


class BridgedAuth(BearerAuth):
    """A bearer and the legacy session bought with it: services that know no bearers take the cookie.

    Args:
        settings: As for `BearerAuth`, and `api_url`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._session = ""

    @override
    def apply(self, request: requests.Request) -> None:
        super().apply(request)
        if self._session:
            request.headers["Cookie"] = f"{SESSION_COOKIE}={self._session}"

    @override
    def login(self, http: Http) -> None:
        super().login(http)
        self._session = ""
        response = send_login(
            http,
            Call(
                url=f"{_base(self._settings, 'api_url')}/api/v2.0/session",
                what="TerminalOne session",
                headers={"Authorization": f"Bearer {self._token}", "Accept": ACCEPT},
                expects="text",
                login=False,
            ),
            "api_url",
        )
        with response.body:
            if response.status == HTTPStatus.OK:
                self._session = _session_of(response)
            elif self._method == ACCESS_TOKEN:
                raise CredentialsError(
                    "TerminalOne refused the access token (setting `access_token`): "
                    f"HTTP {response.status} {response.excerpt(200)}; get a new one"
                )
        # Without a session the bearer alone goes on: the services that were migrated want no more.


class SessionAuth:
    """A legacy cookie session; the API key goes into the query, if there is one: not each gateway wants it.

    Args:
        settings: `api_url`, `username`, `password` and `api_key`, or `session_id` with or without it.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.can_refresh = method(settings) == COOKIE
        self._session = str(settings.get("session_id") or "")

    def apply(self, request: requests.Request) -> None:
        """Set the cookie and the key."""
        request.headers["Cookie"] = f"{SESSION_COOKIE}={self._session}"
        if not self._settings.get("api_key"):
            return
        params = request.params or {}
        pairs = list(params.items()) if isinstance(params, Mapping) else list(params)
        key = ("api_key", str(self._settings["api_key"]))
        request.params = [*(p for p in pairs if p[0] != "api_key"), key]

    def login(self, http: Http) -> None:
        """Open a session; nothing to do where one was given.

        Raises:
            CredentialsError: If user, password or API key is refused.
        """
        if not self.can_refresh:
            return
        given = self._settings
        response = send_login(
            http,
            Call(
                url=f"{_base(given, 'api_url')}/api/v2.0/login",
                what="TerminalOne login",
                method="POST",
                params={"api_key": given["api_key"]},
                form={"user": given["username"], "password": given["password"]},
                headers={"Accept": ACCEPT},
                expects="text",
                login=False,
            ),
            "api_url",
        )
        with response.body:
            session = _session_of(response) if response.status == HTTPStatus.OK else ""
            if not session:
                which = (
                    "the API key (setting `api_key`)"
                    if "<h1>" in response.text(200)
                    else f"user {given['username']} (settings `username`, `password`)"
                )
                raise CredentialsError(
                    f"TerminalOne refused {which}: HTTP {response.status} {response.excerpt(200)}"
                )
        self._session = session


ACCEPT: Final = "application/vnd.mediamath.v1+json"
"""Asks the legacy API for JSON; without it the answer is XML."""


def _session_of(response: Response) -> str:
    """Return the session of a login's answer: its cookie, else what the body says."""
    found = response.cookies.get(SESSION_COOKIE)
    if not found:
        answer = response.json_or_none()
        data = answer.get("data") if isinstance(answer, Mapping) else None
        session = data.get("session") if isinstance(data, Mapping) else None
        found = session.get("sessionid") if isinstance(session, Mapping) else None
    if not found and (root := responses.xml_root(response)) is not None:
        element = root.find("session")
        found = None if element is None else element.get("sessionid")
    redact.learn(found)
    return str(found or "")


def _base(settings: Mapping[str, Any], name: str) -> str:
    return str(settings[name]).rstrip("/")


def send_login(http: Http, call: Call, setting: str) -> Response:
    """Send a login's call; give an answer that is good, or that refuses the credentials.

    Args:
        http: The connection.
        call: What was asked.
        setting: The setting that holds its address: named in errors.

    Raises:
        RetriesExhausted: If nobody answers, or only the platform's faults do: nothing was said of the credentials.
        BadRequest: If there is no login at this address.
    """
    try:
        response = http.send(call)
    except RetriesExhausted as error:
        raise RetriesExhausted(
            f"{error}; look at the setting `{setting}`", status=error.status
        ) from error
    if response.status != HTTPStatus.OK and response.status not in _REFUSALS:
        with response.body:
            message = f"{call.what}: HTTP {response.status} {response.excerpt(200)}"
        raise BadRequest(f"{message}; look at the setting `{setting}`", status=response.status)
    return response
