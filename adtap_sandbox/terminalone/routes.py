"""TerminalOne's endpoints of both generations."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adtap_sandbox.stage import Stage

from .current import CurrentApi
from .deals import DealsApi
from .facts import Facts
from .legacy import LegacyApi
from .legacy_gate import Gate
from .legacy_reports import LegacyReports
from .report import Reports
from .reporting import ReportingApi
from .sessions import Sessions, fields_of
from .store import Store
from .truth import Truth

BARE: Final[tuple[str, ...]] = (
    "/api/v2.0",
    "/api/v3.0",
    "/reporting",
    "/reporting-beta",
    "/deals/v1.0",
    "/oauth/token",
    "/media/v1.0",
)

SWITCHES: Final[dict[str, object]] = {
    # --- both generations
    "token_lifetime_seconds": 86_400,
    "token_requests": 0,  # a token or session dies after so many requests; 0 = never
    "refresh_token_rotates": False,
    # --- current
    "requests_per_second": 0,  # more than so many in a second get 429; 0 = no limit
    "page_offset_ceiling": 1000,  # greatest page_offset of v3
    "total_count": "true",  # "zero" or "missing": what v3 lists say of their total
    "empty_data_null": True,  # an empty v3 list is null instead of []
    "end_time_inclusive": True,  # whether the bucket that begins at end_time is in the answer
    "meta_line_every": 50,  # a {"meta": {}} line after so many rows of a stream; 0 = none
    "stream_error_after": 0,  # a stream fails in its own words after so many rows; 0 = never
    # --- legacy
    "over_qps_every": 0,  # each n-th request gets Mashery's 403 with Retry-After; 0 = none
    "page_limit_over": "clamp",  # page_limit over 100: "clamp" or "refuse"
    "legacy_status": "ok",  # the good status in JSON; newer answers say "success"
    "legacy_total": "true",  # "zero" or "text": what lists say of their total
    "string_numbers": False,  # decimals in JSON as text
    "bare_auth_required": False,  # a JSON 401 of the entity API without `errors`
}


def routes(stage: Stage) -> list[BaseRoute]:
    """Return the endpoints over fresh state."""
    store = Store(stage)
    sessions = Sessions(stage)
    facts = Facts(store)
    current = CurrentApi(store, sessions)
    reporting = ReportingApi(Reports(facts), sessions)
    truth = Truth(facts)
    gate = Gate(sessions)
    legacy = LegacyApi(store, gate)
    deals = DealsApi(store, gate)
    reports = LegacyReports(Reports(facts), gate)

    async def token(request: Request) -> Response:
        return sessions.token(await fields_of(request))

    async def campaigns_api(request: Request) -> Response:
        return await current(request)

    async def report(request: Request) -> Response:
        return await reporting(request)

    async def expected(request: Request) -> Response:
        return await truth(request)

    async def legacy_api(request: Request) -> Response:
        return await legacy(request)

    async def deals_api(request: Request) -> Response:
        return await deals(request)

    async def legacy_report(request: Request) -> Response:
        return await reports(request)

    return [
        Route("/oauth/token", token, methods=["POST"]),
        Route("/api/v3.0/{path:path}", campaigns_api, methods=["GET"]),
        Route("/reporting/v2/{dataset}", report, methods=["POST"]),
        Route("/api/v2.0/login", gate.login, methods=["POST"]),
        Route("/api/v2.0/session", gate.session, methods=["GET"]),
        Route("/api/v2.0/{path:path}", legacy_api, methods=["GET"]),
        Route("/deals/v1.0/{path:path}", deals_api, methods=["GET"]),
        Route("/media/v1.0/{path:path}", deals_api, methods=["GET"]),
        Route("/reporting/v1/std/{path:path}", legacy_report, methods=["GET"]),
        Route("/reporting-beta/v1/std/{path:path}", legacy_report, methods=["GET"]),
        Route("/_truth", expected, methods=["GET"]),
    ]
