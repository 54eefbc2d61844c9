"""What an orchestrator starts, without one: shards side by side, stopped, killed, refused, beside a backfill."""

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.orchestrators.conftest import BIN, Field, asked, differ, marks, wait_for
from tests.orchestrators.kills import SLOW, ended_early, minutes_later
from tests.running import ROOT

sys.path.append(str(ROOT / "orchestrate"))
from adtap_run import Ended, Meltano, Project, run_shard

pytestmark = pytest.mark.orchestrators


@pytest.fixture
def project(here: Field, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project as an orchestrator knows it."""
    for name in list(os.environ):
        if name not in here.variables and not name.startswith("PYTEST"):
            monkeypatch.delenv(name)
    return Project(
        folder=str(here.folder), tap="tap-adjust", target="target-postgres", bin=str(BIN), environment="dev",
        variables=here.variables,
    )  # fmt: skip


def run_all(project: Project, found: dict[str, Any], **more: str) -> list[Any]:
    """Make the tables, then run everything, as many at once as the pool has slots; give how each ended."""
    run_shard(project, project.tables(str(found["shards"][0]["window"])), {})
    return run_at_once(project, found, found["pool"]["slots"], **more)


def run_at_once(project: Project, found: dict[str, Any], slots: int, **more: str) -> list[Any]:
    """Run everything, so many at once; give how each ended."""

    def one(shard: dict[str, Any]) -> Any:
        try:
            return run_shard(project, shard, {**found["environment"], **more}, say=lambda _: None)
        except Ended as ended:
            return ended.outcome

    with ThreadPoolExecutor(slots) as pool:
        return list(pool.map(one, [*found["rest"], *found["shards"]]))


def stored(here: Field) -> dict[str, str]:
    """The states as they are stored, without those that backfills have of their own."""
    return {i: text for i, text in here.texts().items() if "backfill" not in i}


def test_shards_side_by_side_load_what_one_process_loads(here: Field, project: Project) -> None:
    """Row for row, ledger included; four writers into one schema; each with a state of its own."""
    found = project.shards()
    assert found["pool"]["slots"] == 3
    outcomes = run_all(project, found)
    assert [o.code for o in outcomes] == [0] * len(outcomes), outcomes
    assert differ(here.rows("tap_adjust"), here.one_process()) == {}
    suffixes = {r["state_id_suffix"] for s in found["shards"] for r in s["runs"]}
    ids = set(here.texts())
    assert {f"dev:tap-adjust-to-target-postgres:{s}" for s in suffixes} <= ids
    assert sum(o.rows.get("sync_windows", 0) for o in outcomes) == len(
        here.query("SELECT 1 FROM tap_adjust.sync_windows")
    )


def test_our_loader_needs_no_tables_made_first(here: Field, project: Project) -> None:
    """All shards at once into a schema that is not there yet: none fails, and the rows are those of one process."""
    url = here.variables["TARGET_POSTGRES_SQLALCHEMY_URL"]
    ours = {**here.variables, "TARGET_ADTAP_POSTGRES_SQLALCHEMY_URL": url}
    project = replace(project, target="target-adtap-postgres", variables=ours)
    found = project.shards()
    together = [*found["rest"], *found["shards"]]
    outcomes = run_at_once(project, found, len(together))
    assert [o.code for o in outcomes] == [0] * len(together), outcomes
    rows = here.rows("tap_adjust")
    assert sum(rows["app_daily"].values()) > 0
    done = here.meltano(
        "run", "--state-id-suffix=whole", "tap-adjust", "target-adtap-postgres",
        **ours, TARGET_ADTAP_POSTGRES_DEFAULT_TARGET_SCHEMA="whole",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert differ(rows, here.rows("whole")) == {}


def test_shards_are_listed_several_times_at_once(project: Project) -> None:
    """A daily run and backfills begin in the same minute: none reads the catalog that another is writing."""
    first = project.shards()  # makes Meltano's database, which several can't do at once
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: project.shards(), range(3))) == [first] * 3
    assert first["shards"]


def test_a_run_that_is_stopped_or_killed_loses_nothing(here: Field, project: Project) -> None:
    """SIGTERM: the tap's own 143, state behind the last whole window. SIGKILL, twice: the same rows in the end."""
    here.variables["TAP_ADJUST_START_DATE"] = "2025-06-01"
    found = project.shards()
    shard = found["shards"][0]
    common, run = {**found["environment"], "TAP_ADJUST_CONCURRENCY": "1"}, shard["runs"][0]
    assert run["expected_requests"] > 15
    run_shard(project, project.tables(), {})
    here.sandbox.fault(**SLOW)
    codes, windows = [], []
    for how in ("stop", "kill", "kill"):
        here.sandbox.clear_log()
        meltano = Meltano(project, run, common)
        codes.append(ended_early(meltano, how, lambda: len(asked(here)) > 3))
        windows.append(asked(here))
        minutes_later(here)
    here.sandbox.clear_faults()
    assert codes == [143, -signal.SIGKILL, -signal.SIGKILL]
    # The stopped run handed over all but the window that was on its way; a killed one nothing.
    assert len(set(windows[0]) & set(windows[1])) <= 1
    assert windows[2][0] == windows[1][0]
    here.sandbox.clear_log()
    assert run_shard(project, shard, common).code == 0
    assert not set(asked(here)) & set(windows[0][:-1])
    rows, state = here.rows("tap_adjust"), here.state(run["state_id_suffix"])
    here.query("DROP SCHEMA tap_adjust CASCADE")
    again = {**run, "state_id_suffix": "undisturbed"}
    run_shard(project, {**shard, "runs": [again]}, common)
    assert differ(rows, here.rows("tap_adjust")) == {}
    assert marks(state) == marks(here.state("undisturbed"))


@pytest.mark.parametrize(
    ("more", "code", "final"),
    [
        ({"TAP_ADJUST_START_DATE": "soon"}, 2, True),
        ({"TAP_ADJUST_API_TOKEN": "wrong"}, 3, True),
        ({"TAP_ADJUST_APP_TOKENS": '["gonegonegone"]'}, 2, True),
        ({"TAP_ADJUST_API_URL": "http://127.0.0.1:9/x", "TAP_ADJUST_MAX_RETRIES": "0"}, 1, False),
        ({"TARGET_POSTGRES_SQLALCHEMY_URL": "postgresql+psycopg://nobody@127.0.0.1:9/x"}, 1, False),
    ],
    ids=["settings", "credentials", "account", "platform", "warehouse"],
)
def test_what_may_pass_is_told_from_what_stays(
    project: Project, more: dict[str, str], code: int, final: bool
) -> None:
    """Meltano's own exit code is 1 for all of them, and each says «Run completed»."""
    run = {"state_id_suffix": "x", "environment": more}
    said: list[str] = []
    with pytest.raises(Ended) as caught:
        run_shard(project, {"name": "x", "runs": [run]}, {}, say=said.append)
    assert caught.value.outcome.code == code, said[-5:]
    assert caught.value.outcome.is_final is final
    assert "meltano: Run completed" in said
    assert "sandbox-adjust-token" not in "".join(said)


def test_an_account_that_has_gone_is_named_and_the_others_go_on(
    here: Field, project: Project
) -> None:
    """Its shard fails, and the entities' run when all else is read; neither is tried again."""
    tokens = json.loads(
        next(
            r["environment"]["TAP_ADJUST_APP_TOKENS"]
            for s in project.shards()["shards"]
            for r in s["runs"]
        )
    )
    here.variables["TAP_ADJUST_APP_TOKENS"] = json.dumps([*tokens, "gonegonegone"])
    found = project.shards()
    outcomes = run_all(project, found)
    bad = [o for o in outcomes if o.code]
    assert [o.code for o in bad] == [4, 2]
    assert all(o.is_final and "gonegonegone" in str(o) for o in bad)
    assert here.query("SELECT count(*) > 0 FROM tap_adjust.app_daily") == [(True,)]


def test_a_backfill_beside_the_daily_run_leaves_every_bookmark(
    here: Field, project: Project
) -> None:
    """Byte for byte; and one shard twice at once is refused by Meltano itself, with an exit code that says so."""
    found = project.shards()
    assert not [o for o in run_all(project, found) if o.code]
    before = stored(here)
    rows = here.rows("tap_adjust")["campaign_daily"]
    back = project.shards("--from=2026-02-01", "--to=2026-03-05", "--grain=month")
    assert {tuple(s["window"].values()) for s in back["shards"]} == {
        ("2026-02-01", "2026-03-01"),
        ("2026-03-01", "2026-03-05"),
    }
    here.sandbox.fault(**{**SLOW, "seconds": 1.0})
    with ThreadPoolExecutor(2) as both:
        filling = both.submit(run_all, project, back)
        daily = both.submit(run_all, project, found)
        assert not [o for o in (*filling.result(), *daily.result()) if o.code]
    here.sandbox.clear_faults()
    found_marks = [
        {i: marks(json.loads(text)) for i, text in states.items() if ":rest" not in i}
        for states in (before, stored(here))
    ]
    assert found_marks[0] == found_marks[1]
    grown = here.rows("tap_adjust")["campaign_daily"]
    assert not rows - grown
    assert len(grown) > len(rows)
    last = stored(here)
    assert not [o for o in run_all(project, back) if o.code]
    assert stored(here) == last


def test_one_shard_twice_at_once_is_refused(here: Field, project: Project) -> None:
    """Meltano holds the second one back; its last line says «Run completed» all the same."""
    found = project.shards()
    shard = found["shards"][0]
    run_shard(project, project.tables(), {})
    here.sandbox.fault(**SLOW)
    first = Meltano(project, shard["runs"][0], found["environment"])
    reader = threading.Thread(target=lambda: [None for _ in first.lines()])
    reader.start()
    wait_for(lambda: here.sandbox.log("adjust"), 600)
    time.sleep(1)
    said: list[str] = []
    with pytest.raises(Ended) as caught:
        run_shard(project, shard, found["environment"], say=said.append)
    here.sandbox.clear_faults()
    reader.join(600)
    assert first.outcome().code == 0
    assert "already running" in str(caught.value)
    assert not caught.value.outcome.is_final
    assert "Run completed" in said[-1]
