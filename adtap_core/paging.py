"""Ways to walk a list that at least two platforms share. Each gives pages; none loses a row.

A list that is walked by offset may shift while it is read: a row that goes away pulls the rest forward,
and one is never shown. So such a list is looked at again until a whole pass brings nothing new. Where
the API can order and filter by a fixed key, `keyset` needs one pass and no second look.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from adtap_core.errors import GaveUp

log = logging.getLogger("adtaps.paging")

Record = Mapping[str, Any]
MOST_LOOKS: Final = 10
"""A list that still shows new rows after so many passes moves faster than it can be read."""


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Args:
        records: What it holds.
        more: Whether another page follows.
        step: How far the next offset lies ahead, if not by the number of records.
    """

    records: Sequence[Record]
    more: bool
    step: int | None = None


def by_offset(
    ask: Callable[[int], Page], *, key: Callable[[Record], object], what: str, again: bool = True
) -> Iterator[Sequence[Record]]:
    """Walk by offset, again and again until a pass shows nothing new.

    Args:
        ask: Gives the page that begins at an offset.
        key: What tells a record from all others.
        what: The list, in a user's words.
        again: Whether the list may shift while it is read; without, one pass is all.

    Raises:
        GaveUp: If the list does not come to rest.
    """
    seen: dict[object, bytes] = {}
    for _look in range(MOST_LOOKS):
        fresh = pages = offset = 0
        while True:
            page = ask(offset)
            pages += 1
            known = len(seen)
            new = [r for r in page.records if _is_new(r, key(r), seen)]
            # A record that merely changed is given again but does not call for another look: some
            # lists hold a counter that never rests.
            fresh += len(seen) - known
            if new:
                yield new
            offset += page.step if page.step is not None else len(page.records)
            if not page.more or not page.records:
                break
        if not again or pages == 1 or not fresh:
            return
    msg = f"{what}: the list still changes after {MOST_LOOKS} passes; run again at a quieter time"
    raise GaveUp(msg)


def _is_new(record: Record, key: object, seen: dict[object, bytes]) -> bool:
    """Remember a record; tell whether it, or this version of it, was not seen before."""
    version = _digest(record)
    if seen.get(key) == version:
        return False
    seen[key] = version
    return True


def _digest(record: Record) -> bytes:
    return hash(msgspec.json.encode(record, order="deterministic")).to_bytes(9, "big", signed=True)


def keyset(
    ask: Callable[[Any], Page],
    *,
    key: Callable[[Record], Any],
    start: Any = None,
) -> Iterator[Sequence[Record]]:
    """Walk by a key that never changes, each page beginning behind the last one's end.

    Args:
        ask: Gives the page of records whose key lies behind the one given (None: from the beginning).
        key: The record's key.
        start: The key to begin behind.
    """
    last = start
    while True:
        page = ask(last)
        if page.records:
            yield page.records
            last = max(key(r) for r in page.records)
        if not page.more or not page.records:
            return


def by_cursor(
    ask: Callable[[str | None], tuple[Sequence[Record], str | None]],
) -> Iterator[Sequence[Record]]:
    """Walk by the cursor that each page gives for the next one.

    Raises:
        GaveUp: If a cursor comes back a second time: the walk would never end.
    """
    cursor: str | None = None
    used: set[str] = set()
    while True:
        records, cursor = ask(cursor)
        if records:
            yield records
        if cursor is None:
            return
        if cursor in used:
            msg = f"the list gives the same cursor twice ({cursor[:40]})"
            raise GaveUp(msg)
        used.add(cursor)
