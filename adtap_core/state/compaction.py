"""State of many accounts, kept short: accounts whose entries are equal share one.

    {"partitions": [],
     "alike": [{"contexts": {"app_token": ["abc", "def", …]}, "replication_key": "day", …}]}

Every STATE message holds the whole state, and some stores of it have a size limit: five hundred accounts
of twenty reports would be more than a megabyte behind each window.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

FEWEST: Final = 50
"""From so many accounts on; fewer are written one by one, as every Singer tool knows it."""
_CONTEXT: Final = "context"


def compacted(mark: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a stream's state with equal entries of its accounts as one; unchanged if they are few.

    Returns:
        The stream's state: `partitions` of accounts that stand alone, `alike` with `contexts` of those that share an
        entry.
    """
    entries = mark.get("partitions") or ()
    if len(entries) < FEWEST:
        return mark
    groups: dict[tuple[str, bytes], list[Mapping[str, Any]]] = {}
    alone: list[Mapping[str, Any]] = []
    for entry in entries:
        context = entry.get(_CONTEXT) or {}
        if len(context) != 1:
            alone.append(entry)
            continue
        rest = {k: v for k, v in entry.items() if k != _CONTEXT}
        groups.setdefault((next(iter(context)), msgspec.json.encode(rest)), []).append(entry)
    alike = []
    for (name, _), members in groups.items():
        if len(members) == 1:
            alone.append(members[0])
            continue
        rest = {k: v for k, v in members[0].items() if k != _CONTEXT}
        alike.append({"contexts": {name: [m[_CONTEXT][name] for m in members]}, **rest})
    return {**mark, "partitions": alone, "alike": alike}


def expanded(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with an entry for each account.

    Raises:
        ValueError: If what accounts share can't be understood.
    """
    marks = state.get("bookmarks")
    if not isinstance(marks, Mapping):
        return dict(state)
    return {**state, "bookmarks": {name: _unfolded(mark) for name, mark in marks.items()}}


def _unfolded(mark: Any) -> Any:
    if not isinstance(mark, Mapping) or "alike" not in mark:
        return mark
    entries = list(mark.get("partitions") or ())
    own = [entry.get(_CONTEXT) for entry in entries if isinstance(entry, Mapping)]
    try:
        for shared in mark["alike"]:
            rest = {k: v for k, v in shared.items() if k != "contexts"}
            ((name, values),) = shared["contexts"].items()
            # Each its own copy: an account that goes on alone must not take the others along. One that has an entry
            # of its own as well comes from a merged state, whose newer part had few accounts.
            contexts = [c for v in values if (c := {name: v}) not in own]
            entries += [{_CONTEXT: c, **_copy(rest)} for c in contexts]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        msg = f"`alike` is not a list of entries with `contexts` ({error})"
        raise ValueError(msg) from error
    return {**{k: v for k, v in mark.items() if k != "alike"}, "partitions": entries}


def without_nulls(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state in which what was removed is absent: a run writes it as null, as states are merged."""
    marks = state.get("bookmarks")
    if not isinstance(marks, Mapping):
        return dict(state)
    return {**state, "bookmarks": {n: _stripped(m) for n, m in marks.items() if m is not None}}


def _stripped(mark: Any) -> Any:
    if not isinstance(mark, Mapping):
        return mark
    kept = {k: v for k, v in mark.items() if v is not None}
    if isinstance(kept.get("partitions"), list):
        kept["partitions"] = [_stripped(entry) for entry in kept["partitions"]]
    return kept


def _copy(entry: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(entry))
    return copied
