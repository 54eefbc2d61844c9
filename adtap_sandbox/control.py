"""The control API below ``/_control/``: what a test, or a person at a shell, moves.

| request | body | what it does |
|---|---|---|
| ``POST reset`` | ``{"seed", "size", "creatives", "apps", "now"}`` | a new world, all else gone |
| ``POST clock`` | ``{"set"}``, ``{"advance_days"}`` or ``{"follow": true}`` | moves the clock |
| ``POST faults`` | a fault | puts it on the menu |
| ``GET faults``, ``DELETE faults`` | | the menu; an empty menu |
| ``POST switches`` | ``{platform: {switch: value}}`` | changes behaviours |
| ``GET switches`` | | their values |
| ``GET log?platform=``, ``DELETE log`` | | the requests; forgets them and the counts |
| ``GET stats`` | | the counts |
| ``POST latency`` | ``{"seconds"}`` | the soonest that any request is answered |
| ``POST kept`` | ``{"path"}`` | answers are made once from here on (see ``cached_answers.py``) |
| ``GET kept``, ``DELETE kept`` | | how many there are; each is made anew again |
| ``GET health`` | | what is served |
"""

import json
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adtap_sandbox.faults import Fault
from adtap_sandbox.sandbox import Sandbox


def parse_moment(text: str) -> datetime:
    """A moment from ISO 8601 text, UTC without a zone; a `ValueError` for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{text!r} is no ISO 8601 date or date-time") from error
    return moment if moment.tzinfo is not None else datetime.fromisoformat(f"{moment}+00:00")


def control_app(sandbox: Sandbox) -> Starlette:
    """The control API of a sandbox, its paths without ``/_control``."""
    control = _Control(sandbox)
    return Starlette(
        routes=[
            Route("/reset", control.reset, methods=["POST"]),
            Route("/clock", control.clock, methods=["POST"]),
            Route("/faults", control.faults, methods=["GET", "POST", "DELETE"]),
            Route("/switches", control.switches, methods=["GET", "POST"]),
            Route("/log", control.log, methods=["GET", "DELETE"]),
            Route("/stats", control.stats),
            Route("/latency", control.latency, methods=["POST"]),
            Route("/kept", control.kept, methods=["GET", "POST", "DELETE"]),
            Route("/health", control.health),
        ],
        exception_handlers={ValueError: _told},
    )


class _Control:
    """The endpoints; each raises ``ValueError`` where the request is wrong."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def reset(self, request: Request) -> Response:
        given = await _body(request, "seed", "size", "creatives", "apps", "now")
        now = given.get("now")
        self._sandbox.reset(
            seed=_whole(given, "seed", 1),
            size=_whole(given, "size", 1),
            creatives=_whole(given, "creatives", 0),
            apps=_whole(given, "apps", 0),
            now=None if now is None else parse_moment(now),
        )
        return await self.health(request)

    async def clock(self, request: Request) -> Response:
        given = await _body(request, "set", "advance_days", "follow")
        clock = self._sandbox.environment.clock
        self._sandbox.cached_answers.forget()
        match given:
            case {"set": moment, **rest} if not rest:
                clock.set(parse_moment(moment))
            case {"advance_days": int() | float() as days, **rest} if not rest:
                clock.advance(timedelta(days=days))
            case {"follow": True, **rest} if not rest:
                clock.follow()
            case _:
                raise ValueError(
                    'say one of {"set": moment}, {"advance_days": n}, {"follow": true}'
                )
        return await self.health(request)

    async def faults(self, request: Request) -> Response:
        menu = self._sandbox.menu
        if request.method == "POST":
            menu.add(Fault.parse(await _body(request), self._sandbox.platforms))
        elif request.method == "DELETE":
            menu.clear()
        return JSONResponse({"faults": menu.faults()})

    async def switches(self, request: Request) -> Response:
        if request.method == "POST":
            self._sandbox.turn(await _body(request))
        return JSONResponse(self._sandbox.environment.switches)

    async def log(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._sandbox.journal.clear()
        platform = request.query_params.get("platform")
        return JSONResponse({"requests": self._sandbox.journal.entries(platform)})

    async def stats(self, _request: Request) -> Response:
        return JSONResponse(self._sandbox.journal.stats())

    async def latency(self, request: Request) -> Response:
        seconds = (await _body(request, "seconds")).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise ValueError(f"'seconds' can't be {seconds!r}")
        self._sandbox.latency = float(seconds)
        return await self.health(request)

    async def kept(self, request: Request) -> Response:
        cached = self._sandbox.cached_answers
        if request.method == "POST":
            cached.keep(str((await _body(request, "path")).get("path", "")))
        elif request.method == "DELETE":
            cached.keep(None)
        return JSONResponse({"answers": len(cached)})

    async def health(self, _request: Request) -> Response:
        environment = self._sandbox.environment
        world, clock = environment.world, environment.clock
        told = {"platforms": list(self._sandbox.platforms), "seed": world.seed, "size": world.size}
        told |= {"now": clock.now().isoformat(), "frozen": clock.frozen}
        return JSONResponse({**told, "latency": self._sandbox.latency})


async def _told(_request: Request, error: Exception) -> Response:
    """Answer with the reason where the request is wrong."""
    return JSONResponse({"error": str(error)}, status_code=400)


async def _body(request: Request, *keys: str) -> dict[str, Any]:
    """The request's object; with keys, only these may be in it."""
    raw = await request.body()
    try:
        given = json.loads(raw or b"{}")
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004 - all faults of a request are one
    unknown = sorted(set(given) - set(keys)) if keys else []
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(keys)}")
    return given


def _whole(given: dict[str, Any], key: str, default: int) -> int:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{key!r} can't be {value!r}")  # noqa: TRY004 - as above
    return value
