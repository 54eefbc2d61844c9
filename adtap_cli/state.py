"""`adtap state`: what a state says, in words; a bookmark moved; one state made of several and several of one.

None of these writes into a state store: they read a file and print a state, for `meltano state set` or a file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from adtap_cli.commands import (
    Failed,
    account_text,
    json_option,
    lines_for_errors,
    read_state,
    tap_argument,
    tap_kind,
    write_file,
    write_found,
)
from adtap_core.errors import SettingsError
from adtap_core.inspect.coverage import Coverage, from_state, spell
from adtap_core.names import did_you_mean
from adtap_core.state.compaction import expanded
from adtap_core.state.parts import merged, parts

MELTANO_KEY: Final = "singer_state"
"""What Meltano puts around a state."""
_KNOWN: Final = frozenset({"greatest_ids", "greatest_ids_before", "greatest_ids_at"})
"""Behind which ids objects are new to an entity: of another bookmark it is not true."""
SHOWN: Final = 10
"""Accounts that an error names."""
_STATE: Final = click.option(
    "--state", "state", required=True, metavar="FILE",
    help="A Singer state, a STATE message, or what `meltano state get` writes.",
)  # fmt: skip


@click.group()
def state() -> None:
    """Show and change Singer state: files in, a new state out."""


# -- show ------------------------------------------------------------------------------------


@state.command(short_help="Show what a state holds.")
@_STATE
@json_option
@lines_for_errors
def show(state: str, *, as_json: bool) -> None:
    """Show what a state holds: bookmarks, what was read, how final it was, unfinished runs."""
    try:
        found = from_state(read_state(state), {})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError([f"--state {state}: can't be understood ({error})"]) from error
    words = _words(found) if found else ("The state is empty: the next run reads everything.",)
    write_found(lambda: {"streams": [c.document() for c in found]}, words, as_json=as_json)


def _words(found: list[Coverage]) -> Iterator[str]:
    for c in found:
        where = f"{c.stream} {account_text(c.account)}" if not c.entity else c.stream
        yield f"{where}: bookmark {spell(c.bookmark) or '(none)'}"
        for piece in c.covered:
            yield f"  read from {spell(piece.start)} up to {spell(piece.end)} (exclusive)"
        for gap in c.gaps:
            yield f"  never read from {spell(gap.start)} up to {spell(gap.end)}"
        if c.settled_until is not None:
            yield f"  final up to {spell(c.settled_until)}"
        for piece in c.reread:
            yield f"  read again next time, at least: {spell(piece.start)} up to {spell(piece.end)}"
        if c.unfinished is not None:
            yield f"  the run that began {spell(c.unfinished)} was interrupted"
        for metric, day in c.filled_from.items():
            yield f"  {metric} is filled from {day} on by ordinary runs"


# -- set -------------------------------------------------------------------------------------


@state.command(
    name="set", short_help="Move a bookmark, clear a stream, or accept changed settings."
)
@tap_argument
@_STATE
@click.option("--report", required=True, metavar="NAME", help="The stream.")
@click.option("--account", metavar="JSON", help='Only this account, e.g. \'{"app_token": "abc"}\'.')
@click.option("--bookmark", metavar="DATE", help="Read from this date (or date-time) on again.")
@click.option(
    "--clear", is_flag=True, help="Forget the stream: the next run reads it from its start."
)
@click.option("--accept", is_flag=True, help="Accept changed settings: the next run does not refuse them.")  # fmt: skip
@lines_for_errors
def set_(
    tap_name: str,
    state: str,
    report: str,
    account: str | None,
    bookmark: str | None,
    *,
    clear: bool,
    accept: bool,
) -> None:
    """Print STATE with a stream's bookmark moved, the stream cleared, or changed settings accepted.

    A bookmark moved back is read from there, whatever was read before; one of a report is a date (2026-10-01), of
    an hourly report or an entity a UTC date-time (2026-10-01T00:00:00Z).
    """
    tap_kind(tap_name)
    if sum((bookmark is not None, clear, accept)) != 1:
        raise click.UsageError("give one of --bookmark, --clear and --accept")
    document = expanded(read_state(state))
    marks = document.get("bookmarks")
    if not isinstance(marks, dict) or report not in marks:
        known = list(marks) if isinstance(marks, dict) else []
        raise SettingsError(
            [f"--report: the state knows no stream {report!r}{did_you_mean(report, known)}"]
        )
    if clear and account is None:
        marks[report] = {}
    elif accept:
        marks[report] = {k: v for k, v in marks[report].items() if k != "report"}
    else:
        for entry in _entries(marks[report], report, account):
            if clear:
                context = {"context": entry["context"]} if "context" in entry else {}
                entry.clear()
                entry.update(context)
            else:
                _move(entry, str(bookmark))
    click.echo(_spelt(document, [state]))


def _entries(mark: dict[str, Any], stream: str, account: str | None) -> list[dict[str, Any]]:
    own = [mark] if mark.get("replication_key_value") is not None else []
    found = [*own, *(mark.get("partitions") or [])]
    if account is not None:
        try:
            wanted = json.loads(account)
        except ValueError as error:
            raise SettingsError(
                [f"--account {account}: can't be read as JSON ({error})"]
            ) from error
        found = [e for e in found if (e.get("context") or {}) == wanted]
    if not found and account is None:
        msg = f"--report: the state has no bookmark of {stream} yet: the next run reads it from its start"
        raise SettingsError([msg])
    if not found:
        known = [json.dumps(e.get("context")) for e in (mark.get("partitions") or ())[:SHOWN]]
        raise SettingsError(
            [
                f"--account: the state knows no such account of {stream}: {', '.join(known) or 'none'}"
            ]
        )
    return found


def _move(entry: dict[str, Any], bookmark: str) -> None:
    try:
        moment = datetime.fromisoformat(bookmark)
    except ValueError as error:
        raise SettingsError([f"--bookmark {bookmark}: a date or date-time is expected"]) from error
    old = str(entry.get("replication_key_value") or "")
    as_date = len(old) == len("2026-10-01")
    entry["replication_key_value"] = moment.date().isoformat() if as_date else bookmark
    entry["unfinished"] = None
    for name in _KNOWN.intersection(entry):
        entry[name] = None


def _spelt(document: Mapping[str, Any], sources: Sequence[str]) -> str:
    """Return a state as JSON, in Meltano's wrapper if what it was made of had one: its `state set` wants it so."""
    wrapped = any(MELTANO_KEY in _outermost(path) for path in sources)
    return json.dumps({MELTANO_KEY: document} if wrapped else document, ensure_ascii=False)


def _outermost(path: str) -> Mapping[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:  # several lines, as a target writes them
        return {}
    return document if isinstance(document, dict) else {}


# -- split and merge -------------------------------------------------------------------------


@state.command(short_help="Split a state into one for each account.")
@_STATE
@click.option(
    "--folder", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="Where the parts are written: one file an account, and `rest.json` for all else.",
)  # fmt: skip
@lines_for_errors
def split(state: str, folder: Path) -> None:
    """Split STATE into one state an account, for shards, and one for all else."""
    for name, part in parts(read_state(state)).items():
        write_file(folder / f"{name}.json", _spelt(part, [state]), "folder")


@state.command(short_help="Merge split states into one.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@lines_for_errors
def merge(files: tuple[str, ...]) -> None:
    """Print one state made of FILES: the parts that `split` wrote, as the shards left them."""
    try:
        found: list[Mapping[str, Any]] = [read_state(path) for path in files]
        whole = merged(found)
    except SettingsError as error:
        # Each is an argument, not the option that other commands name it by.
        raise Failed([line.removeprefix("--state ") for line in error.errors]) from error
    except ValueError as error:
        raise SettingsError([str(error)]) from error
    click.echo(_spelt(whole, files))
