"""Column names: the platform's, in snake_case, at most 63 characters, unique."""

from __future__ import annotations

import hashlib
import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME: Final = 63
"""Postgres cuts identifiers there, silently: two long names could become one column."""
_DIGEST_LENGTH: Final = 8
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER: Final = re.compile(r"[^0-9a-z_]+")


@lru_cache(maxsize=8192)
def column_name(name: str) -> str:
    """Give a platform's field name as a column: `publisherAccountID` is `publisher_account_id`.

    Letters and digits of other scripts are kept apart by a digest rather than lost; names over 63
    characters are cut and end in a digest of the whole, so that two never become one.
    """
    snake = _CAMEL.sub("_", name).lower()
    plain = _OTHER.sub("_", snake)
    lossy = not name.isascii()
    plain = plain.strip("_") or "field"
    if plain[0].isdigit():
        plain = f"_{plain}"
    if len(plain) > LONGEST_NAME or lossy:
        return _with_digest(plain, name)
    return plain


def column_names(names: Iterable[str]) -> dict[str, str]:
    """Give each platform name its column, all different.

    Where two names become one column (`first order` and `first_order`), those that are not spelt like
    the column end in a digest of their own spelling: neither depends on the order they are listed in.
    """
    columns = {name: column_name(name) for name in names}
    taken: dict[str, int] = {}
    for column in columns.values():
        taken[column] = taken.get(column, 0) + 1
    for name, column in columns.items():
        if taken[column] > 1 and name != column:
            columns[name] = _with_digest(column, name)
    return columns


def _with_digest(column: str, name: str) -> str:
    digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST_LENGTH // 2).hexdigest()
    return f"{column[: LONGEST_NAME - _DIGEST_LENGTH - 1]}_{digest}"


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Give the known names that look most like a wrong one, best first."""
    by_lower = {k.lower(): k for k in known}
    found = get_close_matches(name.lower(), by_lower, n=count, cutoff=0.5)
    return [by_lower[f] for f in found]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give ` (did you mean a, b?)`, or nothing if no known name is near."""
    close = nearest(name, (k for k in known if k != name))
    return f" (did you mean {', '.join(close)}?)" if close else ""
