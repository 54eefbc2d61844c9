"""Meltano as users run it: every pair, state, selection, maps, schedules, failures; and pipes without it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import programs
from tests.running import copy_project
from tests.warehouses.conftest import STORES, make_store
from tests.warehouses.platforms import PLATFORMS, arguments, run
from tests.warehouses.stores import Apart, DuckDB, Store

ROOT = Path(__file__).parents[2]
NOW = "2026-03-18T12:00:00Z"
pytestmark = pytest.mark.timeout(300)


class Project:
    """A folder with the project's own file, its sandbox at another port."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.duckdb = folder, DuckDB(folder, "tap_openx")
        file = copy_project(folder)
        text = file.read_text(encoding="utf-8").replace(
            "http://127.0.0.1:${ADTAPS_SANDBOX_PORT}", url
        )
        file.write_text(text, encoding="utf-8")
        self.variables = {
            "ADTAPS_NOW": NOW,
            **{f"{tap.replace('-', '_').upper()}_START_DATE": "2026-03-16" for tap in PLATFORMS},
        }
        for platform in PLATFORMS.values():
            wish = [f"{stream}.*" for stream in (*platform.few, "sync_windows")]
            self.select(platform.tap, *wish)

    def select(self, tap: str, *patterns: str) -> None:
        self.variables[f"{tap.replace('-', '_').upper()}__SELECT"] = json.dumps(patterns)

    def use(self, store: Store) -> str:
        """Let a loader of the project fill this store; gives the loader's name."""
        prefix = store.name.replace("-", "_").upper()
        for name, value in store.settings().items():
            text = value if isinstance(value, str) else json.dumps(value)
            if name != "default_target_schema":
                self.variables[f"{prefix}_{name.upper()}"] = text
        if isinstance(store, Apart):
            # Not from a registry in the middle of a test: the environment is there already.
            store.shim(self.folder)
            file = self.folder / "meltano.yml"
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if not line.strip().startswith(f"pip_url: {store.name}") and f"-{store.name}==" not in line]  # fmt: skip
            text = "".join(kept).replace(f"executable: {store.name}", f"executable: ./{store.name}")
            file.write_text(text, encoding="utf-8")
        return store.name

    def __call__(
        self, *words: str, ok: bool = True, **variables: str
    ) -> subprocess.CompletedProcess:
        kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
        done = subprocess.run(
            [programs.on_path() / "meltano", "--environment=sandbox", *words],
            cwd=self.folder,
            env={
                "PATH": f"{programs.on_path()}{os.pathsep}{os.defpath}",
                **kept,
                **self.variables,
                **variables,
            },
            text=True,
            capture_output=True,
            check=False,
        )
        assert not ok or done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done

    def state(self, tap: str, suffix: str = "") -> dict:
        """The bookmarks that Meltano keeps of a tap's loads into DuckDB."""
        done = self("state", "get", f"sandbox:{tap}-to-target-adtap-duckdb{suffix}")
        return json.loads(done.stdout[done.stdout.index("{") :]).get("singer_state", {})

    def rows(self, schema: str, query: str) -> list[tuple]:
        return [tuple(row.values()) for row in DuckDB(self.folder, schema).ask(query)]


@pytest.fixture
def project(tmp_path, sandbox):
    """The project against this test's sandbox."""
    return Project(tmp_path, sandbox.url)


@pytest.mark.parametrize("tap", PLATFORMS)
def test_every_tap_runs_into_every_loader(tap, project, tmp_path, request):
    """`meltano run tap-x target-y` for each pair: the same rows everywhere, a state for each pair."""
    platform = PLATFORMS[tap]
    # Two loaders into one Postgres have types of their own for lists of numbers: ours has its own test.
    kinds = [kind for kind in STORES if kind not in {"parquet", "own_postgres"}]
    stores = {}
    for kind in kinds:
        folder = project.folder if kind == "duckdb" else tmp_path / kind
        stores[kind] = make_store(kind, folder, platform.schema, request)
    loaders = [project.use(store) for store in stores.values()]
    project("run", *[word for loader in loaders for word in (tap, loader)])
    counts = {kind: len(store.values(platform.daily)) for kind, store in stores.items()}
    assert min(counts.values()) > 0
    assert len(set(counts.values())) == 1, counts
    listed = project("state", "list").stdout.split()
    assert {f"sandbox:{tap}-to-{loader}" for loader in loaders} <= set(listed)


@pytest.mark.parametrize("tap", PLATFORMS)
def test_every_tap_runs_into_our_postgres_loader(tap, project, tmp_path, request):
    """As into the others."""
    store = make_store("own_postgres", tmp_path / "own", PLATFORMS[tap].schema, request)
    project("run", tap, project.use(store))
    assert store.values(PLATFORMS[tap].daily)


