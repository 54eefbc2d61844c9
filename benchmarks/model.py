"""A load in shards as a model: workers take runs off a queue, requests take turns at the platform's rate.

Discrete events, no threads and no clock: a request begins when its worker is free, its process's share of the rate
lets it, and ends a latency later. What the model leaves out stands in `Load`.
"""

import heapq
from dataclasses import dataclass
from typing import Final

PROCESS_SECONDS: Final = 1.0
"""From the start of a tap to its first request; measured by the section `startup`."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is to be read, and what the platform allows.

    Rows are not modelled: reports are narrow, and reading, writing and loading them keeps up with the platform. Every
    request takes the same time, none fails.

    Attributes:
        runs: How many runs there are, one an account.
        requests: Of each run, one after the other.
        latency: Seconds that a request takes.
        per_second: Requests that may begin in a second, all processes together; None: no limit.
        start_seconds: From a run's start to its first request.
    """

    runs: int
    requests: int
    latency: float
    per_second: float | None = None
    start_seconds: float = PROCESS_SECONDS

    @property
    def asked(self) -> int:
        """Requests of all runs."""
        return self.runs * self.requests

    @property
    def alone(self) -> float:
        """Seconds that one worker needs if no rate holds it."""
        return self.runs * (self.start_seconds + self.requests * self.latency)

    def least(self, workers: int) -> float:
        """The soonest end with so many workers: a part of the work each, or what the rate allows."""
        by_rate = 0.0 if self.per_second is None else self.asked / self.per_second
        return max(self.alone / workers, by_rate)


@dataclass(frozen=True)
class Played:
    """How a load went.

    Attributes:
        seconds: From the first start to the last answer.
        most_in_a_second: The most requests that began within any one second.
    """

    seconds: float
    most_in_a_second: int


def play(load: Load, workers: int) -> Played:
    """Let workers do a load, each with its share of the rate."""
    gap = 0.0 if load.per_second is None else workers / load.per_second
    left = load.runs
    # (when it can go on, worker, requests left of its run)
    events: list[tuple[float, int, int]] = []
    for worker in range(min(workers, left)):
        left -= 1
        heapq.heappush(events, (load.start_seconds, worker, load.requests))
    begun: list[float] = []
    end = 0.0
    while events:
        now, worker, requests = heapq.heappop(events)
        if requests == 0:
            end = max(end, now)
            if left:
                left -= 1
                heapq.heappush(events, (now + load.start_seconds, worker, load.requests))
            continue
        begun.append(now)
        heapq.heappush(
            events, (now + max(load.latency, gap if requests > 1 else 0.0), worker, requests - 1)
        )
    return Played(end, most_within(begun, 1.0))


def most_within(moments: list[float], seconds: float) -> int:
    """The most of these moments, in order, that lie within so many seconds."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
