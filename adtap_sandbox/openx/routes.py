"""The OpenX room's HTTP: both generations, wired to their handlers.

/api/index/…  /login/…            legacy single sign-on            sso.py
/data/ods/1.0/…  /data/1.0/…      Data Service                     data_service.py
/ox/4.0/…                         Platform API, cookie             platform.py
/ox/3.0/…                         the little of v3 that is needed  platform.py
/v1/accounts:…  /oauth2/v1/…      current login                    current.py
/api/v1/ox/4.0/…                  Platform API, bearer             platform.py
/api/v1/reporting-api/…           current reports                  current.py
/_truth                           expected totals, for tests       expected_totals.py
/_sessions                        DELETE: end every session now
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from adtap_sandbox import credentials
from adtap_sandbox.environment import Environment
from adtap_sandbox.openx import replies, request_parts
from adtap_sandbox.openx.current import Login, Reporting
from adtap_sandbox.openx.data_service import DataService
from adtap_sandbox.openx.expected_totals import ExpectedTotals
from adtap_sandbox.openx.platform import Platform, PlatformV3
from adtap_sandbox.openx.replies import Refusal, plain_json
from adtap_sandbox.openx.sso import SingleSignOn
from adtap_sandbox.openx.store import Store
from adtap_sandbox.tables import switches

Handler = Callable[[Request], Awaitable[Response]]


BARE: tuple[str, ...] = (
    *("/ox/", "/data/", "/api/index/", "/login/"),
    *("/api/v1/", "/oauth2/", "/v1/accounts", "/.well-known"),
)

SWITCHES: dict[str, object] = switches(__package__)

_METHODS: Final = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]
_DATA_PREFIXES: Final = ("/data/ods/1.0", "/data/1.0")


def routes(environment: Environment) -> list[BaseRoute]:
    store = Store(environment)
    sso, login, reporting = SingleSignOn(store), Login(store), Reporting(store)
    gates = _Gates(store)

    def at(path: str, handler: Handler, *methods: str) -> Route:
        return Route(path, _answering(handler), methods=list(methods or ("GET",)))

    return [
        at("/api/index/initiate", sso.initiate, "POST"),
        at("/api/index/token", sso.token, "POST"),
        at("/api/index/token", sso.revoke, "DELETE"),
        at("/login/process", sso.process, "POST"),
        at("/login/oob", sso.landed),
        at("/login/login", sso.form_page),
        *_data_routes(store),
        at("/ox/4.0/{rest:path}", gates.legacy, *_METHODS),
        at("/ox/3.0/{rest:path}", gates.old, *_METHODS),
        at("/v1/accounts:signInWithPassword", login.sign_in, "POST"),
        at("/oauth2/v1/authorize", login.authorize),
        at("/oauth2/v1/login", login.login),
        at("/oauth2/v1/login/start", login.start),
        at("/oauth2/v1/login/session-info", login.session_info),
        at("/oauth2/v1/login/consent", login.consent, "POST"),
        at("/oauth2/v1/token", login.token, "POST"),
        at("/oauth2/v1/revoke", login.revoke, "POST"),
        at("/.well-known/openid-configuration", login.discovery),
        at("/api/v1/reporting-api/generateReport", reporting.generate, "POST"),
        at("/api/v1/reporting-api/pullReport", reporting.pull, "POST"),
        at("/api/v1/ox/4.0/{rest:path}", gates.current, *_METHODS),
        at("/_truth", ExpectedTotals(store).answer),
        at("/_sessions", gates.end_sessions, "DELETE"),
    ]


def _data_routes(store: Store) -> list[BaseRoute]:
    service = DataService(store)

    def behind(prefix: str, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if prefix not in store.switch("prefixes"):
                return PlainTextResponse("Not Found", status_code=404)
            return await handler(request)

        return answer

    table: tuple[tuple[str, Handler, str], ...] = (
        ("/report/fields", service.fields, "GET"),
        ("/report", service.report, "POST"),
        ("/date-range", service.date_range, "POST"),
        ("/user", service.nothing, "GET"),
        ("/session", service.nothing, "GET"),
    )
    # Clients write a trailing slash as often as not.
    return [
        Route(f"{prefix}{path}{slash}", _answering(behind(prefix, handler)), methods=[method])
        for prefix in _DATA_PREFIXES
        for path, handler, method in table
        for slash in ("", "/")
    ]


class _Gates:
    """Who may enter the Platform API, by generation."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._platform = Platform(store)
        self._v3 = PlatformV3(store)

    async def legacy(self, request: Request) -> Response:
        """`/ox/4.0`: the cookie of the single sign-on."""
        self._cookie(request)
        return await self._platform.answer(request, request.path_params["rest"])

    async def old(self, request: Request) -> Response:
        """`/ox/3.0`: the same cookie."""
        self._cookie(request)
        return await self._v3.answer(request, request.path_params["rest"])

    async def current(self, request: Request) -> Response:
        """`/api/v1/ox/4.0`: a bearer token, and the instance in a header of its own."""
        try:
            self._bearer(request)
            response = await self._platform.answer(request, request.path_params["rest"])
        except Refusal as refusal:
            response = refusal.response
        response.headers["x-request-id"] = str(uuid.uuid4())
        return response

    async def end_sessions(self, request: Request) -> Response:
        """A control of the sandbox: every session and bearer token ends at once."""
        del request
        store = self._store
        ended = {"legacy": store.legacy.end_all(), "current": store.current.bearers.clear()}
        return plain_json(ended)

    def _bearer(self, request: Request) -> None:
        if not self._store.current.bearers.find(request_parts.bearer(request)):
            raise Refusal(replies.platform_error(401, "Permission", "Unauthorized"))
        instance = request.headers.get("x-openx-instance")
        if instance is None:
            message = "Header X-Openx-Instance is required"
            raise Refusal(replies.platform_error(400, "Require", message))
        if instance != credentials.OPENX_INSTANCE_HOSTNAME:
            raise Refusal(replies.forbidden(f"instance {instance}"))

    def _cookie(self, request: Request) -> None:
        if self._store.legacy.alive(request_parts.cookie(request)):
            return
        if self._store.switch("html_when_logged_out"):
            raise Refusal(replies.login_page("Your session has ended."))
        raise Refusal(replies.platform_error(401, "Permission", "Not logged in"))


def _answering(handler: Handler) -> Any:
    """An endpoint that turns a refusal into its answer."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response

    return endpoint
