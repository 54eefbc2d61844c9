"""Names that stand twice, in an object or in a header: a reader keeps one value and says nothing.

To look at every name of JSON costs as much as to read the rows once more. So names are counted: a text has as many as the
objects that were read out of it, or some object has one twice, or a text holds what looks like a name. Only then
is each name looked at.
"""

import json
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from adtap_core.errors import MalformedResponse

_COLON: Final = b":"
_NAME: Final = b'":'
_SPACED: Final = b'" :'
_white: Final = re.compile(r"\s*").match
_NESTING: Final = frozenset({dict, list})


def doubled(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once, in alphabetical order."""
    return sorted({name for name in names if names.count(name) > 1})


def check_columns(names: Sequence[str], what: str = "the answer") -> None:
    """Check that no column stands twice.

    Args:
        names: The columns.
        what: Whose they are, in a user's words.

    Raises:
        MalformedResponse: If one does.
    """
    if doubles := doubled(names):
        msg = f"{what} has two columns {', '.join(doubles)}: their values can't be told apart"
        raise MalformedResponse(msg)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object out of its names and values.

    Raises:
        MalformedResponse: If it has a name twice.
    """
    made = dict(pairs)
    if len(made) != len(pairs):
        double = doubled([name for name, _ in pairs])[0]
        msg = f"an object of the answer has {double!r} twice: it is not clear which value is meant"
        raise MalformedResponse(msg)
    return made


def check_once(text: bytes, document: Any) -> None:
    """Check that no object of a JSON text, or of a text with a document a line, has a name twice.

    Args:
        text: Read already: it is JSON.
        document: What was read out of it.

    Raises:
        MalformedResponse: If one does.
    """
    if _COLON not in text:
        return
    found = text.count(_NAME)
    # Most rows are flat, and to look for nested values costs more than all else: that comes second.
    if not any(_agree(text, found, _names(document, nested=nested)) for nested in (False, True)):
        _look(text)


def check_count(text: bytes, names: int) -> None:
    """Check the same of objects that were not kept as such.

    Args:
        text: Read already.
        names: How many names its objects have if none has one twice, and none nests.

    Raises:
        MalformedResponse: If one has a name twice.
    """
    # Each name has a colon behind it. If there are no more, none is left for a second one; to count a single byte
    # takes a third of the time that two take.
    if text.count(_COLON) != names and not _agree(text, text.count(_NAME), names):
        _look(text)


def _agree(text: bytes, found: int, names: int) -> bool:
    return found == names or found + text.count(_SPACED) == names


def _look(text: bytes) -> None:
    decode = json.JSONDecoder(object_pairs_hook=once).raw_decode
    whole = text.decode()
    at = 0
    while (at := _white(whole, at).end()) < len(whole):  # type: ignore[union-attr] # it matches anything
        _, at = decode(whole, at)


def _names(document: Any, *, nested: bool) -> int:
    """Return how many names the objects of a document have.

    Level by level: to go into each nested value by itself takes three times as long.

    Args:
        document: The document.
        nested: Whether what lies below a list of objects is looked at, too.
    """
    count = 0
    level = [document]
    while level:
        objects = [v for v in level if isinstance(v, dict)]
        count += sum(map(len, objects))
        inside = list(chain.from_iterable(v for v in level if isinstance(v, list)))
        if not nested and set(map(type, inside)) == {dict}:
            return count + sum(map(len, inside))
        values = chain(chain.from_iterable(map(dict.values, objects)), inside)
        level = [v for v in values if type(v) in _NESTING]
    return count
