"""The platforms side by side, and the state that the control API moves.

Way of a request: platform found → log → latency → fault → cached answers → compression → room.
"""

import functools
import importlib
import importlib.util
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol
from wsgiref.handlers import format_date_time

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adtap_sandbox.cached_answers import CachedAnswers
from adtap_sandbox.environment import Clock, Environment
from adtap_sandbox.faults import FaultGate, Journal, Menu, Recorder
from adtap_sandbox.world import World

PLATFORMS: Final = ("adjust", "atomx", "openx", "terminalone")
UNROUTED: Final = "unrouted"
"""The log's platform for a path that belongs to none."""
CONTROL: Final = "/_control"
COMPRESS_FROM: Final = 1024
"""Bytes from which a body is compressed, if the client takes gzip."""


class Room(Protocol):
    """What a platform's ``routes`` module offers."""

    BARE: tuple[str, ...]
    SWITCHES: dict[str, object]

    def routes(self, environment: Environment) -> list[BaseRoute]:
        """The platform's routes, over fresh state."""


def find_rooms(only: Iterable[str] | None = None) -> dict[str, Room]:
    """The route modules of the platforms wanted, by name; of all that are there if None.

    Raises:
        ValueError: If a wanted platform is not there. Whatever a room's import raises is passed on.
    """
    wanted = PLATFORMS if only is None else tuple(only)
    found: dict[str, Room] = {}
    for name in wanted:
        folder = f"adtap_sandbox.{name}"
        there = importlib.util.find_spec(folder) and importlib.util.find_spec(f"{folder}.routes")
        if there:
            found[name] = importlib.import_module(f"{folder}.routes")
        elif only is not None:
            raise ValueError(f"no platform {name!r}; there are {', '.join(PLATFORMS)}")
    return found


