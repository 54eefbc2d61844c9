"""Each fault as a client meets it on the wire, and which requests it strikes."""

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adtap_sandbox.environment import Environment
from adtap_sandbox.faults import Fault
from adtap_sandbox.server import Server

LONG = "".join(f"line {n}\n" for n in range(1000))


def _routes(_environment: Environment) -> list[Route]:
    posts: list[str] = []

    async def things(request: Request) -> Response:
        if request.method == "POST":
            posts.append((await request.body()).decode())
        return JSONResponse({"posts": posts})

    async def long(_request: Request) -> Response:
        return PlainTextResponse(LONG, headers={"X-Mine": "1"})

    return [Route("/things", things, methods=["GET", "POST"]), Route("/long", long)]


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    room = SimpleNamespace(BARE=(), SWITCHES={}, routes=_routes)
    with Server(rooms={"adjust": room, "openx": room}) as server:
        yield server


class Wire:
    """The server, and plain HTTP without a client that repairs anything."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def fault(self, kind: str, **fields: Any) -> None:
        """Put a fault on the menu, as a control request would."""
        self.server.sandbox.menu.add(Fault.parse({"kind": kind, **fields}, ("adjust", "openx")))

    def get(self, path: str, **headers: str) -> requests.Response:
        """One request on a connection of its own."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(self.server.url + path, headers=headers, timeout=60)

    def log(self) -> list[dict[str, Any]]:
        """The requests of this test."""
        return self.server.sandbox.journal.entries()

    def raw(self, path: str, **headers: str) -> tuple[bytes, bytes, bool]:
        """Head and body as bytes until the connection ends, and whether it ended by a reset."""
        lines = [f"GET {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
        answer, reset = b"", False
        with socket.create_connection((self.server.host, self.server.port), timeout=60) as sock:
            sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            try:
                while part := sock.recv(65536):
                    answer += part
            except ConnectionResetError:
                reset = True
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.lower(), body, reset


@pytest.fixture
def wire(running: Server) -> Iterator[Wire]:
    running.sandbox.reset()
    yield Wire(running)
    assert not [e["error"] for e in running.sandbox.journal.entries() if e["error"]]


def test_status_answers_in_the_platform_s_place(wire: Wire):
    """With the headers and the body of the wish; the room is not asked."""
    wire.fault("status", status=429, headers={"Retry-After": "7"}, body={"error": "slow down"})
    reply = wire.get("/adjust/things")
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")
    assert reply.json() == {"error": "slow down"}
    (entry,) = wire.log()
    assert (entry["status"], entry["fault"]) == (429, "status")


def test_status_without_more_is_a_bare_500(wire: Wire):
    """The least a caller can wish for."""
    wire.fault("status")
    reply = wire.get("/adjust/things")
    assert (reply.status_code, reply.content) == (500, b"")


def test_reset_is_a_reset_and_the_room_knows_nothing(wire: Wire):
    """Not an orderly end, and nothing was done."""
    wire.fault("reset")
    assert wire.raw("/adjust/things") == (b"", b"", True)
    assert wire.log()[0]["status"] == 0
    assert wire.get("/adjust/things").json() == {"posts": []}


def test_lost_is_done_but_never_answered(wire: Wire):
    """The case in which a repeated POST does its work twice."""
    wire.fault("lost", method="post")
    connection = http.client.HTTPConnection(wire.server.host, wire.server.port, timeout=60)
    connection.request("POST", "/adjust/things", body=b"one")
    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()
    assert wire.get("/adjust/things").json() == {"posts": ["one"]}


def test_cut_stops_midway_under_the_true_length(wire: Wire):
    """A client that doesn't count takes half an answer for the whole."""
    wire.fault("cut")
    head, body, reset = wire.raw("/adjust/long")
    assert f"content-length: {len(LONG)}".encode() in head
    assert b"x-mine: 1" in head
    assert (body, reset) == (LONG.encode()[: len(LONG) // 2], False)


def test_cut_can_stop_at_the_end_of_a_line(wire: Wire):
    """Then what came is well-formed text, and only the length tells."""
    wire.fault("cut", at=len("line 0\nline 1\n"))
    assert wire.raw("/adjust/long")[1] == b"line 0\nline 1\n"


def test_cut_chunked_lacks_the_last_chunk(wire: Wire):
    """No length to compare with: only the missing end tells."""
    wire.fault("cut_chunked")
    head, body, _ = wire.raw("/adjust/long")
    assert b"transfer-encoding: chunked" in head
    assert b"content-length" not in head
    assert LONG.encode()[: len(LONG) // 2] in body
    assert not body.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("kind", ["cut", "cut_chunked"])
def test_a_client_that_counts_notices_a_cut(wire: Wire, kind: str):
    """Both forms are errors to requests, not short answers."""
    wire.fault(kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = wire.get("/adjust/long", **{"Accept-Encoding": "identity"}).content


def test_a_compressed_body_is_cut_as_compressed(wire: Wire):
    """The bytes on the wire end midway in the gzip stream."""
    wire.fault("cut")
    head, body, _ = wire.raw("/adjust/long", **{"Accept-Encoding": "gzip"})
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    assert b"content-encoding: gzip" in head
    assert len(body) == length // 2
    with pytest.raises(EOFError):
        gzip.decompress(body)


def test_a_cut_may_have_a_body_of_its_own(wire: Wire):
    """For a page that the room would not give."""
    wire.fault("cut", body='{"rows": [1, 2, 3]}', at=9)
    head, body, _ = wire.raw("/adjust/things")
    assert (b"content-length: 19" in head, body) == (True, b'{"rows": ')


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("html", "text/html"), ("empty", "application/json"), ("garbage", "application/json")],
)
def test_a_200_may_be_no_answer(wire: Wire, kind: str, content_type: str):
    """Pages, nothing and rubbish under a good status, as load balancers send them."""
    wire.fault(kind)
    reply = wire.get("/adjust/things")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith(content_type)
    with pytest.raises(requests.JSONDecodeError):
        reply.json()


def test_slow_answers_truly_but_later(wire: Wire):
    """And takes headers on the way."""
    wire.fault("slow", seconds=0.3, headers={"X-Was": "slow"})
    began = time.perf_counter()
    reply = wire.get("/adjust/long")
    assert time.perf_counter() - began >= 0.3
    assert (reply.text, reply.headers["X-Was"]) == (LONG, "slow")


def test_after_and_times_say_which_requests(wire: Wire):
    """The third and the fourth, of those that match."""
    wire.fault("status", status=503, platform="adjust", path="^/things$", after=2, times=2)
    wire.get("/openx/things")
    wire.get("/adjust/long")
    statuses = [wire.get("/adjust/things").status_code for _ in range(6)]
    assert statuses == [200, 200, 503, 503, 200, 200]


def test_without_times_it_strikes_once_and_with_null_always(wire: Wire):
    """A forgotten fault must not spoil the rest of a test."""
    wire.fault("status", status=503)
    assert [wire.get("/adjust/things").status_code for _ in range(3)] == [503, 200, 200]
    wire.fault("status", status=503, times=None)
    assert [wire.get("/adjust/things").status_code for _ in range(3)] == [503, 503, 503]


def test_faults_follow_one_another(wire: Wire):
    """The oldest that still has strikes goes first."""
    wire.fault("status", status=502)
    wire.fault("status", status=504)
    assert [wire.get("/adjust/things").status_code for _ in range(3)] == [502, 504, 200]
    assert [f["struck"] for f in wire.server.sandbox.menu.faults()] == [1, 1]


def test_a_struck_request_is_counted_out(wire: Wire):
    """Else the count in flight would drift with every reset."""
    for kind in ("reset", "lost", "cut", "cut_chunked"):
        wire.fault(kind)
        wire.raw("/adjust/long")
    assert comes_to_rest(wire)


def test_who_leaves_a_slow_answer_is_counted_out(wire: Wire):
    """A client that was killed is not in flight any more for as long as its answer would have taken."""
    wire.fault("slow", seconds=60)
    with pytest.raises(requests.Timeout):
        requests.get(wire.server.url + "/adjust/long", timeout=0.2)
    assert comes_to_rest(wire)


def comes_to_rest(wire: Wire) -> bool:
    """Whether nothing is in flight within some seconds."""
    deadline = time.monotonic() + 20
    while wire.server.sandbox.journal.stats()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.01)
    return not wire.server.sandbox.journal.stats()["in_flight"]


def test_the_log_is_bounded(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """A sandbox that runs for a month must not eat the memory; the numbers go on."""
    monkeypatch.setattr("adtap_sandbox.faults.LOG_LENGTH", 3)
    wire.server.sandbox.journal.clear()
    for _ in range(5):
        wire.get("/adjust/things")
    assert [entry["n"] for entry in wire.log()] == [3, 4, 5]


def test_one_connection_serves_many_requests(wire: Wire):
    """Keep-alive, before and after an answer that the menu made."""
    wire.fault("status", status=404, after=1)
    connection = http.client.HTTPConnection(wire.server.host, wire.server.port, timeout=60)
    statuses, ports = [], set()
    for _ in range(3):
        connection.request("GET", "/adjust/things")
        reply = connection.getresponse()
        statuses.append((reply.status, reply.read()[:1]))
        assert connection.sock is not None
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert [status for status, _ in statuses] == [200, 404, 200]
    assert len(ports) == 1


def test_the_menu_is_read_and_emptied_over_http(sandbox):
    """What the fixture's methods stand on."""
    sandbox.fault("status", status=418, times=None)
    assert sandbox.control("GET", "faults")["faults"][0]["status"] == 418
    url = f"{sandbox.url}/nowhere"
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(url).status_code == 418
        sandbox.clear_faults()
        assert session.get(url).status_code == 404
    assert [json.dumps(e["fault"]) for e in sandbox.log()] == ['"status"', "null"]
