"""Adjust over HTTP: Report Service, KPI service, Campaign API, dashboard.

/reports-service  /control-center/reports-service        Report Service, bearer token
/report  /csv_report  /parquet_report  /pivot_report  /filters_data  /events
                                                          the same, straight below /adjust
/kpis/v1/{apps}...                                        KPI service (legacy)
/public/v2/...                                            Campaign API: partners, trackers
/dashboard/api/apps                                       dashboard
/_truth                                                   the sandbox's own sums, for tests
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adtap_sandbox import lists
from adtap_sandbox.credentials import ADJUST_API_TOKEN
from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import fill, switches, table

from . import formats, kpis
from .lists import Lists
from .query import account_of, parse, words
from .replies import RefusedError, plain_error, report_error, unauthorized
from .report import Report, compute, expected_totals
from .store import AdjustApp, AdjustStore, Link

BARE: tuple[str, ...] = (
    *("/reports-service", "/control-center/reports-service"),
    *("/kpis/", "/public/v2", "/dashboard/api"),
)
SWITCHES: dict[str, object] = switches(__package__)
_BYTES: Final = "application/octet-stream"
PREFIXES: Final = ("", "/reports-service", "/control-center/reports-service")
Endpoint = Callable[[Request], Response]
Checked = Callable[[Request], Awaitable[Response]]


def routes(environment: Environment) -> list[BaseRoute]:
    room = _Room(environment)
    served: dict[str, Endpoint] = {
        "/report": room.report_as(lambda report: _json(formats.as_json(report, environment))),
        "/csv_report": room.report_as(room.csv),
        "/parquet_report": room.report_as(
            lambda report: Response(formats.as_parquet(report), media_type=_BYTES)
        ),
        "/pivot_report": room.report_as(lambda report: _json(formats.as_pivot(report))),
        "/filters_data": room.filters_data,
        "/events": room.events,
    }
    older: dict[str, Endpoint] = {
        "/kpis/v1/{path:path}": room.kpi,
        "/public/v2/partners": room.partners,
        "/public/v2/apps/{app}/trackers": room.trackers,
        "/public/v2/apps/{app}/trackers/{tracker}/children": room.trackers,
        "/dashboard/api/apps": room.dashboard_apps,
    }
    return [
        *(
            Route(f"{prefix}{path}", room.report_service(endpoint))
            for prefix in PREFIXES
            for path, endpoint in served.items()
        ),
        *(Route(path, room.plain_service(endpoint)) for path, endpoint in older.items()),
        Route("/_truth", room.expected_totals),
    ]


class _Room:
    """The endpoints, over one store."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.store = AdjustStore(environment)
        self.lists = Lists(self.store)
        self._answered = 0
        self._in_flight = 0

    # Report Service

    def report_service(self, endpoint: Endpoint) -> Checked:
        """Check the bearer token, and give refusals the Report Service's shape."""

        async def checked(request: Request) -> Response:
            self._in_flight += 1
            try:
                self._admit(request)
                return await run_in_threadpool(endpoint, request)
            except RefusedError as refused:
                self._answered += 1
                number = self.environment.world.number("correlation", self._answered)
                return report_error(refused, f"{number:016x}{self._answered:016x}")
            finally:
                self._in_flight -= 1

        return checked

    def _admit(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {ADJUST_API_TOKEN}":
            raise unauthorized()
        if 0 < self.environment.switch("max_parallel") < self._in_flight:
            raise RefusedError(500, "service_error", "Internal Service Error: TimeoutError")

    def report_as(self, write: Callable[[Report], Response]) -> Endpoint:
        """Compute a report and write it in one of the formats; without rows it is a bare 204."""

        def answer(request: Request) -> Response:
            header = request.headers.get("x-account-id")

            def made() -> Response:
                report = compute(self.store, parse(self.store, request.query_params, header))
                if not report.rows and not self.environment.switch("empty_as_rows"):
                    return Response(status_code=204)
                return write(report)

            same = self.environment.kept(f"{request.url} {header}", made)
            return Response(same.body, same.status_code, same.headers)

        return answer

    def csv(self, report: Report) -> Response:
        kind = self.environment.switch("csv_content_type")
        return _csv(formats.as_csv(report, self.environment), kind)

    def filters_data(self, request: Request) -> Response:
        account = account_of(request.query_params, request.headers.get("x-account-id"))
        return _json(self.lists.filters_data(request.query_params, account))

    def events(self, request: Request) -> Response:
        params = request.query_params
        account = account_of(params, request.headers.get("x-account-id"))
        return _json(self.lists.events(params, account, words(params, "app_token__in")))

    def expected_totals(self, request: Request) -> Response:
        """Sums over the store, without the report's grouping; needs no token.

        Takes a report's parameters (``dimensions`` may be left out) and answers
        ``{"totals": {...}, "by_app": {token: {...}}}`` of the metrics' parts, money in millionths.
        """
        params = {"dimensions": "day", **request.query_params}
        try:
            found = expected_totals(self.store, parse(self.store, params, None))
        except RefusedError as refused:
            return plain_error(refused)
        totals: Counter[str] = Counter()
        for sums in found.values():
            totals.update(sums)
        return _json({"totals": totals, "by_app": found})

    # KPI service, Campaign API, dashboard

    def plain_service(self, endpoint: Endpoint) -> Checked:
        """Check the token in any of its older forms; refusals are JSON with an ``error``."""

        async def checked(request: Request) -> Response:
            header = request.headers.get("authorization")
            accepted = (f"Token token={ADJUST_API_TOKEN}", f"Bearer {ADJUST_API_TOKEN}")
            token = request.query_params.get("user_token")
            if header not in accepted and token != ADJUST_API_TOKEN:
                return plain_error(RefusedError(401, "auth_error", "Authentication failed"))
            try:
                return await run_in_threadpool(endpoint, request)
            except RefusedError as refused:
                return plain_error(refused)

        return checked

    def kpi(self, request: Request) -> Response:
        if self.environment.switch("kpi_gone"):
            raise RefusedError(410, "request_error", "The KPI service has been retired")
        path = request.path_params["path"].rstrip("/")
        wants_csv = "text/csv" in request.headers.get("accept", "")
        for suffix in (".csv", ".json"):
            if path.endswith(suffix):
                path, wants_csv = path.removesuffix(suffix), suffix == ".csv"
        parts = path.split("/")
        apps = self._kpi_apps(parts[0])
        tracker = None
        if len(parts) > 2 and parts[1] == "trackers":  # noqa: PLR2004 - /{app}/trackers/{tracker}
            tracker, parts = parts[2], [parts[0], *parts[3:]]
        kind = parts[1] if len(parts) > 1 else "overview"
        if kind not in kpis.DEFAULT_KPIS or len(parts) > 2:  # noqa: PLR2004 - as above
            raise RefusedError(404, "request_error", "Not found")
        params = {name: value for name, value in request.query_params.items() if value}
        result = kpis.Asked(self.store, apps, kind, tracker, params).answer()
        if wants_csv:
            text = result.as_csv(readable=params.get("human_readable_kpis") == "true")
            return _csv(text, "text/csv")
        return _json(result.as_json())

    def _kpi_apps(self, text: str) -> tuple[AdjustApp, ...]:
        tokens = [token for token in text.split(",") if token]
        known, closed = self.store.by_token, self.store.closed
        if not tokens or any(token not in known or token in closed for token in tokens):
            raise RefusedError(403, "request_error", "No access to the requested app")
        return tuple(known[token] for token in tokens)

    def partners(self, request: Request) -> Response:
        items: list[dict[str, Any]] = []
        for one in self.store.partners.values():
            named = {"id": int(one.id), "display_name": one.name}
            items.append({**named, "supports_cost_data": one.integrated})
        return self._page(request, items)

    def trackers(self, request: Request) -> Response:
        app = self._kpi_apps(request.path_params["app"])[0]
        links = self.store.links(app)
        wanted = request.path_params.get("tracker")
        if wanted is not None:
            parent = _find(links, wanted)
            if parent is None:
                raise RefusedError(404, "request_error", "Tracker not found")
            links = parent.children
        return self._page(request, [_tracker(link) for link in links])

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Response:
        """One page by ``cursor`` and ``limit``; the last has no ``next``."""
        given = request.query_params
        refused = RefusedError(400, "request_error", "limit and cursor are positive numbers")
        limit = lists.whole_number(given.get("limit"), 50, refused, least=1)
        cursor = lists.whole_number(given.get("cursor"), 0, refused)
        page = lists.page(items, limit, cursor)
        paging: dict[str, Any] = {"cursor": given.get("cursor", "0")}
        if page.next is not None:
            following = request.url.include_query_params(cursor=page.next, limit=limit)
            paging["next"] = str(following)
        return _json({"data": {"items": page.rows, "paging": paging}})

    def dashboard_apps(self, _request: Request) -> Response:
        return _json({"apps": formats.dashboard_apps(self.store), "urls": {}, "page": {}})


def _find(links: list[Link], token: str) -> Link | None:
    for link in links:
        found = link if link.token == token else _find(link.children, token)
        if found is not None:
            return found
    return None


def _tracker(link: Link) -> dict[str, Any]:
    values = {
        "link": link,
        "has_children": bool(link.children),
        "partner_id": int(link.partner.id) if link.partner else None,
        "costs": link.partner is not None and link.partner.integrated,
    }
    made: dict[str, Any] = fill(table(__package__ or "", "data")["tracker"], values)
    return made


def _json(value: object) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, media_type="application/json")


def _csv(text: str, kind: str) -> Response:
    # A header of our own: media_type would add a charset, which one client does not take.
    return Response(text.encode(), headers={"content-type": kind})
