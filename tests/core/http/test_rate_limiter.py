"""How many requests may begin in a second, and how a host that says "too fast" is asked less often."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from adtap_core.http import outcomes, rate_limiter
from adtap_core.http.client import Call, Http, HttpOptions
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.rate_limiter import RateLimiter
from adtap_core.http.response import Response
from tests.core.http.test_client import GOOD, SessionAuth
from tests.core.tiny import Answer, TinyServer

HOST, OTHER = "api.example", "other.example"


class Waits:
    """A limiter whose waiting takes no time: its turns lie further and further ahead."""

    def __init__(self, per_second: float | None, burst: int = 1) -> None:
        self.waits: list[float] = []
        self.limiter = RateLimiter(per_second, burst, self.waits.append)

    def gap(self, host: str) -> float:
        """Return the seconds between two requests to a host that was asked more often than it may be."""
        self.waits.clear()
        for _ in range(60):
            self.limiter.wait(host)
        gaps = [after - before for before, after in pairwise(self.waits)]
        return round(gaps[-1], 1) if gaps else 0.0


@pytest.mark.parametrize(
    ("per_second", "gaps"), [(10, [0.1, 0.2, 0.4, 0.5, 0.5]), (None, [0.0, 0.1, 0.2, 0.4, 0.5])]
)
def test_a_host_that_refuses_is_asked_half_as_often(monkeypatch, per_second, gaps):
    """Again and again, down to twice a second; other hosts are asked as before."""
    monkeypatch.setattr(rate_limiter, "_TOGETHER_SECONDS", 0.0)
    waits = Waits(per_second)
    found = [waits.gap(HOST)]
    for _ in gaps[1:]:
        waits.limiter.slow_down(HOST)
        found.append(waits.gap(HOST))
    assert found == gaps
    assert waits.gap(OTHER) == gaps[0]


def test_refusals_of_requests_begun_at_one_pace_count_once():
    """Several were on their way when the first was refused."""
    waits = Waits(10)
    for _ in range(4):
        waits.limiter.slow_down(HOST)
    assert waits.gap(HOST) == 0.2


def test_after_a_while_without_refusals_the_old_pace_is_tried(monkeypatch):
    """Somebody else may have used the allowance for a moment."""
    waits = Waits(10, burst=5)
    waits.limiter.slow_down(HOST)
    assert waits.gap(HOST) == 0.2
    monkeypatch.setattr(rate_limiter, "_QUIET_SECONDS", 0.0)
    assert waits.gap(HOST) == 0.1


def test_a_slower_pace_than_refusals_lead_to_is_kept():
    """A small share of a limit: a refusal makes nobody faster."""
    waits = Waits(0.5)
    waits.limiter.slow_down(HOST)
    assert waits.gap(HOST) == 2.0


class Clock:
    """A clock that stands still but for what is waited: what is too fast hangs on no machine's load."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the seconds since it was made."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds


@contextmanager
def strict(per_second: int, clock: Clock) -> Iterator[tuple[str, list[float]]]:
    """Serve so many requests in a second and refuse the others; gives the address, and when each was refused."""
    begun: list[float] = []
    refused: list[float] = []

    def answer(_path: str, _query: dict[str, list[str]]) -> Answer:
        if sum(clock.now - at < 1 for at in begun) >= per_second:
            refused.append(clock.now)
            return 403, {"X-Why": "too fast"}, b"{}"
        begun.append(clock.now)
        return GOOD

    server = TinyServer()
    server.before.append(answer)
    with server.running() as url:
        yield url, refused


def test_requests_that_wait_for_a_place_take_no_turn_yet(monkeypatch):
    """A server stands still, and then answers all that it has: those that come next begin as far apart as ever.

    They would begin all at once if their turns had come while there was no place.
    """
    arrived, go_on = threading.Semaphore(0), threading.Event()

    def answer(_path: str, _query: dict[str, list[str]]) -> Answer:
        arrived.release()
        go_on.wait(60)
        return GOOD

    limits = HttpOptions(
        concurrency=3, timeout_seconds=90, max_retries=0, user_agent="adtaps/test", per_second=100
    )
    server = TinyServer()
    server.before.append(answer)
    with server.running() as url, ThreadPoolExecutor(6) as threads:
        http, turns = Http(classify=judge, auth=SessionAuth(), limits=limits), []
        take = http.rate_limiter.wait
        monkeypatch.setattr(http.rate_limiter, "wait", lambda host: (turns.append(host), take(host)))  # fmt: skip
        sent = [threads.submit(http.send, Call(url=f"{url}/x", what="things")) for _ in range(6)]
        for _ in range(3):
            assert arrived.acquire(timeout=60)
        time.sleep(0.3)  # time enough to take one
        waiting = len(turns)
        go_on.set()
        for future in sent:
            future.result()
    assert (waiting, len(turns)) == (3, 6)


def judge(_call: Call, reply: Response) -> Outcome:
    """Return the outcome of an answer whose refusals all mean: too fast."""
    if "X-Why" in reply.headers:
        return Outcome(Action.RETRY, "too fast", 0.1, too_fast=True)
    return outcomes.by_status(reply)


def test_a_host_that_takes_fewer_requests_than_are_begun_is_read_all_the_same(monkeypatch):
    """Soon they begin as seldom as it allows; until then some are refused, for as long as its second lasts."""
    clock = Clock()
    monkeypatch.setattr(rate_limiter, "time", clock)
    monkeypatch.setattr(rate_limiter, "_TOGETHER_SECONDS", 0.3)
    limits = HttpOptions(
        concurrency=2, timeout_seconds=60, max_retries=99, user_agent="adtaps/test", per_second=100
    )
    with strict(4, clock) as (url, refused):
        http = Http(classify=judge, auth=SessionAuth(), limits=limits, sleep=clock.sleep)
        for _ in range(60):
            http.send(Call(url=f"{url}/x", what="things"))
    assert 0 < len(refused) < 12
