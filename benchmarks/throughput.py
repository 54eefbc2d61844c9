"""Report rows per second: our taps beside the ordinary stream, Airbyte, dlt, vendors' clients, the floor."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Final

from benchmarks import bodies, floor, readers, strangers
from benchmarks.measure import Contender, Run, Unavailable, measured, server
from benchmarks.sections import (
    Bar,
    Section,
    Size,
    at_least,
    at_most,
    megabytes,
    not_measured,
    seconds,
    thousands,
)

BARRED_ROWS: Final = 10**5
"""Below, starting up is most of the time: shown, not held to a bar."""

COLUMNS: Final = ("contender", "rows", "wall s", "CPU s", "rows/s", "rows/CPU s", "peak MB")

_LEAD: Final = (
    "One report of 20 columns, read from a replay of ready-made answers and written to `/dev/null`; every "
    "program in a process of its own, so rates include its start. The ordinary SDK stream is "
    "`benchmarks/ordinary.py`. Of dlt only the extract is measured, which writes files into its working "
    "folder. The vendors' clients make a pandas table and write it as JSON lines. The floor decodes the "
    "same body and encodes the same messages with msgspec: no keys, no checks, no state, and everything "
    "in memory. Bars hold from 100,000 rows on; below, starting up is most of the time. The short form "
    "leaves out Airbyte and the vendors' clients."
)
_FLOOR: Final = 3.5  # of CPU and clock; what is done beyond it: docs/performance.md
_LARGE_ROWS: Final = 10**6


@dataclass(frozen=True)
class Match:
    """A contender that one of ours is held against.

    Attributes:
        kind: The kind of body that ours reads, which says the tap.
        theirs: The contender's name.
        make: Makes it, from the replay's address and the number of rows.
        bound: How many times ours it costs at least.
        small: The same where starting up is a good part of the time; None for `bound`.
        quick: Whether the short form has time for it.
    """

    kind: str
    theirs: str
    make: Callable[[str, int], Contender]
    bound: float
    small: float | None = None
    quick: bool = False

    def at_least(self, count: int) -> float:
        """Return the bound that holds for so many rows."""
        return self.bound if self.small is None or count >= _LARGE_ROWS else self.small


# Three times was wanted of the vendors' clients: docs/performance.md, "What stands in the way", says what the floor
# leaves room for.
MATCHES: Final = (
    Match("adjust.json", strangers.AIRBYTE, strangers.airbyte, 10),
    Match("adjust.json", readers.ORDINARY, readers.ordinary, 5, small=4.5, quick=True),
    Match(
        "adjust.json", strangers.DLT_EXTRACT, partial(strangers.dlt, end="extract"), 1.5, quick=True
    ),
    Match("terminalone.csv", strangers.TERMINALONE_CLIENT, strangers.terminalone, 3, small=1.5),
    Match("atomx.json", strangers.ATOMX_CLIENT, strangers.atomx, 1.75, small=1.25),
    Match("atomx.tsv", strangers.ATOMX_CLIENT, strangers.atomx, 2.5, small=1.75),
)


def measure(size: Size) -> Section:
    """Measure all contenders at all sizes."""
    section = Section("Throughput", _LEAD, COLUMNS, contenders=strangers.versions())
    for count in size.rows:
        runs, missing = _runs(count, size)
        section.rows += [line(name, count, run) for name, run in runs.items()]
        if count >= BARRED_ROWS:
            section.bars += _bars(count, runs, missing, size)
    return section


@contextmanager
def replay(count: int, *names: str) -> Iterator[str]:
    """A replay of bodies, made if they are not there.

    Args:
        count: Rows of each.
        names: Keys of `bodies.WRITERS`.

    Yields:
        Its address.
    """
    for name in names:
        bodies.body(name, count)
    with server(sys.executable, "-m", "benchmarks.serve", str(bodies.folder(count))) as url:
        yield url


def line(name: str, count: int, run: Run) -> tuple[str, ...]:
    """A line of a table of rates; its columns are `COLUMNS`."""
    return (
        name,
        thousands(count),
        seconds(run.wall),
        seconds(run.cpu),
        thousands(count / run.wall),
        thousands(count / run.cpu),
        megabytes(run.peak),
    )


def faster(
    size: Size,
    claim: str,
    ours: Run,
    theirs: Run,
    bound: float,
    *,
    make: Callable[..., Bar] = at_least,
) -> list[Bar]:
    """Bars on how many times ours theirs costs, in CPU seconds and, in the whole form, on the clock.

    Args:
        size: Which form: the clock of the short one's single run says little.
        claim: What is compared.
        ours: Our run.
        theirs: Theirs.
        bound: The ratio that must be kept.
        make: `at_least`, or `at_most` with the runs the other way round.
    """
    measures = ("cpu",) if size.quick else ("cpu", "wall")
    words = {"cpu": "per CPU second", "wall": "by the clock"}
    return [
        make(f"{claim}, {words[m]}", attrgetter(m)(theirs) / attrgetter(m)(ours), bound)
        for m in measures
    ]


def _runs(count: int, size: Size) -> tuple[dict[str, Run], dict[str, str]]:
    """Run everything at one size; gives the runs, and why a contender is missing."""
    kinds = tuple(dict.fromkeys([*(match.kind for match in _matches(size)), *_floors(size)]))
    with replay(count, "adjust-days", *kinds) as url:
        there: dict[str, Contender] = {}
        missing: dict[str, str] = {}
        for match in _matches(size):
            try:
                there[match.theirs] = match.make(url, count)
            except Unavailable as reason:
                missing[match.theirs] = str(reason)
        ours = [readers.tap(kind, url, count) for kind in kinds]
        floors = [readers.floor(kind, url, count) for kind in _floors(size)]
        return measured([*there.values(), *ours, *floors], size), missing


def _matches(size: Size) -> tuple[Match, ...]:
    return tuple(match for match in MATCHES if match.quick or not size.quick)


def _floors(size: Size) -> tuple[str, ...]:
    """The kinds of body held against the floor; the short form has time for one."""
    return ("adjust.json",) if size.quick else tuple(floor.SOURCES)


def _bars(count: int, runs: dict[str, Run], missing: dict[str, str], size: Size) -> Iterator[Bar]:
    for match in _matches(size):
        claim = f"{readers.tap_name(match.kind)}, against {match.theirs}, {thousands(count)} rows"
        if match.theirs in missing:
            yield not_measured(claim, match.at_least(count), missing[match.theirs])
        else:
            ours = runs[readers.tap_name(match.kind)]
            yield from faster(size, claim, ours, runs[match.theirs], match.at_least(count))
    for kind in _floors(size):
        claim = f"{readers.tap_name(kind)}, against the floor, {thousands(count)} rows"
        ours, least = runs[readers.tap_name(kind)], runs[readers.floor_name(kind)]
        yield from faster(size, claim, least, ours, _FLOOR, make=at_most)
