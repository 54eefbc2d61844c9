"""What can go wrong on the wire, the log of what was asked, and the count of requests in flight.

All three are ASGI middleware around the platforms' rooms, so a room neither writes nor knows them:

    Recorder    keeps the log and the count, holds answers back for the latency
    FaultGate   spoils an answer when the menu says so

The gate stands outside the compression, so that it can cut a compressed body as a network does.
"""

import asyncio
import json
import re
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS: Final = ("status", "reset", "lost", "cut", "cut_chunked", "html", "empty", "garbage", "slow")
LOG_LENGTH: Final = 20_000
"""Requests that the log holds; the oldest fall out."""
BODY_LENGTH: Final = 1_000_000
"""Bytes of a request's body that the log holds."""

_NONE: Final = type(None)
_FIELDS: Final[dict[str, tuple[type, ...]]] = {
    "kind": (str,),
    "platform": (str, _NONE),
    "path": (str,),
    "method": (str, _NONE),
    "status": (int, _NONE),
    "headers": (dict,),
    "body": (str, dict, list, _NONE),
    "after": (int,),
    "times": (int, _NONE),
    "seconds": (int, float),
    "at": (int, _NONE),
}
"""What a control request may say of a fault."""

_HTML: Final = (
    "<!DOCTYPE html>\n<html><head><title>Service temporarily unavailable</title></head>"
    "<body><h1>We'll be right back</h1><p>Scheduled maintenance.</p></body></html>\n"
)
_GARBAGE: Final = b'{"rows": [{"id": 1, "na\x00\xff\xfe\x1b'


@dataclass
class Fault:
    """One entry of the menu."""

    # `status` (an answer with that status), `reset` (the connection ends before the platform is
    # asked), `lost` (the platform does the work, then the connection ends), `cut` (the body
    # stops midway under its true Content-Length), `cut_chunked` (the same with chunks), `html`
    # (200 with a page), `empty` (200 without a body), `garbage` (200, says JSON and isn't),
    # `slow` (the true answer, later)
    kind: str
    platform: str | None = None  # which platform's requests; all if None
    path: str = ""  # regular expression searched in the path below the platform's prefix
    method: str | None = None  # which method; all if None
    # status of the answer; 500 for `status` and 200 for the others if None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)  # put on the answer, over those it has
    # text of the answer, or an object that is sent as JSON; of `status`, `html`, `garbage` and,
    # in place of the platform's own, `cut` and `cut_chunked`
    body: Any = None
    after: int = 0  # matching requests that pass before it strikes
    times: int | None = 1  # how often it strikes; without end if None
    seconds: float = 1.0  # how long `slow` waits
    at: int | None = None  # bytes of the body that a cut lets through; half of it if None
    seen: int = 0
    struck: int = 0

    @classmethod
    def parse(cls, given: dict[str, Any], platforms: tuple[str, ...]) -> "Fault":
        """Make an entry from a control request; a `ValueError` names the key or value that is not one of a fault."""
        for key, value in given.items():
            if key not in _FIELDS:
                raise ValueError(f"a fault has no {key!r}; it has {', '.join(_FIELDS)}")
            # A boolean is an int to Python, and never what is meant here.
            if not isinstance(value, _FIELDS[key]) or (value is True or value is False):
                raise ValueError(f"{key!r} of a fault can't be {value!r}")
        headers = given.get("headers", {})
        if not all(isinstance(text, str) for text in headers.values()):
            raise ValueError(f"a header of a fault is no text: {headers!r}")
        kind = given.get("kind")
        if kind not in KINDS:
            raise ValueError(f"no fault of the kind {kind!r}; the kinds are {', '.join(KINDS)}")
        platform = given.get("platform")
        if platform is not None and platform not in platforms:
            raise ValueError(f"no platform {platform!r}; there are {', '.join(platforms)}")
        try:
            re.compile(given.get("path", ""))
        except re.error as error:
            raise ValueError(
                f"the path {given['path']!r} is no regular expression: {error}"
            ) from error
        return cls(**given)

    def matches(self, platform: str, method: str, path: str) -> bool:
        """Whether a request is one of those this entry is about."""
        return (
            self.platform in {None, platform}
            and (self.method is None or self.method.upper() == method)
            and re.search(self.path, path) is not None
        )


