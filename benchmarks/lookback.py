"""What `lookback_mode: learned` saves and what it costs: many days of real runs against the sandbox, in both modes.

    python -m benchmarks.lookback [--days 60] [--only NAME ...]

Each tap runs once a day, by its own clock, twice: with `fixed` and with `learned`. After the runs that are needed
to learn, `--days` runs are counted: rows that were read before, requests, and for how long the learned warehouse
held a day otherwise than the fixed one, which reads every day of the lookback each day. On some days of the
platforms with 30 days of lookback numbers move once more at the age of 25, when everybody takes them for final.
It takes minutes; the table in docs/numbers.md was made by it.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from adtap_core.clock import NOW_VARIABLE
from adtap_core.sync.learned_lookback import FEWEST_RUNS
from adtap_core.testing import Messages, run_tap, select
from adtap_sandbox.environment import Environment
from adtap_sandbox.server import shared_server
from tests.companion.conftest import CASES
from tests.contracts.platforms import Case

BEGIN: Final = datetime.fromisoformat("2026-03-18T12:00:00+00:00")
HISTORY_DAYS: Final = 40
"""Days before the first run that are read by it."""
SURPRISE_AGE: Final = 25
SURPRISES: Final = (date(2026, 3, 22), date(2026, 4, 5), date(2026, 4, 6))
"""Days whose numbers move once more at that age."""
MOVED_LATE: Final = 10_000  # of a million
REPORTS: Final = {
    "adjust": ("country_daily", "campaign_daily"),
    "atomx": ("network_managed_delivery_daily",),
    "openx": ("inventory_daily",),
    "openx current": ("country_daily",),
    "terminalone": ("performance_daily", "deals_daily"),
    "terminalone legacy": ("performance_daily",),
}
Place = tuple[str, str, str]


@dataclass
class Mode:
    """A tap in one mode, day after day.

    Args:
        settings: The tap's.
        state: Of its last run.
        digests: What its warehouse holds of each stream, account and bucket.
        again: Rows that were read again, by stream, of the days that count.
        requests: By stream, of the days that count.
    """

    settings: dict[str, Any]
    state: dict[str, Any] | None = None
    digests: dict[Place, str] = field(default_factory=dict)
    again: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    def run(self, case: Case, streams: set[str], *, counts: bool) -> None:
        """Run once, and take in what it read."""
        messages: Messages = run_tap(
            case.tap,
            self.settings,
            state=self.state,
            catalog=select(case.tap, self.settings, streams | {"sync_days"}),
        )
        self.state = messages.last_state
        for row in messages.records["sync_days"]:
            place = (row["stream"], row["account"], row["bucket"])
            if counts and place in self.digests:
                self.again[row["stream"]] += row["row_count"]
            self.digests[place] = row["digest"]
        for row in messages.records["sync_windows"] if counts else ():
            self.requests[row["stream"]] += row["requests"]


@dataclass
class Waiting:
    """For how long the learned warehouse held a bucket otherwise than the fixed one."""

    since: dict[Place, int] = field(default_factory=dict)
    longest: Counter[str] = field(default_factory=Counter)
    waited: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    surprises: dict[str, int] = field(default_factory=dict)

    def look(self, day: int, today: date, fixed: Mode, learned: Mode) -> None:
        """Compare both after the runs of a day."""
        for place, digest in fixed.digests.items():
            name = place[0]
            if learned.digests.get(place) != digest:
                self.since.setdefault(place, day)
                open_for = day - self.since[place] + 1
                self.longest[name] = max(self.longest[name], open_for)
            elif (since := self.since.pop(place, None)) is not None:
                self.waited[name].append(day - since)
                bucket = date.fromisoformat(place[2][:10])
                late = (today - bucket).days - (day - since) >= SURPRISE_AGE
                if bucket in SURPRISES and late:
                    self.surprises[name] = max(self.surprises.get(name, 0), day - since)


@contextlib.contextmanager
def surprises() -> Iterator[None]:
    """Let some days move once more, long after their numbers stood still."""
    millionths = Environment.millionths

    def late(self: Environment, moment_of_bucket: date, *key: object, kind: str = "events") -> int:
        known = millionths(self, moment_of_bucket, *key, kind=kind)
        day = (
            moment_of_bucket.date() if isinstance(moment_of_bucket, datetime) else moment_of_bucket
        )
        is_early = day in SURPRISES and self.age(day) < SURPRISE_AGE
        return known - MOVED_LATE if is_early else known

    with patch.object(Environment, "millionths", late):
        yield


def simulate(name: str, days: int) -> Iterator[tuple[str, ...]]:
    """Run a tap for so many days in both modes; give a table's rows."""
    case, streams = CASES[name], set(REPORTS[name])
    server = shared_server()
    start = (BEGIN - timedelta(days=HISTORY_DAYS)).date().isoformat()
    modes = {
        mode: Mode(case.config(server.url, start_date=start, lookback_mode=mode))
        for mode in ("fixed", "learned")
    }
    waiting = Waiting()
    for day in range(FEWEST_RUNS + days):
        now = BEGIN + timedelta(days=day)
        os.environ[NOW_VARIABLE] = now.isoformat()
        server.environment.clock.set(now)
        for mode in modes.values():
            mode.run(case, streams, counts=day >= FEWEST_RUNS)
        waiting.look(day, now.date(), modes["fixed"], modes["learned"])
    fixed, learned = modes["fixed"], modes["learned"]
    tap = case.tap(config=fixed.settings)
    planners = {s.name: s.planner() for s in tap.report_streams()}
    for stream in REPORTS[name]:
        before, after = fixed.again[stream], learned.again[stream]
        waited = waiting.waited[stream]
        surprise = waiting.surprises.get(stream)
        yield (
            name,
            f"`{stream}`",
            str(planners[stream].lookback_days),
            f"{before:,}",
            f"{after:,}",
            f"{100 - 100 * after / before:.1f} %" if before else "",
            f"{fixed.requests[stream]} / {learned.requests[stream]}",
            str(waiting.longest[stream]),
            f"{sum(waited) / len(waited):.1f}" if waited else "0",
            "" if surprise is None else str(surprise),
            f"{_size(learned, stream)} B",
        )


def _size(mode: Mode, stream: str) -> int:
    """Return the bytes that learning adds to a report's state."""
    kept = (mode.state or {}).get("bookmarks", {}).get(stream, {}).get("learned")
    return len(str(kept).replace(" ", "")) + len('"learned":,') if kept else 0


HEAD: Final = (
    "tap",
    "report",
    "lookback, days",
    "rows read again, fixed",
    "learned",
    "fewer",
    "requests, fixed / learned",
    "longest wait of a change, days",
    "mean",
    "surprise at 25 days found after",
    "state",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--only", nargs="*", choices=list(REPORTS), default=list(REPORTS))
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    _write(HEAD, ("---",) * len(HEAD))
    with surprises():
        for name in given.only:
            for row in simulate(name, given.days):
                _write(row)


def _write(*rows: tuple[str, ...]) -> None:
    for row in rows:
        sys.stdout.write(f"| {' | '.join(row)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
