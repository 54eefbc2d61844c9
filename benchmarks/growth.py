"""What ten times as much costs: rows, windows, accounts, reports, and how large the state becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from adtap_sandbox.world import World
from benchmarks.measure import ROOT, once, progress
from benchmarks.picture import Line, draw
from benchmarks.readers import tap
from benchmarks.sandbox import MOMENT, SUBJECTS, Asked, Sandbox, Subject, room, sandbox
from benchmarks.sections import Bar, Section, Size, at_most, seconds, thousands
from benchmarks.throughput import replay

PICTURE: Final = ROOT / "docs" / "images" / "growth.svg"
STEEPEST: Final = 1.25
"""How much more a unit may cost at the largest size than at the one before."""
STATE_BYTES: Final = 200_000
WINDOWS: Final = (10, 100, 500, 1000)
ACCOUNTS: Final = (1, 50, 250, 500)
REPORTS: Final = (1, 5, 10, 20)
ACCOUNT_DAYS: Final = 60
REPORT_DAYS: Final = 360
BOTH_DAYS: Final = 5
FEWEST_RUNS: Final = 5
"""Measured runs of each number of things, at least: most take a fraction of a second, less than the start-up that is subtracted from it."""
_TODAY: Final = datetime.fromisoformat(MOMENT)


@dataclass(frozen=True)
class Growth:
    """What one kind of thing costs at growing numbers of it.

    Attributes:
        kind: What is counted.
        detail: How it was measured.
        cpu: Seconds of CPU, start-up left out, by number of things.
        state_bytes: Length of the last STATE message, by number of things; empty if it does not grow.
    """

    kind: str
    detail: str
    cpu: Mapping[int, float]
    state_bytes: Mapping[int, int]

    @property
    def steepness(self) -> float:
        """Cost of a unit at the largest size as a multiple of that at the one before."""
        *_, middle, largest = sorted(self.cpu)
        return (self.cpu[largest] / largest) / (self.cpu[middle] / middle)


def measure(size: Size) -> Section:
    """The section; draws the picture, too, unless in the short form.

    Args:
        size: The short form looks at accounts and at the state only.
    """
    adjust, atomx = (next(s for s in SUBJECTS if s.name == name) for name in ("adjust", "atomx"))
    with sandbox(adjust) as stand_in:
        stand_in.reset(apps=ACCOUNTS[-1])
        apps = [app.token for app in World(apps=ACCOUNTS[-1]).apps]
        grown = [_accounts(adjust, stand_in, apps, size)]
        both = _accounts_and_reports(adjust, stand_in, apps)
        if not size.quick:
            grown.append(_reports(adjust, stand_in, apps, size))
            grown.insert(0, _rows(adjust, stand_in, apps, size))
    if not size.quick:
        with sandbox(atomx) as stand_in:
            stand_in.reset()
            grown.insert(1, _windows(atomx, stand_in, size))
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(_picture(grown), encoding="utf-8")
    most = max([both.state_bytes, *(n for g in grown for n in g.state_bytes.values())])
    return Section(
        title="Growth",
        lead=(
            "Seconds of CPU of the whole process, its start-up left out (that of a run that finds nothing to do), at "
            "growing numbers of one thing while the others stay. A unit must not cost more than "
            f"{STEEPEST} times as much at the largest number as at the one before."
        ),
        columns=("of what", "how many", "CPU s", "ms a unit", "last STATE, bytes"),
        rows=[
            *(row for growth in grown for row in _lines(growth)),
            (
                f"accounts and reports, {BOTH_DAYS} days",
                f"{ACCOUNTS[-1]} × {REPORTS[-1]}",
                seconds(both.run.cpu),
                f"{both.run.cpu * 1000 / ACCOUNTS[-1] / REPORTS[-1]:.3f}",
                thousands(both.state_bytes),
            ),
        ],
        bars=[
            *(
                at_most(f"cost of a unit, {growth.kind}", growth.steepness, STEEPEST)
                for growth in grown
            ),
            Bar(
                "the longest last STATE message",
                f"{thousands(most)} bytes",
                f"< {thousands(STATE_BYTES)}",
                most < STATE_BYTES,
            ),
        ],
        after=""
        if size.quick
        else f"![CPU seconds against number of things](images/{PICTURE.name})",
    )


def _rows(subject: Subject, stand_in: Sandbox, apps: list[str], size: Size) -> Growth:
    one = {"reports": [subject.narrow[0]], "app_tokens": apps[:1]}
    start_up = median(_start_up(subject, stand_in, one) for _ in range(FEWEST_RUNS))
    cpu = {}
    for count in size.rows:
        # Only the largest number takes long enough for one run to say much.
        repeats = max(size.repeats, FEWEST_RUNS if count < size.rows[-1] else 1)
        with replay(count, "adjust.json") as url:
            reader = tap("adjust.json", url, count)
            cpu[count] = median(once(reader).cpu for _ in range(repeats)) - start_up
    return Growth("rows", "one window, 20 columns", cpu, {})


def _windows(subject: Subject, stand_in: Sandbox, size: Size) -> Growth:
    """Windows of a week; those before the sandbox's first day (about a hundred weeks ago) are empty."""
    configs = {n: _config(7 * n, subject.narrow[1]) for n in WINDOWS}
    return _grown("windows", "a week each", subject, stand_in, configs=configs, size=size)


