"""What a Meltano project holds for a tap: its settings, its selection of streams, its state."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from adtap_core.errors import SettingsError

LOADER: Final = "target-adtap-duckdb"
"""The loader that `--meltano` means where none is named."""
_DEFAULT_ENVIRONMENT: Final = re.compile(r"^default_environment: *(\S+)", re.MULTILINE)
_SECONDS: Final = 120
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Held:
    """What a project holds for a tap.

    Args:
        settings: As `meltano run` hands them on.
        catalog: The catalogue with the selection of the project.
        state: The state of this tap and loader; empty before the first run.
        words: Where it is from, for people.
    """

    settings: Mapping[str, Any]
    catalog: Mapping[str, Any]
    state: Mapping[str, Any]
    words: str


def meltano_option(function: F) -> F:
    """Add `--meltano`."""
    return click.option(
        "--meltano",
        "loader",
        is_flag=False,
        flag_value=LOADER,
        metavar="[LOADER]",
        help="Settings, selection and state as the Meltano project of this folder holds them for runs into LOADER "
        f"({LOADER}). Its environment is MELTANO_ENVIRONMENT, else the project's default.",
    )(function)


def held(tap: str, loader: str) -> Held:
    """Return what the project of the working directory holds.

    Args:
        tap: Its full name.
        loader: The loader of the runs whose state is meant.

    Raises:
        SettingsError: There is no project, no Meltano, or it does not answer.
    """
    environment = os.environ.get("MELTANO_ENVIRONMENT") or _default_environment()
    state_id = f"{environment}:{tap}-to-{loader}"
    ask = _Meltano(environment)
    state = ask("state", "get", state_id)
    return Held(
        settings=ask("invoke", "--dump=config", tap),
        catalog=ask("invoke", "--dump=catalog", tap),
        state=state.get("singer_state") or {},
        words=f"Settings, streams and state of Meltano: environment {environment}, state {state_id}"
        + ("" if state else " (none yet: a first run)"),
    )


def _default_environment() -> str:
    file = Path("meltano.yml")
    if not file.is_file():
        raise SettingsError([f"--meltano: there is no meltano.yml in {Path.cwd()}"])
    found = _DEFAULT_ENVIRONMENT.search(file.read_text(encoding="utf-8"))
    if found is None:
        raise SettingsError(
            ["--meltano: meltano.yml names no default_environment; set MELTANO_ENVIRONMENT"]
        )
    return found[1].strip("'\"")


class _Meltano:
    """Meltano's command, and the JSON that it answers.

    Args:
        environment: Of the project.
    """

    def __init__(self, environment: str) -> None:
        beside = Path(sys.executable).with_name("meltano")
        found = str(beside) if beside.exists() else shutil.which("meltano")
        if found is None:
            raise SettingsError(["--meltano: Meltano is not installed in this environment"])
        self._command = (found, "--log-level=error", f"--environment={environment}")

    def __call__(self, *words: str) -> dict[str, Any]:
        """Return what a command prints.

        Raises:
            SettingsError: It fails; with its own last line.
        """
        done = subprocess.run(  # noqa: S603 - Meltano's own program
            [*self._command, *words],
            text=True,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            # Found beside its own taps, also where the environment is not activated.
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            },
        )
        start = done.stdout.find("{")
        try:
            document = json.loads(done.stdout[start:]) if start >= 0 else None
        except ValueError:
            document = None
        if done.returncode or not isinstance(document, dict):
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            why = said[-1] if said else f"exit code {done.returncode}"
            raise SettingsError([f"--meltano: `meltano {' '.join(words)}` failed: {why}"])
        return document
