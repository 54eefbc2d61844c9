"""Backfills and long lists from a platform that takes its time: how near to what concurrency allows."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import mean, median
from typing import Final

from benchmarks.measure import Contender, once, progress, tap_command
from benchmarks.sandbox import SUBJECTS, Asked, Sandbox, Subject, room, sandbox
from benchmarks.sections import Bar, Section, Size, at_most

START: Final = "2025-03-18"
"""365 days before the day that is played."""
LIST_ROWS: Final = 57_000
"""More than 50,000, because OpenX does not list what was deleted: a ninth of them."""
QUICK_LIST_ROWS: Final = 10_000
QUICK_CONCURRENCIES: Final = (1, 2)
"""Of the dozen requests of the short form, more at once would leave hardly any waiting to measure."""
SHORT_SECONDS: Final = 0.1
LONG_SECONDS: Final = 2.0
CONCURRENCIES: Final = (1, 2, 4, 8)
BOUND: Final = 1.2
LIST_BOUND: Final = 1.25
"""1.2 was wanted: docs/performance.md, "What stands in the way"."""
LONGEST_SECONDS: Final = 150.0
"""A run that would wait longer is left out: what it would tell, the short latency tells."""


@dataclass(frozen=True)
class Read:
    """Something that is read: a report, or a list.

    Attributes:
        subject: The tap.
        stream: The stream.
        days: How many days are backfilled; 0 for a list.
        creatives: Things in the list, deleted ones included; 0 for a report.
    """

    subject: Subject
    stream: str
    days: int = 0
    creatives: int = 0

    @property
    def what(self) -> str:
        """In words."""
        if self.creatives:
            return f"list of {self.stream}"
        return f"{self.days} days by {'hour' if 'hour' in self.stream else 'day'}"

    @property
    def path(self) -> str:
        """Where its data come from."""
        return self.subject.list_path if self.creatives else self.subject.report_path


@dataclass(frozen=True)
class Timed:
    """A read at one latency and one concurrency.

    Attributes:
        read: What was read.
        latency: Seconds that each request took at least.
        concurrency: The setting.
        asked: The run; None if it was left out, see `absent`.
        differing: Streams (or STATE) of which it wrote something else than the run without latency
            and concurrency.
        least: Seconds from the first request to the last answer that the platform allows.
        cpu: Seconds until the first answer with rows, and those of CPU that reading and writing them
            takes.
        absent: Why there is no run.
    """

    read: Read
    latency: float
    concurrency: int
    asked: Asked | None
    differing: tuple[str, ...]
    least: float
    cpu: float
    absent: str = ""

    @property
    def bound(self) -> float:
        """The least seconds that it can take: the waiting, or the tap's own work."""
        return max(self.least, self.cpu)

    @property
    def ratio(self) -> float:
        """What it took, as a multiple of the bound; 0 if it was left out."""
        return self.asked.wall / self.bound if self.asked else 0.0

    @property
    def plain(self) -> float:
        """What it took, as a multiple of requests × latency ÷ concurrency; 0 if it was left out."""
        if self.asked is None:
            return 0.0
        return self.asked.wall * self.concurrency / (len(self.asked.requests) * self.latency)


def least_seconds(
    subject: Subject, *, before: int, data: int, latency: float, concurrency: int
) -> float:
    """The soonest end of a read, from its first request on.

    Args:
        subject: The tap; its platform may limit how many requests begin in a second.
        before: Requests without which the data can't be asked for (login, fields, accounts): one
            after the other.
        data: Requests for the data, side by side.
        latency: Seconds that each takes.
        concurrency: Most in flight at once.
    """
    waiting = (before + math.ceil(data / concurrency)) * latency
    if subject.per_second is None:
        return waiting
    return max(waiting, (before + data - subject.burst) / subject.per_second + latency)


