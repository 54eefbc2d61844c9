"""Programs as whole processes: how long, how much CPU, how much memory; several side by side."""

import atexit
import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Any, Final

from benchmarks.sections import Size

ROOT: Final = Path(__file__).resolve().parents[1]
CACHE: Final = ROOT / ".cache" / "bench"

# Linux gives the peak in KiB, macOS in bytes.
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024

MOST_SECONDS: Final = 60.0
"""A contender that has run for so long, and `FEWEST_RUNS` times, is not run again."""
FEWEST_RUNS: Final = 2

# The end of a failing program's standard error that is shown.
_TOLD_LINES: Final = 30

# In which a message says its type and its stream.
_HEAD_BYTES: Final = 80


class ContenderError(Exception):
    """A program ended with a failure, or did not do the work it is timed for."""


class Unavailable(Exception):  # noqa: N818 - not an error: a reason to leave a contender out
    """A contender cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Command:
    """A program as it is started.

    Attributes:
        argv: The program and its arguments.
        env: Variables on top of ours.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """Something that is measured: one program, or several joined by pipes.

    Attributes:
        name: As shown.
        commands: Each reads what the one before writes; the last one's output goes nowhere.
        before: Files or folders that are removed, and programs that run, before each run.
        stream: The stream of its records, as it names it.
        rows: How many it must write; see `measured`.
    """

    name: str
    commands: tuple[Command, ...]
    before: tuple[Path | Command, ...] = ()
    stream: str = "bench"
    rows: int = 0


@dataclass(frozen=True)
class Run:
    """One run, or the medians of several.

    Attributes:
        wall: Seconds from the start of the first program to the end of the last.
        cpu: Seconds of CPU, user and system, of all programs and what they started.
        peak: The most memory in use by any one of the programs, in bytes (resident set).
    """

    wall: float
    cpu: float
    peak: float


def once(contender: Contender, *, stdout: int | IO[bytes] = subprocess.DEVNULL) -> Run:
    """Run a contender to its end.

    The peak is never below what this process itself has in use: on Linux a child's begins there.

    Raises:
        ContenderError: A program ended with another code than 0; with the end of what it said.
    """
    for task in contender.before:
        if isinstance(task, Command):
            subprocess.run(task.argv, cwd=ROOT, check=True)
        elif task.is_dir():
            shutil.rmtree(task)
        else:
            task.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        said = [
            stack.enter_context(tempfile.TemporaryFile(prefix="bench-")) for _ in contender.commands
        ]
        started = time.perf_counter()
        running = _start(contender.commands, said, stdout)
        cpu, peak, failed = 0.0, 0, False
        for process in running:
            # Not Popen.wait: only wait4 gives what this one child used.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            failed = failed or process.returncode != 0
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss * _RSS_UNIT)
        wall = time.perf_counter() - started
        if failed:
            raise ContenderError(_failure(contender, running, said))
    return Run(wall, cpu, float(peak))


def side_by_side(
    contenders: Sequence[Contender], repeats: int, first: Mapping[str, Run] | None = None
) -> dict[str, Run]:
    """Run contenders in turn, A B C A B C …, so that a slow minute strikes all alike.

    One that has had its minute sits out the rounds that are left: a long run is steady.

    Args:
        contenders: What is run; names are keys of the answer.
        repeats: Rounds.
        first: The first round, if it was run already.

    Returns:
        The medians, by name.
    """
    runs = {c.name: [first[c.name]] if first else [] for c in contenders}
    for number in range(1 if first else 0, repeats):
        for contender in contenders:
            had = [run.wall for run in runs[contender.name]]
            if len(had) < FEWEST_RUNS or sum(had) < MOST_SECONDS:
                progress(f"{contender.name} ({number + 1}/{repeats})")
                runs[contender.name].append(once(contender))
    progress("")
    return {
        name: Run(
            median(run.wall for run in ran),
            median(run.cpu for run in ran),
            median(run.peak for run in ran),
        )
        for name, ran in runs.items()
    }


def measured(
    contenders: Sequence[Contender], size: Size, *, together: bool = False
) -> dict[str, Run]:
    """Run contenders that must write a known number of rows, and see that they do.

    In the whole form each is run once, untimed, to count its rows, and then side by side. In the short
    form that first run is the measurement.

    Args:
        contenders: What is run; names are keys of the answer.
        size: Which form.
        together: Whether the first runs may share the machine, as many at a time as there are cores:
            good for memory, not for CPU seconds, which neighbours lengthen.

    Raises:
        ContenderError: One failed, or wrote more or fewer rows than it must.
    """
    with ThreadPoolExecutor(os.cpu_count() if together else 1) as pool:
        runs = dict(zip((c.name for c in contenders), pool.map(_checked, contenders), strict=True))
    progress("")
    return runs if size.quick else side_by_side(contenders, size.repeats)


