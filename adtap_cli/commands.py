"""What the companion's commands share: a tap opened from files, errors as lines, tables as text."""

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import Any, Final, TypeVar, cast

import click
from typing_extensions import override

from adtap_cli.formatting import aligned
from adtap_cli.meltano_project import read_project
from adtap_cli.taps import tap_class
from adtap_core.errors import FULL, AdtapError, CredentialsError, SettingsError
from adtap_core.redact import guard_logging, on_one_line, redact
from adtap_core.state import documents
from adtap_core.tap import AdTap
from adtap_plugin.origins import MELTANO_FOLDER, Given
from adtap_plugin.pipes import silence_stdout

log = logging.getLogger("adtaps.settings")
ENVIRONMENT: Final = "ENV"
INDENT: Final = 2
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class Failed(click.ClickException):
    """Ends a command with lines that say why.

    Args:
        lines: One for each reason.
        exit_code: The process's; as a tap's, it tells what another try may mend.
    """

    def __init__(self, lines: Sequence[str], exit_code: int = 1) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.exit_code = exit_code  # type: ignore[misc] # click declares it on the class, and reads it off the error

    @override
    def show(self, file: Any = None) -> None:
        """Write the lines to standard error, secrets masked."""
        for line in self.lines:
            click.echo(on_one_line(redact(line)), file=file or sys.stderr)


tap_argument: Final = click.argument("tap_name", metavar="TAP")
config_option: Final = click.option(
    "--config", "configs", multiple=True, metavar="FILE",
    help="Settings: a JSON file, or ENV for environment variables. May be repeated.",
)  # fmt: skip
warehouse_option: Final = click.option(
    "--warehouse", "place", required=True, metavar="PLACE",
    help="duckdb:PATH, a DuckDB file, or postgresql://…; nothing in it is changed.",
)  # fmt: skip
json_option: Final = click.option(
    "--json", "as_json", is_flag=True, help="Write JSON for programs."
)


def lines_for_errors(function: F, *, as_the_tap: bool = False) -> F:
    """Let a command end with a line for each thing that went wrong, never with a traceback.

    Args:
        function: The command.
        as_the_tap: Whether the exit code is the tap's, for programs that decide whether to try again; else 1.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        guard_logging()
        level = os.environ.get("LOGLEVEL", "WARNING").upper()
        known = level if level in logging.getLevelNamesMapping() else "WARNING"
        logging.basicConfig(format="%(message)s", level=known, stream=sys.stderr)
        # Which `.env` was read decides what a check says: always told.
        logging.getLogger("adtaps.settings").setLevel(logging.INFO)
        try:
            return function(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except AdtapError as error:
            raise Failed(error_lines(error), error.exit_code if as_the_tap else 1) from error
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                silence_stdout()
                raise Failed([f"output can't be written: {error}"]) from error
            logging.getLogger("adtaps").debug("Unexpected error", exc_info=error)
            message = f"Unexpected {type(error).__name__}: {error} (a defect of {_whose(error)})"
            raise Failed([message]) from error

    return cast("F", run)


def _whose(error: Exception) -> str:
    """Return whose code an error is from: a tap's package, by the innermost call of its or ours; else `adtap`."""
    called = [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__)]
    packages = [name.partition(".")[0] for name in reversed(called)]
    package = next((p for p in packages if p.startswith(("adtap_", "tap_"))), "adtap")
    return package if package.startswith("tap_") else "adtap"


def error_lines(error: AdtapError) -> list[str]:
    """Return what a user reads of an error, a line each."""
    if isinstance(error, SettingsError):
        return [f if f.startswith("--") else f"Setting: {f}" for f in error.errors]
    if isinstance(error, CredentialsError):
        return [f"Login refused: {error}"]
    return [str(error)]


def tap_kind(name: str) -> type[AdTap]:
    """Return the class of a tap.

    Raises:
        click.UsageError: If there is none of this name.
    """
    try:
        return tap_class(name)
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from error


