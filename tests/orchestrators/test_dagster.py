"""The assets on Dagster itself: materialised in one process, then by the daemon from its queue of runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrators.conftest import BIN, Field, differ, environment, marks
from tests.running import ROOT

pytestmark = pytest.mark.orchestrators

ASSETS = ROOT / "orchestrate" / "dagster"
DEFINITIONS = f"""
import os
import sys

sys.path.append({str(ASSETS)!r})
from adtaps_dagster import ads_definitions

from adtap_run import Project

project = Project(folder=os.environ["PROJECT"], tap="tap-adjust", target="target-postgres", bin={str(BIN)!r}, environment="dev")
defs = ads_definitions(
    project, reports=["app_daily", "campaign_daily"], start="2026-02-01", warehouse="WAREHOUSE",
    retries=0, retry_delay=1,
)
"""
BY_HAND = """
import json
import sys

import dagster as dg
from ads import defs

with dg.DagsterInstance.get() as instance:

    def run(job, **more):
        return defs.resolve_job_def(job).execute_in_process(instance=instance, **more).success

    said = {"listed": run("adjust_accounts"), "entities": run("adjust_entities")}
    said["accounts"] = instance.get_dynamic_partitions("adjust_accounts")
    said["loads"] = [run("adjust_load", partition_key=name) for name in said["accounts"]]
with open(sys.argv[1], "w") as file:
    json.dump(said, file)
"""


@pytest.fixture
def dagster(here: Field, tmp_path: Path) -> Field:
    """A code location with its own instance."""
    folder = environment("dagster")
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    (home / "ads.py").write_text(DEFINITIONS)
    here.variables |= {
        "DAGSTER_HOME": str(home),
        "PROJECT": str(here.folder),
        "WAREHOUSE": here.warehouse,
        "PATH": f"{folder}{os.pathsep}{here.variables['PATH']}",
        "PYTHONPATH": str(home),
    }
    return here


def run(here: Field, *command: str) -> str:
    """Run a program of Dagster's environment."""
    folder = environment("dagster")
    done = subprocess.run(
        [folder / command[0], *command[1:]], cwd=here.variables["DAGSTER_HOME"], env=here.variables,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def test_assets_load_what_one_process_loads(dagster: Field) -> None:
    """Accounts become partitions, each loads with a state of its own; a day of an account is a backfill."""
    here = dagster
    home = Path(here.variables["DAGSTER_HOME"])
    (home / "by_hand.py").write_text(BY_HAND)
    out = home / "said.json"
    run(here, "python", "by_hand.py", str(out))
    said: dict[str, Any] = json.loads(out.read_text())
    assert all([said["listed"], said["entities"], *said["loads"]]), said
    assert len(said["accounts"]) > 2
    rows = here.rows("tap_adjust")
    assert differ(rows, here.one_process()) == {}
    before = here.texts()
    account = said["accounts"][0]
    text = run(
        here, "dagster", "asset", "materialize", "-m", "ads", "--select=adjust/app_daily",
        f"--partition={account}|2026-02-03",
    )  # fmt: skip
    grown = here.rows("tap_adjust")
    assert not rows["app_daily"] - grown["app_daily"]
    days = {json.loads(row)["day"] for row in grown["app_daily"] - rows["app_daily"]}
    assert days == {"2026-02-03"}, text[-3000:]
    assert grown["campaign_daily"] == rows["campaign_daily"], "only what was asked for"
    after = here.texts()
    assert {i: t for i, t in after.items() if i in before} == before
    assert marks(json.loads(before[f"dev:tap-adjust-to-target-postgres:{account}"]))
