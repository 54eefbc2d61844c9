"""The taps and loaders as processes that begin at once: forks of one that has imported them all.

    run(script, arguments)      to its end; the result is that of subprocess.run
    start(script, arguments)    started, with pipes or files of one's own
    Piped(script, arguments)    started, with a pipe at each stream: held as a subprocess.Popen is

They run the very functions behind the console scripts; that the scripts themselves work is tested where pipes
are. What is not asked of such a run is how long it waits before it asks again: it waits as this process does
(`short_waits` in tests/conftest.py).
"""

import atexit
import contextlib
import functools
import importlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

from adtap_core.http import client
from tests.forks import Forks, Running

PROGRAMS: Final[dict[str, str]] = {
    "tap-adjust": "tap_adjust.tap:TapAdjust.cli",
    "tap-atomx": "tap_atomx.tap:TapAtomx.cli",
    "tap-openx": "tap_openx.tap:TapOpenx.cli",
    "tap-terminalone": "tap_terminalone.tap:TapTerminalOne.cli",
    "target-adtap-duckdb": "adtap_loader.programs:duckdb",
    "target-adtap-postgres": "adtap_loader.programs:postgres",
    "target-postgres": "target_postgres.target:TargetPostgres.cli",
}
"""Console scripts, each with the function that it calls."""
_ALSO: Final = (
    "adtap_cli.main",
    "tests.programs",
    "adtap_loader.duckdb_engine",
    "adtap_loader.duckdb_target",
    "adtap_loader.postgres_engine",
    "adtap_loader.postgres_target",
    "sqlalchemy.dialects.postgresql.psycopg",
)
FORKS: Final = Forks(
    sys.executable,
    [*_ALSO, *sorted({call.partition(":")[0] for call in PROGRAMS.values()})],
)
_MELTANO: Final = Forks(
    sys.executable,
    [
        "alembic.command",
        "alembic.ddl.sqlite",
        "mako.template",
        "meltano.cli",
        "meltano.core.meltano_file",
        "meltano.core.plugin.utility",
        "meltano.core.state_store.azure",
        "meltano.core.state_store.google",
        "meltano.core.state_store.s3",
        "meltano.migrations.utils.dialect_typing",
        "sqlalchemy.dialects.sqlite.pysqlite",
        "tests.meltano_files",
    ],
)
"""What Meltano imports in the course of a run, and what it reads."""


@functools.cache
def on_path() -> Path:
    """A folder for PATH, of an environment as this one: all its programs, and `activate`.

    `meltano`, `adtap`, the taps and the loaders are forks of what has imported them. What one of them starts by its
    name, or as the program beside its own, is a fork too. A signal that nothing can catch ends only what was started
    here, not the fork: whoever kills takes the programs themselves.
    """
    whole, real = Path(tempfile.mkdtemp(prefix="environment-")), Path(sys.executable).parent
    atexit.register(shutil.rmtree, whole, ignore_errors=True)
    if (real.parent / "pyvenv.cfg").exists():
        for entry in real.parent.iterdir():
            if entry != real:
                (whole / entry.name).symlink_to(entry)
    folder = whole / "bin"
    folder.mkdir()
    forked = {"meltano", "adtap", *PROGRAMS}
    for entry in real.iterdir():
        if entry.name == "activate":
            text = entry.read_text(encoding="utf-8")
            (folder / entry.name).write_text(text.replace(str(real.parent), str(whole)))
        elif entry.name not in forked:
            (folder / entry.name).symlink_to(entry)
    for script, call in PROGRAMS.items():
        FORKS.shim(folder, script, call)
    FORKS.shim(folder, "adtap", "tests.programs:companion")
    _MELTANO.shim(folder, "meltano", "meltano.cli:main")
    return folder


def companion_run(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `adtap` to its end in a folder; its variables are this process's if none are given."""
    return FORKS.run(
        "tests.programs:companion",
        arguments,
        folder=folder,
        environment=environment,
        name=str(on_path() / "adtap"),
    )


def companion() -> None:
    """In the fork: be `adtap`; what it starts beside its own Python is in the same folder as itself."""
    from adtap_cli.main import main

    _find_as_a_new_process()
    sys.executable = str(Path(sys.argv[0]).absolute().with_name("python"))
    main()


def suite() -> int:
    """In the fork: be `python -m pytest`."""
    import pytest

    _find_as_a_new_process(Path.cwd())
    return pytest.console_main()


def _find_as_a_new_process(*first: Path) -> None:
    """Look for modules where a new process would: in a folder, and where PYTHONPATH says."""
    named = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:0] = [*map(str, first), *named]


