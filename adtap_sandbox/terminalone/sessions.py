"""Who is logged in: bearer tokens of the current generation, cookie sessions of the legacy one."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox import credentials
from adtap_sandbox.stage import Stage
from adtap_sandbox.tables import fill, table

from .data import USER
from .replies import RefusedError, json_reply

PLATFORM: Final = "terminalone"
AUDIENCE: Final = "https://api.mediamath.com/"
PASSWORD_REALM: Final = "http://auth0.com/oauth/grant-type/password-realm"
SESSION_LIFE: Final = timedelta(hours=24)  # expires - current_time in recorded logins
COOKIE: Final = "adama_session"


@dataclass
class Grant:
    """A token or session and when it ends; `uses` counts the requests it was shown on."""

    expires: datetime
    uses: int = 0


class Sessions:
    """Issued tokens and sessions; a reset of the sandbox forgets them all."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.bearers: dict[str, Grant] = {}
        self.cookies: dict[str, Grant] = {}
        self.refreshers: set[str] = set()
        self.requests = 0
        self._issued = 0
        self._seconds: dict[int, int] = {}

    # --- tokens -------------------------------------------------------------------------------

    async def token(self, request: Request) -> Response:
        """Answer the token endpoint, in Auth0's words; its fields come as JSON or as a form."""
        form = await fields_of(request)
        try:
            return json_reply(self._granted(form), headers={"Cache-Control": "no-store"})
        except RefusedError as refused:
            body = {"error": refused.code, "error_description": refused.message}
            return json_reply(body, refused.status)

    def _granted(self, form: Mapping[str, object]) -> dict[str, object]:
        if form.get("client_id") != credentials.T1_CLIENT_ID:
            raise RefusedError(401, "invalid_client", "Unknown client: client_id")
        if form.get("client_secret") != credentials.T1_CLIENT_SECRET:
            raise RefusedError(401, "access_denied", "Unauthorized")
        grant = form.get("grant_type")
        scope = str(form.get("scope") or "")
        if grant in ("password", PASSWORD_REALM):
            if form.get("audience") != AUDIENCE:
                name = form.get("audience")
                raise RefusedError(403, "access_denied", f"Service not found: {name}")
            if grant == PASSWORD_REALM and not form.get("realm"):
                raise RefusedError(403, "invalid_request", "Missing required parameter: realm")
            right = (credentials.USERNAME, credentials.T1_PASSWORD)
            if (form.get("username"), form.get("password")) != right:
                raise RefusedError(403, "invalid_grant", "Wrong email or password.")
        elif grant == "refresh_token":
            if form.get("refresh_token") not in self.refreshers:
                raise RefusedError(403, "invalid_grant", "Unknown or invalid refresh token.")
            if self.stage.switch(PLATFORM, "refresh_token_rotates"):
                self.refreshers.discard(str(form.get("refresh_token")))
                scope += " offline_access"
        else:
            message = f"Grant type '{grant}' not allowed for the client."
            raise RefusedError(403, "unauthorized_client", message)
        return self._issue(scope)

    def _issue(self, scope: str) -> dict[str, object]:
        now = self.stage.clock.now()
        seconds = self.stage.switch(PLATFORM, "token_lifetime_seconds")
        life = timedelta(seconds=seconds if isinstance(seconds, int) else 86_400)
        self._issued += 1
        values = {"user": USER, "name": credentials.USERNAME, "client": credentials.T1_CLIENT_ID}
        values |= {"audience": AUDIENCE, "number": self._issued}
        values |= {"begins": int(now.timestamp()), "ends": int((now + life).timestamp())}
        claims = fill(table(__package__, "texts")["claims"], values)
        token = ".".join(_segment(part) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        token += f".{credentials.base64url(b'not signed; the sandbox checks the whole token')}"
        self.bearers[token] = Grant(now + life)
        answer: dict[str, object] = {
            "access_token": token,
            "expires_in": int(life.total_seconds()),
            "token_type": "Bearer",
        }
        if scope:
            answer["scope"] = scope
        if "openid" in scope:
            answer["id_token"] = token
        if "offline_access" in scope:
            refresher = hashlib.sha256(f"refresh{self._issued}".encode()).hexdigest()[:43]
            self.refreshers.add(refresher)
            answer["refresh_token"] = refresher
        return answer

    # --- sessions -----------------------------------------------------------------------------

    def log_in(self) -> tuple[str, Grant]:
        """Open a cookie session; it lives 24 hours, used or not."""
        self._issued += 1
        name = f"{self.stage.world.seed}/{self._issued}".encode()
        session = hashlib.sha1(name, usedforsecurity=False).hexdigest()
        self.cookies[session] = Grant(self.stage.clock.now() + SESSION_LIFE)
        return session, self.cookies[session]

    def session_of(self, request: Request) -> tuple[str, Grant] | None:
        """The live cookie session of a request, if it carries one."""
        name = request.cookies.get(COOKIE, "")
        grant = self.cookies.get(name)
        return (name, grant) if grant and self._alive(grant) else None

    def bearer_of(self, request: Request) -> Grant | None:
        """The live bearer grant of a request, if it carries one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self.bearers.get(token.strip())
        if scheme.lower() != "bearer" or grant is None or not self._alive(grant):
            return None
        return grant

    def _alive(self, grant: Grant) -> bool:
        most = self.stage.switch(PLATFORM, "token_requests")
        grant.uses += 1
        worn_out = isinstance(most, int) and most > 0 and grant.uses > most
        return self.stage.clock.now() < grant.expires and not worn_out

    # --- the gate of the current generation ---------------------------------------------------

    def admit(self, request: Request) -> dict[str, str]:
        """Let a request of the current generation in, with the headers of its answer; 401 without a bearer, 429."""
        self.requests += 1
        headers = self._limit()
        if self.bearer_of(request) is None:
            message = "The access token is missing, expired or invalid"
            raise RefusedError(401, "unauthorized", message, headers=headers)
        return headers

    def _limit(self) -> dict[str, str]:
        """Count the request against its second of real time."""
        most = self.stage.switch(PLATFORM, "requests_per_second")
        second = int(time.time())
        used = self._seconds.get(second, 0) + 1
        self._seconds = {second: used}
        limit = most if isinstance(most, int) and most > 0 else 10
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": str(second + 1),
        }
        if isinstance(most, int) and 0 < most < used:
            raise RefusedError(
                429,
                "rate-limit-exceeded",
                "Too many requests",
                headers={**headers, "Retry-After": "1"},
                details={"limit": limit, "burst": limit, "window": "1s"},
            )
        return headers


def _segment(part: Mapping[str, object]) -> str:
    return credentials.base64url(json.dumps(part).encode())


async def fields_of(request: Request) -> dict[str, object]:
    """Read a request's body as JSON object or as form."""
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            read = json.loads(body)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
