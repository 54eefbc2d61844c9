"""The sandbox as a server: routing, control API, log and counts, over a room made for the test."""

import gzip
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adtap_sandbox.environment import Environment
from adtap_sandbox.sandbox import Sandbox, find_rooms
from adtap_sandbox.server import PortTakenError, Server

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)


def make_room(*bare: str, **switches: object) -> SimpleNamespace:
    """A platform small enough to be read at once; it counts its own requests as its state."""

    def routes(environment: Environment) -> list[Route]:
        state = {"posts": 0}

        async def echo(request: Request) -> Response:
            if request.method == "POST":
                state["posts"] += 1
            return JSONResponse(
                {
                    "path": request.url.path,
                    "query": request.url.query,
                    "body": (await request.body()).decode(),
                    "posts": state["posts"],
                    "switches": environment.switches,
                    "now": environment.clock.now().isoformat(),
                }
            )

        async def long(_request: Request) -> Response:
            return PlainTextResponse("".join(f"line {n}\n" for n in range(1000)))

        async def broken(_request: Request) -> Response:
            raise RuntimeError("a mistake in the room")

        return [
            Route("/echo/{rest:path}", echo, methods=["GET", "POST"]),
            Route("/v1/slash/", echo),
            Route("/v1/long", long),
            Route("/v1/broken", broken),
        ]

    return SimpleNamespace(BARE=bare, SWITCHES=switches, routes=routes)


@pytest.fixture
def server() -> Iterator[Server]:
    rooms = {"adjust": make_room("/echo/", "/v1/"), "openx": make_room("/echo/deep/", eager=False)}
    with Server(rooms=rooms, now=NOW) as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def control(server: Server, method: str, path: str, body: object = None) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        reply = session.request(method, f"{server.url}/_control/{path}", json=body, timeout=60)
        return reply.json() if reply.ok else (reply.status_code, reply.json()["error"])


def raw(server: Server, request: str) -> bytes:
    """What comes back for bytes on the wire, until the server ends the connection."""
    with socket.create_connection((server.host, server.port), timeout=60) as sock:
        sock.sendall(request.replace("\n", "\r\n").encode())
        answer = b""
        while part := sock.recv(65536):
            answer += part
        return answer


def test_a_platform_answers_below_its_prefix_and_bare(server: Server, http: requests.Session):
    """Both ways lead to the same room, which sees one path in the log."""
    for target in ("/adjust/echo/a", "/echo/a"):
        assert http.get(server.url + target).json()["path"] == target
    log = control(server, "GET", "log")["requests"]
    assert [(e["platform"], e["path"], e["target"]) for e in log] == [
        ("adjust", "/echo/a", "/adjust/echo/a"),
        ("adjust", "/echo/a", "/echo/a"),
    ]


def test_of_two_bare_beginnings_the_longer_one_wins(server: Server, http: requests.Session):
    """A platform may own a corner of another's path."""
    http.get(server.url + "/echo/deep/x")
    http.get(server.url + "/echo/deeper")
    assert [e["platform"] for e in control(server, "GET", "log")["requests"]] == ["openx", "adjust"]


def test_two_platforms_cannot_claim_one_beginning():
    """Else the order of the platforms would decide who answers."""
    with pytest.raises(ValueError, match="adjust and openx both claim /echo/"):
        Sandbox(rooms={"adjust": make_room("/echo/"), "openx": make_room("/echo/")})


def test_the_absolute_form_of_a_target_is_understood(server: Server):
    """Clients send it to what they take for a proxy."""
    answer = raw(
        server,
        "GET http://ui.openx.test:80/echo/a%20b?x=1 HTTP/1.1\nHost: ui.openx.test\n"
        "Connection: close\n\n",
    )
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (body["path"], body["query"]) == ("/echo/a b", "x=1")


def test_a_trailing_slash_is_left_to_the_room(server: Server, http: requests.Session):
    """No redirect: a platform that has none must not be given one."""
    assert http.get(server.url + "/adjust/v1/slash/").status_code == 200
    assert http.get(server.url + "/adjust/v1/slash", allow_redirects=False).status_code == 404


