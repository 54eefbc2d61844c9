"""HTTP of the atomx room.

Every call is `/{version}/{resource…}`; one endpoint takes them all, because the platform folds case, `-` and `_` in
every word of a path.
"""

import json
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adtap_sandbox.atomx import expected_totals, replies
from adtap_sandbox.atomx.models import Call, find_model, fold
from adtap_sandbox.atomx.replies import Refusal
from adtap_sandbox.atomx.reports import read
from adtap_sandbox.atomx.resources import Resources
from adtap_sandbox.atomx.store import need_model
from adtap_sandbox.environment import Environment
from adtap_sandbox.tables import switches

BARE: tuple[str, ...] = ("/v3/", "/v2/", "/v1/login")

SWITCHES: dict[str, object] = switches(__package__)


def routes(environment: Environment) -> list[BaseRoute]:
    room = Room(environment)
    verbs = ["GET", "POST", "PUT", "DELETE"]
    return [
        Route("/_truth", room.expected_totals),
        Route("/{version:str}/{path:path}", room.call, methods=verbs),
    ]


class Room:
    """The endpoints."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.resources = Resources(environment)
        self._soft_failures = 0

    async def call(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except Refusal as no:
            return replies.refusal(no)

    def expected_totals(self, request: Request) -> Response:
        """Return what a reader should end up with; see `expected_totals`.

        `?model=creatives` gives ids and modification times. `?scope=…&groups=a,b&metrics=c&from=…&to=…&timezone=…`
        (or `daterange`; `where` as JSON) gives exact rows and totals of a report.
        """
        given: dict[str, Any] = dict(request.query_params)
        facts, store = self.resources.reports.facts, self.resources.store
        now = self.environment.clock.now()
        try:
            if "model" in given:
                model = need_model(given["model"])
                rows = self.resources.reader().view.rows(model.name)
                changed = {str(ident): row.get("updated_at") for ident, row in rows.items()}
                found = {"count": len(rows), "ids": list(rows), "updated_at": changed}
                return replies.body(found)
            for key in ("groups", "metrics"):
                given[key] = [word for word in given.get(key, "").split(",") if word]
            if "where" in given:
                given["where"] = json.loads(given["where"])
            query = read(given, now, self.environment.world.first_day)
            return replies.body(expected_totals.of_report(facts, store, query, now))
        except Refusal as no:
            return replies.refusal(no)

    async def _answer(self, request: Request) -> Response:
        version = request.path_params["version"].lower()
        words = [word for word in request.path_params["path"].split("/") if word]
        if version not in ("v1", "v2", "v3") or not words:
            raise Refusal(404, "Not found")
        call = Call(
            version=version,
            verb=request.method,
            words=words,
            params=[(name, value) for name, value in request.query_params.multi_items()],
            body=await _body(request),
            ip=request.client.host if request.client else "127.0.0.1",
            agent=request.headers.get("user-agent", ""),
        )
        if (open_door := self._door(call, request)) is not None:
            return open_door
        self.resources.accounts.check(_token(request, version))
        self._may_see(call)
        path, switch = request.path_params["path"], self.environment.switch
        if any(re.search(pattern, path) for pattern in switch("fail_softly")):
            self._soft_failures += 1
            times = switch("fail_softly_times")
            if times == 0 or self._soft_failures <= times:
                return replies.refusal(Refusal(400, "Temporary failure, try again"), soft=True)
        return await self._inside(call)

    def _door(self, call: Call, request: Request) -> Response | None:
        """Answer what needs no token: login, second factor, forgotten passwords."""
        resources = self.resources
        given = call.body if isinstance(call.body, dict) else {}
        if call.head == "login" and call.verb in ("GET", "POST"):
            token, owed = resources.accounts.login({**dict(call.params), **given})
            return resources.welcome(call, token, totp_required=owed)
        if call.head == "totp" and call.verb == "POST":
            header = request.headers.get("authorization")
            token = resources.accounts.confirm(header, given.get("totp"))
            return resources.welcome(call, token, totp_required=False)
        if call.head == "resetpassword":
            now = self.environment.clock.now()
            return replies.success(now, "message", "If the address is known, a mail is on its way")
        return None

    async def _inside(self, call: Call) -> Response:
        if call.head == "logout":
            return replies.success(self.environment.clock.now(), "message", "Logged out")
        if call.head in ("report", "reports"):
            # A long report must not hold up the other calls.
            return await run_in_threadpool(self.resources.reports.call, call)
        if call.head == "invoices":
            return await run_in_threadpool(self.resources.reports.invoices, call)
        if call.head == "search":
            return self.resources.search(call)
        return self.resources.call(call)

    def _may_see(self, call: Call) -> None:
        forbidden = self.environment.switch("forbidden")
        scope = call.body.get("scope") if isinstance(call.body, dict) else None
        # Paths fold singular and plural, so the names of both are compared.
        asked = {fold(word) for word in (*call.words, str(scope))}
        for word in call.words:
            model = find_model(word)
            if model is not None:
                asked |= {fold(model.name), fold(model.plural)}
        hit = next((word for word in forbidden if fold(word) in asked), None)
        if hit is not None:
            raise Refusal(403, f"You have no access to {hit}")


async def _body(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise Refusal(400, "The body is not JSON") from None


def _token(request: Request, version: str) -> str | None:
    header = request.headers.get("authorization")
    if header is None and version != "v3":
        # v1 and v2 carry the token in a cookie; the PHP client of that time appends its type.
        cookie = request.cookies.get("auth_tkt", "")
        return f"Bearer {cookie.partition('!')[0]}" if cookie else None
    return header
