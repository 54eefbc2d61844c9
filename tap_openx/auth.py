"""Both logins of OpenX: OAuth 1.0a single sign-on with a cookie, OAuth 2 with a bearer token.

Steps and shapes: the vendor's published clients (`ox3apiclient` 0.6.3; its reporting client of January
2026) as seen on the wire; read 2026-11-20.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

import requests
from typing_extensions import override

from adtap_core.errors import (
    AdtapError,
    BadRequest,
    CredentialsError,
    MalformedResponse,
    RetriesExhausted,
)
from adtap_core.http.client import Call, Http, RequestStats
from adtap_core.http.response import Response
from adtap_core.http.tokens import ends_at
from adtap_core.redact import redact
from tap_openx import responses

if TYPE_CHECKING:
    from requests_oauthlib import OAuth1


COOKIE: Final = "openx3_access_token"
SCOPE: Final = "openid email profile api"
LOGIN_ORIGIN: Final = "https://login.openx.com"
_REFUSALS: Final = frozenset({400, 401, 403})
"""The answers that refuse credentials."""
_MOST_REDIRECTS: Final = 5
_SESSION_ID: Final = re.compile(r"[?&]session_id=([^&#]+)")
_EXPIRY: Final = (
    "OpenX passwords expire after six months: log in to the OpenX UI as this user to see whether that is "
    "the reason"
)


class _Spent(Exception):  # noqa: N818 - named for what happened
    """A one-time verifier or code was refused that a lost answer had used up, or a good answer held nothing.

    Nothing was said of the credentials: the login is begun once more.

    Args:
        error: What it means if that comes to the same.
    """

    def __init__(self, error: AdtapError) -> None:
        super().__init__(str(error))
        self.error = error


def _failure(error: AdtapError, response: Response, stats: RequestStats) -> Exception:
    """Return what a step's answer without what was wanted of it means.

    Args:
        error: What it means if nothing was lost before.
        response: The answer.
        stats: Counted the step's requests.
    """
    is_spent = response.status == HTTPStatus.OK or stats.retries
    return _Spent(error) if is_spent else error


class _Login:
    """A login of several steps, one of which takes a verifier or code that is good once.

    Args:
        settings: The tap's, `email` and `password` among them.
    """

    can_refresh = True

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._token = ""

    @property
    def _user(self) -> dict[str, Any]:
        return {name: self._settings[name] for name in ("email", "password")}

    def login(self, http: Http) -> None:
        """Get a new token; once more from the beginning where a lost answer had used up the verifier or code.

        Raises:
            CredentialsError: If a step is refused; the message says which credential.
            RetriesExhausted: If nobody answers at the login's address, or only the platform's faults do.
        """
        with suppress(_Spent):
            self._log_in(http)
            return
        try:
            self._log_in(http)
        except _Spent as spent:
            raise spent.error from None

    def _log_in(self, http: Http) -> None:
        """Go through all steps once."""
        raise NotImplementedError


class CookieLogin(_Login):
    """OAuth 1.0a in three steps; from then on a cookie carries the access token.

    Args:
        settings: `sso_url`, `email`, `password`, `consumer_key`, `consumer_secret`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._url = str(settings["sso_url"]).rstrip("/")

    def apply(self, request: requests.Request) -> None:
        """Set the cookie."""
        request.headers["Cookie"] = f"{COOKIE}={self._token}"

    @override
    def _log_in(self, http: Http) -> None:
        # Imported here: with it comes all of OAuth 2, and discovery, which logs in nowhere, is quick.
        from requests_oauthlib import OAuth1  # noqa: PLC0415

        key, secret = (str(self._settings[k]) for k in ("consumer_key", "consumer_secret"))
        stats = RequestStats()
        first = self._signed(
            http, "initiate", OAuth1(key, client_secret=secret, callback_uri="oob"), stats
        )
        given = _form(first.text())
        token, token_secret = given.get("oauth_token", ""), given.get("oauth_token_secret", "")
        if first.status != HTTPStatus.OK or not token:
            message = (
                f"OpenX single sign-on refused the consumer key (settings `consumer_key`, "
                f"`consumer_secret`): HTTP {first.status} {first.excerpt(200)}"
            )
            raise _failure(CredentialsError(message), first, stats)
        redact.learn(token, token_secret)
        verifier = self._verifier(http, token, first.cookies)
        redact.learn(verifier)
        stats = RequestStats()
        third = self._signed(
            http,
            "token",
            OAuth1(
                key,
                client_secret=secret,
                resource_owner_key=token,
                resource_owner_secret=token_secret,
                callback_uri="oob",
                verifier=verifier,
            ),
            stats,
        )
        access = _form(third.text()).get("oauth_token", "")
        if third.status != HTTPStatus.OK or not access:
            message = (
                f"OpenX single sign-on gave no access token to {self._settings['email']}: "
                f"HTTP {third.status} {third.excerpt(200)}"
            )
            raise _failure(CredentialsError(message), third, stats)
        redact.learn(access)
        self._token = access

    def _signed(self, http: Http, step: str, signer: "OAuth1", stats: RequestStats) -> Response:
        url = f"{self._url}/api/index/{step}"
        prepared = requests.Request("POST", url).prepare()
        signer(prepared)
        header: Any = prepared.headers["Authorization"]  # text or bytes, as oauthlib sees fit
        text = header.decode() if isinstance(header, bytes) else str(header)
        return _send(
            http,
            Call(
                url=url,
                what="OpenX single sign-on",
                method="POST",
                headers={"Authorization": text},
                expects="text",
                login=False,
            ),
            "sso_url",
            stats,
        )

    def _verifier(self, http: Http, token: str, cookies: Mapping[str, str]) -> str:
        """Post e-mail and password; give the verifier.

        The answer is the bare text `oob?oauth_token=…&oauth_verifier=…`, or a redirect that carries it.
        A wrong password gets a page under a good status: what counts is whether there is a verifier.
        """
        jar = dict(cookies)
        call = Call(
            url=f"{self._url}/login/process",
            what="OpenX single sign-on",
            method="POST",
            headers=_cookie(jar),
            form={**self._user, "oauth_token": token},
            expects="any",
            login=False,
        )
        for _ in range(_MOST_REDIRECTS):
            response = _send(http, call, "sso_url")
            jar |= response.cookies
            where = response.headers.get("Location", "")
            found = _form(where.partition("?")[2]) | _form(response.text().partition("?")[2])
            if "oauth_verifier" in found:
                return found["oauth_verifier"]
            if not where:
                break
            call = Call(
                url=urljoin(call.url, where),
                what=call.what,
                headers=_cookie(jar),
                expects="any",
                login=False,
            )
        raise CredentialsError(
            f"OpenX refused the login of {self._settings['email']} (settings `email`, `password`). {_EXPIRY}"
        )


