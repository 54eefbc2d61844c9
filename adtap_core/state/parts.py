"""One state made of several, and several of one: an account's state can run elsewhere, and come back.

A part holds, for each report, the entry of one account; the remainder (`rest`) holds what belongs to no account:
entities, reports read by the login as a whole, and what others keep in the document. Splitting and merging
lose nothing: merged parts are the whole again, accounts in the order of their keys.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from adtap_core.state.compaction import expanded
from adtap_core.state.reading_times import latest

REST: Final = "rest"
_MARKS: Final = "bookmarks"
_PARTITIONS: Final = "partitions"
_OF_A_RUN: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "read_at": latest,
    "synced_at": max,
    # What the accounts of one part were seen to move says nothing of all of them: learned anew.
    "learned": lambda said: said[0] if all(one == said[0] for one in said) else None,
}
"""What each part's own run writes anew, and what all of them say together."""


def part_name(context: Mapping[str, Any]) -> str:
    """Return the name of an account's part: readable, a file name and a state id's suffix everywhere."""
    text = _key(context)
    plain = re.sub(r"[^0-9A-Za-z]+", "-", "-".join(str(v) for v in context.values())).strip("-")
    digest = hashlib.blake2b(text.encode(), digest_size=3).hexdigest()
    return f"{plain[:40].lower()}-{digest}" if plain else digest


def parts(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a state's parts by name, `rest` among them.

    Args:
        state: The whole; accounts that share an entry are understood.

    Returns:
        A state by name of each account, and `rest`: what belongs to none.

    Raises:
        ValueError: If it can't be understood.
    """
    whole = expanded(state)
    rest: dict[str, Any] = {k: v for k, v in whole.items() if k != _MARKS}
    rest[_MARKS] = {}
    made: dict[str, dict[str, Any]] = {}
    for stream, mark in (whole.get(_MARKS) or {}).items():
        shared = {k: v for k, v in mark.items() if k != _PARTITIONS}
        if not mark.get(_PARTITIONS):
            rest[_MARKS][stream] = mark
            continue
        if "replication_key_value" in shared:  # the login's own entry beside those of accounts
            rest[_MARKS][stream] = shared
        for entry in mark[_PARTITIONS]:
            name = part_name(entry.get("context") or {})
            part = made.setdefault(name, {_MARKS: {}})
            # What the report means goes along: each part is a state of its own.
            about = {} if "replication_key_value" in shared else shared
            part[_MARKS][stream] = {**about, _PARTITIONS: [entry]}
    return {**made, REST: rest}


def merged(states: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one state made of parts.

    Raises:
        ValueError: If two parts hold the same account of a report with different entries, or say different
            things of what a report means.
    """
    whole: dict[str, Any] = {}
    marks: dict[str, dict[str, Any]] = {}
    entries: dict[str, dict[str, Any]] = {}
    of_runs: dict[tuple[str, str], list[Any]] = {}
    for state in states:
        part = expanded(state)
        whole |= {k: v for k, v in part.items() if k != _MARKS}
        for stream, mark in (part.get(_MARKS) or {}).items():
            found = marks.setdefault(stream, {})
            for key, value in mark.items():
                if key in _OF_A_RUN:
                    of_runs.setdefault((stream, key), []).append(value)
                elif key != _PARTITIONS:
                    _agree(found, stream, key, value)
            for entry in mark.get(_PARTITIONS) or ():
                key = _key(entry.get("context") or {})
                if entries.setdefault(stream, {}).setdefault(key, entry) != entry:
                    msg = f"{stream}: two parts hold different entries of {key}; keep the newer one"
                    raise ValueError(msg)
    for (stream, key), values in of_runs.items():
        said = [value for value in values if value is not None]
        marks[stream][key] = _OF_A_RUN[key](said) if said else None
    for stream, found in entries.items():
        marks[stream][_PARTITIONS] = [found[key] for key in sorted(found)]
    return {**whole, _MARKS: marks}


def _agree(found: dict[str, Any], stream: str, key: str, value: object) -> None:
    if found.setdefault(key, value) != value:
        msg = f"{stream}: two parts disagree on `{key}`; bring the older one up to date, or drop it"
        raise ValueError(msg)


def _key(context: Mapping[str, Any]) -> str:
    return json.dumps(dict(context), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
