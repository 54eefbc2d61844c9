"""The DAG on Airflow itself: `airflow dags test`, then the scheduler with the LocalExecutor, into a real Postgres."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.orchestrators.conftest import BIN, Field, accounts, asked, differ, environment, wait_for
from tests.orchestrators.kills import (
    has_ended,
    kill_load,
    loads,
    minutes_later,
    stop_task,
    under_way,
)
from tests.running import ROOT

sys.path.append(str(ROOT / "orchestrate"))
from adtap_run import Project, run_shard

pytestmark = pytest.mark.orchestrators

ORCHESTRATE = ROOT / "orchestrate" / "airflow"
POOL = "adtaps_tap_adjust"
SLOTS = 3
SLOW = {"kind": "slow", "seconds": 1.0, "times": None, "platform": "adjust", "path": "/report$"}
# A busy machine is no scheduler that has died.
PATIENT = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "300",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "120",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "300",
}
DAGS = f"""
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

sys.path.append({str(ORCHESTRATE)!r})
from adtaps_dag import ads_dag

from adtap_run import Project

project = Project(folder=FOLDER, tap="tap-adjust", target="target-postgres", bin={str(BIN)!r}, environment="dev")
locked = replace(project, variables={{"TAP_ADJUST_API_TOKEN": "wrong"}})
common = {{"start": datetime(2026, 1, 1, tzinfo=UTC), "retries": 20, "retry_delay": timedelta(seconds=5)}}
daily = ads_dag(project, name="daily", **common)
history = ads_dag(project, name="history", cron=None, **common)
refused = ads_dag(locked, name="refused", cron=None, **common)
"""


@dataclass
class Airflow:
    """An installation of its own: a folder, a database, the variables of all of its processes."""

    here: Field
    bin: Path
    home: Path
    database: str
    variables: dict[str, str]

    def call(self, *arguments: str, code: int | None = 0) -> str:
        """Call `airflow`; give what it says."""
        done = subprocess.run(
            [self.bin / "airflow", *arguments], cwd=self.home, env=self.variables, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=500,
        )  # fmt: skip
        assert code is None or done.returncode == code, (arguments, done.stdout[-5000:])
        return done.stdout

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask Airflow's own database."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()  # type: ignore[call-overload,no-any-return]

    def state(self, run: str) -> str:
        """Return how a run of a DAG stands; empty before it is there."""
        found = self.query("SELECT state FROM dag_run WHERE run_id = %s", run)
        return str(found[0][0]) if found else ""

    def tasks(self, run: str) -> dict[tuple[str, int], tuple[str, int]]:
        """Return state and number of the try of each task of a run."""
        sql = "SELECT task_id, map_index, state, try_number FROM task_instance WHERE run_id = %s"
        return {(t, i): (str(s), n) for t, i, s, n in self.query(sql, run)}

    def ended(self, run: str, seconds: float = 600) -> str:
        """Wait for the end of a run; give how it was."""
        wait_for(
            lambda: self.state(run) in {"success", "failed"}, seconds, lambda: str(self.tasks(run))
        )
        return self.state(run)

    def is_up(self) -> bool:
        """Check whether tasks find the server that they report to, and the DAGs are known."""
        try:
            port = int(self.variables["AIRFLOW__API__PORT"])
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return bool(self.query("SELECT 1 FROM dag WHERE dag_id = 'refused'"))

    @contextmanager
    def standalone(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run all of Airflow; at the end none of its processes is left."""
        with (self.home / "standalone.log").open("ab") as output:
            process = subprocess.Popen(
                [self.bin / "airflow", "standalone"], cwd=self.home, env=self.variables,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
            try:
                wait_for(self.is_up, 600)
                yield process
            finally:
                end_all(process)


def end_all(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Kill a process and all that it started, those in sessions of their own as well, save Meltano's."""
    found, more = {process.pid}, True
    while more:
        before = len(found)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                    line = (entry / "cmdline").read_text()
                except OSError:
                    continue
                if int(stat.rpartition(")")[2].split()[1]) in found and "meltano" not in line:
                    found.add(int(entry.name))
        more = len(found) > before
    for pid in found:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    process.wait(600)


def running(airflow: Airflow) -> int:
    """Return how many slots of the pool are taken."""
    sql = "SELECT COUNT(*) FROM task_instance WHERE pool = %s AND state = 'running'"
    return int(airflow.query(sql, POOL)[0][0])


def log_of(airflow: Airflow, run: str, index: int, attempt: int) -> str:
    """Return the log of a try of a run's mapped task `shard`."""
    folders = (airflow.home / "logs").glob(f"*/run_id={run}/task_id=shard/map_index={index}")
    return "".join((folder / f"attempt={attempt}.log").read_text() for folder in folders)


@pytest.fixture
def airflow(here: Field, tmp_path: Path) -> Airflow:
    """An Airflow with its database, the pool and the DAGs; nothing runs yet."""
    folder = environment("airflow")
    name, template = f"airflow_{os.getpid()}", f"airflow_template_{os.getpid()}"
    path = here.warehouse.partition("?")[0].rpartition("/")[2]
    database = here.warehouse.replace(f"/{path}?", f"/{name}?")
    home = tmp_path / "airflow"
    (home / "dags").mkdir(parents=True)
    dags = DAGS.replace("FOLDER", repr(str(here.folder)))
    (home / "dags" / "loads.py").write_text(dags)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    variables = {
        **here.variables,
        "PATH": f"{folder}{os.pathsep}{here.variables['PATH']}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "6",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-this-test-and-of-nothing-else-that-is-long-enough-for-sha512",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.replace("postgresql://", "postgresql+psycopg2://"),
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        # Five minutes by default, until tasks of a scheduler that has died are looked for.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
        # Five seconds by default, in which a busy machine gives no answer.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_ADS": json.dumps({"conn_type": "postgres", **connection(here.warehouse)}),
        "ADTAPS_PROJECT": str(here.folder),
        "ADTAPS_BIN": str(BIN),
        "ADTAPS_ALERTS": "ads",
    }  # fmt: skip
    made = Airflow(here, folder, home, database, variables)
    here.query(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    if not here.query("SELECT 1 FROM pg_database WHERE datname = %s", template):
        here.query(f"CREATE DATABASE {name}")
        made.call("db", "migrate")
        made.call("pools", "set", POOL, str(SLOTS), "what the platform takes at once")
        here.query(f"ALTER DATABASE {name} RENAME TO {template}")
    here.query(f"CREATE DATABASE {name} TEMPLATE {template}")
    return made


def connection(url: str) -> dict[str, Any]:
    """Return an Airflow connection's parts of an address with a socket's folder."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    return {"login": parts.get("user"), "schema": parts["dbname"], "host": parts["host"]}


def test_a_run_by_hand_loads_what_one_process_loads(airflow: Airflow) -> None:
    """`airflow dags test` on the file as it is shipped: every shard, then the alerts, which end the run as failed."""
    here = airflow.here
    airflow.variables["AIRFLOW__CORE__DAGS_FOLDER"] = str(ORCHESTRATE)
    whole = here.one_process()
    # The schema and its views are made by the first load; the ledger's clock is months behind the database's.
    here.meltano("run", "--state-id-suffix=views", "tap-adjust", "target-postgres")
    views = subprocess.run(
        [BIN / "adtap", "views", "tap-adjust", "--dialect=postgres", *(f"--stream={s}" for s in ("app_daily", "campaign_daily"))],
        text=True, capture_output=True, check=True,
    ).stdout  # fmt: skip
    here.query(views)
    here.query("TRUNCATE tap_adjust.app_daily, tap_adjust.campaign_daily, tap_adjust.sync_windows, tap_adjust.apps")  # fmt: skip
    said = airflow.call("dags", "test", "ads_adjust", "2026-03-18", code=None)
    assert differ(here.rows("tap_adjust"), whole) == {}, said[-5000:]
    assert 'missing: campaign_daily {"app_token":' in said
    assert "DagRun failed" in said
    assert "sandbox-adjust-token" not in said


def test_a_load_that_is_killed_in_every_way_ends_as_one_process_does(airflow: Airflow) -> None:
    """The fan-out within its pool; a loader killed twice, all of Airflow killed once, a second run held back.

    In the end: the rows of one process, a state for each account, windows and rows in the asset's events.
    """
    here = airflow.here
    airflow.variables["TAP_ADJUST_START_DATE"] = here.variables["TAP_ADJUST_START_DATE"] = (
        "2025-11-01"
    )
    here.sandbox.fault(**SLOW)
    with airflow.standalone():
        for run in ("one", "other"):
            airflow.call("dags", "trigger", "daily", "--run-id", run)
        airflow.call("dags", "unpause", "daily", "--yes")
        suffix = ""
        for _ in range(2):
            suffix = wait_for(partial(under_way, suffix), 600, lambda: str(loads()))
            assert running(airflow) <= SLOTS
            kill_load(suffix)
            wait_for(partial(has_ended, suffix), 600)
            minutes_later(here)
        ((first, active),) = airflow.query(
            "SELECT MAX(run_id), COUNT(*) FROM dag_run WHERE state = 'running'"
        )
        assert active == 1, "two runs of one shard would fetch the same windows"
    # What it had started goes on, or ends for want of somebody who listens.
    wait_for(lambda: not loads(), 600, lambda: str(loads()))
    minutes_later(here)
    here.sandbox.clear_faults()
    with airflow.standalone():
        assert airflow.ended(first) == "success", airflow.tasks(first)
        others = [r for (r,) in airflow.query("SELECT run_id FROM dag_run") if r != first]
        assert others
        for run in others:
            assert airflow.ended(run) == "success", airflow.tasks(run)
    tasks = airflow.tasks(first)
    shards = [number for (task, _), (_, number) in tasks.items() if task == "shard"]
    assert len(shards) > SLOTS
    assert max(shards) >= 3, tasks
    # The later runs read the lookback once more: its windows are in the ledger too, and every row is the same.
    both = [here.rows("tap_adjust"), here.one_process()]
    ledgers = [tables.pop("sync_windows") for tables in both]
    assert differ(both[0], both[1]) == {}
    assert ledgers[0].total() >= ledgers[1].total()
    extras = [e for (e,) in airflow.query("SELECT extra FROM asset_event")]
    assert sum(e["windows"] for e in extras if e["exit_code"] == 0) > 0
    assert {e["shard"] for e in extras} >= {"rest"}


def test_back_fills_touch_no_bookmark_and_a_refused_login_is_not_tried_again(
    airflow: Airflow,
) -> None:
    """By `airflow backfill create` and by a run with `from` and `to`, side by side: every state byte for byte.

    Days that were asked for are there, the last one exclusive; a run without them, and one with a wrong token, fail
    at the first try.
    """
    here = airflow.here
    airflow.call("dags", "test", "daily", "2026-03-18")
    before, rows = here.texts(), here.rows("tap_adjust")
    with airflow.standalone():
        for dag in ("history", "refused"):
            airflow.call("dags", "unpause", dag, "--yes")
        asked = json.dumps({"from": "2026-02-01", "to": "2026-02-11", "grain": "month"})
        airflow.call("dags", "trigger", "history", "--run-id", "filled", "--conf", asked)
        airflow.call("dags", "trigger", "history", "--run-id", "empty")
        airflow.call("dags", "trigger", "refused", "--run-id", "refused", "--conf", asked)
        airflow.call(
            "backfill", "create", "--dag-id=daily", "--from-date=2026-02-20", "--to-date=2026-02-21",
            "--max-active-runs=1",
        )  # fmt: skip
        assert airflow.ended("filled") == "success", airflow.tasks("filled")
        for run in ("empty", "refused"):
            assert airflow.ended(run) == "failed"
            assert airflow.tasks(run)["shards", -1][0] == "failed"
        airflow.call("dags", "unpause", "daily", "--yes")
        sql = "SELECT run_id FROM dag_run WHERE run_type = 'backfill' ORDER BY logical_date"
        filling = [run for (run,) in airflow.query(sql)]
        assert [airflow.ended(run) for run in filling] == ["success"] * len(filling)
    sql = "SELECT DISTINCT day::text FROM tap_adjust.app_daily WHERE day < '2026-03-01'"
    assert {day for (day,) in here.query(sql)} == {
        *(f"2026-02-{day:02}" for day in range(1, 11)),
        *(f"2026-02-{20 + n}" for n in range(len(filling))),
    }
    assert len(filling) >= 1
    after = here.texts()
    assert {i: text for i, text in after.items() if i in before} == before
    grown = here.rows("tap_adjust")
    assert all(not rows[table] - grown[table] for table in rows)
    logs = "".join(log.read_text() for log in (airflow.home / "logs").rglob("*.log"))
    refusals = [
        log
        for log in (airflow.home / "logs" / "dag_id=refused").rglob("*.log")
        if "the login was refused" in log.read_text()
    ]
    assert len(refusals) == 1, "a refused login is asked once"
    assert "sandbox-adjust-token" not in logs


def test_a_task_that_is_stopped_ends_after_its_window_and_an_account_has_gone(
    airflow: Airflow,
) -> None:
    """A daily run beside a backfill: SIGTERM to a task, and one of the accounts is none any more.

    The stopped tap ends with 143 after its last whole window, which is tried again: no window but the one on its way
    is asked for twice. The account that has gone fails by its name, once; all others are loaded. In the end: the rows
    of one process and of the backfill, and the states of loads that nothing disturbed, byte for byte.
    """
    here = airflow.here
    here.variables["TAP_ADJUST_START_DATE"] = "2025-10-01"
    tokens = accounts(here)
    here.variables["TAP_ADJUST_CONCURRENCY"] = "1"
    gone = json.dumps([*tokens.values(), "gonegonegone"])
    airflow.variables |= {**here.variables, "PATH": airflow.variables["PATH"]}
    airflow.variables |= {"TAP_ADJUST_APP_TOKENS": gone, **PATIENT}
    here.sandbox.fault(**SLOW)
    with airflow.standalone():
        airflow.call("dags", "unpause", "daily", "--yes")
        stopped = wait_for(
            lambda: next((n for n in {*tokens} & {*loads()} if len(asked(here, tokens[n])) > 2), None),
            600, lambda: str(loads()),
        )  # fmt: skip
        stop_task(stopped)
        wait_for(partial(has_ended, stopped), 600)
        windows = asked(here, tokens[stopped])
        here.sandbox.clear_log()
        airflow.call("dags", "unpause", "history", "--yes")
        filling = json.dumps({"from": "2025-09-01", "to": "2025-09-04"})
        airflow.call("dags", "trigger", "history", "--run-id", "filled", "--conf", filling)
        here.sandbox.clear_faults()
        ((daily,),) = airflow.query("SELECT run_id FROM dag_run WHERE dag_id = 'daily'")
        assert [airflow.ended(run) for run in (daily, "filled")] == ["failed", "failed"]
    again = [query for query in asked(here, tokens[stopped]) if "2025-09" not in query]
    assert again
    assert not set(again) & set(windows[:-1])
    for run in (daily, "filled"):
        ended = [(*told, i) for (task, i), told in airflow.tasks(run).items() if task == "shard"]
        ((tries, failed),) = [(n, i) for state, n, i in ended if state == "failed"]
        assert tries == 1, "an account that has gone is not tried again"
        assert Counter(state for state, _, _ in ended) == {"success": len(tokens), "failed": 1}
        assert "'gonegonegone' is no app" in log_of(airflow, run, failed, 1)
        if run == daily:
            # The entities' run names it too, when all else is read.
            assert airflow.tasks(run)["rest", 0] == ("failed", 1)
            again_tried = [i for _, n, i in ended if n > 1]
            assert any("exit code 143, stopped" in log_of(airflow, run, i, 1) for i in again_tried)

    rows, whole = here.rows("tap_adjust"), here.one_process()
    for table, key in (("sync_windows", "window_start"), ("app_daily", "day"), ("campaign_daily", "day")):  # fmt: skip
        filled = [row for row in rows[table] if json.loads(row)[key] < "2025-10-01"]
        assert filled
        assert {json.loads(row)[key][:10] for row in filled} <= {f"2025-09-0{n}" for n in (1, 2, 3)}
        for row in filled:
            del rows[table][row]
    assert differ(rows, whole) == {}
    states = {i.rpartition(":")[2]: text for i, text in here.texts().items()}
    for suffix, text in undisturbed(here).items():
        assert states[suffix] == text


def undisturbed(here: Field) -> dict[str, str]:
    """Load each account once more, from the start and one after the other; give the states by their suffix."""
    project = Project(
        folder=str(here.folder), tap="tap-adjust", target="target-postgres", bin=str(BIN), environment="dev",
        variables={**here.variables, "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "undisturbed"},
    )  # fmt: skip
    found = project.shards()
    runs = [run for shard in found["shards"] for run in shard["runs"]]
    again = [{**run, "state_id_suffix": f"undisturbed-{run['state_id_suffix']}"} for run in runs]
    run_shard(project, {"name": "all", "runs": again}, found["environment"], say=lambda _: None)
    texts = {i.partition("undisturbed-")[2]: text for i, text in here.texts().items()}
    return {run["state_id_suffix"]: texts[run["state_id_suffix"]] for run in runs}