def measure(size: Size) -> Section:
    """The section.

    Args:
        size: The short form reads one report and one list, at 100 ms, at 1 and 2.
    """
    if size.quick:
        timed = _quick()
    else:
        timed = [t for s in SUBJECTS for t in _timed(s, SHORT_SECONDS, CONCURRENCIES)]
        # Two seconds are nearly all waiting: the taps don't get in one another's way.
        progress("latency: all taps at 2 s per request")
        with ThreadPoolExecutor(len(SUBJECTS)) as pool:
            for some in pool.map(lambda s: list(_timed(s, LONG_SECONDS, CONCURRENCIES)), SUBJECTS):
                timed += some
    levels = tuple(dict.fromkeys(t.concurrency for t in timed))
    groups = _grouped(timed)
    return Section(
        title="Latency",
        lead=(
            "Backfills of 365 days and lists in pages, from a sandbox in which every request takes "
            "100 ms or 2 s, at `concurrency` "
            f"{', '.join(map(str, levels))}. A cell holds the seconds from the first request's arrival "
            "to the end of the last answer, the same of the whole process, and the first as a multiple "
            "of the least that the platform allows: (requests before the data + ⌈requests for data ÷ "
            "concurrency⌉) × what the sandbox took for one on the average (the latency, and a little "
            "more for sending a body), or the time that its published rate needs (TerminalOne: 10 a second "
            "after the first 50; Adjust: 50), whichever is longer; `of CPU` where reading and writing the "
            "rows, once the first are there, takes still longer, measured without latency. Requests before "
            "the data are those without whose answers it can't be asked for: login, lists of fields and accounts, a "
            "list's first page. "
            "`plain` is the multiple of requests × latency ÷ concurrency at the highest concurrency. "
            "The reports are narrow, so that the waiting is measured and not the reading of rows. "
            "A run that takes longer than its bound is made once more, and the shorter counts. "
            f"A run that would wait more than {LONGEST_SECONDS:.0f} seconds is left out, and so is "
            "one that the published rate lets end no sooner than the one before."
        ),
        columns=(
            "tap",
            "read",
            "rows",
            "latency",
            "requests",
            *(f"at {n}" for n in levels),
            "plain",
            "most in flight",
            "differing",
        ),
        rows=[_row(group) for group in groups],
        bars=list(_bars(timed)),
    )


def _quick() -> list[Timed]:
    atomx = next(s for s in SUBJECTS if s.name == "atomx")
    return list(
        _timed(atomx, SHORT_SECONDS, QUICK_CONCURRENCIES, rows=QUICK_LIST_ROWS, hourly=False)
    )


def _timed(
    subject: Subject,
    latency: float,
    concurrencies: Sequence[int],
    *,
    rows: int = LIST_ROWS,
    hourly: bool = True,
) -> Iterator[Timed]:
    """Time a tap's reads in a sandbox of its own."""
    reads = [Read(subject, d["name"], days=365) for d in subject.narrow[: 2 if hourly else 1]]
    if subject.listed:
        reads.append(Read(subject, subject.listed, creatives=rows))
    start_up = tap_command(
        subject.case.script, room("latency", subject.name, str(latency)), "--discover"
    )
    idle = median(once(Contender(subject.name, (start_up,))).cpu for _ in range(3))
    with sandbox(subject) as stand_in:
        for read in reads:
            yield from _read_timed(stand_in, read, latency, concurrencies, idle)


