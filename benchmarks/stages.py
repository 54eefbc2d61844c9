"""Where a tap's time goes, from its start to its last message: a profile of the report path by stages.

python -m benchmarks.stages FILE MODULE:TAP ARGUMENT …      one run of a tap; its stages go to FILE
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks import readers
from benchmarks.measure import Command, Contender, once, progress, workspace
from benchmarks.sections import Section, Size, seconds, thousands
from benchmarks.throughput import replay

STAGES: Final = ("start", "ask and receive", "decode", "columns and keys", "write")


def measure(size: Size) -> Section:
    """Measure every kind of body at the two largest sizes."""
    rows = []
    for count in size.rows[-2:]:
        with replay(count, "adjust-totals.json", *readers.KINDS) as url:
            for kind in readers.KINDS:
                spent = profile(readers.tap(kind, url, count), size)
                named = [spent[stage] for stage in STAGES]
                rest = spent["whole"] - sum(named)
                cells = map(seconds, (spent["whole"], *named, rest))
                rows.append((readers.tap_name(kind), thousands(count), *cells))
    progress("")
    return Section(
        title="Where the time goes",
        lead=(
            "CPU seconds of a tap by stage, medians; one report of 20 columns in one request, from a replay, "
            "written to `/dev/null`. The start is imports, the settings and the catalog, the interpreter's own left out; a body is "
            "received into a file in memory or on disk, and what its check reads of it counts there; decoding "
            "makes values of bytes; columns and keys are types, decimals, digests and our own columns; "
            "writing makes messages. The rest is the login, the plan, and the process' end."
        ),
        columns=("tap and body", "rows", "whole", *STAGES, "rest"),
        rows=rows,
    )


def profile(contender: Contender, size: Size) -> dict[str, float]:
    """Run a tap with its stages timed; gives the median of each, and of the whole process."""
    script, *arguments = contender.commands[0].argv
    (found,) = entry_points(group="console_scripts", name=Path(script).name)
    file = workspace("stages") / "spent.json"
    argv = (sys.executable, "-m", "benchmarks.stages", str(file), found.value, *arguments)
    runs: list[dict[str, float]] = []
    for number in range(size.repeats):
        progress(f"{contender.name} ({number + 1}/{size.repeats})")
        run = once(Contender(contender.name, (Command(argv),)))
        runs.append(json.loads(file.read_text(encoding="utf-8")))
        runs[-1]["whole"] = run.cpu - runs[-1]["not the tap's"]
    return {stage: median(run[stage] for run in runs) for stage in (*STAGES, "whole")}


def main(file: str, tap: str, *arguments: str) -> None:
    """Run a tap, and note what each stage took."""
    before = time.process_time()
    module, _, name = tap.partition(":")
    command: Any = import_module(module)
    for part in name.split("."):
        command = getattr(command, part)
    spent, leave = _timed(), os._exit

    def leave_noted(code: int) -> None:
        spent["columns and keys"] -= spent["decode"] + spent["write"]
        spent["start"] -= before
        spent["not the tap's"] = before
        Path(file).write_text(json.dumps(spent), encoding="utf-8")
        leave(code)

    os._exit = leave_noted  # type: ignore[assignment] # so a tap that is done leaves
    sys.argv = [tap, *arguments]
    command()


def _timed() -> dict[str, float]:
    """Put a clock around each stage; gives what they took by now, in seconds of their thread's CPU."""
    from adtap_core import tap  # noqa: PLC0415
    from adtap_core.bodies.parsing import blocks_of  # noqa: PLC0415
    from adtap_core.rows import report_rows  # noqa: PLC0415 - the tap itself is what imports them
    from adtap_core.sync import reports, schedule  # noqa: PLC0415
    from adtap_core.sync.fetching import Fetcher  # noqa: PLC0415
    from adtap_core.sync.output import LineWriter  # noqa: PLC0415

    spent: defaultdict[str, float] = defaultdict(float)

    def around(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def timed(*args: Any, **kwargs: Any) -> Any:
            begun = time.thread_time()
            try:
                return work(*args, **kwargs)
            finally:
                spent[stage] += time.thread_time() - begun

        return timed

    read_reports = schedule.read_reports

    def timed_blocks(lines: Iterator[Any]) -> Iterator[list[Any]]:
        give = around("decode", blocks_of(lines).__next__)
        with suppress(StopIteration):
            while True:
                yield give()

    def begun(*args: Any) -> None:
        spent["start"] = time.process_time()
        read_reports(*args)

    stream = reports.ReportStream
    for holder, name, made in (
        (Fetcher, "fetch", around("ask and receive", Fetcher.fetch)),
        (stream, "write_window", around("columns and keys", stream.write_window)),
        (LineWriter, "write_block", around("write", LineWriter.write_block)),
        (report_rows, "blocks_of", timed_blocks),
        (tap, "read_reports", begun),
    ):
        setattr(holder, name, made)
    return spent


if __name__ == "__main__":
    main(*sys.argv[1:])
