"""One state made of several, and several of one: an account's state can run elsewhere, and come back.

A part holds, for each report, the entry of one account; the remainder (`rest`) holds what belongs to no account:
entities, reports read by the login as a whole, and what others keep in the document. Splitting and merging
lose nothing: merged parts are the whole again, accounts in the order of their keys.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from adtap_core.state.compaction import expanded
from adtap_core.state.reading_times import latest

REST: Final = "rest"
_MARKS: Final = "bookmarks"
_PARTITIONS: Final = "partitions"
_REPORT, _METRICS = "report", "metrics"


def _filled(said: list[Any]) -> list[list[Any]]:
    """Return from when on each metric is filled in all parts: the latest day; one that a part lacks is new to the whole."""
    known = [dict(pairs) for pairs in said]
    return [
        [metric, max((one[metric] for one in known if one[metric] is not None), default=None)]
        for metric in known[0]
        if all(metric in one for one in known)
    ]


_OF_A_RUN: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "read_at": latest,
    "synced_at": max,
    # What the accounts of one part were seen to move says nothing of all of them: learned anew.
    "learned": lambda said: said[0] if all(one == said[0] for one in said) else None,
    _METRICS: _filled,
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
    marks: dict[str, list[Mapping[str, Any]]] = {}
    for state in states:
        part = expanded(state)
        whole |= {k: v for k, v in part.items() if k != _MARKS}
        for stream, mark in (part.get(_MARKS) or {}).items():
            marks.setdefault(stream, []).append(mark)
    return {**whole, _MARKS: {stream: _joined(stream, said) for stream, said in marks.items()}}


def _joined(stream: str, marks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a stream's state made of what its parts say."""
    said: dict[str, list[Any]] = {}
    for mark in marks:
        about = dict(mark.get(_REPORT) or {})
        metrics = {_METRICS: about.pop(_METRICS)} if _METRICS in about else {}
        own = {**mark, _REPORT: about} if about else mark
        for key, value in {**own, **metrics}.items():
            said.setdefault(key, []).append(value)
    entries = _accounts(stream, said.pop(_PARTITIONS, ()))
    made = {key: values[0] for key, values in said.items()}
    for key, values in said.items():
        if all(value == values[0] for value in values):
            continue
        if key not in _OF_A_RUN:
            msg = f"{stream}: two parts disagree on `{key}`; bring the older one up to date, or drop it"
            raise ValueError(msg)
        made[key] = _OF_A_RUN[key]([value for value in values if value is not None])
    if _METRICS in made:
        made[_REPORT] = {**made[_REPORT], _METRICS: made.pop(_METRICS)}
    return {**made, _PARTITIONS: entries} if entries else made


def _accounts(stream: str, parts: Iterable[Iterable[Any] | None]) -> list[Any]:
    """Return the entries of all accounts, in the order of their keys."""
    entries: dict[str, Any] = {}
    for entry in chain.from_iterable(part or () for part in parts):
        account = _key(entry.get("context") or {})
        if entries.setdefault(account, entry) != entry:
            msg = f"{stream}: two parts hold different entries of {account}; keep the newer one"
            raise ValueError(msg)
    return [entries[account] for account in sorted(entries)]


def _key(context: Mapping[str, Any]) -> str:
    return json.dumps(dict(context), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
