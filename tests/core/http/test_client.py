"""One request, done well: every row of the contract's table of faults that a single request can meet."""

import gzip
import json
import resource
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from adtap_core.bodies import spool
from adtap_core.bodies.spool import MEMORY_BYTES, Spool
from adtap_core.errors import (
    BadRequest,
    CredentialsError,
    Forbidden,
    RequestError,
    ResponseTooLarge,
    RetriesExhausted,
)
from adtap_core.http import outcomes
from adtap_core.http.client import Call, Http, HttpOptions, RequestStats
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.redact import redact
from tests.core.tiny import Answer, TinyServer

GOOD = TinyServer.json({"rows": [1], "price": 2.739120012072817})


class SessionAuth:
    """A login that can be renewed; counts how often it was."""

    can_refresh = True

    def __init__(self) -> None:
        self.logins = 0

    def login(self, http: Http) -> None:
        self.logins += 1

    def apply(self, request: requests.Request) -> None:
        request.headers["Authorization"] = f"Bearer session-{self.logins}"


class Bench:
    """An `Http` against a server that answers as the test says, without real waiting."""

    def __init__(self, url: str, server: TinyServer) -> None:
        self.url, self.server = url, server
        self.waits: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None
        self.auth = SessionAuth()
        self.stats = RequestStats()
        limits = HttpOptions(
            concurrency=2, timeout_seconds=60, max_retries=3, user_agent="adtaps/test"
        )
        self.http = Http(
            classify=lambda _call, reply: outcomes.by_status(reply),
            auth=self.auth,
            limits=limits,
            sleep=self._wait,
        )

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.on_wait()

    def answers(self, *answers: Answer) -> None:
        """Put answers in front of good ones."""
        queue = list(answers)
        self.server.before.append(lambda _p, _q: queue.pop(0) if queue else GOOD)

    def send(self, **more: Any) -> Response:
        """Send the one call that these tests are about."""
        return self.http.send(Call(url=f"{self.url}/x", what="things", **more), self.stats)


@pytest.fixture
def bench() -> Iterator[Bench]:
    server = TinyServer()
    with server.running() as url:
        yield Bench(url, server)


def refusal(status: int, text: str = "no", **headers: str) -> Answer:
    """An answer with a status and headers, underscores standing for dashes."""
    return status, {k.replace("_", "-"): v for k, v in headers.items()}, text.encode()


def test_retry_after_in_seconds_is_obeyed(bench: Bench) -> None:
    """The wait is the server's own, not ours."""
    bench.answers(refusal(429, Retry_After="17"))
    assert bench.send().json()["rows"] == [1]
    assert bench.waits == [17.0]


def test_a_retry_after_of_nothing_does_not_use_up_the_retries_at_once(bench: Bench) -> None:
    """A server that rounds down the rest of a second says 0 until it is over."""
    bench.answers(*[refusal(429, Retry_After="0")] * 3)
    assert bench.send().json()["rows"] == [1]
    assert 0 < bench.waits[0] <= bench.waits[1] <= bench.waits[2] <= 1.0


def test_retry_after_as_a_date_counts_from_the_servers_clock(bench: Bench) -> None:
    """A clock that is wrong on our side does no harm."""
    sent = datetime(2031, 1, 1, 12, 0, 0, tzinfo=UTC)
    until = format_datetime(sent.replace(second=40), usegmt=True)
    headers = {"Retry-After": until, "Date": format_datetime(sent, usegmt=True)}
    reply = Response(503, headers, Spool.of(b"no"), "https://api.example", datetime.now(UTC))
    assert outcomes.retry_after(reply) == 40.0


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_faults_heal_with_growing_waits(bench: Bench, status: int) -> None:
    """Three faults in a row, then the answer; each wait may be longer than the one before."""
    bench.answers(*[refusal(status)] * 3)
    assert bench.send().json()["rows"] == [1]
    assert len(bench.waits) == 3
    assert all(w <= 0.5 * 2**n for n, w in enumerate(bench.waits))
    assert (bench.stats.requests, bench.stats.retries) == (4, 3)


def test_what_does_not_heal_is_given_up_with_the_platforms_words(bench: Bench) -> None:
    """The error says what, the status, the words, the request id, and how often it was tried."""
    bench.answers(*[refusal(503, "come back later", X_Request_Id="r-17")] * 9)
    with pytest.raises(
        RetriesExhausted, match=r"things: HTTP 503: come back later: request id r-17.*4 tries"
    ):
        bench.send()


