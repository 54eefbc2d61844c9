"""The control API below ``/_control/``: what a test, or a person at a shell, moves.

| request | body | what it does |
|---|---|---|
| ``POST reset`` | ``{"seed", "size", "now"}`` | a new world; no faults, log, latency, switches |
| ``POST clock`` | ``{"set"}``, ``{"advance_days"}`` or ``{"follow": true}`` | moves the clock |
| ``POST faults`` | a fault | puts it on the menu |
| ``GET faults``, ``DELETE faults`` | | the menu; an empty menu |
| ``POST switches`` | ``{platform: {switch: value}}`` | changes behaviours |
| ``GET switches`` | | their values |
| ``GET log?platform=``, ``DELETE log`` | | the requests; forgets them and the counts |
| ``GET stats`` | | the counts |
| ``POST latency`` | ``{"seconds"}`` | what each request waits |
| ``GET health`` | | what is served |
"""

from __future__ import annotations

import functools
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from adtap_sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from adtap_sandbox.server import Sandbox

    Endpoint = Callable[[Request], Awaitable[Response]]


def parse_moment(text: str) -> datetime:
    """A moment from ISO 8601 text; without a zone it is UTC.

    Raises:
        ValueError: If it is no ISO 8601 date or date-time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        message = f"{text!r} is no ISO 8601 date or date-time"
        raise ValueError(message) from error
    return moment if moment.tzinfo is not None else datetime.fromisoformat(f"{moment}+00:00")


def control_app(sandbox: Sandbox) -> Starlette:
    """The control API of a sandbox, its paths without ``/_control``."""

    async def reset(request: Request) -> Response:
        given = await _body(request, "seed", "size", "now")
        now = given.get("now")
        sandbox.reset(
            seed=_whole(given, "seed", 1),
            size=_whole(given, "size", 1),
            now=None if now is None else parse_moment(now),
        )
        return JSONResponse(_health(sandbox))

    async def clock(request: Request) -> Response:
        given = await _body(request, "set", "advance_days", "follow")
        if len(given) != 1:
            message = 'say one of {"set": moment}, {"advance_days": n}, {"follow": true}'
            raise ValueError(message)
        if "set" in given:
            sandbox.stage.clock.set(parse_moment(given["set"]))
        elif "advance_days" in given:
            days = given["advance_days"]
            if isinstance(days, bool) or not isinstance(days, int | float):
                message = f"'advance_days' can't be {days!r}"
                raise ValueError(message)
            sandbox.stage.clock.advance(timedelta(days=days))
        else:
            sandbox.stage.clock.follow()
        return JSONResponse(_health(sandbox))

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            sandbox.menu.add(Fault.parse(await _body(request), sandbox.platforms))
        elif request.method == "DELETE":
            sandbox.menu.clear()
        return JSONResponse({"faults": sandbox.menu.faults()})

    async def switches(request: Request) -> Response:
        if request.method == "POST":
            sandbox.turn(await _body(request))
        return JSONResponse(sandbox.stage.switches)

    async def log(request: Request) -> Response:
        if request.method == "DELETE":
            sandbox.journal.clear()
        platform = request.query_params.get("platform")
        return JSONResponse({"requests": sandbox.journal.entries(platform)})

    async def stats(_request: Request) -> Response:  # noqa: RUF029 - an endpoint is a coroutine
        return JSONResponse(sandbox.journal.stats())

    async def latency(request: Request) -> Response:
        seconds = (await _body(request, "seconds")).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            message = f"'seconds' can't be {seconds!r}"
            raise ValueError(message)
        sandbox.latency = float(seconds)
        return JSONResponse(_health(sandbox))

    async def health(_request: Request) -> Response:  # noqa: RUF029 - an endpoint is a coroutine
        return JSONResponse(_health(sandbox))

    return Starlette(
        routes=[
            Route("/reset", _told(reset), methods=["POST"]),
            Route("/clock", _told(clock), methods=["POST"]),
            Route("/faults", _told(faults), methods=["GET", "POST", "DELETE"]),
            Route("/switches", _told(switches), methods=["GET", "POST"]),
            Route("/log", _told(log), methods=["GET", "DELETE"]),
            Route("/stats", _told(stats)),
            Route("/latency", _told(latency), methods=["POST"]),
            Route("/health", _told(health)),
        ]
    )


def _health(sandbox: Sandbox) -> dict[str, Any]:
    stage = sandbox.stage
    return {
        "platforms": list(sandbox.platforms),
        "seed": stage.world.seed,
        "size": stage.world.size,
        "now": stage.clock.now().isoformat(),
        "frozen": stage.clock.frozen,
        "latency": sandbox.latency,
    }


def _told(endpoint: Endpoint) -> Endpoint:
    """Answer 400 with the reason where the request is wrong."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer


async def _body(request: Request, *keys: str) -> dict[str, Any]:
    """The request's object; with keys, only these may be in it."""
    raw = await request.body()
    try:
        given = json.loads(raw or b"{}")
    except ValueError as error:
        message = f"the body is no JSON: {error}"
        raise ValueError(message) from error
    if not isinstance(given, dict):
        message = "the body is no JSON object"
        raise ValueError(message)  # noqa: TRY004 - all that is wrong with a request is one kind
    unknown = sorted(set(given) - set(keys)) if keys else []
    if unknown:
        message = f"unknown: {', '.join(unknown)}; known: {', '.join(keys)}"
        raise ValueError(message)
    return given


def _whole(given: dict[str, Any], key: str, default: int) -> int:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{key!r} can't be {value!r}"
        raise ValueError(message)
    return value
