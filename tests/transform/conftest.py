"""The world, dbt on DuckDB and on a real Postgres, and what was built of the one on the other."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
import pytest

from adtap_cli.dbt import PROJECT, NoEnvironmentError, environment, variables
from tests.conftest import SandboxHandle
from tests.transform.world import SECOND, World, made_once, make_world

FILE: Final = "ads.duckdb"
"""Always the same name: what dbt parsed holds for one database."""


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder of all processes of this test run: the world is made by one of them."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "transform"


@pytest.fixture(scope="session")
def world(sandbox_server, shared) -> World:
    """Two runs of each tap."""
    with made_once(shared / "world") as first:
        if first:
            make_world(SandboxHandle(sandbox_server), shared / "world")
    return World(shared / "world")


@dataclass(frozen=True)
class Ran:
    """A command of dbt that has ended."""

    code: int
    said: str

    @property
    def failed(self) -> set[str]:
        """The tests that failed and the models that could not be built, by name."""
        return set(
            re.findall(
                r"(?:FAIL \d+|ERROR(?: creating)?(?: sql)?(?: \w+ model)?) ([\w.]+)", self.said
            )
        )

    def lines(self, *words: str) -> list[str]:
        """The lines with all of some words."""
        return [line for line in self.said.splitlines() if all(word in line for word in words)]


def dbt_environment(warehouse: str) -> Path:
    """Dbt's environment for a warehouse; skips the test where there can be none."""
    try:
        return environment(warehouse)
    except NoEnvironmentError as error:
        pytest.skip(f"dbt's environment for {warehouse} can't be made here: {error}")


class Dbt:
    """dbt on one warehouse, in one process that is kept.

    Args:
        warehouse: duckdb or postgres.
        folder: Of dbt's own files; of `ads.duckdb`, too.
        place: The DuckDB file's name in the folder, or the URL.
    """

    def __init__(self, warehouse: str, folder: Path, place: str = FILE) -> None:
        python = dbt_environment(warehouse) / "bin" / "python"
        self.warehouse, self.folder, self.place = warehouse, folder, place
        (folder / "target").mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "ADTAP"))}
        given = {
            **variables(warehouse, place),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder),
            "DBT_LOG_LEVEL_FILE": "none",
            "ADTAPS_NOW": SECOND,
        }
        if warehouse == "duckdb":
            given["ADTAP_DUCKDB_PATH"] = place
        self.process = subprocess.Popen(
            [python, Path(__file__).with_name("dbt_process.py"), PROJECT],
            cwd=folder, env={**kept, **given}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(
        self,
        *arguments: str,
        project: Path | None = None,
        artifacts: bool = False,
        **variables_: object,
    ) -> Ran:
        """Run a command; the words are dbt's arguments, the names its variables.

        Args:
            arguments: The command's words.
            project: A project that has ours as a package; ours itself otherwise.
            artifacts: Whether dbt writes `manifest.json` and the like.
            variables_: dbt's variables.
        """
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(
            json.dumps(
                {
                    "arguments": arguments,
                    "variables": variables_,
                    "project": str(project) if project else None,
                    "artifacts": artifacts,
                }
            )
            + "\n"
        )
        self.process.stdin.flush()
        return Ran(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def put(self, file: Path) -> None:
        """Take a copy of a DuckDB file as the warehouse."""
        shutil.copy(file, self.folder / FILE)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        if self.warehouse == "postgres":
            with psycopg.connect(self.place) as postgres:
                return postgres.execute(query).fetchall()
        with duckdb.connect(self.folder / FILE, read_only=True) as file:
            file.execute("SET TimeZone = 'UTC'")
            return file.execute(query).fetchall()

    def do(self, *statements: str) -> None:
        """Change something in the warehouse."""
        if self.warehouse == "postgres":
            with psycopg.connect(self.place) as postgres:
                for one in statements:
                    postgres.execute(one)
            return
        with duckdb.connect(self.folder / FILE) as file:
            file.execute("SET TimeZone = 'UTC'")
            for one in statements:
                file.execute(one)


@pytest.fixture(scope="session")
def process(shared, tmp_path_factory) -> Iterator[Dbt]:
    """A dbt on DuckDB: one process for all tests of this test process."""
    dbt = Dbt("duckdb", tmp_path_factory.mktemp("dbt"))
    parsed = shared / "built" / "partial_parse.msgpack"
    if parsed.is_file():
        shutil.copy(parsed, dbt.folder / "target")
    yield dbt
    dbt.close()


@pytest.fixture(scope="session")
def built(world, shared, request) -> Path:
    """A DuckDB file with all models: built after the first run, and again, incrementally, after the second.

    `build.log` beside it is what the last build said; `manifest.json` what dbt knows of the project.
    """
    folder = shared / "built"
    with made_once(folder) as first:
        if first:
            process = request.getfixturevalue("process")
            process.put(world.first)
            done = process.run("run", "-s", "+ad_performance_daily")
            assert done.code == 0, done.said[-6000:]
            _second_run(process, world)
            done = process.run("build", artifacts=True)
            (folder / "build.log").write_text(done.said, encoding="utf-8")
            assert done.code == 0, done.said[-6000:]
            for name in ("manifest.json", "partial_parse.msgpack"):
                shutil.copy(process.folder / "target" / name, folder)
            shutil.copy(process.folder / FILE, folder)
    return folder / FILE


def _second_run(dbt: Dbt, world: World) -> None:
    """Put the second run's raw tables in place of the first's; what dbt made stays."""
    with duckdb.connect(dbt.folder / FILE) as file:
        file.execute(f"ATTACH '{world.second}' AS later (READ_ONLY)")
        found = file.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'later'"
        ).fetchall()
        for schema, table in found:
            file.execute(
                f'CREATE OR REPLACE TABLE "{schema}"."{table}" AS FROM later."{schema}"."{table}"'
            )


@pytest.fixture
def dbt(built, process) -> Dbt:
    """A dbt on a copy of what was built, which a test may change."""
    process.put(built)
    return process