@dataclass
class Entry:
    """One request in the log."""

    n: int  # its number since the log was cleared, from 1
    platform: str  # the platform it was for
    method: str  # as sent
    path: str  # decoded, below the platform's prefix: the same with the prefix and without
    target: str  # the decoded path as sent
    query: str  # the query string as sent
    headers: dict[str, str]  # names in lower case; one that came twice is joined with a comma
    body: str  # text; bytes that are no UTF-8 are replaced
    status: int  # status that was sent; 0 as long as none was
    started_at: str  # real time (UTC, ISO 8601) at which it arrived
    # until its last byte was handed to the network; None as long as it wasn't
    seconds: float | None
    in_flight: int  # requests in flight when it arrived, itself included
    fault: str | None = None  # kind of the fault that struck it
    error: str | None = None  # traceback, if a room failed on it


class Journal:
    """The log and the counts; may be read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight: Counter[str] = Counter()
        self.clear()

    def clear(self) -> None:
        """Forget the log and the counts, but not the requests that are still in flight."""
        with self._lock:
            self._entries: deque[Entry] = deque(maxlen=LOG_LENGTH)
            self._requests: Counter[str] = Counter()
            self._statuses: Counter[str] = Counter()
            self._max_in_flight: Counter[str] = Counter(self._in_flight)
            self._max_all = self._in_flight.total()

    def begin(self, scope: Scope, platform: str, path: str) -> Entry:
        """Write a request down as it arrives and count it in."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        with self._lock:
            self._in_flight[platform] += 1
            self._requests[platform] += 1
            self._max_all = max(self._max_all, self._in_flight.total())
            self._max_in_flight[platform] = max(
                self._max_in_flight[platform], self._in_flight[platform]
            )
            entry = Entry(
                n=self._requests.total(),
                platform=platform,
                method=scope["method"],
                path=path,
                target=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                headers=headers,
                body="",
                status=0,
                started_at=datetime.now(UTC).isoformat(),
                seconds=None,
                in_flight=self._in_flight[platform],
            )
            self._entries.append(entry)
        return entry

    def answered(self, entry: Entry, status: int) -> None:
        """Write down the status of an answer that begins."""
        with self._lock:
            entry.status = status
            self._statuses[str(status)] += 1

    def end(self, entry: Entry, seconds: float) -> None:
        """Count a request out; a second call does nothing."""
        with self._lock:
            if entry.seconds is None:
                entry.seconds = seconds
                self._in_flight[entry.platform] -= 1

    def entries(self, platform: str | None = None) -> list[dict[str, Any]]:
        """The log, oldest first, of one platform or of all."""
        with self._lock:
            return [dict(vars(e)) for e in self._entries if platform in {None, e.platform}]

    def stats(self) -> dict[str, Any]:
        """The counts since the log was cleared; ``failed`` counts requests a room failed on."""
        with self._lock:
            return {
                "requests": dict(self._requests),
                "statuses": dict(self._statuses),
                "in_flight": {name: n for name, n in self._in_flight.items() if n},
                "max_in_flight": {"all": self._max_all, **self._max_in_flight},
                "failed": sum(entry.error is not None for entry in self._entries),
            }


class Menu:
    """The faults that wait for a request; of several that match, the oldest strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def faults(self) -> list[dict[str, Any]]:
        """The menu, with how many requests each entry has seen and struck."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def draw(self, platform: str, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, if any; counts it."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(platform, method, path):
                    continue
                fault.seen += 1
                exhausted = fault.times is not None and fault.struck >= fault.times
                if fault.seen > fault.after and not exhausted:
                    fault.struck += 1
                    return fault
        return None