def rows_written(contender: Contender) -> tuple[Run, int]:
    """Run a contender once and count the records of its stream that it writes.

    Records are told by the type and the stream at a message's beginning; a program that writes no
    messages writes one JSON object a row, or prints the number of its rows alone.
    """
    # A pipe that is drained, and not a file: pages of a file are the writer's to make.
    source, sink = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        counted = pool.submit(_count, source, contender.stream)
        with os.fdopen(sink, "wb") as out:
            run = once(contender, stdout=out)
        return run, counted.result()


def _count(source: int, stream: str) -> int:
    messages = rows = 0
    last = b""
    name = b'"stream":"' + stream.encode() + b'"'
    with os.fdopen(source, "rb") as lines:
        for line in lines:
            last = line
            begin = line[:_HEAD_BYTES].replace(b" ", b"")
            if begin.startswith(b'{"type":"'):
                # Of two streams in a line the first is the message's; a ledger's record names another.
                at = begin.find(b'"stream":')
                messages += begin.startswith(b'{"type":"RECORD"') and begin.startswith(name, at)
            else:
                rows += begin.startswith(b"{")
    return int(last) if last.strip().isdigit() else messages + rows


def _checked(contender: Contender) -> Run:
    progress(contender.name)
    run, rows = rows_written(contender)
    if rows != contender.rows:
        raise ContenderError(f"{contender.name} wrote {rows:,} rows of {contender.rows:,}")
    return run


def tap_command(
    script: str,
    folder: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    **documents: Mapping[str, Any] | None,
) -> Command:
    """The installed script of a tap or a loader, as a user runs it.

    Args:
        script: `tap-openx` and so on.
        folder: Where its files are written.
        arguments: More arguments.
        env: Variables on top of ours.
        documents: `config`, `state`, `catalog`, each given as a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = [str(Path(sys.executable).with_name(script)), *arguments]
    for name, document in documents.items():
        if document is not None:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            given += [f"--{name}", str(path)]
    return Command(tuple(given), env or {})


def output(command: Command) -> str:
    """What a program writes.

    Raises:
        ContenderError: It failed.
    """
    with tempfile.TemporaryFile(prefix="bench-") as out:
        once(Contender(" ".join(command.argv[:2]), (command,)), stdout=out)
        out.seek(0)
        return out.read().decode()


def select(script: str, folder: Path, config: Mapping[str, Any], *streams: str) -> dict[str, Any]:
    """A tap's catalog with only these streams (and the ledger) selected.

    Raises:
        ContenderError: The tap could not discover, or has no such stream.
    """
    found = output(tap_command(script, folder, "--discover", config=config))
    catalog: dict[str, Any] = json.loads(found)
    if missing := {*streams} - {entry["tap_stream_id"] for entry in catalog["streams"]}:
        raise ContenderError(f"{script} has no stream {', '.join(sorted(missing))}")
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in {*streams, "sync_windows"}
    return catalog


def workspace(*names: str) -> Path:
    """A folder for the files of this run, made if it is not there; gone when the run ends."""
    folder = _workspace().joinpath(*names)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@functools.cache
def _workspace() -> Path:
    # One for each process: two runs at once must not write each other's settings.
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextlib.contextmanager
def server(*argv: str) -> Iterator[str]:
    """A server in a process of its own, which says its address on its first line, for as long as the block runs.

    Yields:
        The address.

    Raises:
        ContenderError: It ended before it said one.
    """
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", said)
            if found is None:
                raise ContenderError(f"{' '.join(argv)} said no address but {said!r}")
            yield found[0]
        finally:
            process.terminate()


def progress(words: str) -> None:
    """Say what is under way, on one line that is overwritten; nothing where nobody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{words}")
        sys.stderr.flush()


def _start(
    commands: Sequence[Command], said: Sequence[IO[bytes]], stdout: int | IO[bytes]
) -> list[subprocess.Popen[bytes]]:
    running: list[subprocess.Popen[bytes]] = []
    source: int | IO[bytes] = subprocess.DEVNULL
    for number, (command, errors) in enumerate(zip(commands, said, strict=True), start=1):
        process = subprocess.Popen(
            command.argv,
            cwd=ROOT,
            env={**os.environ, **command.env},
            stdin=source,
            stdout=stdout if number == len(commands) else subprocess.PIPE,
            stderr=errors,
        )
        if not isinstance(source, int):
            # Ours too would keep the pipe open when its reader has ended.
            source.close()
        if process.stdout:
            source = process.stdout
        running.append(process)
    return running


def _failure(
    contender: Contender, running: Sequence[subprocess.Popen[bytes]], said: Sequence[IO[bytes]]
) -> str:
    parts = []
    for command, process, errors in zip(contender.commands, running, said, strict=True):
        if process.returncode:
            errors.seek(0)
            words = errors.read().decode(errors="replace").splitlines()[-_TOLD_LINES:]
            parts.append(
                f"{contender.name}: {Path(command.argv[0]).name} ended with {process.returncode}:\n"
                + "\n".join(words)
            )
    return "\n".join(parts)