def test_a_request_that_is_wrong_is_asked_once(bench: Bench) -> None:
    """400 is final."""
    bench.answers(*[refusal(400, "Unsupported metric: foo")] * 9)
    with pytest.raises(BadRequest, match="Unsupported metric: foo"):
        bench.send()
    assert len(bench.server.paths) == 1
    bench.server.before.clear()
    bench.answers(*[refusal(403)] * 9)
    with pytest.raises(Forbidden):
        bench.send()


def test_a_session_that_ends_is_renewed_once(bench: Bench) -> None:
    """401 in the middle: one login, then the answer; a second 401 means that the login is wrong."""
    bench.answers(GOOD, refusal(401))
    bench.send()
    bench.send()
    assert bench.auth.logins == 2
    bench.server.before.clear()
    bench.answers(*[refusal(401)] * 9)
    with pytest.raises(CredentialsError):
        bench.send()
    assert bench.auth.logins == 3


def test_a_session_that_was_good_for_another_request_is_renewed_again(bench: Bench) -> None:
    """Short-lived sessions, several requests side by side: refused twice in a row, and the login is not wrong."""
    queue = [refusal(401), refusal(401)]

    def answer(path: str, _query: object) -> Answer:
        if path == "/y" or not queue:
            return GOOD
        if len(queue) == 1:  # the new session answers another request, and ends
            bench.http.send(Call(url=f"{bench.url}/y", what="other things"))
        return queue.pop(0)

    bench.server.before.append(answer)
    assert bench.send().json()["rows"] == [1]
    assert bench.auth.logins == 3


def test_a_session_that_ends_again_while_we_wait_is_renewed_again(bench: Bench) -> None:
    """A short-lived session and a long `Retry-After`: the login is not wrong, it was only used up."""
    bench.answers(refusal(401), refusal(429, Retry_After="70"), refusal(401))
    assert bench.send().json()["rows"] == [1]
    assert bench.auth.logins == 3
    assert bench.waits == [70.0]


class AskingAuth(SessionAuth):
    """A login that is a request."""

    def login(self, http: Http) -> None:
        super().login(http)
        http.send(Call(url=f"{self.url}/login", what="login", login=False))

    url = ""


@pytest.fixture
def asking(bench: Bench) -> Bench:
    """The bench with a login that is a request."""
    auth = AskingAuth()
    auth.url = bench.url
    bench.http = Http(
        classify=lambda _call, reply: outcomes.by_status(reply),
        auth=auth,
        limits=bench.http.limits,
        sleep=bench.waits.append,
    )
    return bench


def test_a_login_that_does_not_come_about_is_waited_for_once_only(asking: Bench) -> None:
    """Each stream tries it, but soon gives up; once it is back, everything is as before."""
    asking.answers(*[refusal(503)] * 8)
    for logins in (4, 6, 8):
        with pytest.raises(RetriesExhausted, match="login"):
            asking.send()
        assert asking.server.paths.count("/login") == logins
    assert asking.send().json()["rows"] == [1]


@pytest.mark.parametrize("status", [302, 404])
def test_where_there_is_no_login_it_is_asked_for_once(asking: Bench, status: int) -> None:
    """Each stream says so, and none of them asks again: a wrong address is one request."""
    asking.answers(*[refusal(status)] * 3)
    for _stream in range(3):
        with pytest.raises(BadRequest, match=f"login: HTTP {status}"):
            asking.send()
    assert asking.server.paths == ["/login"]


def cut(body: bytes, keep: int, **headers: str) -> Answer:
    """A body shorter than declared: the connection is closed in its middle."""
    return 200, {"Content-Length": str(len(body)), "Connection": "close", **headers}, body[:keep]


def test_a_body_shorter_than_declared_is_fetched_again(bench: Bench) -> None:
    """Nothing of it reaches the parser."""
    body = json.dumps({"rows": list(range(500))}).encode()
    bench.answers(cut(body, 200))
    assert bench.send().json()["rows"] == [1]
    assert bench.stats.retries == 1


def test_an_open_gzip_stream_is_fetched_again(bench: Bench) -> None:
    """Even where the declared length is met: the trailer is missing."""
    packed = gzip.compress(json.dumps({"rows": list(range(5000))}).encode())
    bench.answers((200, {"Content-Encoding": "gzip"}, packed[:-30]))
    assert bench.send().json()["rows"] == [1]
    bench.server.before.clear()
    bench.answers((200, {"Content-Encoding": "gzip"}, packed))
    assert len(bench.send().json()["rows"]) == 5000


