"""The assets on Dagster itself: materialised in one process, then by the daemon from its queue of runs."""

import json
import os
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrators.conftest import (
    BIN,
    Field,
    accounts,
    asked,
    differ,
    environment,
    marks,
    wait_for,
)
from tests.orchestrators.kills import (
    has_ended,
    kill_load,
    kill_run,
    loads,
    minutes_later,
    under_way,
)
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
    project, reports=["app_daily", "campaign_daily"], start="2025-11-01", warehouse="WAREHOUSE",
    retries=20, retry_delay=5,
)
"""
POOL = "adtaps_tap_adjust"
SLOTS = 3
WAITING = {"QUEUED", "STARTED"}
# So slow that no other load ends while one of them is killed twice.
SLOW = {"kind": "slow", "seconds": 30.0, "times": None, "platform": "adjust", "path": "/report$"}
CHECKS = """
import json
import sys

import dagster as dg
from ads import defs

names = [dg.AssetCheckKey(dg.AssetKey(["adjust", "app_daily"]), n) for n in ("ledger", "reconcile")]
job = dg.define_asset_job("checks", selection=dg.AssetSelection.checks(*names))
made = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("checks")
with dg.DagsterInstance.get() as instance:
    ended = made.execute_in_process(instance=instance, raise_on_error=False)
    said = {e.check_name: [e.passed, {k: v.value for k, v in e.metadata.items()}] for e in ended.get_asset_check_evaluations()}
with open(sys.argv[1], "w") as file:
    json.dump(said, file)
