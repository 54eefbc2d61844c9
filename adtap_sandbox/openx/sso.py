"""The legacy single sign-on: OAuth 1.0a in three steps, and revocation."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from adtap_sandbox import credentials
from adtap_sandbox.openx import request_parts, signature
from adtap_sandbox.openx.replies import Refusal, login_page, oauth_problem
from adtap_sandbox.openx.sessions import knows_login
from adtap_sandbox.openx.store import Store

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
        response = self._form(
            oauth_token=token, oauth_token_secret=secret, oauth_callback_confirmed="true"
        )
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
        """The login form, for a browser."""
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

    async def _parameters(self, request: Request) -> signature.Pairs:
        header = signature.header_parameters(request.headers.get("authorization", ""))
        return [*header, *request_parts.query(request), *await request_parts.form(request)]

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
        urls = [signature.base_url(scheme, host, path) for scheme in ("http", "https")]
        keys = (credentials.OPENX_CONSUMER_SECRET, secret)
        if not signature.verifies(
            given.get("oauth_signature", ""), request.method, urls, pairs, keys
        ):
            raise Refusal(oauth_problem("signature_invalid"))
        return given

    @staticmethod
    def _check_consumer(given: dict[str, str]) -> None:
        if "oauth_consumer_key" not in given:
            raise Refusal(
                oauth_problem("parameter_absent&oauth_parameters_absent=oauth_consumer_key")
            )
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
