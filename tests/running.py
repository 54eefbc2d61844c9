"""Runs of a tap as a test reads them: what was written, how it ended."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from adtap_core.testing import Messages, parse, run_tap, select
from tests import programs

__all__ = [
    "ROOT",
    "Messages",
    "command",
    "copy_project",
    "finished",
    "lines_of",
    "parse",
    "project_document",
    "run_command",
    "run_tap",
    "select",
    "signal_handlers_kept",
    "without",
]

ROOT: Final = Path(__file__).resolve().parents[1]


@contextmanager
def signal_handlers_kept() -> Iterator[None]:
    """Put back the signal handlers that a tap or a loader sets for the whole process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def copy_project(folder: Path) -> Path:
    """Copy the Meltano project, its file and what it includes, into a folder; give the copy of its file."""
    shutil.copytree(ROOT / "plugins", folder / "plugins")
    return Path(shutil.copy(ROOT / "meltano.yml", folder))


def without(catalog: dict[str, Any], *columns: str) -> dict[str, Any]:
    """Return a catalog as a user leaves it who has deselected these columns, in whatever stream."""
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"][1:] and item["breadcrumb"][-1] in columns:
                item["metadata"]["selected"] = False
    return catalog


def project_document() -> dict[str, Any]:
    """Return the Meltano project as one document: its file, and the plugins that it includes."""
    whole: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    for pattern in whole["include_paths"]:
        for file in sorted(ROOT.glob(pattern)):
            for kind, entries in yaml.safe_load(file.read_text("utf-8"))["plugins"].items():
                whole["plugins"].setdefault(kind, []).extend(entries)
    return whole


def run_command(
    script: str,
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **documents: Mapping[str, Any] | None,
) -> Messages:
    """Run a tap as a user does, in a process of its own.

    Args:
        script: `tap-openx` and so on.
        arguments: More arguments.
        folder: Where the settings files are written.
        environment: Variables on top of ours.
        timeout: Seconds until it is given up; None leaves that to pytest.
        documents: `config`, `state`, `catalog`, each given as a file.
    """
    given = _written(folder, documents)
    done = programs.run(script, [*given, *arguments], environment=environment, timeout=timeout)
    return parse(done.stdout, code=done.returncode, stderr=done.stderr)


def lines_of(script: str, *, folder: Path, **documents: Mapping[str, Any] | None) -> Iterator[Any]:
    """Run a tap as `run_command` does, and yield its messages one by one: for a run that is larger than a test's memory.

    Args:
        script: `tap-openx` and so on.
        folder: Where the settings files and the output are written.
        documents: `config`, `state`, `catalog`, each given as a file.
    """
    out, errors = folder / "out.jsonl", folder / "errors.txt"
    process = programs.start(script, _written(folder, documents), stdout=out, stderr=errors)
    process.join()
    assert process.exitcode == 0, errors.read_text(encoding="utf-8")
    with out.open("rb") as lines:
        yield from map(msgspec.json.Decoder(float_hook=Decimal).decode, lines)


def _written(folder: Path, documents: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """Write documents as files, and return the arguments that name them."""
    given = []
    for name, document in documents.items():
        if document is not None:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            given += [f"--{name}", str(path)]
    return given


def finished(
    arguments: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end in a folder, with variables on top of ours; its output is text."""
    return subprocess.run(
        arguments,
        cwd=folder,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        check=False,
        timeout=250,
    )


def command(script: str) -> str:
    """Return a console script of this environment."""
    return str(Path(sys.executable).with_name(script))
