"""The documents that a tap is given, state and catalog: read, understood, or named with what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from singer_sdk.helpers._util import load_json
from singer_sdk.singerlib import Catalog

from adtap_core.bookmarks import unfinished_of
from adtap_core.errors import SettingsError
from adtap_core.folding import unfolded, without_nulls


def document(file: Any, what: str) -> dict[str, Any]:
    """Return the JSON object in a file.

    Args:
        file: Open for reading.
        what: The option that named it.

    Raises:
        SettingsError: If it is none.
    """
    try:
        found = load_json(file.read())
    except (ValueError, OSError) as error:
        raise SettingsError([f"--{what} {file.name}: can't be read as JSON ({error})"]) from error
    if not isinstance(found, dict):
        raise SettingsError([f"--{what} {file.name}: a JSON object is expected"])
    return found


def catalog(file: Any) -> Catalog:
    """Return the Singer catalog in a file.

    Raises:
        SettingsError: If it is none.
    """
    found = document(file, "catalog")
    try:
        return Catalog.from_dict(found)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SettingsError(
            [f"--catalog {file.name}: not a Singer catalog ({type(error).__name__}: {error})"]
        ) from error


def understood(state: Any) -> Any:
    """Give a state with an entry for each account.

    Raises:
        SettingsError: If it can't be understood: better than to read everything again.
    """
    if not isinstance(state, dict):
        return state
    for wrapper in (
        "singer_state",
        "completed",
        "value",
    ):  # as `meltano state get` and others write it
        if isinstance(state.get(wrapper), dict) and "bookmarks" not in state:
            state = state[wrapper]
    try:
        whole = without_nulls(unfolded(state))
    except ValueError as error:
        raise SettingsError([f"--state: {error}"]) from error
    _check_state(whole)
    return whole


def _check_state(state: dict[str, Any]) -> None:
    marks = state.get("bookmarks", {})
    faults = [] if isinstance(marks, dict) else ["--state: `bookmarks` is not an object"]
    for name, mark in marks.items() if isinstance(marks, dict) else ():
        if not isinstance(mark, dict) or not isinstance(mark.get("partitions", []), list):
            faults.append(f"--state: the bookmark of {name!r} can't be understood")
            continue
        for entry in (mark, *mark.get("partitions", [])):
            faults += _entry_faults(name, entry)
    if faults:
        raise SettingsError(faults)


def _entry_faults(name: str, entry: object) -> list[str]:
    if not isinstance(entry, dict):
        return [f"--state: a partition of {name!r} can't be understood"]
    values = [entry.get("replication_key_value")]
    try:
        unfinished = unfinished_of(entry)
        values += [entry.get("since"), unfinished.get("bookmark"), unfinished.get("begun")]
        for stretches in (
            *(entry.get(name) for name in ("covered", "reread", "settled")),
            unfinished.get("done"),
        ):
            values += [v for start, end, *read in stretches or () for v in (start, end, *read)]
        for value in values:
            if value is not None:
                datetime.fromisoformat(str(value))
    except (ValueError, TypeError, AttributeError):
        return [f"--state: the bookmark of {name!r} holds something that is not a date"]
    return []
