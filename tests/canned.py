"""A server that answers what a test says: for answers that no sandbox gives, in the platform's own shape."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from adtap_core.testing import LocalServer


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 by a handler of one's own; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Asked:
    """A request as the server read it.

    Args:
        method: `GET` or `POST`.
        path: Without the query.
        query: The last value of each parameter.
        headers: By lower-case name.
        body: As it came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's JSON document."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Text:
    """An answer that is not JSON.

    Args:
        body: What is sent.
        kind: Its content type.
        status: Its status.
        headers: Further headers.
    """

    body: str | bytes
    kind: str = "text/csv"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answers = Callable[[Asked], object]


class Canned(LocalServer):
    """`with Canned(answers) as server:` listens on a free port; `server.asked` holds the requests.

    Args:
        answers: Gives the answer to a request: a JSON document, a `Text`, or None for a JSON 404.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self.asked: list[Asked] = []

    def paths(self, part: str = "") -> list[str]:
        """Return the paths asked for that hold a text, in order."""
        return [a.path for a in self.asked if part in a.path]

    @override
    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        split = urlsplit(request.path)
        asked = Asked(
            request.command,
            split.path,
            {k: v[-1] for k, v in parse_qs(split.query, keep_blank_values=True).items()},
            {k.lower(): v for k, v in request.headers.items()},
            request.rfile.read(int(request.headers.get("Content-Length") or 0)),
        )
        with self._lock:
            self.asked.append(asked)
        found = self._answers(asked)
        if found is None:
            found = Text('{"message": "no such thing"}', "application/json", 404)
        if not isinstance(found, Text):
            found = Text(json.dumps(found, default=str), "application/json")
        body = found.body.encode() if isinstance(found.body, str) else found.body
        request.send_response(found.status)
        request.send_header("Content-Type", found.kind)
        request.send_header("Content-Length", str(len(body)))
        for name, value in found.headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