def test_state_is_kept_resumed_set_and_cleared(project, sandbox):
    """The second run goes on from the bookmark; a state can be read, set, cleared and left aside."""
    pair = ("tap-openx", "target-adtap-duckdb")
    project("run", *pair)
    first = project.state("tap-openx")
    mark = first["bookmarks"]["inventory_daily"]["replication_key_value"]
    assert mark == "2026-03-18"

    sandbox.clock(advance_days=1)
    project.variables["ADTAPS_NOW"] = "2026-03-19T12:00:00Z"
    project("run", *pair)
    windows = "SELECT count(*), max(window_end AT TIME ZONE 'UTC')::VARCHAR FROM tap_openx.sync_windows WHERE stream = 'inventory_daily'"
    ((_, end),) = project.rows("tap_openx", windows)
    assert end.startswith("2026-03-19")
    assert project.state("tap-openx")["bookmarks"]["inventory_daily"]["replication_key_value"] == "2026-03-19"  # fmt: skip

    # Another account of the same platform: the same pair with a state of its own.
    project("run", "--state-id-suffix=second-account", *pair)
    first, second = (
        # When they were read is another.
        {name: mark.get("replication_key_value") for name, mark in state["bookmarks"].items()}
        for state in (project.state("tap-openx"), project.state("tap-openx", ":second-account"))
    )
    assert first == second

    identifier = "sandbox:tap-openx-to-target-adtap-duckdb"
    project("state", "set", "--force", identifier, json.dumps({"singer_state": first}))
    assert project.state("tap-openx") == first
    project("state", "clear", "--force", identifier)
    sandbox.clear_log()
    project("run", "--full-refresh", *pair)
    asked = [e for e in sandbox.log("openx") if "report" in e["path"]]
    assert asked
    assert project.state("tap-openx")["bookmarks"]["inventory_daily"]["replication_key_value"] == "2026-03-19"  # fmt: skip


def test_globs_select_and_maps_hash_personal_fields(project):
    """`*_daily.*` takes the daily reports; a stream map hashes a mail address before any loader."""
    project.select("tap-openx", "users.*", "deal*.*", "!deal_hourly.*")
    project.variables["TAP_OPENX_STREAM_MAPS"] = json.dumps(
        {"users": {"email": "md5(record['email'])", "first_name": "__NULL__"}}
    )
    project("run", "tap-openx", "target-adtap-duckdb")
    tables = {row[0] for row in project.rows("tap_openx", "SELECT table_name FROM duckdb_tables()")}
    assert tables >= {"users", "deals"}
    assert "deal_hourly" not in tables
    mails = [row[0] for row in project.rows("tap_openx", "SELECT email FROM tap_openx.users")]
    assert mails
    assert all(len(mail) == 32 and "@" not in mail for mail in mails if mail)
    columns = {row[0] for row in project.rows("tap_openx", "SELECT column_name FROM duckdb_columns() WHERE table_name = 'users'")}  # fmt: skip
    assert "first_name" not in columns


def test_the_schedule_runs_all_four(project):
    """`meltano schedule run daily` is what a scheduler starts; each platform has its own schema."""
    project("schedule", "run", "daily")
    schemas = {row[0] for row in project.rows("x", "SELECT DISTINCT schema_name FROM duckdb_tables()")}  # fmt: skip
    assert schemas >= {platform.schema for platform in PLATFORMS.values()}


def test_the_failure_of_one_tap_leaves_the_others_state_right(project, sandbox):
    """The run says that it failed; who was read keeps the bookmark, who was not begins again."""
    sandbox.fault("status", platform="openx", path=".*", status=403, times=1000)
    project.variables["TAP_OPENX_MAX_RETRIES"] = "0"
    done = project("run", "atomx", "openx", ok=False)
    assert done.returncode != 0
    assert "tap-openx" in done.stdout + done.stderr
    daily = PLATFORMS["tap-atomx"].daily
    atomx = project.state("tap-atomx")
    assert atomx["bookmarks"][daily]["replication_key_value"] == "2026-03-18"
    listed = project("state", "list").stdout
    if "tap-openx" in listed:
        assert "replication_key_value" not in json.dumps(project.state("tap-openx"))
    sandbox.clear_faults()
    project("run", "openx")
    assert project.state("tap-openx")["bookmarks"]["inventory_daily"]["replication_key_value"] == "2026-03-18"  # fmt: skip
    assert project.state("tap-atomx") == atomx


def test_secrets_come_from_env_files_and_are_not_shown(project, sandbox):
    """`.env` is enough; `config print` masks what is sensitive; extras are there; discovery needs no login."""
    (project.folder / ".env").write_text("TAP_ADJUST_API_TOKEN=sandbox-adjust-token\n")
    done = project("config", "print", "tap-adjust")
    assert "sandbox-adjust-token" not in done.stdout
    done = project("config", "list", "tap-adjust", "--extras")
    assert "_select" in done.stdout
    sandbox.clear_log()
    done = project("invoke", "tap-adjust", "--discover")
    catalog = json.loads(done.stdout[done.stdout.index("{") :])
    assert PLATFORMS["tap-adjust"].daily in {s["tap_stream_id"] for s in catalog["streams"]}
    assert sandbox.log("adjust") == []
    # Environments keep their states apart.
    project("run", "tap-adjust", "target-adtap-duckdb")
    assert "prod:" not in project("state", "list").stdout


def test_a_pipe_without_meltano_loads_and_goes_on(sandbox, tmp_path):
    """`tap | target > state`, then the same with the last line as state: three words of shell."""
    platform = PLATFORMS["tap-openx"]
    store = DuckDB(tmp_path / "store", "tap_openx")
    config = platform.config(sandbox.url)
    tap = " ".join(arguments(platform, tmp_path, config, streams=platform.few))
    load = " ".join(store.program())
    script = f"set -eu; {tap} | {load} > states; tail -n 1 states > state.json; {tap} --state state.json | {load} >> states"
    subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "ADTAPS_NOW": NOW},
        check=True,
        capture_output=True,
    )
    _, whole = run(platform, tmp_path / "whole", config, streams=platform.few)
    assert len(store.values("inventory_daily")) == len(whole.records["inventory_daily"])
    last = json.loads((tmp_path / "states").read_text().splitlines()[-1])
    assert last["bookmarks"]["inventory_daily"]["replication_key_value"] == "2026-03-18"
