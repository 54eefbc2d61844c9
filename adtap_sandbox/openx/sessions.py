"""Who is logged in: OAuth 1.0a tokens with idle expiry, and OAuth 2 codes and bearer tokens.

All times are the sandbox clock's. Tokens are random: nothing in the data depends on them.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adtap_sandbox import credentials
from adtap_sandbox.environment import Environment
from adtap_sandbox.passes import Passes

REQUEST_TOKEN_LIFE: Final = timedelta(minutes=10)


@dataclass
class RequestToken:
    """A request token on its way to becoming an access token."""

    secret: str
    callback: str
    verifier: str | None = None


class LegacySessions:
    """Request tokens and access tokens of the legacy single sign-on."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._pending: Passes[RequestToken] = Passes(environment.clock)
        # When each was last used: they end for want of calls.
        self._access: dict[str, datetime] = {}

    def request_token(self, callback: str) -> tuple[str, str]:
        token, secret = secrets.token_hex(64) + "0a1b2", secrets.token_hex(64)
        self._pending.add(token, RequestToken(secret, callback), REQUEST_TOKEN_LIFE)
        return token, secret

    def pending(self, token: str) -> RequestToken | None:
        """A request token that is known and not too old."""
        found = self._pending.find(token)
        return found.holder if found else None

    def access_token(self, request_token: str) -> tuple[str, str]:
        """Turn a request token into an access token and its secret; it works once."""
        self._pending.drop(request_token)
        token = secrets.token_hex(68) + "7"
        self._access[token] = self._environment.clock.now()
        return token, secrets.token_hex(64)

    def alive(self, token: str | None) -> bool:
        """Whether an access token is good now; asking keeps it alive, as any call does."""
        now, used = self._environment.clock.now(), self._access.pop(token or "", None)
        idle = timedelta(seconds=self._environment.switch("idle_seconds"))
        if token is None or used is None or now - used >= idle:
            return False
        self._access[token] = now
        return True

    def end(self, token: str | None) -> None:
        self._access.pop(token or "", None)

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
    challenge: str


class CurrentSessions:
    """Identity tokens, authorizations, one-time codes and tokens of the current OAuth 2 stack."""

    def __init__(self, environment: Environment) -> None:
        self.identities: Passes[None] = Passes(environment.clock)
        self.grants: Passes[Grant] = Passes(environment.clock)
        self.codes: Passes[Grant] = Passes(environment.clock)
        self.bearers: Passes[None] = Passes(environment.clock)
        self.refreshers: Passes[Grant] = Passes(environment.clock)


def knows_login(email: str | None, password: str | None) -> bool:
    return email == credentials.EMAIL and password == credentials.OPENX_PASSWORD
