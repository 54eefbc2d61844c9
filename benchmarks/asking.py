"""How many requests a first load and a daily run make, stream by stream, and why not fewer."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from benchmarks.asked import CUT_STREAM, CUT_SUBJECT, DAYS, ROW_CAP
from benchmarks.measure import Command, output, progress
from benchmarks.sandbox import SUBJECTS
from benchmarks.sections import Bar, Section, Size, at_most

MOST_CUT: Final = 4
"""Answers that may be cut off before the right length is found: a month is halved to a week."""
_WORKERS: Final = 2
_QUICK: Final = ("atomx", CUT_SUBJECT)


def measure(size: Size) -> Section:
    """The section."""
    names = _QUICK if size.quick else tuple(s.name for s in SUBJECTS)
    progress("asking: all streams of all taps")
    with ThreadPoolExecutor(_WORKERS) as pool:
        counted = dict(zip(names, pool.map(_counted, names), strict=True))
    cut = counted[CUT_SUBJECT]["cut"]
    return Section(
        title="Requests",
        lead=(
            f"Requests of a first load of {DAYS} days and of the run on the next day, counted by the "
            "sandbox, each stream alone (login included) and the default selection in one run. `for data` "
            "are those that bring a report's rows, `least` the fewest that its days and the span of one "
            "request allow. Entity streams that ask alike stand on one line. No platform takes two reports "
            "or two windows in one request; where one publishes no limit, the span is what its own clients "
            "ask for, and shorter after an answer that was cut off: "
            f"{CUT_STREAM} of OpenX, cut after {ROW_CAP} rows, takes {cut['cut']['requests']} requests "
            f"instead of {cut['whole']['requests']}, {cut['cut']['cut']} of them in vain."
        ),
        columns=(
            "tap",
            "stream",
            "first",
            "for data",
            "least",
            "next day",
            "for data",
            "least",
            "why",
        ),
        rows=[row for name, found in counted.items() for row in _rows(name, found["streams"])],
        bars=[
            *_bars(counted),
            at_most("answers cut off in vain", cut["cut"]["cut"], MOST_CUT, unit=""),
        ],
    )


def _counted(name: str) -> dict[str, Any]:
    """Count in a process of its own: it imports a tap and a sandbox."""
    program = Command((sys.executable, "-m", "benchmarks.asked", name))
    found: dict[str, Any] = json.loads(output(program))
    return found


def _rows(name: str, streams: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    alike: dict[tuple[int, int, str], list[str]] = {}
    for stream in streams:
        if stream["kind"] == "entity":
            first, following = stream["first"]["requests"], stream["following"]["requests"]
            alike.setdefault((first, following, _why(stream)), []).append(stream["name"])
    for (first, following, why), names in alike.items():
        rest = f" and {len(names) - 1} more like it" if len(names) > 1 else ""
        yield name, f"{names[0]}{rest}", str(first), "", "", str(following), "", "", why
    for stream in streams:
        if stream["kind"] != "entity":
            loads = (stream["first"], stream["following"])
            yield (
                name,
                stream["name"],
                *(cell for load in loads for cell in _cells(load)),
                _why(stream),
            )


def _cells(load: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(load["requests"]), str(load["data"]), str(load["least_windows"] or "")


def _why(stream: Mapping[str, Any]) -> str:
    """Why it does not make fewer requests."""
    first = stream["first"]
    if stream["kind"] == "all":
        return "all of the above that are selected by default, one login"
    if stream["parent"]:
        return f"{stream['parent']}, then one for each of them"
    if stream["kind"] == "entity":
        if first["addresses"] > 1:
            return f"{first['addresses']} lists"
        return "one list"
    each = first["data"] / first["windows"] if first["windows"] else 1
    days = f"{first['days']:.4g} days, then {stream['following']['days']:.4g}"
    together = f", {each:.2g} requests each (a job's steps, checks, accounts)" if each > 1 else ""
    return f"{days}; at most {stream['span_days']} in one{together}"


def _bars(counted: Mapping[str, Mapping[str, Any]]) -> Iterator[Bar]:
    for load, words in (("first", "a first load"), ("following", "the next day")):
        more = [
            f"{name}: {stream['name']}"
            for name, found in counted.items()
            for stream in found["streams"]
            if stream["kind"] == "report"
            and stream[load]["windows"] > stream[load]["least_windows"]
        ]
        yield Bar(
            f"no report asks for more windows than its span needs, {words}",
            ", ".join(more) or "none does",
            "none",
            not more,
        )