class FaultGate:
    """Spoils answers as the menu says.

    Args:
        app: What answers otherwise, compression included.
        menu: The faults.
        hang_up: Ends the connection of a request; ``(scope, at_once)``.
    """

    def __init__(self, app: ASGIApp, menu: Menu, hang_up: Callable[[Scope, bool], None]) -> None:
        self._app, self._menu, self._hang_up = app, menu, hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry: Entry = scope["adtap.entry"]
        fault = self._menu.draw(entry.platform, entry.method, entry.path)
        if fault is None:
            await self._app(scope, receive, send)
            return
        entry.fault = fault.kind
        match fault.kind:
            case "slow":
                body = await _read(receive)
                if not await _is_gone(receive, fault.seconds):
                    await self._app(scope, _replay(body, receive), _with_headers(send, fault))
            case "reset":
                await self._end(scope, receive, at_once=True)
            case "lost":
                await self._capture(scope, receive)
                await self._end(scope, receive, at_once=True)
            case "cut" | "cut_chunked":
                await self._cut(fault, scope, receive, send)
            case _:
                status, headers, body = _made_up(fault)
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _capture(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Let the platform answer, and keep the answer."""
        start: Message = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self._app(scope, receive, keep)
        return start, bytes(body)

    async def _cut(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.body is None:
            start, body = await self._capture(scope, receive)
            status, headers = start["status"], list(start["headers"])
        else:
            status, headers, body = _made_up(fault)
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        if fault.kind == "cut":
            # An empty body can't be cut, so its length is told too high.
            headers.append((b"content-length", str(max(len(body), 1)).encode()))
        sent = len(body) // 2 if fault.at is None else fault.at
        start = {"status": fault.status or status, "headers": _merged(headers, fault)}
        await send({"type": "http.response.start", **start})
        part = body[: min(sent, max(len(body) - 1, 0))]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await self._end(scope, receive, at_once=False)

    async def _end(self, scope: Scope, receive: Receive, *, at_once: bool) -> None:
        self._hang_up(scope, at_once)
        # Returning before the server has noticed would be logged as a failure of the application.
        while (await receive())["type"] != "http.disconnect":
            pass


class Recorder:
    """Keeps the log and the count of requests in flight, and holds answers back for the latency.

    The answer is made first and then held back: what the making costs is part of the latency, not on
    top of it, so that a benchmark of a client measures the client.

    Args:
        app: The platforms' rooms, behind the fault gate.
        journal: Where it is written.
        latency: Gives the seconds from a request's arrival before which it is not answered.
    """

    def __init__(self, app: ASGIApp, journal: Journal, latency: Callable[[], float]) -> None:
        self._app, self._journal, self._latency = app, journal, latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        entry = self._journal.begin(scope, scope["adtap.platform"], scope["adtap.path"])
        scope["adtap.entry"] = entry

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if (left := began + self._latency() - time.perf_counter()) > 0:
                    await asyncio.sleep(left)
                self._journal.answered(entry, message["status"])
            elif not message.get("more_body", False):
                # Before the last byte leaves: a client that goes on at once is not two in flight.
                self._journal.end(entry, time.perf_counter() - began)
            await send(message)

        try:
            body = await _read(receive)
            entry.body = body[:BODY_LENGTH].decode("utf-8", "replace")
            await self._app(scope, _replay(body, receive), noted)
        except Exception:
            entry.error = traceback.format_exc()
            raise
        finally:
            self._journal.end(entry, time.perf_counter() - began)


async def _is_gone(receive: Receive, seconds: float) -> bool:
    """Whether the client of a request that was read leaves within some seconds: nothing is in flight then."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


def _made_up(fault: Fault) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of an answer that no platform gave."""
    body: bytes
    match fault.kind, fault.body:
        case ("empty", _):
            body = b""
        case (kind, None):
            body = {"html": _HTML.encode(), "garbage": _GARBAGE}.get(kind, b"")
        case (_, str() as text):
            body = text.encode()
        case (_, data):
            body = json.dumps(data).encode()
    kind = "text/plain; charset=utf-8"
    if fault.kind == "html" or (body.lstrip()[:1] == b"<" and fault.kind != "garbage"):
        kind = "text/html; charset=utf-8"
    elif fault.kind in {"garbage", "empty"} or body[:1] in {b"{", b"["}:
        kind = "application/json"
    status = fault.status or (500 if fault.kind == "status" else 200)
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    return status, _merged(headers, fault), body


def _merged(headers: list[tuple[bytes, bytes]], fault: Fault) -> list[tuple[bytes, bytes]]:
    own = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in fault.headers.items()]
    names = {name for name, _ in own}
    return [(name, value) for name, value in headers if name.lower() not in names] + own


def _with_headers(send: Send, fault: Fault) -> Send:
    async def changed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": _merged(list(message["headers"]), fault)}
        await send(message)

    return changed


async def _read(receive: Receive) -> bytes:
    """The whole body of a request; what there is of it if the client went away."""
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a body that was read to who reads it again, then what the network says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
