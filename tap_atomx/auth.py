"""The login of atomx API v3: e-mail and password, perhaps a second factor, for a bearer token.

Source: the vendor's wiki (`api`) and its clients for Python 1.7, Go and PHP; read 2026-11-20.
"""

import base64
import binascii
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import requests

from adtap_core.errors import CredentialsError
from adtap_core.http.client import Call, Http
from adtap_core.http.tokens import ends_at
from adtap_core.redact import redact

DEFAULT_EXPIRATION_SECONDS: Final = 86_400
"""Token life that is asked for. The platform's own default and maximum are not published; a token that
ends earlier is renewed by a new login."""
_CODE: Final = re.compile(r"\d{6,8}", re.ASCII)
_SECRET: Final = re.compile(r"[A-Z2-7]{16,}=*")
_STEP_SECONDS: Final = 30
_DIGITS: Final = 6


class TokenLogin:
    """Trades the login for a token and puts it on every request.

    Args:
        settings: `api_url`, `email`, `password`, perhaps `totp` and `token_expiration_seconds`.
        seconds: Gives the time since 1970, for the second factor; handed in, so that a test can move it.
        sleep: Waits for the next code; handed in for the same reason.
    """

    can_refresh = True

    def __init__(
        self,
        settings: Mapping[str, Any],
        seconds: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._url = str(settings.get("api_url") or "").rstrip("/")
        self._seconds, self._sleep = seconds, sleep
        self._used: str | None = None
        self._token = ""
        self.expires_at: datetime | None = None
        self.message = ""

    def apply(self, request: requests.Request) -> None:
        """Set the bearer token."""
        request.headers["Authorization"] = f"Bearer {self._token}"

    def login(self, http: Http) -> None:
        """Get a new token, with the second factor if the login has one.

        Raises:
            CredentialsError: If the login is refused, or a code is needed and none is set.
        """
        code = self._code()
        try:
            self._trade(http, code)
        except CredentialsError:
            given = str(self._settings.get("totp") or "").replace(" ", "")
            if code is None or code != self._used or code == given:
                raise
            # A code may be good once (RFC 6238, 5.2), and the session that has just ended was opened with this
            # one: no wrong secret, so another try with the next code can't lock the account.
            self._sleep(_STEP_SECONDS - self._seconds() % _STEP_SECONDS)
            code = self._code()
            self._trade(http, code)
        self._used = code

    def _trade(self, http: Http, code: str | None) -> None:
        """Trade the credentials and a code for a token."""
        body: dict[str, Any] = {
            "email": self._settings.get("email"),
            "password": self._settings.get("password"),
            "expiration": int(
                self._settings.get("token_expiration_seconds") or DEFAULT_EXPIRATION_SECONDS
            ),
        }
        if code is not None:
            body["totp"] = code
        response = self._ask(http, "login", body)
        if response.get("totp_required"):
            response = self._second_step(http, response, code)
        token = response.get("auth_token")
        if not isinstance(token, str) or not token:
            older = "it is one of an older version of the API; " if "auth_tkt" in response else ""
            raise CredentialsError(
                f"login of {self._who}: the answer holds no `auth_token`; {older}the setting `api_url` must lead to "
                "version 3 of the API, as https://api.atomx.com/v3 does"
            )
        redact.learn(token)
        self._token = token
        self.expires_at = ends_at(token)
        self.message = str(response.get("message") or "logged in")

    @property
    def _who(self) -> str:
        return str(self._settings.get("email"))

    def _second_step(
        self, http: Http, response: Mapping[str, Any], code: str | None
    ) -> Mapping[str, Any]:
        """Trade the provisional token and a code for a full token."""
        if code is None:
            raise CredentialsError(
                f"the login {self._who} has a second factor, and none is set: put its secret (or a code, good "
                "for one run) into the setting `totp`, or use an API user without a second factor"
            )
        provisional = str(response.get("auth_token"))
        redact.learn(provisional)
        return self._ask(
            http, "totp", {"totp": code}, headers={"Authorization": f"Bearer {provisional}"}
        )

    def _ask(
        self, http: Http, path: str, body: object, *, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        call = Call(
            url=f"{self._url}/{path}",
            what=f"login of {self._who}",
            method="POST",
            json=body,
            headers=headers or {},
            login=False,
        )
        response = http.send(call)
        with response.body:
            document: Mapping[str, Any] = response.json()
        return document

    def _code(self) -> str | None:
        given = str(self._settings.get("totp") or "").replace(" ", "")
        if not given:
            return None
        if _CODE.fullmatch(given):
            return given
        code = one_time_code(given, self._seconds())
        redact.learn(code)
        return code


def one_time_code(secret: str, seconds: float) -> str:
    """Return the code of a moment, as authenticator apps show it (RFC 6238: SHA-1, 30 s, six digits).

    Args:
        secret: The shared secret in base 32.
        seconds: Since 1970.
    """
    plain = secret.upper().rstrip("=")
    key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    mark = hmac.new(key, struct.pack(">Q", int(seconds) // _STEP_SECONDS), hashlib.sha1).digest()
    at = mark[-1] & 0x0F
    number = struct.unpack(">I", mark[at : at + 4])[0] & 0x7FFF_FFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def totp_error(given: str) -> str | None:
    """Return what is wrong with the setting `totp`, None if nothing is; never shows its value."""
    plain = given.replace(" ", "")
    if _CODE.fullmatch(plain):
        return None
    try:
        if _SECRET.fullmatch(plain.upper()):
            one_time_code(plain, 0)
            return None
    except (binascii.Error, ValueError):
        pass
    return "setting `totp` is neither a code of six digits nor a base-32 secret"
