"""A Meltano project, a sandbox and a Postgres, for an orchestrator to load from one into the other."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.conftest import SandboxHandle
from tests.postgres import loader_url
from tests.running import ROOT, copy_project

BIN: Final = Path(sys.executable).parent
NOW: Final = "2026-03-18T12:00:00+00:00"
STREAMS: Final = ("apps", "app_daily", "campaign_daily")
READ_TIMES: Final = frozenset(
    {"_synced_at", "synced_at", "requests", "retries", "splits", "warnings", "control"}
)
"""When something was read, and what depends on how many accounts were read in one request."""
MARK: Final = "ADTAPS_TEST"
"""The variable that tells the processes of this test from all others of the machine."""
_SDK: Final = "_sdc_"
"""What the loader adds of its own."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out unless they are asked for by their mark: they need minutes and heavy environments."""
    if "orchestrators" not in config.option.markexpr:
        here = Path(__file__).parent
        left_out = [item for item in items if item.path.is_relative_to(here)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@dataclass
class Field:
    """Where a load runs.

    Attributes:
        folder: The Meltano project.
        warehouse: The Postgres that is loaded, and that holds Meltano's states.
        sandbox: The platform.
        variables: Of every process.
    """

    folder: Path
    warehouse: str
    sandbox: SandboxHandle
    variables: dict[str, str] = field(default_factory=dict)

    def meltano(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Meltano to its end."""
        return subprocess.run(
            ["meltano", *arguments], cwd=self.folder, env={**self.variables, **more},
            text=True, capture_output=True, check=False, timeout=600,
        )  # fmt: skip

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with psycopg.connect(self.warehouse, autocommit=True) as connection:
            done = connection.execute(sql, values)  # type: ignore[call-overload]
            return done.fetchall() if done.description else []

    def rows(self, schema: str) -> dict[str, Counter[str]]:
        """Return the rows of each table as text, without the moments at which they were read."""
        found = {}
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
        for (table,) in self.query(tables, schema):
            made: Counter[str] = Counter()
            for (row,) in self.query(f'SELECT to_jsonb(t) FROM "{schema}"."{table}" t'):  # noqa: S608 - its own names
                kept = {
                    k: v for k, v in row.items() if k not in READ_TIMES and not k.startswith(_SDK)
                }
                made[json.dumps(kept, sort_keys=True)] += 1
            found[table] = made
        return found

    def texts(self) -> dict[str, str]:
        """Return Meltano's states by id, as they are stored."""
        return dict(self.query("SELECT state_id, completed_state FROM state ORDER BY 1"))

    def state(self, suffix: str) -> dict[str, Any]:
        """Return one state."""
        found: dict[str, Any] = json.loads(
            self.texts()[f"dev:tap-adjust-to-target-postgres:{suffix}"]
        )
        return found

    def one_process(self, schema: str = "whole") -> dict[str, Counter[str]]:
        """Load all with one process into a schema of its own; give its rows."""
        done = self.meltano(
            "run", "--state-id-suffix=whole", "tap-adjust", "target-postgres",
            TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA=schema,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return self.rows(schema)


def wait_for(what: Callable[[], Any], seconds: float, why: Callable[[], str] = lambda: "") -> Any:
    """Wait until something is true; give it."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"waited {seconds} s in vain: {why()}"
        time.sleep(0.5)
    return found


def parent(pid: int) -> int:
    """The process that started a process; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [child for child in found if parent(child) == pid]


def marks(state: dict[str, Any]) -> dict[str, Any]:
    """Where each report of a state has come to."""
    found = state["singer_state"]["bookmarks"]
    return {
        n: [(e["context"], e["replication_key_value"]) for e in m["partitions"]]
        for n, m in found.items()
    }


@pytest.fixture
def here(tmp_path: Path, postgres_url: str, sandbox: SandboxHandle) -> Field:
    """A project whose clock stands at noon of a day, with nothing loaded yet."""
    sandbox.clock(NOW)
    folder = tmp_path / "project"
    folder.mkdir()
    copy_project(folder)
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    variables = {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ADTAPS_NOW": NOW,
        MARK: str(os.getpid()),
        "TAP_ADJUST_API_URL": f"{sandbox.url}/adjust/reports-service",
        "TAP_ADJUST_KPI_API_URL": f"{sandbox.url}/adjust/kpis/v1",
        "TAP_ADJUST_API_TOKEN": "sandbox-adjust-token",
        "TAP_ADJUST_START_DATE": "2026-03-01",
        "TAP_ADJUST__SELECT": json.dumps([f"{s}.*" for s in (*STREAMS, "sync_windows")]),
        "TARGET_POSTGRES_SQLALCHEMY_URL": loader_url(postgres_url),
        "MELTANO_DATABASE_URI": postgres_url.replace("postgresql://", "postgresql+psycopg://"),
        "MELTANO_ENVIRONMENT": "dev",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    return Field(folder, postgres_url, sandbox, variables)


def accounts(here: Field) -> dict[str, str]:
    """Return the accounts' tokens, by the name of their shard."""
    done = subprocess.run(
        [BIN / "adtap", "shards", "tap-adjust", "--config=ENV"],
        cwd=here.folder, env=here.variables, text=True, capture_output=True, check=True,
    )  # fmt: skip
    shards = json.loads(done.stdout)["shards"]
    return {s["name"]: s["runs"][0]["accounts"][0]["app_token"] for s in shards}


def asked(here: Field, token: str = "") -> list[str]:
    """Return the windows that the platform was asked for by now, of one account or of all, in order."""
    found = [e["query"] for e in here.sandbox.log("adjust") if e["path"].endswith("/report")]
    return [query for query in found if token in query]


def environment(name: str) -> Path:
    """The folder of programs of an orchestrator's own environment; skips where it is not there."""
    folder = ROOT / ".cache" / name / "bin"
    if not folder.exists():
        pytest.skip(f"{name} is not installed: make test-orchestrators")
    return folder


def differ(one: Mapping[str, Counter[str]], other: Mapping[str, Counter[str]]) -> dict[str, Any]:
    """Return what two sets of tables do not share, a few rows of each; empty if they are equal."""
    return {
        table: [list((a - b).elements())[:2] for a, b in ((one.get(table, Counter()), other.get(table, Counter())), (other.get(table, Counter()), one.get(table, Counter())))]
        for table in {*one, *other}
        if one.get(table) != other.get(table)
    }  # fmt: skip
