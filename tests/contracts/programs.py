"""The taps and loaders as processes that begin at once.

Importing a tap takes longer than most runs of these tests. So one process imports all of them, and each
run is a fork of it: a process of its own with its own exit code, pipes and signals, running the very
function behind the console script. That the scripts themselves work is tested where pipes are.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.contracts.platforms import CASES

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

PROGRAMS: Final[dict[str, tuple[str, str]]] = {
    **{case.script: (f"{case.module}.tap", case.class_name) for case in CASES},
    "target-adtap-duckdb": ("adtap_loader.duckdb_target", "TargetAdtapDuckdb"),
    "target-adtap-postgres": ("adtap_loader.postgres_target", "TargetAdtapPostgres"),
    "target-postgres": ("target_postgres.target", "TargetPostgres"),
}
_forks: Final = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    ["pytest", "tests.contracts.programs", "sqlalchemy.dialects.postgresql.psycopg"]
    + [module for module, _ in PROGRAMS.values()]
)


def pipe() -> tuple[Connection, Connection]:
    """A pipe of the system: where to read, where to write."""
    return _forks.Pipe(duplex=False)


def start(
    script: str,
    arguments: Sequence[str],
    *,
    stdin: Connection | None = None,
    stdout: Connection | Path,
    stderr: Path,
    environment: Mapping[str, str | None] | None = None,
) -> ForkServerProcess:
    """Start a program.

    Args:
        script: Its console script's name.
        arguments: Its arguments.
        stdin: What it reads; nothing if None.
        stdout: Where it writes.
        stderr: The file that its standard error is added to.
        environment: Variables on top of this process's own; None takes one out.
    """
    variables = {**os.environ, **(environment or {})}
    process = _forks.Process(
        target=_run,
        args=(script, [*arguments], stdin, stdout, stderr, variables),
        daemon=True,
    )
    process.start()
    return process


def _run(
    script: str,
    arguments: list[str],
    stdin: Connection | None,
    stdout: Connection | Path,
    stderr: Path,
    variables: dict[str, str | None],
) -> None:
    """In the fork: become the program."""
    os.environ.clear()
    os.environ.update({k: v for k, v in variables.items() if v is not None})
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    out = os.open(stdout, flags) if isinstance(stdout, Path) else stdout.fileno()
    nothing = os.open(os.devnull, os.O_RDONLY)
    sources = (nothing if stdin is None else stdin.fileno(), out, os.open(stderr, flags))
    for number, source in enumerate(sources):
        os.dup2(source, number)
        os.close(source)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the process's end
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the process's end
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115 - open to the process's end
    sys.argv = [script, *arguments]
    module, name = PROGRAMS[script]
    program = getattr(importlib.import_module(module), name)
    program.cli(arguments)
