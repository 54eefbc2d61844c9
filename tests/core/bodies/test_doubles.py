"""A name that stands twice in some object is noticed, however deep it lies; none is seen where none is."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies.doubles import check_once
from adtap_core.errors import MalformedResponse


@dataclass(frozen=True)
class Object:
    """A JSON object as it is spelt: a name may stand twice."""

    pairs: tuple[tuple[str, Any], ...]


def spelt(value: Any) -> str:
    """Return a value as JSON."""
    if isinstance(value, list):
        return f"[{','.join(map(spelt, value))}]"
    if isinstance(value, Object):
        return f"{{{','.join(f'{json.dumps(n)}:{spelt(v)}' for n, v in value.pairs)}}}"
    return json.dumps(value)


def has_double(value: Any) -> bool:
    """Return whether some object in a value has a name twice."""
    if isinstance(value, list):
        return any(map(has_double, value))
    if not isinstance(value, Object):
        return False
    names = [name for name, _ in value.pairs]
    return len(set(names)) < len(names) or any(has_double(v) for _, v in value.pairs)


_names = st.sampled_from(["a", "b", "c", "d", "e", 'x":', "f", "g"])
_scalars = st.sampled_from([None, True, 0, 1.5, "", "text", 'looks like a "name": 1'])
_documents = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.tuples(_names, inner), max_size=3).map(lambda p: Object(tuple(p)))
    ),
    max_leaves=12,
)


@given(_documents)
def test_an_object_with_a_name_twice_is_refused_and_no_other(document: Any) -> None:
    text = spelt(document).encode()
    found = msgspec.json.decode(text)
    if has_double(document):
        with pytest.raises(MalformedResponse, match="twice"):
            check_once(text, found)
    else:
        check_once(text, found)
