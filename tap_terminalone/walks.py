"""Lists walked by their ids, which never change: no page is lost when others come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from adtap_core.paging import Page, keyset

Record = Mapping[str, Any]


class NotSearched(Exception):  # noqa: N818 - a finding, not a fault
    """The list does not obey `q`: rows came that were not asked for."""


def by_id(ask: Callable[[int], Page], what: str) -> Iterator[Sequence[Record]]:
    """Walk a list by id, each page beginning behind the last one's end.

    Args:
        ask: Gives the page of records whose id is greater, in the order of their ids.
        what: The list, in a user's words.

    Raises:
        NotSearched: If an answer holds rows that should lie behind it; else the walk would never end.
    """

    def checked(last: int | None) -> Page:
        page = ask(last or 0)
        if any(int(row["id"]) <= (last or 0) for row in page.records):
            raise NotSearched(what)
        return page

    return keyset(checked, key=lambda row: int(row["id"]))
