"""What a tap costs before it reads anything: discovery, a run with nothing to do, and its imports."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.measure import Contender, ContenderError, select, side_by_side, tap_command
from benchmarks.sandbox import MOMENT, SUBJECTS, Sandbox, Subject, room, sandbox
from benchmarks.sections import Bar, Section, Size, at_most, seconds

BOUND_SECONDS: Final = 1.0
NOT_NEEDED: Final = frozenset(
    {
        "adtap_loader",
        "adtap_sandbox",
        "duckdb",
        "jinja2",
        "numpy",
        "pandas",
        "pyarrow",
        "pydoc",
        "pytest",
        "simpleeval",
        "sqlalchemy",
        "starlette",
        "unittest",
        "uvicorn",
    }
)
"""Packages that a tap which reads JSON and writes messages has no use for."""
SHOWN: Final = 8
_LINE: Final = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \| *(\S+)$", re.MULTILINE)


def measure(size: Size) -> Section:
    """The section."""
    taps = list({subject.case.script: subject for subject in reversed(SUBJECTS)}.values())[::-1]
    rows: list[tuple[str, ...]] = []
    bars: list[Bar] = []
    loaded: dict[str, Mapping[str, float]] = {}
    for subject in taps:
        with sandbox(subject) as stand_in:
            stand_in.reset()
            discover, idle = _contenders(subject, stand_in)
            runs = side_by_side((discover, idle), size.repeats)
            requests = stand_in.control("GET", "stats")["requests"].get(subject.case.platform, 0)
        path = Path(sys.executable).with_name(subject.case.script)
        loaded[subject.case.script] = imports(str(path), "--discover")
        rows.append(
            (
                subject.case.script,
                seconds(runs[discover.name].cpu),
                seconds(runs[discover.name].wall),
                seconds(runs[idle.name].cpu),
                seconds(runs[idle.name].wall),
                f"{requests / size.repeats:.0f}",
                str(len(loaded[subject.case.script])),
            )
        )
        bars += [
            at_most(f"CPU of {name}", runs[name].cpu, BOUND_SECONDS, unit="s")
            for name in (discover.name, idle.name)
        ]
    sdk = imports("-c", "import singer_sdk")
    idle_ones = sorted(
        ({name for names in loaded.values() for name in names} & NOT_NEEDED) - {*sdk}
    )
    bars.append(
        Bar(
            "packages loaded for nothing, beside those that the SDK itself loads",
            ", ".join(idle_ones) or "none",
            "none",
            not idle_ones,
        )
    )
    return Section(
        title="Start-up",
        lead=(
            "Seconds of CPU (user and system) and of the clock for `--discover`, and for a run that "
            "finds nothing to do: a daily report that begins today, when no day of it is over. `requests` are "
            "those of the latter, to the sandbox; `packages` are the top-level packages and modules "
            "that discovery loads."
        ),
        columns=(
            "tap",
            "discover, CPU",
            "wall",
            "nothing to do, CPU",
            "wall",
            "requests",
            "packages",
        ),
        rows=rows,
        bars=bars,
        after=_told({**loaded, "singer-sdk alone": sdk}),
    )


def imports(*program: str) -> dict[str, float]:
    """Milliseconds that importing costs, by top-level package, what it imports left out.

    Raises:
        ContenderError: It failed.
    """
    done = subprocess.run(
        (sys.executable, "-X", "importtime", *program), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ContenderError(f"{' '.join(program)} ended with {done.returncode}")
    spent: Counter[str] = Counter()
    for own, _, module in _LINE.findall(done.stderr):
        spent[module.partition(".")[0]] += int(own)
    return {name: micros / 1000 for name, micros in spent.most_common()}


def _contenders(subject: Subject, stand_in: Sandbox) -> tuple[Contender, Contender]:
    case = subject.case
    folder = room("startup", subject.name)
    today = MOMENT[:10]
    config = subject.config(stand_in.url, start_date=today)
    catalog = select(case.script, folder, config, case.daily)
    discover = Contender(
        f"{case.script} --discover",
        (tap_command(case.script, folder, "--discover", config=config),),
    )
    command = tap_command(
        case.script, folder, config=config, catalog=catalog, env={"ADTAPS_NOW": MOMENT}
    )
    return discover, Contender(f"{case.script}, nothing to do", (command,))


def _told(loaded: Mapping[str, Mapping[str, float]]) -> str:
    lines = [
        "What imports cost most (ms, `python -X importtime`, each package without what it imports):"
    ]
    for script, spent in loaded.items():
        most = ", ".join(f"{name} {cost:.0f}" for name, cost in list(spent.items())[:SHOWN])
        lines.append(f"- {script}: {sum(spent.values()):.0f} in all; {most}")
    return "\n".join([lines[0], "", *lines[1:]])
