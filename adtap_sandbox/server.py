"""The sandbox as an application, as a process and as a thread.

Front    the ASGI application: the control API, and behind it the platforms
Server   a Front on a socket, in a thread (tests) or in the foreground (``adtap sandbox``)
"""

import asyncio
import atexit
import functools
import re
import signal
import socket
import threading
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from adtap_sandbox.control import control_app
from adtap_sandbox.environment import Environment
from adtap_sandbox.sandbox import CONTROL, Room, Sandbox, find_rooms

DEFAULT_PORT: Final = 4310
# RFC 9112, 3.2.2: a server must accept the absolute form, which clients send to a proxy; it is
# how a client that can be given no port, or no plain http, is brought here.
_ABSOLUTE: Final = re.compile(r"^https?://[^/]*", re.IGNORECASE)


class PortTakenError(Exception):
    """The address can't be listened on."""


class Front:
    """The application: makes the target plain, then the control API or the platforms."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._control = control_app(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks no {scope['type']}")
        path = _ABSOLUTE.sub("", scope["path"]) or "/"
        raw_path = _ABSOLUTE.sub("", scope.get("raw_path", b"").decode("latin-1")) or "/"
        scope.update(path=path, raw_path=raw_path.encode("latin-1"))
        if path == CONTROL or path.startswith(f"{CONTROL}/"):
            scope["root_path"] = CONTROL
            await self._control(scope, receive, send)
            return
        await self._sandbox(scope, receive, send)


class _Uvicorn(uvicorn.Server):
    """Leaves no connection open: TLS waits for a farewell that many clients never send."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        transports = [connection.transport for connection in self.server_state.connections]
        await super().shutdown(sockets)
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class Server:
    """A sandbox on a socket.

    In a test: ``with Server() as server: ...`` or ``start()`` and ``stop()``; it then runs in a
    thread with an event loop of its own.

    Args:
        host: Address to listen on.
        port: Port to listen on; a free one if 0.
        seed: Seed of the world.
        size: Multiplies the number of things in the world.
        now: Moment from which the clock runs, with a zone; real time if None.
        latency: Seconds from a request's arrival before which it is not answered.
        tls: Paths of certificate and key (PEM); plain http if None.
        rooms: Platforms to serve; all if None.

    Raises:
        PortTakenError: If the address can't be listened on.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        seed: int = 1,
        size: int = 1,
        now: datetime | None = None,
        latency: float = 0.0,
        tls: tuple[str, str] | None = None,
        rooms: Mapping[str, Room] | None = None,
    ) -> None:
        self.sandbox = Sandbox(seed=seed, size=size, now=now, latency=latency, rooms=rooms)
        self._socket = _listen(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"
        certfile, keyfile = tls or (None, None)
        config = uvicorn.Config(
            Front(self.sandbox),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            ssl_certfile=certfile,
            ssl_keyfile=keyfile,
        )
        self._uvicorn = _Uvicorn(config)
        self.sandbox.connections = self._uvicorn.server_state.connections
        self._thread: threading.Thread | None = None

    @property
    def environment(self) -> Environment:
        """The environment as it is now; a reset makes another."""
        return self.sandbox.environment

    def start(self) -> Self:
        """Serve in a thread; returns once requests are answered."""
        run = functools.partial(self._uvicorn.run, sockets=[self._socket])
        name = f"adtap-sandbox-{self.port}"
        self._thread = threading.Thread(target=run, name=name, daemon=True)
        self._thread.start()
        while not self._uvicorn.started:
            self._thread.join(0.005)
            if not self._thread.is_alive():
                raise RuntimeError(f"the sandbox did not start on {self.url}")
        return self

    def stop(self) -> None:
        """End the thread; requests in flight get a second."""
        self._uvicorn.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()

    def run(self) -> None:
        """Serve in the foreground until SIGTERM or SIGINT, then return."""
        # The server hands a caught signal on to the handlers it found, which would end the
        # process by the signal; stopping is the ordinary end of this one.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        self._uvicorn.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@functools.cache
def shared_server(only: tuple[str, ...] | None = None) -> Server:
    """One server for the whole process, started on first use and stopped at its end.

    For tests that need a URL before any fixture runs, as the SDK's suites do.
    """
    server = Server(rooms=find_rooms(only)).start()
    atexit.register(server.stop)
    return server


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        # Bound alone would let a second process bind as well, and fail only later.
        sock.listen(128)
    except (OSError, OverflowError) as error:
        sock.close()
        why = getattr(error, "strerror", None) or str(error)
        raise PortTakenError(
            f"can't listen on {host}:{port} ({why}); choose another port with --port"
        ) from error
    sock.settimeout(0)
    return sock
