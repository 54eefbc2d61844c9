"""Who is logged in: OAuth 1.0a tokens with idle expiry, and OAuth 2 codes and bearer tokens.

All times are the sandbox clock's. Tokens are random: nothing in the data depends on them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adtap_sandbox import credentials
from adtap_sandbox.stage import Stage

IDLE: Final = timedelta(hours=2)  # "at least once every two hours", the vendor's guide
REQUEST_TOKEN_LIFE: Final = timedelta(minutes=10)
ID_TOKEN_LIFE: Final = timedelta(hours=1)
CODE_LIFE: Final = timedelta(minutes=5)


@dataclass
class RequestToken:
    """A request token on its way to becoming an access token."""

    secret: str
    callback: str
    made: datetime
    verifier: str | None = None


class LegacySessions:
    """Request tokens and access tokens of the legacy single sign-on."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pending: dict[str, RequestToken] = {}
        self._access: dict[str, datetime] = {}

    def request_token(self, callback: str) -> tuple[str, str]:
        """A new request token and its secret."""
        token, secret = secrets.token_hex(64) + "0a1b2", secrets.token_hex(64)
        self._pending[token] = RequestToken(secret, callback, self._stage.clock.now())
        return token, secret

    def pending(self, token: str) -> RequestToken | None:
        """A request token that is known and not too old."""
        found = self._pending.get(token)
        if found is None or self._stage.clock.now() - found.made > REQUEST_TOKEN_LIFE:
            return None
        return found

    def verify(self, token: str) -> str | None:
        """The verifier for a request token whose owner has just logged in."""
        found = self.pending(token)
        if found is None:
            return None
        found.verifier = secrets.token_hex(5)
        return found.verifier

    def access_token(self, request_token: str) -> tuple[str, str]:
        """Turn a request token into an access token and its secret; it works once."""
        del self._pending[request_token]
        token = secrets.token_hex(68) + "7"
        self._access[token] = self._stage.clock.now()
        return token, secrets.token_hex(64)

    def alive(self, token: str | None) -> bool:
        """Whether an access token is good now; asking keeps it alive, as any call does."""
        now = self._stage.clock.now()
        used = self._access.get(token or "")
        if token is None or used is None:
            return False
        idle = timedelta(seconds=float(str(self._stage.switch("openx", "idle_seconds"))))
        if now - used >= idle:
            del self._access[token]
            return False
        self._access[token] = now
        return True

    def end(self, token: str | None) -> bool:
        """Log out; whether there was such a session."""
        return self._access.pop(token or "", None) is not None

    def end_all(self) -> int:
        """Log everyone out; how many there were."""
        count = len(self._access)
        self._access.clear()
        return count


@dataclass
class Grant:
    """One authorization under way, from the authorize call to the token."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    challenge: str
    made: datetime
    consented: bool = False


@dataclass
class CurrentSessions:
    """Identity tokens, authorizations and bearer tokens of the current OAuth 2 stack."""

    stage: Stage
    _identities: dict[str, datetime] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _codes: dict[str, tuple[Grant, datetime]] = field(default_factory=dict)
    _bearers: dict[str, datetime] = field(default_factory=dict)
    _refresh: dict[str, Grant] = field(default_factory=dict)

    @property
    def bearer_seconds(self) -> int:
        """How long a bearer token is good for."""
        return int(str(self.stage.switch("openx", "bearer_seconds")))

    def sign_in(self) -> str:
        """A new identity token."""
        token = "sandbox." + secrets.token_urlsafe(120)
        self._identities[token] = self.stage.clock.now() + ID_TOKEN_LIFE
        return token

    def knows_identity(self, token: str) -> bool:
        """Whether an identity token is good now."""
        ends = self._identities.get(token)
        return ends is not None and self.stage.clock.now() < ends

    def authorize(self, grant: Grant) -> str:
        """Start an authorization; gives its session id."""
        session_id = secrets.token_urlsafe(24)
        self._grants[session_id] = grant
        return session_id

    def grant(self, session_id: str) -> Grant | None:
        """The authorization of a session id."""
        return self._grants.get(session_id)

    def consent(self, session_id: str) -> str:
        """A one-time code for an authorization the user has agreed to."""
        grant = self._grants.pop(session_id)
        code = secrets.token_urlsafe(32)
        self._codes[code] = (grant, self.stage.clock.now() + CODE_LIFE)
        return code

    def redeem(self, code: str) -> Grant | None:
        """The authorization behind a code; a code works once."""
        grant, ends = self._codes.pop(code, (None, None))
        if grant is None or ends is None or self.stage.clock.now() >= ends:
            return None
        return grant

    def bearer(self) -> str:
        """A new bearer token."""
        token = secrets.token_urlsafe(48)
        self._bearers[token] = self.stage.clock.now() + timedelta(seconds=self.bearer_seconds)
        return token

    def refresh_token(self, grant: Grant) -> str:
        """A refresh token for an authorization that asked for `offline_access`."""
        token = secrets.token_urlsafe(48)
        self._refresh[token] = grant
        return token

    def refreshed(self, token: str) -> Grant | None:
        """The authorization behind a refresh token; it stays good."""
        return self._refresh.get(token)

    def accepts(self, token: str) -> bool:
        """Whether a bearer token is good now."""
        ends = self._bearers.get(token)
        return ends is not None and self.stage.clock.now() < ends

    def revoke(self, token: str) -> None:
        """Forget a bearer or refresh token, known or not."""
        self._bearers.pop(token, None)
        self._refresh.pop(token, None)

    def end_all(self) -> int:
        """Forget every bearer token; how many there were."""
        count = len(self._bearers)
        self._bearers.clear()
        return count


def proves(verifier: str, challenge: str) -> bool:
    """Whether a PKCE verifier belongs to an S256 challenge."""
    made = credentials.base64url(hashlib.sha256(verifier.encode()).digest())
    return hmac.compare_digest(made, challenge)


def knows_login(email: str | None, password: str | None) -> bool:
    """Whether an e-mail address and a password are the sandbox's."""
    return email == credentials.EMAIL and password == credentials.OPENX_PASSWORD
