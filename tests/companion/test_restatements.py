"""What a platform restates comes back out of `sync_days` exactly, and `adtap status --restatements` shows it."""

import json
import urllib.request
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import duckdb
import pytest

from tests import programs
from tests.companion.conftest import Desk
from tests.companion.test_status import read
from tests.running import Messages, run_tap, select

FIRST: Final = date(2026, 3, 18)
RUNS: Final = 6
METRICS: Final = ("impressions", "total_spend", "total_conversions")
Curve = dict[tuple[str, int, str], Decimal]
"""By day, run and metric: what the platform knows, whatever the currency."""


def truth(desk: Desk, days: tuple[str, str]) -> dict[str, dict[str, Decimal]]:
    """What the sandbox itself knows of some days at this moment, added up without any API."""
    url = (
        f"{desk.sandbox.url}/terminalone/_truth?start={days[0]}&end={days[1]}&by=day&"
        f"metrics={','.join(METRICS)}"
    )
    with urllib.request.urlopen(url) as reply:  # noqa: S310 - the sandbox, always http
        found = json.load(reply)["by"]
    return {day: {m: Decimal(v) for m, v in sums.items()} for day, sums in found.items()}


def lived(desk: Desk) -> tuple[list[Messages], Curve]:
    """Run once a day for some days; give what was written, and the truth of each day at each run."""
    config = desk.config(start_date="2026-03-09", lookback_days=5)
    catalog = select(desk.case.tap, config, {"performance_daily", "sync_days"})
    runs: list[Messages] = []
    curve: Curve = {}
    for number in range(RUNS):
        today = FIRST + timedelta(days=number)
        desk.now(f"{today}T20:00:00+00:00")
        state = runs[-1].last_state if runs else None
        runs.append(run_tap(desk.case.tap, config, state=state, catalog=catalog))
        for day, sums in truth(desk, ("2026-03-09", str(today))).items():
            curve |= {(day, number, metric): value for metric, value in sums.items()}
    return runs, curve


def held_exactly(runs: list[Messages], curve: Curve) -> dict[str, list[int]]:
    """Hold every sum that was kept against the truth of its moment; give the runs that read each day."""
    seen: dict[str, list[int]] = {}
    for number, messages in enumerate(runs):
        held: dict[tuple[str, str], Decimal] = {}
        for row in messages.records["sync_days"]:
            for label, value in row["totals"].items():
                place = row["bucket"][:10], label.partition(" ")[0]
                held[place] = held.get(place, Decimal(0)) + Decimal(value)
        for (day, metric), value in held.items():
            if metric in METRICS:
                assert value == curve[day, number, metric], (day, number, metric)
        for day in {day for day, _ in held}:
            seen.setdefault(day, []).append(number)
    return seen


def load_all(desk: Desk, runs: list[Messages]) -> Path:
    """Load run after run; give the file."""
    path = desk.folder / "days.duckdb"
    target = desk.file("target", {"path": str(path), "default_target_schema": "tap_terminalone"})
    for messages in runs:
        lines = (json.dumps(line, default=str) + "\n" for line in messages.lines)
        done = programs.run("target-adtap-duckdb", ["--config", target], given=lines)
        assert done.returncode == 0
    return path


@pytest.mark.parametrize("desk", ["terminalone"], indirect=True)
def test_the_restatement_curve_comes_back_exactly(desk: Desk) -> None:
    """Every sum of every reading is what the sandbox knew at that moment; loaded, it is shown with its shares."""
    runs, curve = lived(desk)
    seen = held_exactly(runs, curve)
    assert max(len(readings) for readings in seen.values()) == RUNS
    spends = {d: {curve[d, n, "total_spend"] for n in numbers} for d, numbers in seen.items()}
    assert sum(len(values) > 1 for values in spends.values()) > 4
    path = load_all(desk, runs)
    with duckdb.connect(str(path), read_only=True) as db:
        (count,) = db.execute("SELECT count(*) FROM tap_terminalone.sync_days").fetchone() or ()
    assert count == sum(len(m.records["sync_days"]) for m in runs)

    shown = desk.call("status", "--warehouse", str(path), "--restatements", "--json").json
    spend = [s for s in shown["moved_after"] if s["metric"] == "total_spend"]
    assert {s["currency"] for s in spend} == {"EUR", "USD", "GBP"}
    for currency in spend:
        shares = currency["moved_after_days"]
        assert 0 < Decimal(shares["3"]) < Decimal(shares["1"]) < Decimal("0.2")
        assert shares["30"] is None  # nothing is that old yet
    steps: dict[tuple[str, str], Decimal] = {}
    for step in shown["restatements"]:
        place = step["bucket"][:10], step["metric"]
        steps[place] = steps.get(place, Decimal(0)) + Decimal(step["moved"])
        assert step["age_days"] > 0
    for day, numbers in seen.items():
        whole = curve[day, numbers[-1], "total_spend"] - curve[day, numbers[0], "total_spend"]
        assert steps.get((day, "total_spend"), Decimal(0)) == whole
    people = desk.call("status", "--warehouse", str(path), "--restatements")
    assert people.code == 0
    assert "Share of the money that moved after so many days" in people.out
    assert "performance_daily  total_spend EUR" in people.out
    assert "Numbers that moved between two readings: " in people.out


@pytest.mark.parametrize("desk", ["adjust"], indirect=True)
def test_without_the_stream_it_is_said(desk: Desk) -> None:
    """A warehouse without `sync_days`, and a state instead of a warehouse: one line that says what to do."""
    from tests.companion.test_status import load

    messages = read(desk)
    done = desk.call("status", "--warehouse", load(desk, messages), "--restatements")
    assert done.code == 1
    assert "no table sync_days; select the stream sync_days" in done.err
    state = desk.file("state", messages.last_state)
    assert "give --warehouse" in desk.call("status", "--state", state, "--restatements").err