def test_what_no_platform_serves_is_named_and_logged(server: Server, http: requests.Session):
    """A client that asks the wrong place is found in the log."""
    reply = http.get(server.url + "/elsewhere")
    assert (reply.status_code, reply.json()["serves"]) == (404, ["/adjust", "/openx"])
    assert control(server, "GET", "log?platform=unrouted")["requests"][0]["path"] == "/elsewhere"


def test_the_log_holds_the_request_as_sent(server: Server, http: requests.Session):
    """Method, query, headers and body are what a test of a client asserts on."""
    http.post(
        server.url + "/adjust/echo/a?b=%2C&b=2",
        data="zażółć".encode(),
        headers={"X-Thing": "1", "Authorization": "Bearer t"},
    )
    (entry,) = control(server, "GET", "log?platform=adjust")["requests"]
    assert (entry["method"], entry["query"], entry["body"]) == ("POST", "b=%2C&b=2", "zażółć")
    assert (entry["headers"]["x-thing"], entry["headers"]["authorization"]) == ("1", "Bearer t")
    assert (entry["status"], entry["n"], entry["in_flight"]) == (200, 1, 1)
    assert entry["seconds"] >= 0
    assert datetime.fromisoformat(entry["started_at"]).tzinfo is not None
    assert control(server, "DELETE", "log") == {"requests": []}


def test_a_room_still_gets_the_body_that_was_logged(server: Server, http: requests.Session):
    """Reading it for the log does not take it away."""
    assert (
        http.post(server.url + "/adjust/echo/", data="x" * 100_000).json()["body"] == "x" * 100_000
    )


def test_requests_in_flight_are_counted(server: Server, http: requests.Session):
    """Five at once are five; one after the other on one connection is one."""
    for _ in range(5):
        http.get(server.url + "/adjust/v1/long")
    assert control(server, "GET", "stats")["max_in_flight"] == {"all": 1, "adjust": 1}
    control(server, "POST", "latency", {"seconds": 0.3})
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: requests.get(server.url + "/openx/echo/", timeout=60), range(5)))
    stats = control(server, "GET", "stats")
    assert stats["max_in_flight"] == {"all": 5, "adjust": 1, "openx": 5}
    assert (stats["requests"], stats["in_flight"]) == ({"adjust": 5, "openx": 5}, {})


def test_latency_holds_every_request_back(server: Server, http: requests.Session):
    """And only those of the platforms, not the control API."""
    control(server, "POST", "latency", {"seconds": 0.2})
    http.get(server.url + "/adjust/echo/")
    assert control(server, "GET", "log")["requests"][0]["seconds"] >= 0.2


def test_what_an_answer_costs_is_part_of_the_latency(server: Server, http: requests.Session):
    """A slow room, or a slow fault, does not add to it."""
    control(server, "POST", "latency", {"seconds": 0.4})
    control(server, "POST", "faults", {"kind": "slow", "seconds": 0.3})
    http.get(server.url + "/adjust/echo/")
    assert 0.4 <= control(server, "GET", "log")["requests"][0]["seconds"] < 0.65


def test_an_answer_that_is_kept_is_made_once(server: Server, http: requests.Session):
    """The same request gets the same bytes, logged and held back like any other."""
    control(server, "POST", "kept", {"path": "^/echo/"})
    url = server.url + "/openx/echo/"
    first = http.post(url, data="a").content
    assert http.post(url, data="a").content == first
    other = http.post(url, data="b")
    assert (other.json()["body"], other.json()["posts"]) == ("b", 2)
    assert http.post(url + "?c=1", data="a").json()["posts"] == 3
    assert control(server, "GET", "kept") == {"answers": 3}
    assert [e["status"] for e in control(server, "GET", "log")["requests"]] == [200] * 4
    long = server.url + "/adjust/v1/long"
    assert http.get(long).content == http.get(long).content
    assert control(server, "GET", "kept") == {"answers": 3}


