"""Column names: the platform's, in snake_case, at most 63 characters, each made of its field's name alone."""

import hashlib
import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

LONGEST_NAME: Final = 63
"""Postgres cuts identifiers there, silently: two long names could become one column."""
_DIGEST_LENGTH: Final = 8
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER: Final = re.compile(r"[^0-9a-z_]+")
_ORDINARY: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_]| (?! ))*(?<![ _])", re.ASCII)
"""Letters, digits, underscores and single spaces, none of the latter two at an end: such a name can be read
back from its column, but for the case of its letters and the spaces."""


@lru_cache(maxsize=8192)
def snake_case(name: str) -> str:
    """Return a platform's field name in snake_case, as entities' columns are named.

    Letters and digits of other scripts are kept apart by a digest rather than lost; names over 63
    characters are cut and end in a digest of the whole, so that two never become one.
    """
    plain = _plain(name)
    return plain if len(plain) <= LONGEST_NAME and name.isascii() else _with_digest(plain, name)


@lru_cache(maxsize=8192)
def column_name(name: str) -> str:
    """Return a report field's column: `publisherAccountID` is `publisher_account_id`.

    It depends on the field's own name alone. Of ordinary names (letters, digits, underscores and single
    spaces: `first order_events`) it is the name in snake_case; any other name (`first-order_events`, `day_`)
    ends in a digest of its spelling, so that it can't become another field's column, a time bucket, or a
    column of ours, whichever fields are asked for beside it.
    """
    plain = _plain(name)
    if len(plain) <= LONGEST_NAME and _ORDINARY.fullmatch(name):
        return plain
    return _with_digest(plain, name)


def respelt(there: Iterable[str], asked: Iterable[str]) -> list[str]:
    """Return an answer's names, each as it was asked for if nothing but its letters' case differs.

    Args:
        there: The names in the answer.
        asked: The names that were asked for.

    >>> respelt(["Day", "installs"], ["day", "installs", "cost"])
    ['day', 'installs']
    """
    known = list(there)
    missing = {name.lower(): name for name in asked if name not in known}
    if not missing:
        return known
    wanted = set(asked)
    return [name if name in wanted else missing.get(name.lower(), name) for name in known]


def _plain(name: str) -> str:
    plain = _OTHER.sub("_", _CAMEL.sub("_", name).lower()).strip("_") or "field"
    return f"_{plain}" if plain[0].isdigit() else plain


def _with_digest(column: str, name: str) -> str:
    digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST_LENGTH // 2).hexdigest()
    return f"{column[: LONGEST_NAME - _DIGEST_LENGTH - 1]}_{digest}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean a, b?)`, the likeliest first and at most three, or nothing if no known name is near."""
    by_lower = {k.lower(): k for k in known if k != name}
    close = [by_lower[k] for k in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)]
    return f" (did you mean {', '.join(close)}?)" if close else ""