class Sandbox:
    """All platforms as an ASGI application, each below its prefix and on its bare paths.

    The control API and the plain form of a target are the matter of `adtap_sandbox.server.Front`; the arguments are
    those of `adtap_sandbox.server.Server`.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        size: int = 1,
        now: datetime | None = None,
        latency: float = 0.0,
        rooms: Mapping[str, Room] | None = None,
    ) -> None:
        self._modules = dict(find_rooms() if rooms is None else rooms)
        self.platforms = tuple(self._modules)
        self._bare = self._bare_paths()
        self.menu = Menu()
        self.journal = Journal()
        self.connections: set[Any] = set()
        """The server's open connections; whoever runs the application puts them here."""
        compressed: ASGIApp = GZipMiddleware(self._enter_room, COMPRESS_FROM, compresslevel=5)
        self.cached_answers = CachedAnswers(compressed)
        self.reset(seed=seed, size=size, now=now)
        self.latency = latency
        gate = FaultGate(self.cached_answers, self.menu, self._hang_up)
        self._platform_app = Recorder(gate, self.journal, lambda: self.latency)

    def reset(
        self,
        *,
        seed: int = 1,
        size: int = 1,
        creatives: int = 0,
        apps: int = 0,
        now: datetime | None = None,
    ) -> None:
        """Make the world, the clock, the switches and the rooms anew; clear faults, log, cached answers.

        The arguments are those of `World`, and `now` that of `Clock`.
        """
        switches = {name: dict(room.SWITCHES) for name, room in self._modules.items()}
        environment = Environment(_world(seed, size, creatives, apps), Clock(now), switches)
        self.environment = environment
        self._rooms: dict[str, Starlette] = {}
        self.latency = 0.0
        self.menu.clear()
        self.journal.clear()
        self.cached_answers.keep(None)

    def turn(self, given: dict[str, Any]) -> None:
        """Change switches: new values by platform and switch.

        Raises:
            ValueError: If a platform or a switch is not there, or a value is not of its default's kind;
                then nothing is changed.
        """
        switches = self.environment.switches
        for platform, values in given.items():
            if platform not in switches:
                raise ValueError(f"no platform {platform!r}; there are {', '.join(switches)}")
            if not isinstance(values, dict):
                raise ValueError(f"the switches of {platform} are no object: {values!r}")  # noqa: TRY004 - all that is wrong here is one kind
            for name in values.keys() - switches[platform]:
                known = ", ".join(sorted(switches[platform])) or "none"
                raise ValueError(f"{platform} has no switch {name!r}; it has {known}")
            for name, value in values.items():
                default = self._modules[platform].SWITCHES[name]
                if default is not None and _kind(value) != _kind(default):
                    raise ValueError(f"the switch {name!r} of {platform} can't be {value!r}")
        for platform, values in given.items():
            switches[platform].update(values)
        self.cached_answers.forget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        scope["adtap.platform"], scope["root_path"] = self._find(path)
        scope["adtap.path"] = path.removeprefix(scope["root_path"])
        await self._platform_app(scope, receive, self._dated(send))

    def _find(self, path: str) -> tuple[str, str]:
        """The platform of a path, and the prefix that is not the platform's own."""
        for name in self.platforms:
            if path == f"/{name}" or path.startswith(f"/{name}/"):
                return name, f"/{name}"
        for beginning, name in self._bare:
            if path.startswith(beginning) or path == beginning.rstrip("/"):
                return name, ""
        return UNROUTED, ""

    async def _enter_room(self, scope: Scope, receive: Receive, send: Send) -> None:
        platform = scope["adtap.platform"]
        if scope["method"] == "HEAD":
            # No room tells it from GET; the server leaves the body out.
            scope = {**scope, "method": "GET"}
        if platform in self._modules:
            if platform not in self._rooms:
                # Of the rooms that a reset makes anew, few are entered before the next one.
                environment = replace(self.environment, platform=platform)
                app = Starlette(routes=self._modules[platform].routes(environment))
                # A trailing slash is the platform's own matter.
                app.router.redirect_slashes = False
                self._rooms[platform] = app
            await self._rooms[platform](scope, receive, send)
            return
        served = {"serves": [f"/{name}" for name in self.platforms]}
        if scope["path"] == "/":
            answer = JSONResponse({**served, "control": CONTROL})
        else:
            error = f"nothing is served at {scope['path']}"
            answer = JSONResponse({"error": error, **served}, 404)
        await answer(scope, receive, send)

    def _dated(self, send: Send) -> Send:
        """Put the sandbox's own time into ``Date``: a ``Retry-After`` date is measured by it."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name.lower() == b"date" for name, _ in headers):
                    now = format_date_time(self.environment.clock.now().timestamp())
                    headers.append((b"date", now.encode()))
                message = {**message, "headers": headers}
            await send(message)

        return dated

    def _bare_paths(self) -> list[tuple[str, str]]:
        """Beginnings of bare paths and their platforms, longest first."""
        owners: dict[str, str] = {}
        for name, room in self._modules.items():
            for beginning in room.BARE:
                if beginning in owners:
                    raise ValueError(f"{owners[beginning]} and {name} both claim {beginning}")
                owners[beginning] = name
        return sorted(owners.items(), key=lambda item: (-len(item[0]), item))

    def _hang_up(self, scope: Scope, at_once: bool) -> None:  # noqa: FBT001 - a callback
        for connection in list(self.connections):
            if connection.client == scope["client"]:
                transport = connection.transport
                if at_once:
                    # Without lingering the kernel answers with a reset instead of an orderly end.
                    sock = transport.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    transport.abort()
                else:
                    transport.close()
                return
        raise RuntimeError("the connection of this request is not among the server's")


def _kind(value: object) -> type:
    """The kind of a switch's value; whole or not, a number is a number."""
    return float if type(value) is int else type(value)


@functools.lru_cache(maxsize=8)
def _world(seed: int, size: int, creatives: int, apps: int) -> World:
    """A world never changes, so a reset needn't make it again."""
    return World(seed, size, creatives, apps)
