"""The documents that a tap is given, state and catalog: read, understood, or named with what is wrong."""

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from singer_sdk.helpers._util import load_json
from singer_sdk.singerlib import Catalog

from adtap_core.errors import SettingsError
from adtap_core.state import catalogs
from adtap_core.state.bookmarks import jobs_in, unfinished_of
from adtap_core.state.compaction import expanded, without_nulls
from adtap_plugin.origins import why_unread

log = logging.getLogger("adtaps.state")
WRAPPERS: Final = ("singer_state", "completed", "value")
"""What stands around a state in what `meltano state get`, its store and a STATE message write."""
_SHOWN: Final = 5
_IDS: Final = ("greatest_ids", "greatest_ids_before")
_MEND: Final = (
    "it is damaged, or put together from two: use a copy, or take the stream out (`adtap state set … --clear`), then "
    "it is read from its start"
)


def document(file: Any, what: str) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        SettingsError: If it is none.
    """
    try:
        found = load_json(text(file, what))
    except (ValueError, OSError) as error:
        raise unreadable(what, file.name, error) from error
    if not isinstance(found, dict):
        raise SettingsError([f"--{what} {file.name}: a JSON object is expected"])
    return found


def text(file: Any, what: str) -> str:
    """Return what is in a file.

    Raises:
        SettingsError: If it is empty, as a state is that a run without STATE was to fill.
        ValueError: If it is no text.
    """
    found: str = file.read()
    if not found.strip():
        raise SettingsError(
            [f"--{what} {file.name}: the file is empty; leave the option out if there is none"]
        )
    return found


def unreadable(what: str, path: object, error: OSError | ValueError) -> SettingsError:
    """Return the error of a file that an option names and that can't be read."""
    return SettingsError([f"--{what} {path}: {why_unread(error)}"])


def catalog(file: Any, what: str = "catalog") -> Catalog:
    """Return the Singer catalog in a file.

    Raises:
        SettingsError: If it is none.
    """
    found = document(file, what)
    if not isinstance(found.get("streams"), list):
        # A state or a settings file, most likely: taken for a catalog that selects nothing, it would read nothing.
        raise SettingsError(
            [f"--{what} {file.name}: not a Singer catalog: there is no list `streams` in it"]
        )
    try:
        return catalogs.read(found)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SettingsError(
            [f"--{what} {file.name}: not a Singer catalog ({type(error).__name__}: {error})"]
        ) from error


def understood(state: Any) -> Any:
    """Return a state with an entry for each account, whatever wraps it.

    Raises:
        SettingsError: If it can't be understood: better than to read everything again.
    """
    if not isinstance(state, dict):
        return state
    state = unwrapped(state)
    if state and "bookmarks" not in state:
        log.warning(
            "--state: there are no `bookmarks` in it (%s): everything is read from its start",
            ", ".join(sorted(state)[:_SHOWN]),
        )
    try:
        whole = without_nulls(expanded(state))
    except ValueError as error:
        raise SettingsError([f"--state: {error}"]) from error
    _check_state(whole)
    return whole


def unwrapped(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state without what `meltano state get`, a STATE message or a stored run wrap around it."""
    while "bookmarks" not in state:
        inner = next((state[name] for name in WRAPPERS if isinstance(state.get(name), dict)), None)
        if inner is None:
            break
        state = inner
    return state


def say_whose_it_is(state: Mapping[str, Any], streams: Collection[str], tap: str) -> None:
    """Warn of a state that knows none of a tap's streams: it is another tap's."""
    names = sorted(state.get("bookmarks") or {})
    if names and not set(streams).intersection(names):
        log.warning(
            "--state: it knows %s, and none of these is a stream of %s: is it another tap's? It is kept, and "
            "everything is read from its start",
            ", ".join(names[:_SHOWN]),
            tap,
        )


def _check_state(state: dict[str, Any]) -> None:
    marks = state.get("bookmarks", {})
    if not isinstance(marks, dict):
        raise SettingsError(["--state: `bookmarks` is not an object"])
    errors = [fault for name, mark in marks.items() for fault in _mark_errors(name, mark)]
    if errors:
        raise SettingsError([f"{fault}; {_MEND}" for fault in errors])


def _mark_errors(name: str, mark: object) -> Iterator[str]:
    """Return one line for each way in which a stream's state is damaged, or half of it another state's."""
    where = f"--state: the bookmark of {name!r}"
    if not isinstance(mark, dict) or not isinstance(mark.get("partitions", []), list):
        yield f"{where} can't be understood"
        return
    if not isinstance(mark.get("report", {}), dict):
        yield f"{where}: `report` can't be understood"
    for key in _IDS:
        ids = mark.get(key, {})
        if not isinstance(ids, dict) or any(type(number) is not int for number in ids.values()):
            yield f"{where}: `{key}` can't be understood"
    entries = mark.get("partitions", [])
    seen: set[str] = set()
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("context", {}), dict):
            yield f"--state: a partition of {name!r} can't be understood"
            return
        account = json.dumps(entry.get("context") or {}, sort_keys=True)
        if account in seen:
            yield f"--state: {name!r} has two entries of {account}"
        seen.add(account)
    for entry in (mark, *entries):
        yield from _entry_errors(where, entry)


def _entry_errors(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    moments = ("replication_key_value", "since", "synced_at", "greatest_ids_at")
    values = [entry.get(name) for name in moments]
    kinds: dict[str, Any] = {"unfinished": dict | list, "lookback_days": int}
    values += [n for n, kind in kinds.items() if n in entry and not isinstance(entry[n], kind)]
    try:
        unfinished = unfinished_of(entry)
        values += [unfinished.get("bookmark"), unfinished.get("begun")]
        for stretches in (
            *(entry.get(name) for name in ("covered", "reread", "settled")),
            unfinished.get("done"),
        ):
            for start, end, *read in stretches or ():
                values += [start, end, *read]
                if str(start) > str(end):
                    yield f"{where}: {start} to {end} ends before it begins"
        values += entry.get("read_at") or []
        for window in jobs_in(entry):
            start, _, end = window.partition("/")
            values += [start, end]
        for value in values:
            if value is not None:
                datetime.fromisoformat(str(value))
    except (ValueError, TypeError, AttributeError):
        yield f"{where} holds something that is not a date"
        return
    if entry.get("covered") and entry.get("replication_key_value") is None:
        yield f"{where}: it says what was read (`covered`), but has no `replication_key_value`"