class BearerLogin(_Login):
    """OAuth 2: identity, authorization code with PKCE, consent, token.

    Args:
        settings: `identity_url`, `identity_key`, `email`, `password`, `client_id`, `instance_hostname`.
        api_url: Base address of the API.
    """

    def __init__(self, settings: Mapping[str, Any], api_url: str) -> None:
        super().__init__(settings)
        self._url = f"{api_url}/oauth2/v1"
        self.expires_at: datetime | None = None

    def apply(self, request: requests.Request) -> None:
        """Set the bearer token, and the instance, which every call must name."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.headers["X-Openx-Instance"] = str(self._settings["instance_hostname"])

    @override
    def _log_in(self, http: Http) -> None:
        identity = self._identity(http)
        verifier = secrets.token_urlsafe(64)
        redirect = f"https://{self._settings['instance_hostname']}"
        session = self._session(http, verifier, redirect)
        headers = {"Authorization": f"Bearer {identity}", "Origin": LOGIN_ORIGIN}
        info = self._step(
            http,
            Call(
                url=f"{self._url}/login/session-info",
                what="OpenX login, session",
                params={"session_id": session},
                headers=headers,
                login=False,
            ),
            "scope",
            "email",
        )
        code = self._step(
            http,
            Call(
                url=f"{self._url}/login/consent",
                what="OpenX login, consent",
                method="POST",
                headers=headers,
                form={
                    "consent": "true",
                    "scope": info,
                    "session_id": session,
                    "instance_hostname": self._settings["instance_hostname"],
                },
                login=False,
            ),
            "code",
            "instance_hostname",
        )
        redact.learn(code)
        answer = self._answer(
            http,
            Call(
                url=f"{self._url}/token",
                what="OpenX login, token",
                method="POST",
                form={
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": redirect,
                    "client_id": self._settings["client_id"],
                    "code_verifier": verifier,
                },
                login=False,
            ),
            "access_token",
            "client_id",
        )
        token = str(answer["access_token"])
        redact.learn(token)
        self._token = token
        self.expires_at = ends_at(token, answer)

    def _identity(self, http: Http) -> str:
        url = str(self._settings["identity_url"]).rstrip("/")
        response = _send(
            http,
            Call(
                url=f"{url}/v1/accounts:signInWithPassword",
                what="OpenX identity",
                method="POST",
                params={"key": self._settings["identity_key"]},
                json={**self._user, "returnSecureToken": True},
                login=False,
            ),
            "identity_url",
        )
        document = response.json_or_none()
        document = document if isinstance(document, Mapping) else {}
        token = document.get("idToken")
        if response.status < HTTPStatus.BAD_REQUEST and token:
            redact.learn(token)
            return str(token)
        said = responses.error_message(response)
        email = self._settings["email"]
        if (
            response.status == HTTPStatus.OK
            and not document.get("mfaPendingCredential")
            and not said
        ):
            message = (
                f"OpenX identity gave {email} no `idToken` and no reason: {response.excerpt(200)}"
            )
            raise _Spent(MalformedResponse(message))
        said = said or response.excerpt(200)
        if document.get("mfaPendingCredential"):
            raise CredentialsError(
                f"OpenX asks {email} for a second factor; use a user without one for unattended runs"
            )
        if "API key" in said or "API_KEY" in said:
            raise CredentialsError(
                f"OpenX identity refused the key (setting `identity_key`): {said}"
            )
        raise CredentialsError(
            f"OpenX refused the login of {email} (settings `email`, `password`): {said}. {_EXPIRY}"
        )

    def _session(self, http: Http, verifier: str, redirect: str) -> str:
        """Begin the code flow, and follow it to the page for people that it ends on; give the session's id.

        Only the addresses count: the id stands in the last of them, and their page may say anything, or nothing.
        """
        digest = hashlib.sha256(verifier.encode()).digest()
        call = Call(
            url=f"{self._url}/authorize",
            what="OpenX login, authorize",
            params={
                "scope": SCOPE,
                "response_type": "code",
                "client_id": self._settings["client_id"],
                "redirect_uri": redirect,
                "state": secrets.token_urlsafe(16),
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
                "nonce": secrets.token_urlsafe(16),
            },
            expects="any",
            login=False,
        )
        found = ""
        for _ in range(_MOST_REDIRECTS):
            try:
                response = _send(http, call, "api_url")
            except (BadRequest, RetriesExhausted):
                if found:
                    break
                raise
            where = response.headers.get("Location", "")
            if not response.is_redirect or not where:
                break
            call = Call(urljoin(call.url, where), what=call.what, expects="any", login=False)
            found = _session_id(call.url) or found
            redact.learn(found)  # before the next request names it
            if found and urlsplit(call.url)[:2] != urlsplit(self._url)[:2]:
                break  # a page for people on another host: it may be out of reach, and nothing of it is wanted
        if not found:
            message = (
                "OpenX did not begin a login (settings `client_id`, `instance_hostname`): "
                f"HTTP {response.status} {responses.error_message(response) or response.excerpt(200)}"
            )
            # Some page, and no word of the credentials: nothing was refused.
            is_refusal = response.status >= HTTPStatus.BAD_REQUEST or "error" in parse_qs(
                urlsplit(call.url).query
            )
            raise CredentialsError(message) if is_refusal else _Spent(MalformedResponse(message))
        return found

    def _step(self, http: Http, call: Call, wanted: str, setting: str) -> str:
        found = self._answer(http, call, wanted, setting)[wanted]
        # Scopes may come as a list; they go back as OAuth writes them.
        return " ".join(map(str, found)) if isinstance(found, list) else str(found)

    def _answer(self, http: Http, call: Call, wanted: str, setting: str) -> Mapping[str, Any]:
        stats = RequestStats()
        try:
            response = _send(http, call, "api_url", stats)
        except BadRequest as error:
            if stats.retries:  # the session, too, may be good once, and spent by a lost answer
                raise _Spent(error) from error
            raise
        document = response.json_or_none()
        if (
            response.status >= HTTPStatus.BAD_REQUEST
            or not isinstance(document, Mapping)
            or not document.get(wanted)
        ):
            message = (
                f"{call.what} refused for {self._settings['email']} (setting `{setting}`): "
                f"HTTP {response.status} {responses.error_message(response) or response.excerpt(200)}"
            )
            raise _failure(CredentialsError(message), response, stats)
        return document


def _send(http: Http, call: Call, setting: str, stats: RequestStats | None = None) -> Response:
    """Send a step of a login; give an answer that is good, or that refuses the credentials.

    Raises:
        RetriesExhausted: If nobody answers, or only the platform's faults do: nothing was said of the credentials.
        BadRequest: If there is no login at this address.
    """
    hint = (
        f"look at the setting `{setting}`; OpenX is retiring its single sign-on, and `api_generation` chooses "
        "between it and the OAuth 2 login"
    )
    try:
        response = http.send(call, stats)
    except RetriesExhausted as error:
        raise RetriesExhausted(f"No login: {error}; {hint}", status=error.status) from error
    if response.status >= HTTPStatus.BAD_REQUEST and response.status not in _REFUSALS:
        message = f"No login: {call.what}: HTTP {response.status} {responses.error_message(response) or response.excerpt(200)}"
        raise BadRequest(f"{message}; {hint}", status=response.status)
    return response


def _form(text: str) -> dict[str, str]:
    return {k: v[-1] for k, v in parse_qs(text.strip(), keep_blank_values=False).items()}


def _session_id(url: str) -> str:
    """Return the session's id of an address, in its query or behind its `#`; empty if it holds none."""
    found = _SESSION_ID.search(url)
    return unquote(found[1]) if found else ""


def _cookie(jar: Mapping[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {}
