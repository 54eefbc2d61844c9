"""`rate_share`: processes that ask one platform at once, counted by the platform."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests import programs
from tests.contracts.conftest import Bench
from tests.contracts.platforms import TERMINALONE

PROCESSES = 4
PER_SECOND = 10.0
"""What the platform guarantees; `TerminalOne.per_second`."""


@dataclass
class Seen:
    """What the platform saw: when each request arrived, in seconds, and how many were in flight at once."""

    arrivals: list[float]
    in_flight: int

    def most_within(self, seconds: float) -> int:
        """The most requests of any stretch of time."""
        return max(
            sum(0 <= later - first < seconds for later in self.arrivals) for first in self.arrivals
        )


def run_at_once(bench: Bench, folder: Path, **settings: Any) -> Seen:
    """Run the tap several times at once; each asks for more than it may have in the time."""
    bench.sandbox.clear_log()
    streams = {"campaigns", "strategies", "concepts", "deals", "site_lists", "performance_hourly"}
    processes = []
    for number in range(PROCESSES):
        own = folder / str(number)
        own.mkdir()
        bench.folder = own
        files = bench.files(streams, **settings)
        for name in ("out", "errors"):
            (own / name).write_bytes(b"")
        processes.append(
            programs.start(bench.case.script, files, stdout=own / "out", stderr=own / "errors")
        )
    for number, process in enumerate(processes):
        process.join(250)
        assert process.exitcode == 0, (folder / str(number) / "errors").read_text()
    log: list[Mapping[str, Any]] = bench.sandbox.log(bench.case.platform)
    begun = sorted(datetime.fromisoformat(e["started_at"]).timestamp() for e in log)
    return Seen(begun, bench.sandbox.stats()["max_in_flight"][bench.case.platform])


@pytest.mark.parametrize("case", [TERMINALONE], ids=["terminalone"])
def test_four_processes_with_a_quarter_each_stay_within_the_platforms_limits(
    bench: Bench, tmp_path: Path
) -> None:
    """Ten a second and four at once, as the platform counts: never more, though each could do it alone."""
    seen = run_at_once(bench, tmp_path, rate_share=0.25)
    assert len(seen.arrivals) > 30, "too few requests to come near the limit"
    assert seen.in_flight <= 4
    for seconds in (1.0, 2.0, 4.0):
        # Of each process one more at the edge of a stretch, and one that was held up on its way into it.
        assert seen.most_within(seconds) <= PER_SECOND * seconds + 2 * PROCESSES, seconds
