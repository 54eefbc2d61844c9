"""Who is logged in: bearer tokens of the current generation, cookie sessions of the legacy one."""

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox import credentials
from adtap_sandbox.environment import Environment
from adtap_sandbox.passes import Pass, Passes
from adtap_sandbox.tables import fill, table

from .data import USER
from .replies import RefusedError, json_reply

AUDIENCE: Final = "https://api.mediamath.com/"
PASSWORD_REALM: Final = "http://auth0.com/oauth/grant-type/password-realm"
SESSION_LIFE: Final = timedelta(hours=24)  # expires - current_time in recorded logins
COOKIE: Final = "adama_session"


class Sessions:
    """Issued tokens and sessions; a reset of the sandbox forgets them all."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.bearers: Passes[None] = Passes(environment.clock)
        self.cookies: Passes[datetime] = Passes(environment.clock)
        """Each with the moment of its login."""
        self.refreshers: Passes[None] = Passes(environment.clock)
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
                words = f"Service not found: {form.get('audience')}"
                raise RefusedError(403, "access_denied", words)
            if grant == PASSWORD_REALM and not form.get("realm"):
                raise RefusedError(403, "invalid_request", "Missing required parameter: realm")
            right = (credentials.USERNAME, credentials.T1_PASSWORD)
            if (form.get("username"), form.get("password")) != right:
                raise RefusedError(403, "invalid_grant", "Wrong email or password.")
        elif grant == "refresh_token":
            shown = str(form.get("refresh_token"))
            if not self.refreshers.find(shown):
                raise RefusedError(403, "invalid_grant", "Unknown or invalid refresh token.")
            if self.environment.switch("refresh_token_rotates"):
                self.refreshers.drop(shown)
                scope += " offline_access"
        else:
            words = f"Grant type '{grant}' not allowed for the client."
            raise RefusedError(403, "unauthorized_client", words)
        return self._issue(scope)

    def _issue(self, scope: str) -> dict[str, object]:
        now = self.environment.clock.now()
        life = timedelta(seconds=self.environment.switch("token_lifetime_seconds"))
        self._issued += 1
        values = {"user": USER, "name": credentials.USERNAME, "client": credentials.T1_CLIENT_ID}
        values |= {"audience": AUDIENCE, "number": self._issued}
        values |= {"begins": int(now.timestamp()), "ends": int((now + life).timestamp())}
        claims = fill(table(__package__, "texts")["claims"], values)
        parts = ({"alg": "RS256", "typ": "JWT"}, claims)
        token = ".".join(credentials.base64url(json.dumps(part).encode()) for part in parts)
        token += f".{credentials.base64url(b'not signed; the sandbox checks the whole token')}"
        self.bearers.add(token, None, life)
        answer: dict[str, object] = {"access_token": token}
        answer |= {"expires_in": int(life.total_seconds()), "token_type": "Bearer"}
        if scope:
            answer["scope"] = scope
        if "openid" in scope:
            answer["id_token"] = token
        if "offline_access" in scope:
            refresher = hashlib.sha256(f"refresh{self._issued}".encode()).hexdigest()[:43]
            answer["refresh_token"] = self.refreshers.add(refresher, None)
        return answer

    # --- sessions -----------------------------------------------------------------------------

    def log_in(self) -> str:
        """Open a cookie session; it lives 24 hours, used or not."""
        self._issued += 1
        name = f"{self.environment.world.seed}/{self._issued}".encode()
        session = hashlib.sha1(name, usedforsecurity=False).hexdigest()
        return self.cookies.add(session, self.environment.clock.now(), SESSION_LIFE)

    def session_of(self, request: Request) -> str | None:
        """The live cookie session of a request, if it carries one."""
        name = request.cookies.get(COOKIE, "")
        return name if self._serves(self.cookies.find(name)) else None

    def has_bearer(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._serves(self.bearers.find(token.strip()))

    def _serves(self, shown: Pass[Any] | None) -> bool:
        """Count a request against what it carries; whether that is not worn out."""
        if shown is None:
            return False
        shown.shown += 1
        most: int = self.environment.switch("token_requests")
        return most == 0 or shown.shown <= most

    # --- the gate of the current generation ---------------------------------------------------

    def admit(self, request: Request) -> dict[str, str]:
        """Let a request of the current generation in, with the headers of its answer; 401 without a bearer, 429."""
        self.requests += 1
        headers = self._limit()
        if not self.has_bearer(request):
            words = "The access token is missing, expired or invalid"
            raise RefusedError(401, "unauthorized", words, headers=headers)
        return headers

    def _limit(self) -> dict[str, str]:
        """Count the request against its second of real time."""
        most: int = self.environment.switch("requests_per_second")
        second = int(time.time())
        used = self._seconds.get(second, 0) + 1
        self._seconds = {second: used}
        limit = most or 10
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": str(second + 1),
        }
        if 0 < most < used:
            more = {"limit": limit, "burst": limit, "window": "1s"}
            headers["Retry-After"] = "1"
            words = ("rate-limit-exceeded", "Too many requests")
            raise RefusedError(429, *words, headers=headers, details=more)
        return headers


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
