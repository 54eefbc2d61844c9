"""Many accounts on several processes at once: wall time, requests, the rate that is never passed, equal rows."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adtap_core.inspect.shards import share_of
from benchmarks.latency import START
from benchmarks.measure import output, progress, select, tap_command
from benchmarks.model import Load, most_within, play
from benchmarks.page import table
from benchmarks.sandbox import MOMENT, SUBJECTS, Sandbox, Subject, room, sandbox
from benchmarks.sections import Bar, Section, Size, at_least, at_most

LATENCY: Final = 0.2
WORKERS: Final = (1, 2, 4, 8)
ACCOUNTS: Final = 8
REPORTS: Final = 6
WINDOWS: Final = 12
"""A year in windows of 31 days."""
MODELLED_REPORTS: Final = 20
MODELLED: Final = (("Adjust", 50.0), ("TerminalOne", 10.0), ("no published rate", None))
EFFICIENT: Final = 0.8
_PLAYED: Final = {"ADTAPS_NOW": MOMENT}
_METADATA: Final = 2
"""Requests of a run besides those of its windows: the apps, the fields."""


@dataclass(frozen=True)
class Ran:
    """All accounts, read by so many processes at once.

    Attributes:
        workers: How many.
        seconds: From the first start to the last end.
        requests: What the sandbox counted.
        most_in_a_second: The most requests that came within any one second.
        in_flight: The most at once.
        rows: How many.
        digest: Of all rows, whatever their order.
    """

    workers: int
    seconds: float
    requests: int
    most_in_a_second: int
    in_flight: int
    rows: int
    digest: str


def measure(size: Size) -> Section:
    """The section.

    Args:
        size: The short form reads a few accounts with one and two processes.
    """
    subject = next(s for s in SUBJECTS if s.name == "adjust")
    accounts, reports = (4, 2) if size.quick else (ACCOUNTS, REPORTS)
    workers = WORKERS[:2] if size.quick else WORKERS
    with sandbox(subject) as stand_in:
        stand_in.reset(apps=accounts)
        runs = list(_runs(subject, stand_in, accounts, reports, workers))
    load = Load(
        runs=accounts, requests=reports * WINDOWS + _METADATA, latency=LATENCY,
        per_second=subject.per_second, start_seconds=_start_seconds(runs[0], accounts),
    )  # fmt: skip
    return Section(
        title="Several processes",
        lead=(
            f"{accounts} accounts of Adjust × {reports} reports × 365 days, every request {LATENCY * 1000:.0f} ms, one "
            "run an account as `adtap shards` cuts them, so many processes at once, each with its `rate_share` and one "
            "request in flight. `efficiency` is against the lesser of linear and the published rate (50 a second). "
            "Taps without loaders. `model` is what the model of the next table says of the same load, with the "
            "start-up that the first row shows."
        ),
        columns=("processes", "seconds", "model", "efficiency", "requests", "most in a second", "in flight", "rows"),
        rows=[_row(run, runs[0], load) for run in runs],
        bars=list(_bars(runs, load)),
        after=_modelled(),
        page="scale.md",
    )  # fmt: skip


# -- real runs -------------------------------------------------------------------------------


def _runs(
    subject: Subject, stand_in: Sandbox, accounts: int, reports: int, levels: tuple[int, ...]
) -> Iterator[Ran]:
    narrow = subject.narrow[0]
    definitions = [{**narrow, "name": f"report_{n}"} for n in range(reports)]
    config = subject.config(stand_in.url, reports=definitions, start_date=START)
    folder = room("scale")
    catalog = select(subject.case.script, folder, config, *(d["name"] for d in definitions))
    shards = tap_command(
        "adtap", folder, "shards", subject.case.script, env=_PLAYED, config=config, catalog=catalog
    )
    listed = json.loads(output(shards))
    tokens = [a["app_token"] for s in listed["shards"] for r in s["runs"] for a in r["accounts"]]
    stand_in.control("POST", "latency", {"seconds": LATENCY})
    for workers in levels:
        progress(f"scale: {workers} at once")
        stand_in.control("DELETE", "log")
        share = {"rate_share": share_of(workers), "concurrency": workers}

        def run(token: str, share: Mapping[str, Any] = share) -> list[bytes]:
            own = {**config, **share, "app_tokens": [token]}
            return _tap(subject, folder / token, own, catalog)

        begun = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            digests = [d for found in pool.map(run, tokens[:accounts]) for d in found]
        seconds = time.perf_counter() - begun
        yield _seen(stand_in, subject, workers, seconds, digests)


def _seen(
    stand_in: Sandbox, subject: Subject, workers: int, seconds: float, digests: list[bytes]
) -> Ran:
    log = stand_in.control("GET", f"log?platform={subject.case.platform}")["requests"]
    moments = sorted(datetime.fromisoformat(e["started_at"]).timestamp() for e in log)
    most = most_within(moments, 1.0)
    stats = stand_in.control("GET", "stats")
    return Ran(
        workers, seconds, len(log), most, stats["max_in_flight"].get(subject.case.platform, 0), len(digests),
        hashlib.sha256(b"".join(sorted(digests))).hexdigest(),
    )  # fmt: skip


def _tap(
    subject: Subject, folder: Path, config: Mapping[str, Any], catalog: Mapping[str, Any]
) -> list[bytes]:
    """Run a tap; give a digest of each row, without the moment at which it was read."""
    command = tap_command(subject.case.script, folder, env=_PLAYED, config=config, catalog=catalog)
    found: list[bytes] = []
    for line in output(command).splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD" and message["stream"] != "sync_windows":
            row = {k: v for k, v in message["record"].items() if k != "_synced_at"}
            text = json.dumps([message["stream"], row], sort_keys=True)
            found.append(hashlib.sha256(text.encode()).digest())
    return found


# -- what is shown ---------------------------------------------------------------------------


def _start_seconds(one: Ran, accounts: int) -> float:
    """What a run took besides waiting for answers, with one process."""
    return max(0.0, (one.seconds - one.requests * LATENCY) / accounts)


def _row(run: Ran, one: Ran, load: Load) -> tuple[str, ...]:
    return (
        str(run.workers), f"{run.seconds:.0f}", f"{play(load, run.workers).seconds:.0f}",
        f"{_efficiency(run, one, load):.0%}", f"{run.requests:,}", str(run.most_in_a_second), str(run.in_flight),
        f"{run.rows:,}",
    )  # fmt: skip


def _efficiency(run: Ran, one: Ran, load: Load) -> float:
    by_rate = 0.0 if load.per_second is None else run.requests / load.per_second
    return max(one.seconds / run.workers, by_rate) / run.seconds


def _bars(runs: list[Ran], load: Load) -> Iterator[Bar]:
    one = runs[0]
    for run in runs[1:]:
        share = 100 * _efficiency(run, one, load)
        yield at_least(
            f"{run.workers} processes, of the lesser of linear and the rate",
            share,
            100 * EFFICIENT,
            unit="%",
        )
    yield at_most(
        "the most requests in a second, 50 published",
        max(r.most_in_a_second for r in runs),
        50,
        unit="",
    )
    sums = Counter((r.digest, r.requests) for r in runs)
    yield Bar(
        "rows and requests, however many processes",
        "equal" if len(sums) == 1 else "differ",
        "equal",
        len(sums) == 1,
    )


def _modelled() -> str:
    rows = []
    head = (
        "accounts",
        "rate",
        "requests",
        *(f"{n} at once" for n in (*WORKERS, 16)),
        "the rate's own least",
    )
    for accounts in (500, 5000):
        for name, rate in MODELLED:
            load = Load(
                runs=accounts, requests=MODELLED_REPORTS * WINDOWS + _METADATA, latency=LATENCY, per_second=rate,
                start_seconds=_MELTANO_SECONDS,
            )  # fmt: skip
            played = [_cell(load, n) for n in (*WORKERS, 16)]
            least = "none" if rate is None else _hours(load.asked / rate)
            rated = name if rate is None else f"{name}, {rate:.0f}/s"
            rows.append((f"{accounts:,}", rated, f"{load.asked:,}", *played, least))
    return "\n\n".join(["### By the model", _ASSUMPTIONS, table(head, rows)])


_MELTANO_SECONDS: Final = 6.0
_ASSUMPTIONS: Final = (
    f"A year of {MODELLED_REPORTS} reports, {WINDOWS} windows each, {LATENCY * 1000:.0f} ms a request, one request of each "
    "process in flight, a run an account, "
    f"{_MELTANO_SECONDS:.0f} s from the start of a run to its first request (Meltano, discovery, tap). Assumed besides: "
    "every request takes as long as every other, none fails, rows are few enough that neither tap nor loader is what one "
    "waits for, there are processors enough for so many starts, and the platform's rate is all that it limits. In hours; "
    "in brackets the efficiency against the lesser of linear and the rate."
)


def _cell(load: Load, workers: int) -> str:
    played = play(load, workers)
    return f"{_hours(played.seconds)} ({load.least(workers) / played.seconds:.0%})"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f}"