def pipe() -> tuple[Connection, Connection]:
    """A pipe of the system: where to read, where to write."""
    return multiprocessing.Pipe(duplex=False)


def _becoming(script: str, arguments: Sequence[str]) -> tuple[str, list[object]]:
    """What a fork calls to be a program, and with what."""
    return "tests.programs:become", [client.FIRST_WAIT_SECONDS, script, *arguments]


def run(
    script: str,
    arguments: Sequence[str],
    *,
    given: str | Iterable[str] = "",
    folder: Path | None = None,
    environment: Mapping[str, str | None] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end.

    Args:
        script: Its console script's name.
        arguments: Its arguments.
        given: Its standard input, a text or texts.
        folder: Where it runs; here if None.
        environment: Variables on top of this process's own; None takes one out.
        timeout: Seconds until it is given up; None leaves that to pytest.
    """
    return FORKS.run(
        *_becoming(script, arguments),
        given=given,
        folder=folder,
        environment=_variables(environment),
        timeout=timeout,
    )


def start(
    script: str,
    arguments: Sequence[str],
    *,
    stdin: Connection | None = None,
    stdout: Connection | Path,
    stderr: Path,
    folder: Path | None = None,
    environment: Mapping[str, str | None] | None = None,
) -> Running:
    """Start a program.

    Args:
        script: Its console script's name.
        arguments: Its arguments.
        stdin: What it reads; nothing if None.
        stdout: Where it writes.
        stderr: The file that its standard error is added to.
        folder: Where it runs; here if None.
        environment: Variables on top of this process's own; None takes one out.
    """
    opened: list[int] = []

    def descriptor(place: Connection | Path) -> int:
        if isinstance(place, Connection):
            return place.fileno()
        flags = os.O_RDONLY if place == nothing else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        opened.append(os.open(place, flags, 0o644))
        return opened[-1]

    nothing = Path(os.devnull)
    try:
        streams = [descriptor(place) for place in (stdin or nothing, stdout, stderr)]
        return FORKS.start(
            *_becoming(script, arguments),
            streams=streams,
            folder=folder,
            environment=_variables(environment),
        )
    finally:
        for number in opened:
            os.close(number)


class Piped:
    """A program with a pipe at each of its streams; used as a `subprocess.Popen` is.

    Args:
        script: Its console script's name, or `module:function`.
        arguments: Its arguments.
        environment: Variables on top of this process's own; None takes one out.
    """

    def __init__(
        self,
        script: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str | None] | None = None,
    ) -> None:
        (given, stdin), (stdout, said), (stderr, errors) = os.pipe(), os.pipe(), os.pipe()
        self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
        self.stderr = os.fdopen(stderr, "rb")
        self._running = FORKS.start(
            *_becoming(script, arguments),
            streams=(given, said, errors),
            environment=_variables(environment),
        )
        for end in (given, said, errors):
            os.close(end)
        self.pid = self._running.pid

    def __enter__(self) -> Self:
        """Give it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open and wait for its end."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        self.stderr.close()
        self.wait()

    @property
    def returncode(self) -> int | None:
        """Its exit code, the negative number of a signal that ended it; None as long as it runs."""
        return self._running.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; gives its exit code.

        Raises:
            subprocess.TimeoutExpired: It has not ended within so many seconds.
        """
        self._running.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self.returncode

    def communicate(self, given: bytes = b"", timeout: float = 250) -> tuple[bytes, bytes]:
        """Write its input and close it, read what it says to the end, and wait for its own; ended after so many seconds."""

        def write() -> None:
            with contextlib.suppress(BrokenPipeError), self.stdin:
                self.stdin.write(given)

        said: list[bytes] = []
        beside = [
            threading.Thread(target=write),
            threading.Thread(target=lambda: said.append(self.stderr.read())),
        ]
        late = threading.Timer(timeout, os.kill, (self.pid, signal.SIGKILL))
        for thread in (*beside, late):
            thread.start()
        out = self.stdout.read()
        for thread in beside:
            thread.join()
        self.wait()
        late.cancel()
        self.stdout.close()
        self.stderr.close()
        return out, said[0]


def become() -> None:
    """In the fork: be the program."""
    _, first_wait, script, *arguments = sys.argv
    client.FIRST_WAIT_SECONDS = float(first_wait)  # type: ignore[misc] - a constant to all but tests
    sys.argv = [script, *arguments]
    module, _, path = PROGRAMS.get(script, script).partition(":")
    program = importlib.import_module(module)
    for part in path.split("."):
        program = getattr(program, part)
    program()  # type: ignore[operator] - a console script's function


def _variables(more: Mapping[str, str | None] | None) -> dict[str, str]:
    return {k: v for k, v in {**os.environ, **(more or {})}.items() if v is not None}