"""
MUTATION = """
mutation ($asked: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $asked) { __typename ... on PythonError { message } }
}
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
    settings = (ASSETS / "dagster.yaml").read_text().replace("end_seconds: 300", "end_seconds: 5")
    # A busy machine is no run that does not start.
    settings = settings.replace(
        "  enabled: true\n", "  enabled: true\n  start_timeout_seconds: 1800\n", 1
    )
    (home / "dagster.yaml").write_text(f"{settings}\ntelemetry:\n  enabled: false\n")
    (home / "ads.py").write_text(DEFINITIONS)
    (home / "checks.py").write_text(CHECKS)
    here.variables |= {
        "DAGSTER_HOME": str(home),
        "PROJECT": str(here.folder),
        "WAREHOUSE": here.warehouse,
        "PATH": f"{folder}{os.pathsep}{here.variables['PATH']}",
        "PYTHONPATH": str(home),
        "DAGSTER_GRPC_TIMEOUT_SECONDS": "600",
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
    assert [passed for passed, _ in checked(here).values()] == [False, True], (
        "days between are missing"
    )
    here.query("UPDATE tap_adjust.app_daily SET installs = installs + 1 WHERE day = '2026-02-03'")
    found = checked(here)
    assert len(found["ledger"][1]["gaps"]) == 1
    assert found["reconcile"] == [False, {**found["reconcile"][1], "differences": 1}]


def checked(here: Field) -> dict[str, Any]:
    """Ask the checks of a report; give whether each passed, and what it says besides."""
    out = Path(here.variables["DAGSTER_HOME"], "checked.json")
    run(here, "python", "checks.py", str(out))
    found: dict[str, Any] = json.loads(out.read_text())
    return dict(sorted(found.items()))


def runs(here: Field, job: str) -> dict[str, tuple[str, str]]:
    """Return account and status of each run of a job, by its id, the first one first."""
    path = Path(here.variables["DAGSTER_HOME"], "history", "runs.db")
    sql = (
        "SELECT r.run_id, COALESCE(t.value, ''), r.status FROM runs r LEFT JOIN run_tags t "
        "ON t.run_id = r.run_id AND t.key = 'dagster/partition' WHERE r.pipeline_name = ? ORDER BY r.id"
    )
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        return {i: (account, status) for i, account, status in connection.execute(sql, [job])}


def ended(here: Field, job: str, seconds: float = 600) -> list[tuple[str, str]]:
    """Wait until no run of a job is left in the queue or at work; give account and status of each."""

    def done() -> list[tuple[str, str]]:
        found = list(runs(here, job).values())
        return found if all(status in {"SUCCESS", "FAILURE"} for _, status in found) else []

    found: list[tuple[str, str]] = wait_for(done, seconds, lambda: str(runs(here, job)))
    return found


@contextmanager
def daemon(here: Field) -> Iterator[subprocess.Popen[bytes]]:
    """Run Dagster's daemon: it takes runs off the queue, and starts them again."""
    folder, home = environment("dagster"), Path(here.variables["DAGSTER_HOME"])
    with (home / "daemon.log").open("ab") as output:
        process = subprocess.Popen(
            [folder / "dagster-daemon", "run", "-m", "ads"], cwd=home, env=here.variables,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            # The daemon alone: what it has started goes on, as with a daemon that crashed.
            process.kill()
            process.wait(600)


def launch(here: Field, **asked: object) -> None:
    """Launch a backfill as the UI does: by GraphQL, for the daemon to start."""
    said = run(
        here, "dagster-graphql", "-m", "ads", "-t", MUTATION, "-v", json.dumps({"asked": asked})
    )
    assert "LaunchBackfillSuccess" in said, said


def load_all(here: Field, accounts: list[str]) -> None:
    """Launch the daily load of accounts."""
    code = {"repositoryLocationName": "ads", "repositoryName": "__repository__"}
    selector = {"partitionSetName": "adjust_load_partition_set", "repositorySelector": code}
    launch(here, selector=selector, partitionNames=accounts)


def test_the_daemon_ends_what_was_killed_as_one_process_does(dagster: Field) -> None:
    """From the queue, within the pool: a load killed twice, then a run and the daemon with it.

    The run that was killed is started again. An account that has gone fails by its name, once; a second load of an
    account waits for the first. In the end: the rows of one process. Then days of a report that have got lost are read
    again by a backfill of days and accounts, which leaves every state byte for byte.
    """
    here = dagster
    home = Path(here.variables["DAGSTER_HOME"])
    here.variables["TAP_ADJUST_START_DATE"] = "2025-11-01"
    tokens = accounts(here)
    names = list(tokens)
    here.variables["TAP_ADJUST_APP_TOKENS"] = json.dumps([*tokens.values(), "gonegonegone"])
    run(here, "dagster", "instance", "concurrency", "set", POOL, str(SLOTS))
    with daemon(here) as process:
        run(here, "dagster", "job", "launch", "-m", "ads", "-j", "adjust_accounts")
        assert ended(here, "adjust_accounts") == [("", "SUCCESS")]
        run(here, "dagster", "job", "launch", "-m", "ads", "-j", "adjust_entities")
        here.sandbox.fault(**SLOW)
        (gone,) = known(here) - set(names)
        # No more than there are slots: a load that is killed must not wait for its slot until the others are done.
        load_all(here, [gone, *names[:SLOTS]])
        twice = wait_for(
            lambda: next(filter(under_way, names), None),
            600,
            lambda: str(runs(here, "adjust_load")),
        )
        load_all(here, [twice])
        for _ in range(2):
            wait_for(partial(under_way, twice), 600, lambda: str(loads()))
            assert len(loads()) <= SLOTS
            wait_for(lambda: states_of(here, twice) == {"STARTED": 1, "QUEUED": 1}, 600)
            kill_load(twice)
            wait_for(partial(has_ended, twice), 600)
            minutes_later(here)
        load_all(here, names[SLOTS:])
        # A run that is made and not yet in the queue is forgotten by a daemon that is killed just then.
        wait_for(lambda: all(states_of(here, n).keys() & WAITING for n in names[SLOTS:]), 600)
        assert len(loads()) <= SLOTS
        once = wait_for(lambda: next(filter(under_way, set(names[:SLOTS]) - {twice}), None), 600)
        kill_run(once)
        process.kill()
    minutes_later(here)
    with daemon(here):
        here.sandbox.clear_faults()
        wait_for(
            lambda: states_of(here, once) == {"FAILURE": 1, "SUCCESS": 1}, 600, lambda: str(runs(here, "adjust_load"))
        )  # fmt: skip
        assert ended(here, "adjust_entities") == [("", "FAILURE")], "names what has gone too"
        found = Counter(ended(here, "adjust_load"))
        assert found.pop((gone, "FAILURE")) == 1, "not tried again"
        assert found.pop((once, "FAILURE")) == 1
        assert found == {(n, "SUCCESS"): 2 if n == twice else 1 for n in names}
        logs = "".join(path.read_text() for path in home.rglob("*.err"))
        assert "gonegonegone" in logs
        assert "sandbox-adjust-token" not in logs
        del here.variables["TAP_ADJUST_APP_TOKENS"]
        # The second load of an account has read the lookback once more: its windows are in the ledger too.
        both = [here.rows("tap_adjust"), here.one_process()]
        ledgers = [tables.pop("sync_windows") for tables in both]
        assert differ(both[0], both[1]) == {}
        assert ledgers[0].total() >= ledgers[1].total()
        fill_days(here, names, both[1])


def fill_days(here: Field, names: list[str], whole: dict[str, Counter[str]]) -> None:
    """Lose days of a report, and read them again by a backfill of days and accounts: no state is touched."""
    before = here.texts()
    # More days than accounts: Dagster cuts a backfill along the dimension of which more is asked.
    lost = [f"{date(2025, 12, 29) + timedelta(days=n)}" for n in range(6)]
    assert len(lost) > len(names)
    here.query("DELETE FROM tap_adjust.campaign_daily WHERE day::text = ANY(%s)", lost)
    here.sandbox.clear_log()
    keys = [f"{name}|{day}" for name in names for day in lost]
    launch(here, assetSelection=[{"path": ["adjust", "campaign_daily"]}], partitionNames=keys)
    filled = wait_for(lambda: ended(here, "__ASSET_JOB"), 600)
    assert {status for _, status in filled} == {"SUCCESS"}
    again = here.rows("tap_adjust")
    del again["sync_windows"]
    assert differ(again, whole) == {}
    after = here.texts()
    assert {i: text for i, text in after.items() if i in before} == before
    assert len(asked(here)) < len(keys), "days that follow on one another are one stretch"


def known(here: Field) -> set[str]:
    """Return the accounts that the instance knows as partitions."""
    said = run(
        here, "python", "-c",
        "import dagster as dg; print(*dg.DagsterInstance.get().get_dynamic_partitions('adjust_accounts'))",
    )  # fmt: skip
    return set(said.splitlines()[-1].split())


def states_of(here: Field, account: str) -> dict[str, int]:
    """Count the daily loads of an account by how they stand."""
    return Counter(s for a, s in runs(here, "adjust_load").values() if a == account)