@pytest.mark.parametrize(
    "packed",
    [gzip.compress, zlib.compress, lambda body: zlib.compress(body, wbits=-15)],
    ids=["gzip", "zlib", "raw"],
)
def test_what_is_called_deflate_is_read_as_it_was_packed(bench: Bench, packed: Any) -> None:
    """Servers mean three things by it, and some put zeros behind."""
    bench.answers((200, {"Content-Encoding": "deflate"}, packed(GOOD[2]) + bytes(8)))
    assert bench.send().json()["rows"] == [1]
    assert bench.stats.retries == 0


def test_a_character_set_that_stands_for_the_compression_is_none(bench: Bench) -> None:
    """A usual slip of servers, which clients pass over."""
    bench.answers((200, {"Content-Encoding": "UTF-8"}, GOOD[2]))
    assert bench.send().json()["rows"] == [1]
    assert bench.stats.retries == 0


def test_a_cookie_that_comes_for_two_paths_is_no_defect(bench: Bench) -> None:
    """A session that is set anew for a narrower path: the last one counts."""
    cookies = {"Set-Cookie": "s=old; Path=/", "set-cookie": "s=new; Path=/x"}
    bench.answers((200, cookies, GOOD[2]))
    assert bench.send().cookies == {"s": "new"}


def test_an_answer_that_finds_no_room_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk, when it is written down and when it is written again in another encoding."""
    # Two bytes a letter as it comes, three in UTF-8.
    whole = {"Content-Type": "text/plain; charset=utf-16"}, ("€" * 1_000_000).encode("utf-16")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1)
    for limit in (1_000_000, 2_500_000):
        bench.answers(*[(200, *whole)] * 9)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(RetriesExhausted, match=r"no room for the answer.*TMPDIR"):
                bench.send(expects="text")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        bench.server.before.clear()


def test_json_that_ends_in_the_middle_is_fetched_again(bench: Bench) -> None:
    """A body without a declared length that stops early: in a value, or just behind one."""
    for kept in (b'{"rows": [1, 2', b'{"rows": [{"a": 1}', b'{"rows": [[1]'):
        bench.server.before.clear()
        bench.answers((200, {}, kept))
        assert bench.send().json()["rows"] == [1]
    assert bench.stats.retries == 3


def test_a_long_body_that_nobody_measured_is_read_to_its_end(bench: Bench) -> None:
    """On disk, without a length, cut behind a closing bracket: fetched again."""
    rows = b'{"a": "%s"},' % (b"x" * 1000)
    kept = b'{"rows": [' + rows * (MEMORY_BYTES // 1000)
    closed = {"Connection": "close", "Content-Length": ""}
    bench.answers((200, closed, kept[:-1]), (200, closed, kept[:-1] + b"]}"))
    assert len(bench.send().json()["rows"]) == MEMORY_BYTES // 1000
    assert bench.stats.retries == 1


def test_a_table_whose_length_nobody_declares_is_believed_when_it_came_twice(bench: Bench) -> None:
    """Cut between two rows it looks whole: only a second answer tells."""
    unframed = {"Connection": "close", "Content-Length": ""}
    whole, cut_off = b"a,b\n1,2\n3,4\n", b"a,b\n1,2\n"
    bench.answers((200, unframed, cut_off), (200, unframed, whole), (200, unframed, whole))
    assert bench.send(expects="text", table=True).text() == whole.decode()
    assert bench.stats.requests == 3
    bench.server.before.clear()
    bench.answers((200, {}, whole))
    assert bench.send(expects="text", table=True).text() == whole.decode()
    assert bench.stats.requests == 4


def test_a_table_that_ends_within_a_line_is_believed_when_it_came_twice(bench: Bench) -> None:
    """A proxy that was cut off declares the length of what it has: `3,4` may have been `3,45`."""
    whole, cut_off = b"a,b\n1,2\n3,45\n", b"a,b\n1,2\n3,4"
    bench.answers((200, {}, whole), (200, {}, cut_off), (200, {}, whole))
    bench.send(expects="text", table=True)
    assert bench.send(expects="text", table=True).text() == whole.decode()
    assert bench.stats.requests == 3
    bench.server.before.clear()
    bench.answers((200, {}, cut_off), (200, {}, cut_off))
    assert bench.send(expects="text", table=True).text() == cut_off.decode()
    assert bench.stats.requests == 5


def test_a_server_that_ends_no_last_line_is_asked_twice_for_its_first_table(bench: Bench) -> None:
    """Each window would cost two requests, of which one may take ten minutes: the declared length was met."""
    table = b"a,b\n1,2\n3,45"
    bench.answers(*[(200, {}, table)] * 4)
    for times in (2, 3, 4):
        assert bench.send(expects="text", table=True).text() == table.decode()
        assert bench.stats.requests == times


def test_the_first_table_of_a_run_may_be_one_that_was_cut(bench: Bench) -> None:
    """Nobody knows yet whether the server ends its last lines."""
    whole, cut_off = b"a,b\n1,2\n3,45\n", b"a,b\n1,2\n3,4"
    bench.answers((200, {}, cut_off), (200, {}, whole))
    assert bench.send(expects="text", table=True).text() == whole.decode()
    assert bench.stats.requests == 2


def test_the_comparison_of_a_table_takes_none_of_the_retries(bench: Bench) -> None:
    """Nothing failed yet: as many faults heal as `max_retries` says, before and after it."""
    table, fault = (200, {}, b"a,b\n1,2\n3,45"), refusal(503)
    bench.answers(fault, table, fault, fault, table)
    assert bench.send(expects="text", table=True).body.size == len(table[2])
    assert bench.stats.requests == 5


@pytest.mark.parametrize("expects", ["json", "text", "any"])
def test_a_page_for_people_is_one_retry_then_one_login(bench: Bench, expects: str) -> None:
    """HTML under 200, whatever was asked for: a proxy first, then an ended session."""
    page = (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html>Log in</html>")
    bench.answers(page)
    bench.send(expects=expects)
    assert bench.auth.logins == 1
    bench.server.before.clear()
    bench.answers(page, page)
    bench.send(expects=expects)
    assert bench.auth.logins == 2


def test_two_gateway_faults_in_a_row_ask_for_less_where_that_is_possible(bench: Bench) -> None:
    """Only for calls that can be split."""
    bench.answers(refusal(504), refusal(502))
    with pytest.raises(ResponseTooLarge):
        bench.send(splittable=True)
    assert len(bench.server.paths) == 2
    bench.server.before.clear()
    bench.answers(refusal(504), refusal(502))
    assert bench.send(splittable=False).json()["rows"] == [1]


def test_a_used_up_quota_is_waited_for_and_costs_no_retry(bench: Bench) -> None:
    """More waits than `max_retries` would allow: they are not retries; but not for ever."""
    bench.http._judge = lambda _call, reply: (
        Outcome(Action.RATE_LIMITED, "quota", 900.0)
        if reply.status == 429
        else outcomes.by_status(reply)
    )
    bench.answers(*[refusal(429)] * 3)
    bench.send()
    assert bench.waits == [900.0] * 3
    bench.server.before.clear()
    bench.answers(*[refusal(429)] * 9)
    with pytest.raises(RetriesExhausted, match="quota"):
        bench.send()


def test_numbers_are_never_floats(bench: Bench) -> None:
    """The last digit arrives."""
    bench.answers()
    assert str(bench.send().json()["price"]) == "2.739120012072817"


def test_secrets_are_in_no_message(bench: Bench) -> None:
    """Learned values in any spelling, and anything behind a secret's usual name."""
    redact.learn("pass word/ä+1")
    text = redact(
        "pass word/ä+1 pass%20word%2F%C3%A4%2B1 pass+word%2F%C3%A4%2B1 ?user_token=zzzzzz&x=1 "
        '{"password": "hunter22", "k": 1} Authorization: Bearer abcdefghij.klm Cookie: sessionid=0a0a0a0a'
    )
    for hidden in ("word/", "word%2F", "zzzzzz", "hunter22", "abcdefghij", "0a0a0a0a"):
        assert hidden not in text
    assert "x=1" in text


def test_a_host_that_is_not_there_is_waited_for_once_only(bench: Bench) -> None:
    """The first call tries as often as it may; the next ones give up soon, until it is back."""
    here, bench.url = bench.url, "http://127.0.0.1:1"
    for tries in (4, 2, 2):
        bench.stats.requests = 0
        with pytest.raises(RetriesExhausted, match="could not connect"):
            bench.send()
        assert bench.stats.requests == tries
    bench.url = here
    bench.answers(refusal(503), refusal(503), refusal(503))
    assert bench.send().json()["rows"] == [1]


def test_behind_the_end_of_a_run_nothing_is_sent(bench: Bench) -> None:
    """What a thread still waited to ask for again, and for a new login, nobody needs any more."""
    bench.answers((503, {}, b"down"))
    bench.on_wait = bench.http.close
    with pytest.raises(RequestError, match="the run has ended"):
        bench.send()
    assert len(bench.server.log) == 1
    with pytest.raises(RequestError, match="the run has ended"):
        bench.send()
    assert len(bench.server.log) == 1
