"""What a Meltano project holds for a tap: its settings, its selection of streams, its state."""

import fnmatch
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click

from adtap_cli import programs
from adtap_cli.taps import tap_class
from adtap_core.errors import SettingsError
from adtap_core.names import did_you_mean
from adtap_plugin.extras import missing
from adtap_plugin.variables import VariableError, own_environment, unfit, working_directory

LOADER: Final = "target-adtap-duckdb"
"""The loader that `--meltano` means where none is named."""
_DEFAULT_ENVIRONMENT: Final = re.compile(r"^default_environment: *(\S+)", re.MULTILINE)
_SECONDS: Final = 120
_ERROR: Final = re.compile(r"\w*(Error|Exception): ")


@dataclass(frozen=True)
class ProjectSettings:
    """What a project holds for a tap.

    Args:
        settings: As `meltano run` hands them on.
        catalog: The catalog with the selection of the project.
        state: The state of this tap and loader; empty before the first run.
        origin: Where it is from, for people.
    """

    settings: Mapping[str, Any]
    catalog: Mapping[str, Any]
    state: Mapping[str, Any]
    origin: str


meltano_option: Final = click.option(
    "--meltano",
    "loader",
    is_flag=False,
    flag_value=LOADER,
    metavar="[LOADER]",
    help="Take settings, selection and state from the Meltano project of this folder, for runs into LOADER "
    f"({LOADER}). The environment is MELTANO_ENVIRONMENT, else the project's default.",
)


def read_project(tap: str, loader: str) -> ProjectSettings:
    """Return what the project of the working directory holds.

    Raises:
        SettingsError: There is no project, no Meltano, or it does not answer.
    """
    environment = os.environ.get("MELTANO_ENVIRONMENT") or _default_environment()
    state_id = f"{environment}:{tap}-to-{loader}"
    ask = _Meltano(environment)
    state = ask("state", "get", state_id)
    try:
        settings = ask("invoke", "--dump=config", tap)
    except SettingsError as error:
        raise SettingsError(_own_words(tap) or error.errors) from error
    catalog = ask("invoke", "--dump=catalog", tap)
    extras = ask("config", "print", tap, "--extras", "--format=json")
    if errors := list(_lost(extras.get("_select") or [], catalog)):
        raise SettingsError(errors)
    return ProjectSettings(
        settings=settings,
        catalog=catalog,
        state=state.get("singer_state") or {},
        origin=f"Settings, streams and state of Meltano: environment {environment}, state {state_id}"
        + ("" if state else " (none yet: a first run)"),
    )


def _own_words(tap: str) -> list[str]:
    """Return what is wrong with a tap's variables: Meltano says it without naming any."""
    kind = tap_class(tap)
    try:
        dotenv = working_directory()
    except VariableError as error:
        return list(error.errors)
    own = replace(dotenv, path=Path("the environment"), values=own_environment())
    found = [
        line
        for source in (own, dotenv)
        for line in unfit(tap, kind.config_jsonschema, source).values()
    ]
    return [line.replace(" (in the environment)", "") for line in found]


def _lost(patterns: Sequence[str], catalog: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each pattern of a selection that no stream matches."""
    names = [str(stream["tap_stream_id"]) for stream in catalog.get("streams") or []]
    for pattern in patterns:
        wanted = str(pattern).lstrip("!").partition(".")[0]
        if not fnmatch.filter(names, wanted):
            yield f"select: {pattern!r} matches no stream{did_you_mean(wanted, names)}"


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


def _place(errors: Sequence[str]) -> str:
    """Return where a value that an error quotes stands in `meltano.yml`; empty if it does not."""
    quoted = re.findall(r"'([^']+)'", errors[-1]) if errors else []
    file = Path("meltano.yml")
    if not quoted or not file.is_file():  # a project may be found by MELTANO_PROJECT_ROOT, too
        return ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.partition(":")[2].strip(" '\"") == quoted[-1]:
            return f" (meltano.yml, line {number}: {line.strip()})"
    return ""


class _Meltano:
    """Meltano's command, and the JSON that it answers."""

    def __init__(self, environment: str) -> None:
        found = programs.found("meltano")
        if found is None:
            why = missing("it", "meltano") or "its command is not in this environment"
            raise SettingsError([f"--meltano: Meltano can't be run: {why}"])
        self._command = (found, "--log-level=error", f"--environment={environment}")

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Return what a command prints.

        Raises:
            SettingsError: It fails; with its own last line.
        """
        asked = f"--meltano: `meltano {' '.join(arguments)}`"
        try:
            done = subprocess.run(  # noqa: S603 - Meltano's own program
                [*self._command, *arguments],
                text=True,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                env=programs.environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise SettingsError([f"{asked} did not answer within {_SECONDS} s"]) from error
        start = done.stdout.find("{")
        try:
            text = done.stdout[start:] if start >= 0 else "null"
            # As the tap reads what Meltano hands it.
            document = json.loads(text, parse_float=Decimal)
        except ValueError:
            document = None
        if done.returncode or not isinstance(document, dict):
            lines = [line.strip(" │╭╰─╮╯") for line in done.stderr.splitlines()]
            lines = [line for line in lines if line]
            # What a traceback ends with says more than the path that Meltano prints last.
            errors = [line for line in lines if _ERROR.match(line)]
            errors.sort(key=lambda line: line.startswith("ValueError"))
            why = (errors or lines or [f"exit code {done.returncode}"])[-1] + _place(errors)
            raise SettingsError([f"{asked} failed: {why}"])
        return document
