"""The door of the legacy generation: Mashery's key check, cookie login, bearer bridge."""

from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import quoteattr

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from adtap_sandbox import credentials

from .data import USER
from .legacy_render import (
    WALL_TIME,
    LegacyError,
    Problem,
    Style,
    problem_reply,
    refuse,
    reply,
    wants_json,
)
from .query import QueryError
from .sessions import COOKIE, SESSION_LIFE, Sessions, fields_of

_NOT_LOGGED_IN: Final = Problem(
    401, "auth_required", "Authentication Required", reason="not_logged_in"
)


class LegacyAuth:
    """Lets legacy requests in."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions, self.switch = sessions, sessions.environment.switch
        self._passed = 0

    def style(self, request: Request) -> Style:
        words = (self.switch("legacy_status"), self.switch("string_numbers"))
        return Style(wants_json(request), self.sessions.environment.clock.now(), *words)

    def mashery(self, request: Request, key: str | None = None) -> Response | None:
        """What the gateway in front refuses, in its own markup; None if it lets pass."""
        self._passed += 1
        every = self.switch("over_qps_every")
        if every and self._passed % every == 0:
            headers = {"X-Mashery-Error-Code": "ERR_403_DEVELOPER_OVER_QPS", "Retry-After": "1"}
            headers["X-Error-Detail-Header"] = "Account Over Queries Per Second Limit"
            return Response("<h1>Developer Over Qps</h1>", 403, headers, "text/xml")
        if request.headers.get("authorization"):
            return None  # with OAuth no key is sent
        given = key or request.query_params.get("api_key")
        if given != credentials.T1_API_KEY:
            headers = {"X-Mashery-Error-Code": "ERR_403_DEVELOPER_INACTIVE"}
            return Response("<h1>Developer Inactive</h1>", 403, headers, "text/xml")
        return None

    async def inside(
        self,
        request: Request,
        answer: Callable[[Request], Response],
        refused: Callable[[LegacyError, Request], Response],
        unread: str = "invalid",
    ) -> Response:
        """Answer one request of a service that stands behind the gateway and the login.

        `answer` runs beside the event loop, `refused` writes an error, `unread` is the service's code for a condition
        that it can't read. Without a live session or bearer it is 401 `auth_required`.
        """
        closed = self.mashery(request)
        if closed:
            return closed
        try:
            if not self.sessions.has_bearer(request) and not self.sessions.session_of(request):
                raise LegacyError(_NOT_LOGGED_IN)  # noqa: TRY301 - written as the service writes them
            return await run_in_threadpool(answer, request)
        except LegacyError as error:
            return refused(error, request)
        except QueryError as error:
            return refused(refuse(400, unread, str(error), error.field), request)

    def refused(self, error: LegacyError, request: Request) -> Response:
        bare = error.problem.code == "auth_required" and self.switch("bare_auth_required")
        return problem_reply(error.problem, self.style(request), bare=bare)

    async def login(self, request: Request) -> Response:
        form = await fields_of(request)
        key = form.get("api_key")
        closed = self.mashery(request, str(key) if key else None)
        if closed:
            return closed
        given = (form.get("user"), form.get("password"))
        if given != (credentials.USERNAME, credentials.T1_PASSWORD):
            problem = Problem(401, "auth_error", "Authentication error")
            return problem_reply(problem, self.style(request))
        return self._opened(request, self.sessions.log_in())

    async def session(self, request: Request) -> Response:
        """Answer `GET /api/v2.0/session`, with cookie or bearer; a bearer gets a cookie."""
        closed = self.mashery(request)
        if closed:
            return closed
        found = self.sessions.session_of(request)
        if found is None and not self.sessions.has_bearer(request):
            return self.refused(LegacyError(_NOT_LOGGED_IN), request)
        return self._opened(request, found or self.sessions.log_in())

    def _opened(self, request: Request, session: str) -> Response:
        style = self.style(request)
        opened = self.sessions.cookies[session].holder
        begun, ends = (moment.strftime(WALL_TIME) for moment in (opened, opened + SESSION_LIFE))
        if style.json:
            times = {"current_time": begun, "expires": ends, "sessionid": session}
            user = {"entity_type": "user", "name": credentials.USERNAME, "id": USER}
            answer = reply({"data": {"session": times, **user}, "meta": {"status": style.success}})
        else:
            answer = reply(
                "<?xml version='1.0' ?>\n<result>"
                f'<entity name={quoteattr(credentials.USERNAME)} id="{USER}" type="user" />'
                f'<session current_time="{begun}" expires="{ends}" sessionid="{session}" />'
                '<status code="ok" /></result>'
            )
        # No Domain: with one, a client that set the cookie itself would hold two.
        answer.headers["set-cookie"] = f"{COOKIE}={session}; Path=/"
        return answer
