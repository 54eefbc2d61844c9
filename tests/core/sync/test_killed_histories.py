"""Histories of a tap's own process, killed with -9 at any message: what `test_histories.py` plays, for real.

There a kill is a list of messages cut short. Here the process dies, in the middle of a line if it comes so; its
loader dies with it, or keeps the whole lines that came. `ADTAPS_HISTORIES=50` plays so many of each kind.
"""

import json
import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from adtap_core.testing import Messages
from adtap_core.windows import Grain
from tests.core.restating import RESTATED
from tests.core.sync.test_histories import History
from tests.programs import Piped

TAP = "tests.core.restating:TapRestating.cli"
COUNT = max(1, int(os.environ.get("ADTAPS_HISTORIES", "20")) // 20)
STEPS = 3


class RealHistory(History):
    """A history whose runs are processes.

    Args:
        folder: For its files.
        chance: What happens, and when.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        super().__init__()
        self.folder, self.chance = folder, chance
        self.dies = False

    @override
    def run_tap(self, *, state: Any = None, ahead: timedelta = timedelta(0), **more: Any) -> Messages:  # fmt: skip
        self.server.now = self.now.isoformat()
        config = self.config(**more)
        state = self.state if state is None else state
        arguments = []
        for name, content in {"config": config, "state": state, "catalog": self.catalog(config)}.items():  # fmt: skip
            path = self.folder / f"{name}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            arguments += [f"--{name}", str(path)]
        environment = {"ADTAPS_NOW": self.now.isoformat(), "LOGLEVEL": "ERROR"}
        with Piped(TAP, arguments, environment=environment) as process:
            lines = []
            if self.dies:
                lines = [process.stdout.readline() for _ in range(self.chance.randint(1, 40))]
                process.kill()
            rest = process.stdout.readlines()
            errors = process.stderr.read().decode()
            code = process.wait()
        assert "Traceback" not in errors
        assert code == 0 or code < 0 or self.server.refused, errors
        if not self.dies or self.chance.random() < 0.5:  # else the loader died with it
            lines += rest
        whole = [line for line in lines if line.endswith(b"\n")]
        return Messages([json.loads(line) for line in whole])

    @override
    def a_kill(self, share: float) -> None:
        """Kill -9, wherever it is."""
        self.dies = True
        try:
            self.keep(self.run_tap())
        finally:
            self.dies = False

    def step(self) -> None:
        """Let one thing happen."""
        if self.chance.random() < 0.6:
            self.a_kill(0)
        match self.chance.choice(["time", "start", "account", "backfill", "lookback", "today"]):
            case "time":
                self.time_goes_by(self.chance.choice([1, 30, 24 * 9]))
            case "start":
                self.the_start_is_moved(self.chance.randint(0, 2))
            case "account" if self.accounts:
                account, error = self.chance.choice(self.accounts), self.chance.choice([403, 503])
                self.an_account_fails(account, error)
            case "backfill":
                self.a_backfill(self.chance.randint(1, 20), self.chance.randint(1, 9))
            case "lookback":
                self.the_lookback_is_changed(self.chance.randint(RESTATED, RESTATED + 4))
            case _:
                self.today_is_switched(self.chance.random() < 0.5)
        self.bookmarks_never_move_back()
        self.the_ledger_knows_what_state_says_was_read()


@pytest.mark.parametrize("number", range(COUNT))
@pytest.mark.parametrize(
    ("grain", "zone", "many"),
    [
        (Grain.HOUR, "Europe/Berlin", False),
        (Grain.DAY, "America/New_York", True),
        (Grain.MONTH, "UTC", True),
    ],
    ids=str,
)
@pytest.mark.timeout(300)
def test_a_process_killed_at_any_message_loses_nothing(grain, zone, many, number, tmp_path):
    """Kills between all that happens; in the end the warehouse is whole, and state says no more than was written."""
    history = RealHistory(tmp_path, random.Random(f"{grain} {number}"))
    try:
        history.begin(grain, zone, many=many)
        history.a_kill(0)
        for _ in range(STEPS):
            history.step()
        history.time_goes_by(30)
    finally:
        history.teardown()
