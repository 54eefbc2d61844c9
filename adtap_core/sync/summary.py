"""What the log says of a run: a line at the end of each stream, and the end of the run with its failures last."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from adtap_core.formatting import count
from adtap_core.http.client import RequestStats
from adtap_core.windows import Grain, Interval

log = logging.getLogger("adtaps")
MOST_REPEATED: Final = 10
"""Failures that the end of the log says once more; each was said when it happened."""


def cost_text(cost: RequestStats) -> list[str]:
    """Return what requests it took, in words; nothing where nobody was asked."""
    parts = ((cost.requests, "request"), (cost.retries, "retry"), (cost.splits, "split"))
    return [count(number, noun) for number, noun in parts if number]


def range_text(windows: Sequence[Interval], grain: Grain) -> str:
    """Return the first and the last bucket of windows, both of them read: `2026-11-01 to 2026-11-27`."""
    first = min(window.start for window in windows)
    last = grain.after(max(window.end for window in windows), -1)
    return f"{bucket_text(first, grain)} to {bucket_text(last, grain)}"


def bucket_text(start: datetime, grain: Grain) -> str:
    """Return a bucket as a person reads it: `2026-11-01`, or `2026-11-01 05:00`."""
    return f"{start:%Y-%m-%d}" if grain.is_date else f"{start:%Y-%m-%d %H:00}"


def stream_line(
    name: str, rows: int, what: Iterable[str], cost: RequestStats, failures: int
) -> str:
    """Return the line at a stream's end.

    Args:
        name: The stream.
        rows: How many were written.
        what: Which days, or since when.
        cost: What it took.
        failures: How many of its parts failed; each was named when it happened.

    Example:
        `os_daily: 579 rows, 2026-11-01 to 2026-11-27, 4 requests, 1 retry`
    """
    line = f"{name}: {', '.join([count(rows, 'row'), *what, *cost_text(cost)])}"
    return f"{line}; {count(failures, 'failure')}, named above" if failures else line


def log_end(
    *,
    streams: int,
    whole: int,
    refused: int = 0,
    rows: int,
    cost: RequestStats,
    seconds: float,
    failures: Sequence[str],
) -> None:
    """Log the end of a run: what came in all, then once more what failed, so that it stands last.

    Args:
        streams: How many were to be read.
        whole: How many were, without a failure.
        refused: How many the login may not read, where nobody selected them.
        rows: How many rows all streams wrote.
        cost: What it took.
        seconds: How long.
        failures: A line for each.
    """
    parts = [f"{whole} of {count(streams, 'stream')} read whole", count(rows, "row")]
    if refused:
        parts.insert(1, f"{refused} refused")
    log.info("Run ended: %s", ", ".join([*parts, *cost_text(cost), f"{seconds:.0f} s"]))
    for line in failures[:MOST_REPEATED]:
        log.info("Failed: %s", line)
    if (more := len(failures) - MOST_REPEATED) > 0:
        log.info("Failed: %d more, named above", more)


def failed_message(failed: Sequence[str], failures: int, *, others: bool) -> str:
    """Return the last line of a run of which parts failed.

    Args:
        failed: The streams, some of whose parts could not be read.
        failures: How many parts those were.
        others: Whether other streams, or other accounts of these, were read.
    """
    rest = "all else was read" if others else "nothing else was to be read"
    return f"{failures} failed: {', '.join(failed)}; {rest}"
