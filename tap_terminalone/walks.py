"""What the lists of both generations have in common: ids that never change, totals that may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adtap_core.errors import Refused
from adtap_core.paging import Page, TooDeep

Record = Mapping[str, Any]
_BAD_REQUEST: Final = 400


def deeper(ask: Callable[[Record], Page], offset: int) -> Page:
    """Give the page at an offset behind an id.

    Args:
        ask: Gives the page, with these parameters on top of its own.
        offset: How many rows are skipped.

    Raises:
        TooDeep: If the server does not let the offset through: how far it reaches is not certain.
    """
    if not offset:
        return ask({})
    try:
        return ask({"page_offset": offset})
    except Refused as error:
        if error.status != _BAD_REQUEST:
            raise
        raise TooDeep(str(error)) from error


def ident(row: Record) -> int:
    """Give a record's id."""
    return int(row["id"])


def total_of(document: Record) -> int | None:
    """Give how many records a list says it holds; totals are sometimes 0, missing, or text."""
    meta = document.get("meta")
    total = meta.get("total_count") if isinstance(meta, Mapping) else None
    return int(total) if isinstance(total, int | str) and str(total).isdigit() else None