def test_an_answer_is_kept_whole_and_only_if_it_is_good(server: Server, http: requests.Session):
    """Compressed for who takes that, plain for who does not; a 404 is asked for again."""
    control(server, "POST", "kept", {"path": ""})
    url = server.url + "/adjust/v1/long"
    for _ in range(2):
        packed = http.get(url, headers={"Accept-Encoding": "gzip"})
        plain = http.get(url, headers={"Accept-Encoding": "identity"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert packed.content == plain.content
        assert http.get(server.url + "/adjust/v1/nowhere").status_code == 404
    assert control(server, "GET", "kept") == {"answers": 2}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "clock", {"advance_days": 1}),
        ("POST", "switches", {"openx": {"eager": True}}),
        ("POST", "reset", {}),
        ("DELETE", "kept", None),
    ],
)
def test_kept_answers_are_forgotten_when_anything_is_moved(
    server: Server, http: requests.Session, method: str, path: str, body: object
):
    """The clock, a switch, a reset, or who asks for it."""
    control(server, "POST", "kept", {"path": ""})
    http.get(server.url + "/openx/echo/")
    assert control(server, "GET", "kept") == {"answers": 1}
    control(server, method, path, body)
    assert control(server, "GET", "kept") == {"answers": 0}


def test_a_long_body_is_compressed_for_who_takes_it(server: Server, http: requests.Session):
    """And only for them; a short one never is."""
    url = server.url + "/adjust/v1/long"
    packed = http.get(url, headers={"Accept-Encoding": "gzip"}, stream=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = http.get(url, headers={"Accept-Encoding": "identity"}, stream=True)
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.raw.read()) == plain.raw.read()
    short = http.get(server.url + "/adjust/echo/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in short.headers


def test_the_date_header_tells_the_sandbox_s_time(server: Server, http: requests.Session):
    """A Retry-After given as a date means nothing without it."""
    control(server, "POST", "clock", {"set": "2025-02-03T04:05:06Z"})
    reply = http.get(server.url + "/adjust/echo/")
    assert reply.headers["Date"] == "Mon, 03 Feb 2025 04:05:06 GMT"


def test_the_clock_is_set_moved_and_let_go(server: Server):
    """Set holds it, days move it, follow lets it run on from there."""
    said = control(server, "POST", "clock", {"set": "2025-02-03"})
    assert (said["now"], said["frozen"]) == ("2025-02-03T00:00:00+00:00", True)
    said = control(server, "POST", "clock", {"advance_days": 1.5})
    assert said["now"] == "2025-02-04T12:00:00+00:00"
    said = control(server, "POST", "clock", {"follow": True})
    assert said["now"].startswith("2025-02-04T12:00:0")
    assert not said["frozen"]


def test_switches_are_changed_by_name(server: Server, http: requests.Session):
    """A room reads them on each request; a wrong name changes nothing."""
    control(server, "POST", "switches", {"openx": {"eager": True}})
    assert http.get(server.url + "/openx/echo/").json()["switches"]["openx"] == {"eager": True}
    wrong = {"openx": {"eager": 3, "lazy": True}}
    assert control(server, "POST", "switches", wrong) == (
        400,
        "openx has no switch 'lazy'; it has eager",
    )
    assert control(server, "GET", "switches") == {"adjust": {}, "openx": {"eager": True}}


def test_reset_makes_everything_new(server: Server, http: requests.Session):
    """World, clock, switches, the rooms' own state, faults, log and latency."""
    http.post(server.url + "/openx/echo/")
    control(server, "POST", "switches", {"openx": {"eager": True}})
    control(server, "POST", "faults", {"kind": "reset", "times": None})
    control(server, "POST", "latency", {"seconds": 1})
    before = server.environment.world.campaigns
    said = control(server, "POST", "reset", {"seed": 2, "size": 3, "now": "2026-01-01T00:00:00Z"})
    assert (said["seed"], said["size"], said["latency"]) == (2, 3, 0)
    assert said["now"].startswith("2026-01-01T00:00:0")
    assert server.environment.world.campaigns[0].id != before[0].id
    assert control(server, "GET", "log") == {"requests": []}
    answer = http.post(server.url + "/openx/echo/").json()
    assert (answer["posts"], answer["switches"]["openx"]) == (1, {"eager": False})


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("reset", {"sead": 1}, "unknown: sead; known: seed, size, creatives, apps, now"),
        ("reset", {"size": 0}, "the size of the world is 0; it is at least 1"),
        ("reset", {"seed": "1"}, "'seed' can't be '1'"),
        ("reset", {"now": "soon"}, "'soon' is no ISO 8601 date or date-time"),
        ("reset", [], "the body is no JSON object"),
        ("clock", {}, 'say one of {"set": moment}, {"advance_days": n}, {"follow": true}'),
        ("clock", {"set": 3}, "3 is no ISO 8601 date or date-time"),
        ("kept", {"path": "("}, "the path '(' is no regular expression"),
        ("latency", {"seconds": -1}, "'seconds' can't be -1"),
        ("switches", {"adjoust": {}}, "no platform 'adjoust'; there are adjust, openx"),
        ("switches", {"openx": {"eager": 1}}, "the switch 'eager' of openx can't be 1"),
        ("faults", {"kind": "smoke"}, "no fault of the kind 'smoke'"),
        ("faults", {"kind": "reset", "path": "("}, "the path '(' is no regular expression"),
        ("faults", {"kind": "reset", "platform": "x"}, "no platform 'x'; there are adjust, openx"),
        ("faults", {"kind": "reset", "times": "2"}, "'times' of a fault can't be '2'"),
        ("faults", {"kind": "reset", "struck": 2}, "a fault has no 'struck'"),
    ],
)
def test_a_wrong_wish_is_refused_with_its_reason(server: Server, path: str, body: object, why: str):
    """A typo in a test must not pass as a test."""
    status, error = control(server, "POST", path, body)
    assert status == 400
    assert why in error


