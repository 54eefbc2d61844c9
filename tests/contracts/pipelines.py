"""`tap | target` as two real processes, killed when a test says so, and what is in the warehouse then."""

import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from tests import programs
from tests.contracts.conftest import READ_TIMES, Bench
from tests.forks import Running
from tests.postgres import loader_url

Tables = dict[str, list[tuple[Any, ...]]]
_OURS_TO_IGNORE = READ_TIMES | {"requests", "retries", "splits"}
"""When something was read, and at what cost: a run that was killed differs in these and in nothing else."""


@dataclass
class DuckDB:
    """The embedded loader."""

    folder: Path
    script: str = "target-adtap-duckdb"

    def config(self, place: str) -> dict[str, Any]:
        """The loader's settings, for a place of its own."""
        return {"path": str(self.folder / f"{place}.duckdb")}

    def tables(self, place: str) -> Tables:
        """Everything in that place."""
        with duckdb.connect(self.config(place)["path"], read_only=True) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
            ).fetchall()
            return {
                table: sorted(connection.execute(query).fetchall(), key=repr)
                for table, query in _queries(columns, "main").items()
            }


@dataclass
class Postgres:
    """The published loader into a real server, or our own."""

    url: str
    script: str = "target-postgres"

    def config(self, place: str) -> dict[str, Any]:
        """The loader's settings, as `meltano.yml` has them."""
        if self.script == "target-adtap-postgres":
            return {"sqlalchemy_url": self.url, "default_target_schema": place}
        return {
            "sqlalchemy_url": loader_url(self.url),
            "default_target_schema": place,
            "load_method": "upsert",
            "validate_records": False,
            "use_copy": False,
        }

    def tables(self, place: str) -> Tables:
        """Everything in that schema."""
        with psycopg.connect(self.url) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema = %s",
                [place],
            ).fetchall()
            return {
                table: sorted(connection.execute(query).fetchall(), key=repr)
                for table, query in _queries(columns, place).items()
            }


def _queries(columns: list[Any], schema: str) -> dict[str, str]:
    """A query for each table: all columns, in an order of their names, but the moments of reading."""
    found: dict[str, list[str]] = {}
    for table, column in sorted(columns):
        if column not in _OURS_TO_IGNORE and not column.startswith("_sdc_"):
            found.setdefault(table, []).append(f'"{column}"')
    return {
        table: f'SELECT {", ".join(names)} FROM "{schema}"."{table}"'  # noqa: S608 - ours
        for table, names in found.items()
    }


@dataclass
class Outcome:
    """How one run of the pipe ended.

    Args:
        finished: Whether it came to its end by itself.
        state: The last STATE that the target gave out; None if it gave none.
        tap: The tap's exit code.
        target: The target's.
        errors: What the tap said; a published loader may well show a traceback of its own.
        requests: How many requests the tap made.
    """

    finished: bool
    state: dict[str, Any] | None
    tap: int | None
    target: int | None
    errors: str
    requests: int


@dataclass
class Pipe:
    """A tap and a loader, run again and again as an orchestrator does: with the last STATE seen."""

    bench: Bench
    loader: DuckDB | Postgres
    place: str
    state: dict[str, Any] | None = None
    kills: list[str] = field(default_factory=list)

    def run(self, *, kill_at: int | None = None) -> Outcome:
        """Run once.

        Args:
            kill_at: Kill when the tap has made so many requests, a little later; None: let it run.
        """
        bench, folder = self.bench, self.bench.folder
        bench.sandbox.clear_log()
        arguments = bench.files(set(bench.case.killed))
        if self.state is not None:
            arguments += ["--state", bench.file("state.json", self.state)]
        settings = bench.file("loader.json", self.loader.config(self.place))
        states, errors, more = (folder / n for n in ("states.jsonl", "errors.txt", "loader.txt"))
        for path in (states, errors, more):
            path.write_bytes(b"")
        reader, writer = programs.pipe()
        tap = programs.start(bench.case.script, arguments, stdout=writer, stderr=errors)
        target = programs.start(
            self.loader.script,
            ["--config", settings],
            stdin=reader,
            stdout=states,
            stderr=more,
            environment={"PGTZ": "UTC"},
        )
        reader.close()
        writer.close()
        try:
            killed = kill_at is not None and self._kill(tap, target, kill_at)
            tap.join(250)
            target.join(250)
            codes = tap.exitcode, target.exitcode
        finally:
            for process in (tap, target):
                process.kill()
        said, loader_said = errors.read_text(), more.read_text()
        last = _last_state(states)
        self.state = self.state if last is None else last
        asked = bench.sandbox.asked(bench.case.platform)
        finished = codes == (0, 0)
        assert None not in codes, (
            f"the other end was killed and this one hangs: {codes} {said}{loader_said}"
        )
        assert finished or killed, said + loader_said
        return Outcome(finished, last, *codes, said, asked)

    def _kill(self, tap: Running, target: Running, kill_at: int) -> bool:
        """Kill one of the two, or both; False if the tap was done before."""
        while self.bench.sandbox.asked(self.bench.case.platform) < kill_at:
            if tap.exitcode is not None:
                return False
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
        victims = random.choice([[tap], [tap], [target], [tap, target]])
        for victim in victims:
            victim.kill()
        names = {id(tap): "tap", id(target): "target"}
        self.kills.append(f"request {kill_at}: {[names[id(v)] for v in victims]}")
        return True


def _last_state(path: Path) -> dict[str, Any] | None:
    """The last whole line; a killed target may have begun another."""
    for line in reversed(path.read_bytes().splitlines(keepends=True)):
        if line.endswith(b"\n"):
            found: dict[str, Any] = json.loads(line)
            return found
    return None
