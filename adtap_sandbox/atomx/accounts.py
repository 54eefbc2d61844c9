"""Logins and tokens: JSON Web Tokens that live and die by the sandbox clock."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

from adtap_sandbox.atomx.data import USER_ID
from adtap_sandbox.atomx.replies import Refusal, unauthorized
from adtap_sandbox.credentials import ATOMX_PASSWORD, EMAIL, base64url
from adtap_sandbox.environment import Environment
from adtap_sandbox.passes import Pass, Passes

DEFAULT_SECONDS = 86_400
"""How long a token lives if the login does not say; assumed."""

MAX_SECONDS = 30 * 86_400
"""The longest life that a login may ask for; assumed, longer is cut."""

_SECRET = b"sandbox-atomx-signing-key"


class Accounts:
    """Who may log in, and the tokens handed out since the last reset."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        # What a token stands for: whether the second factor is still owed.
        self.tokens: Passes[bool] = Passes(environment.clock)

    def login(self, given: dict[str, Any]) -> tuple[str, bool]:
        """Check `email` or `id`, `password`, and perhaps `totp` and `expiration`; 401 or 400 if they are wrong.

        Returns:
            A token, and whether the second factor is still owed.
        """
        who = given.get("email")
        right = who == EMAIL or (who is None and str(given.get("id")) == str(USER_ID))
        password = self.environment.switch("password") or ATOMX_PASSWORD
        if not right or given.get("password") != password:
            raise Refusal(401, "Invalid email or password")
        life = _life(given.get("expiration"))
        owed = self.environment.switch("second_factor")
        # The vendor's PHP client always sends the key, with null in it.
        code = given.get("totp")
        if owed and code not in (None, "") and self.environment.switch("totp_in_login"):
            self._check_code(code)
            owed = False
        return self._issue(life, provisional=owed), owed

    def confirm(self, header: str | None, code: object) -> str:
        """Trade a provisional token and a code for a full token; 401 if the token is dead or the code wrong."""
        ends = self._living(header).ends
        self._check_code(code)
        left = ends - self.environment.clock.now() if ends else timedelta()
        return self._issue(int(left.total_seconds()), provisional=False)

    def check(self, header: str | None) -> None:
        """Check an `Authorization` header: 401 without a token, or if it is foreign, dead, provisional or used up."""
        token = self._living(header)
        if token.holder:
            raise unauthorized()
        token.shown += 1
        if 0 < self.environment.switch("requests_per_token") < token.shown:
            raise unauthorized()

    def _living(self, header: str | None) -> Pass[bool]:
        kind, _, text = (header or "").partition(" ")
        token = self.tokens.find(text.strip())
        if kind.lower() != "bearer" or token is None:
            raise unauthorized()
        return token

    def _check_code(self, code: object) -> None:
        if str(code) != self.environment.switch("totp_code"):
            raise Refusal(401, "Invalid two-factor code")

    def _issue(self, seconds: int, *, provisional: bool) -> str:
        now = self.environment.clock.now()
        begins = int(now.timestamp())
        seed, nth = self.environment.world.seed, len(self.tokens) + 1
        claims = {"sub": USER_ID, "iat": begins, "exp": begins + seconds, "jti": nth, "seed": seed}
        text = _sign(claims)
        life = timedelta(seconds=seconds, microseconds=-now.microsecond)
        return self.tokens.add(text, provisional, life)


def _life(given: object) -> int:
    if given is None:
        return DEFAULT_SECONDS
    text = str(given)
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise Refusal(400, f"expiration must be a number of seconds, not {given!r}")
    return min(int(text), MAX_SECONDS)


def _sign(claims: dict[str, Any]) -> str:
    head = base64url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    middle = base64url(json.dumps(claims).encode())
    mark = hmac.new(_SECRET, f"{head}.{middle}".encode(), hashlib.sha256).digest()
    return f"{head}.{middle}.{base64url(mark)}"