def test_a_room_that_breaks_answers_500_and_leaves_its_traceback(
    server: Server, http: requests.Session, caplog: pytest.LogCaptureFixture
):
    """So that a mistake in the sandbox is not taken for a platform's fault."""
    assert http.get(server.url + "/adjust/v1/broken").status_code == 500
    (entry,) = control(server, "GET", "log")["requests"]
    assert "a mistake in the room" in entry["error"]
    assert control(server, "GET", "stats")["failed"] == 1


def test_a_taken_port_is_one_clear_error(server: Server):
    """Not a traceback from deep inside the server."""
    with pytest.raises(PortTakenError, match=f"can't listen on 127.0.0.1:{server.port} "):
        Server(port=server.port, rooms={})


def test_stopping_ends_the_thread_and_frees_the_port(http: requests.Session):
    """Even while a client keeps its connection open."""
    server = Server(rooms={"adjust": make_room()}).start()
    http.get(server.url + "/adjust/echo/")
    server.stop()
    assert not [t for t in threading.enumerate() if t.name == f"adtap-sandbox-{server.port}"]
    with Server(port=server.port, rooms={}) as second:
        assert second.port == server.port


def test_a_room_that_cannot_be_imported_is_loud(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """A platform must not vanish because of a mistake in it; one that isn't there may."""
    import adtap_sandbox

    monkeypatch.setattr(adtap_sandbox, "__path__", [str(tmp_path)])
    monkeypatch.setattr("adtap_sandbox.sandbox.PLATFORMS", ("frame_broken", "frame_missing"))
    (tmp_path / "frame_broken").mkdir()
    (tmp_path / "frame_broken" / "routes.py").write_text("import a_module_that_is_nowhere\n")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_nowhere"):
        find_rooms()
    with pytest.raises(ValueError, match="no platform 'frame_missing'"):
        find_rooms(["frame_missing"])


def test_tls_is_spoken_when_a_certificate_is_given(tmp_path, http: requests.Session):
    """For clients that hard-code https."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sandbox -addext "
    subprocess.run(
        [*make.split(), "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    rooms = {"adjust": make_room()}
    with Server(rooms=rooms, tls=(str(certificate), str(key))) as server:
        assert server.url.startswith("https://")
        reply = http.get(server.url + "/adjust/echo/", verify=str(certificate))
        assert reply.status_code == 200
        http.close()


def test_the_fixture_starts_each_test_anew(sandbox):
    """Clean log, and noon of a fixed day."""
    assert sandbox.log() == []
    assert sandbox.environment.clock.now().isoformat().startswith("2026-03-18T12:0")
    assert not sandbox.environment.clock.frozen
