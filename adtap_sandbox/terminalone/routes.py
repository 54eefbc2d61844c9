"""TerminalOne's endpoints of both generations."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adtap_sandbox.stage import Stage
from adtap_sandbox.tables import switches

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

SWITCHES: dict[str, object] = switches(__package__)


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
