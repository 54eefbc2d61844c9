"""TerminalOne's endpoints of both generations."""

from typing import Final

from starlette.routing import BaseRoute, Route

from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import switches

from .current import CurrentApi
from .deals import DealsApi
from .expected_totals import ExpectedTotals
from .facts import Facts
from .legacy import LegacyApi
from .legacy_auth import LegacyAuth
from .legacy_reports import LegacyReports
from .report import Reports
from .reporting import ReportingApi
from .sessions import Sessions
from .store import Store

BARE: Final[tuple[str, ...]] = (
    *("/api/v2.0", "/api/v3.0", "/reporting", "/reporting-beta"),
    *("/deals/v1.0", "/oauth/token", "/media/v1.0"),
)

SWITCHES: dict[str, object] = switches(__package__)


def routes(environment: Environment) -> list[BaseRoute]:
    store = Store(environment)
    sessions = Sessions(environment)
    facts = Facts(store)
    current = CurrentApi(store, sessions)
    reporting = ReportingApi(Reports(facts), sessions)
    totals = ExpectedTotals(facts)
    auth = LegacyAuth(sessions)
    legacy = LegacyApi(store, auth)
    deals = DealsApi(store, auth)
    reports = LegacyReports(Reports(facts), auth)

    return [
        Route("/oauth/token", sessions.token, methods=["POST"]),
        Route("/api/v3.0/{path:path}", current.answer, methods=["GET"]),
        Route("/reporting/v2/{dataset}", reporting.answer, methods=["POST"]),
        Route("/api/v2.0/login", auth.login, methods=["POST"]),
        Route("/api/v2.0/session", auth.session, methods=["GET"]),
        Route("/api/v2.0/{path:path}", legacy.answer, methods=["GET"]),
        Route("/deals/v1.0/{path:path}", deals.answer, methods=["GET"]),
        Route("/media/v1.0/{path:path}", deals.answer, methods=["GET"]),
        Route("/reporting/v1/std/{path:path}", reports.answer, methods=["GET"]),
        Route("/reporting-beta/v1/std/{path:path}", reports.answer, methods=["GET"]),
        Route("/_truth", totals.answer, methods=["GET"]),
    ]