def _accounts(subject: Subject, stand_in: Sandbox, apps: list[str], size: Size) -> Growth:
    daily = subject.narrow[0]
    configs = {n: _config(ACCOUNT_DAYS, daily, app_tokens=apps[:n]) for n in ACCOUNTS}
    return _grown(
        "accounts", f"{ACCOUNT_DAYS} days each", subject, stand_in, configs=configs, size=size
    )


def _reports(subject: Subject, stand_in: Sandbox, apps: list[str], size: Size) -> Growth:
    configs = {n: _config(REPORT_DAYS, *_many(subject, n), app_tokens=apps[:4]) for n in REPORTS}
    detail = f"{REPORT_DAYS} days of 4 accounts each"
    return _grown("reports", detail, subject, stand_in, configs=configs, size=size)


def _accounts_and_reports(subject: Subject, stand_in: Sandbox, apps: list[str]) -> Asked:
    progress("growth: accounts and reports")
    more = _config(BOTH_DAYS, *_many(subject, REPORTS[-1]), app_tokens=apps)
    return _run(subject, stand_in, more, "both")


def _config(days: int, *reports: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Settings of a tap that reads so many days of some reports."""
    start = (_TODAY - timedelta(days=days)).date().isoformat()
    return {"start_date": start, "reports": list(reports), **more}


def _run(subject: Subject, stand_in: Sandbox, more: Mapping[str, Any], *place: str) -> Asked:
    """Run a tap; all reports that its settings define are read."""
    config = subject.config(stand_in.url, **more)
    names = tuple(report["name"] for report in config["reports"])
    return stand_in.run(subject, room("growth", *place), *names, config=config)


def _many(subject: Subject, count: int) -> list[dict[str, Any]]:
    return [{**subject.narrow[0], "name": f"narrow_{number}"} for number in range(count)]


def _grown(
    kind: str,
    detail: str,
    subject: Subject,
    stand_in: Sandbox,
    *,
    configs: Mapping[int, Mapping[str, Any]],
    size: Size,
) -> Growth:
    """Run a tap with each of some settings, in turn.

    The first round isn't counted: the sandbox makes and keeps its answers in it, and would have the
    same processors to itself. Start-up is measured in every round, between the others.
    """
    start_ups: list[float] = []
    runs: dict[int, list[Asked]] = {count: [] for count in configs}
    stand_in.control("POST", "kept", {"path": subject.report_path})
    for number in range(1 + max(size.repeats, FEWEST_RUNS)):
        start_up = _start_up(subject, stand_in, configs[min(configs)])
        for count, more in configs.items():
            progress(f"growth: {count} {kind}")
            asked = _run(subject, stand_in, more, kind, str(count))
            if number:
                runs[count].append(asked)
        if number:
            start_ups.append(start_up)
    return Growth(
        kind,
        detail,
        {c: median(a.run.cpu for a in some) - median(start_ups) for c, some in runs.items()},
        {c: max(a.state_bytes for a in some) for c, some in runs.items()},
    )


def _start_up(subject: Subject, stand_in: Sandbox, more: Mapping[str, Any]) -> float:
    """Seconds of CPU of a tap that finds nothing to do: its report begins today.

    It has the settings of the smallest number of things: looking at 500 accounts for what is due is
    a part of what accounts cost.
    """
    today = {**more, "start_date": MOMENT[:10]}
    return _run(subject, stand_in, today, subject.name).run.cpu


def _lines(growth: Growth) -> list[tuple[str, ...]]:
    return [
        (
            f"{growth.kind}, {growth.detail}",
            thousands(count),
            seconds(cpu),
            f"{cpu * 1000 / count:.3f}",
            thousands(growth.state_bytes[count]) if growth.state_bytes else "",
        )
        for count, cpu in growth.cpu.items()
    ]


def _picture(grown: list[Growth]) -> str:
    lines = [Line(g.kind, tuple((n, max(cpu, 0.001)) for n, cpu in g.cpu.items())) for g in grown]
    return draw(lines, across="number of things", up="CPU seconds, start-up left out")
