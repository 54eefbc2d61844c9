"""The legacy single sign-on: OAuth 1.0a in three steps, and revocation.

Source of the signatures: RFC 5849 (read 2026-11-22) and what the vendor's clients put on the wire.
"""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from adtap_sandbox import credentials
from adtap_sandbox.openx import request_parts
from adtap_sandbox.openx.replies import Refusal, login_page, oauth_problem
from adtap_sandbox.openx.sessions import knows_login
from adtap_sandbox.openx.store import Store

Pairs = list[tuple[str, str]]
_HEADER_PAIR: Final = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"')
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_NO_CACHE = {"Cache-Control": "private; must-revalidate", "Pragma": "no-cache"}


class SingleSignOn:
    """Answers `/api/index/…` and `/login/…`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def initiate(self, request: Request) -> Response:
        """Step 1: a request token."""
        self._up(request)
        given = await self._signed(request, "")
        token, secret = self._store.legacy.request_token(given.get("oauth_callback", "oob"))
        given_out = {"oauth_token": token, "oauth_token_secret": secret}
        response = self._form(**given_out, oauth_callback_confirmed="true")
        # Flagged secure as on the real host, so a client on plain http does not send it back.
        response.set_cookie(
            "PHPSESSID", secrets.token_hex(13), path="/", secure=True, httponly=True, samesite=None
        )
        return response

    async def process(self, request: Request) -> Response:
        """Step 2: e-mail and password; the answer is a bare relative callback URL."""
        self._up(request)
        given = dict([*request_parts.query(request), *await request_parts.form(request)])
        token = given.get("oauth_token", "")
        pending = self._store.legacy.pending(token)
        if pending is None:
            return login_page("The login request is unknown or has expired.")
        if self._store.switch("password_expired"):
            return login_page("Your password has expired. Choose a new one.")
        if not knows_login(given.get("email"), given.get("password")):
            # A status of success, and no `oob`: what is wrong shows in the body alone.
            return login_page("The email or password you entered is incorrect.")
        pending.verifier = secrets.token_hex(5)
        query = urlencode({"oauth_token": token, "oauth_verifier": pending.verifier})
        target = f"{pending.callback}?{query}"
        if pending.callback != "oob" or self._store.switch("login_redirect"):
            return RedirectResponse(target, status_code=302)
        return PlainTextResponse(target, media_type="text/html")

    async def landed(self, request: Request) -> Response:
        """Where a redirected login ends up: the same bare text."""
        return PlainTextResponse(f"oob?{request.url.query}", media_type="text/html")

    async def form_page(self, request: Request) -> Response:
        self._up(request)
        return login_page("")

    async def token(self, request: Request) -> Response:
        """Step 3: the access token for a verified request token."""
        self._up(request)
        name = dict(await self._parameters(request)).get("oauth_token", "")
        pending = self._store.legacy.pending(name)
        if pending is None:
            return oauth_problem("token_rejected")
        given = await self._signed(request, pending.secret)
        if pending.verifier is None or given.get("oauth_verifier") != pending.verifier:
            return oauth_problem("verifier_invalid")
        token, secret = self._store.legacy.access_token(name)
        return self._form(oauth_token=token, oauth_token_secret=secret, email=credentials.EMAIL)

    async def revoke(self, request: Request) -> Response:
        """`DELETE token`: the access token ends. Clients sign it with no token secret."""
        given = dict(await self._parameters(request))
        self._check_consumer(given)
        self._store.legacy.end(given.get("oauth_token"))
        return Response(status_code=204)

    async def _parameters(self, request: Request) -> Pairs:
        header = request.headers.get("authorization", "")
        given = _HEADER_PAIR.findall(header) if header.lower().startswith("oauth ") else []
        own = [(unquote(name), unquote(value)) for name, value in given]
        return [*own, *request_parts.query(request), *await request_parts.form(request)]

    async def _signed(self, request: Request, secret: str) -> dict[str, str]:
        """The parameters of a request with a length, a known consumer and a right signature; refused otherwise."""
        if "content-length" not in request.headers:
            raise Refusal(PlainTextResponse("Length Required", status_code=411))
        pairs = await self._parameters(request)
        given = dict(pairs)
        self._check_consumer(given)
        if given.get("oauth_signature_method") != "HMAC-SHA1":
            raise Refusal(oauth_problem("signature_method_rejected"))
        # The caller signs the URL it knows; behind a proxy that speaks TLS that is an https one.
        host, path = request.headers.get("host", ""), request.url.path
        for scheme, port in _DEFAULT_PORTS.items():
            url = f"{scheme}://{host.lower().removesuffix(port)}{path}"
            right = signature(request.method, url, pairs, credentials.OPENX_CONSUMER_SECRET, secret)
            if hmac.compare_digest(given.get("oauth_signature", ""), right):
                return given
        raise Refusal(oauth_problem("signature_invalid"))

    @staticmethod
    def _check_consumer(given: dict[str, str]) -> None:
        if "oauth_consumer_key" not in given:
            problem = "parameter_absent&oauth_parameters_absent=oauth_consumer_key"
            raise Refusal(oauth_problem(problem))
        if given["oauth_consumer_key"] != credentials.OPENX_CONSUMER_KEY:
            raise Refusal(oauth_problem("consumer_key_unknown"))

    def _up(self, request: Request) -> None:
        """Refuse everything if the host is to look retired, as seen in the summer of 2026."""
        del request
        if self._store.switch("sso_down"):
            page = "<html><head><title>502 Bad Gateway</title></head></html>"
            raise Refusal(Response(page, status_code=502, media_type="text/html"))

    @staticmethod
    def _form(**pairs: str) -> Response:
        return Response(
            urlencode(pairs), media_type="application/x-www-form-urlencoded", headers=_NO_CACHE
        )


def signature(method: str, url: str, parameters: Pairs, consumer_secret: str, secret: str) -> str:
    """The HMAC-SHA1 signature of a request, base64.

    `url` without default port and query, its host in lower case; `parameters` of header, query and form, of which `realm` and the signature
    are left out; `secret` of the token, empty where there is none yet.
    """
    signed = (pair for pair in parameters if pair[0] not in {"oauth_signature", "realm"})
    pairs = sorted((_encode(name), _encode(value)) for name, value in signed)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), _encode(url), _encode(joined)))
    key = f"{_encode(consumer_secret)}&{_encode(secret)}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