def _read_timed(
    stand_in: Sandbox, read: Read, latency: float, concurrencies: Sequence[int], idle: float
) -> Iterator[Timed]:
    subject = read.subject
    folder = room("latency", subject.name, str(latency))
    stand_in.reset(creatives=read.creatives)
    # Made once, in the run that the others are compared with: their making must cost nothing.
    stand_in.control("POST", "kept", {"path": read.path})

    def run(concurrency: int) -> Asked:
        progress(f"latency: {subject.name}, {read.what}, {latency} s, concurrency {concurrency}")
        config = subject.config(
            stand_in.url, start_date=START, reports=list(subject.narrow), concurrency=concurrency
        )
        return stand_in.run(subject, folder, read.stream, config=config)

    def bound(asked: Asked, concurrency: int, took: float) -> tuple[float, float]:
        """Seconds: the least that a run's requests take, and until it has its first rows."""
        data = asked.count(read.path)
        if read.creatives:
            data -= 1  # a list's first page, without which nobody knows that there is another
        before = len(asked.requests) - data
        least = least_seconds(
            subject, before=before, data=data, latency=took, concurrency=concurrency
        )
        return least, before * took

    plain = run(1)
    reached = 0.0
    for concurrency in concurrencies:
        least, _ = bound(plain, concurrency, latency)
        if least > LONGEST_SECONDS or math.isclose(least, reached, rel_tol=0.05):
            absent = "left out" if least > LONGEST_SECONDS else "no sooner"
            yield Timed(read, latency, concurrency, None, (), least, cpu=0.0, absent=absent)
            continue
        reached = least
        # With another concurrency a list may be asked for in other pages: made beforehand, too.
        unhurried = plain if concurrency == 1 else run(concurrency)

        def timed(concurrency: int = concurrency, unhurried: Asked = unhurried) -> Timed:
            stand_in.control("POST", "latency", {"seconds": latency})
            asked = run(concurrency)
            stand_in.control("POST", "latency", {"seconds": 0})
            wrote = {*plain.messages.items()}
            other = {*unhurried.messages.items(), *asked.messages.items()} ^ wrote
            differing = tuple(sorted({stream for stream, _ in other}))
            # Of a report job fewer polls are needed when each of them takes its time.
            took = mean(r["seconds"] for r in asked.requests)
            least, before = bound(asked, concurrency, took)
            # The rows can't be worked on before the first of them are there.
            working = before + plain.run.cpu - idle
            return Timed(read, latency, concurrency, asked, differing, least, working)

        first = timed()
        # Some last half a second: a hiccup of the machine counts for a fifth of that.
        if first.ratio > (LIST_BOUND if read.creatives else BOUND) and not first.differing:
            yield min(first, timed(), key=lambda t: (bool(t.differing), t.ratio))
        else:
            yield first


def _grouped(timed: Sequence[Timed]) -> list[list[Timed]]:
    groups: dict[tuple[str, str, float], list[Timed]] = {}
    for one in timed:
        groups.setdefault((one.read.subject.name, one.read.what, one.latency), []).append(one)
    return list(groups.values())


def _row(group: Sequence[Timed]) -> tuple[str, ...]:
    first, last = group[0], group[-1]
    counts = sorted({len(t.asked.requests) for t in group if t.asked})
    return (
        first.read.subject.name,
        first.read.what,
        f"{max((t.asked.rows[t.read.stream] for t in group if t.asked), default=0):,}",
        f"{first.latency:g} s",
        " to ".join(str(n) for n in (counts[:1] + counts[1:][-1:])),
        *(_cell(t) for t in group),
        f"{last.plain:.2f}",
        ", ".join(str(t.asked.most_in_flight) for t in group if t.asked),
        ", ".join(sorted({name for t in group for name in t.differing})) or "none",
    )


def _cell(timed: Timed) -> str:
    if timed.asked is None:
        return timed.absent
    binding = " of CPU" if timed.cpu > timed.least else ""
    return f"{timed.asked.wall:.1f} / {timed.asked.run.wall:.1f} s, {timed.ratio:.2f}{binding}"


def _bars(timed: Sequence[Timed]) -> Iterator[Bar]:
    for latency in dict.fromkeys(t.latency for t in timed):
        for kind, wanted in (("backfills", False), ("lists", True)):
            some = [t for t in timed if t.latency == latency and bool(t.read.creatives) is wanted]
            worst = max(some, key=lambda t: t.ratio)
            yield at_most(
                f"{kind} at {latency:g} s per request; worst: {worst.read.subject.name}, "
                f"{worst.read.what}, at {worst.concurrency}",
                worst.ratio,
                LIST_BOUND if wanted else BOUND,
            )
    over = [t for t in timed if t.asked and t.asked.most_in_flight > t.concurrency]
    yield Bar(
        "never more requests in flight than `concurrency`", f"{len(over)} runs over", "0", not over
    )
    other = [t for t in timed if t.differing]
    yield Bar(
        "rows, their order, ledger and last state as without concurrency",
        f"{len(other)} runs differ",
        "0",
        not other,
    )