def open_tap(
    name: str,
    configs: Sequence[str],
    *,
    state: str | None = None,
    catalog: str | None = None,
    meltano: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> AdTap:
    """Return a tap made of files, as its own command makes it.

    Args:
        name: Its name, with or without `tap-`.
        configs: Files of settings; `ENV` stands for the environment.
        state: A file of state.
        catalog: A Singer catalog.
        meltano: A loader: all that no file says is as the Meltano project holds it for runs into that loader.
        defaults: Settings that hold unless the files say otherwise.

    Raises:
        SettingsError: If the settings or a file can't be used.
    """
    kind = tap_kind(name)
    settings: dict[str, Any] = dict(defaults or {})
    files: dict[str, str] = {}
    given_state = None if state is None else read_state(state)
    given_catalog: Any = (
        None if catalog is None else read_file(catalog, "catalog", documents.catalog)
    )
    if meltano is not None:
        project = read_project(kind.name, meltano)
        log.info("%s", project.origin)
        settings |= {name: value for name, value in project.settings.items() if value is not None}
        files = dict.fromkeys(project.settings, MELTANO_FOLDER)
        given_state = dict(project.state) if given_state is None else given_state
        given_catalog = dict(project.catalog) if given_catalog is None else given_catalog
    for config in configs:
        if config != ENVIRONMENT:
            read = read_file(config, "config", documents.document)
            settings |= read
            files |= dict.fromkeys(read, config)
    return kind(
        config=Given(settings, files),
        state=given_state or None,
        catalog=given_catalog,
        parse_env_config=ENVIRONMENT in configs,
        validate_config=True,
    )


def read_file(path: str, what: str, read: Callable[[Any, str], T]) -> T:
    """Return what a file holds, read as the tap's own command reads it.

    Args:
        path: The file.
        what: The option that names it.
        read: Makes it of the open file and `what`.

    Raises:
        SettingsError: If it can't be read, or holds something else.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            return read(file, what)
    except OSError as error:
        raise documents.unreadable(what, path, error) from error


def read_state(path: str) -> dict[str, Any]:
    """Return a Singer state from a file: a state, a STATE message, or what `meltano state get` writes.

    Of a file with several lines, as a target writes them, the last one counts.

    Raises:
        SettingsError: If it is no state.
    """
    return read_file(path, "state", _state)


def _state(file: Any, what: str) -> dict[str, Any]:
    try:
        text = documents.text(file, what).strip()
        try:
            document = json.loads(text)
        except ValueError:
            document = json.loads(text.rpartition("\n")[2])
    except ValueError as error:
        raise documents.unreadable(what, file.name, error) from error
    if isinstance(document, dict):
        document = documents.unwrapped(document)
    if not isinstance(document, dict):
        raise SettingsError([f"--{what} {file.name}: a JSON object is expected"])
    return document


# -- output ----------------------------------------------------------------------------------


def write_file(path: Path, text: str, what: str) -> None:
    """Write a file and say so; its folder is made if it is missing.

    Args:
        path: The file.
        text: What it holds.
        what: The option that names it.

    Raises:
        SettingsError: If it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"--{what}: {path} can't be written: {error.strerror}"]) from error
    click.echo(str(path))


def write_found(document: Callable[[], object], lines: Iterable[str], *, as_json: bool) -> None:
    """Write what was found, secrets masked.

    Args:
        document: Makes it for programs.
        lines: It for people.
        as_json: Whether programs asked.
    """
    if as_json:
        write_json(document())
        return
    for line in lines:
        click.echo(redact(line))


def write_json(document: object) -> None:
    """Write a document, secrets masked."""
    click.echo(masked_json(document))


def masked_json(document: object) -> str:
    """Return a document as JSON text, each text in it with its secrets masked."""
    return json.dumps(_masked(document), indent=INDENT, ensure_ascii=False, default=str)


def _masked(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(k): _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(v) for v in value]
    return value


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a table as lines, columns aligned: numbers to the right."""
    body = [["" if cell is None else str(cell) for cell in row] for row in rows]
    columns = list(zip(head, *body, strict=True))
    line = ["─" * max(map(len, column)) for column in columns]
    right = [at for at, (_, *cells) in enumerate(columns) if cells and all(map(_is_number, cells))]
    return list(aligned([head, line, *body], right))


def _is_number(text: str) -> bool:
    return not text or text.lstrip("≥ ").replace(".", "", 1).isdigit()


def account_text(key: Mapping[str, Any]) -> str:
    """Return an account's key as a user reads it: `app_token abc123`; `all` for the whole login."""
    return ", ".join(f"{k} {v}" for k, v in key.items()) or "all"
