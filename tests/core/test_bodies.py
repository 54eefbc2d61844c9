"""Rows out of bodies: small and large ones give the same rows, exact and complete."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core import bodies
from adtap_core.bodies import JsonRows, json_lines, separated
from adtap_core.errors import Broken
from adtap_core.spool import Spool

AWKWARD = ['},{"', "],[", '\\"}', "a\nb", "Zürich ✓", "", "{[", "\\\\"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.sampled_from(AWKWARD)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "rows", "}"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["x", "y", '"},']), VALUES, max_size=3)
    | st.lists(VALUES, max_size=4),
    max_size=12,
)


@given(
    rows=ROWS,
    before=VALUES,
    after=VALUES,
    block=st.integers(1, 64),
    indent=st.sampled_from([None, 1]),
)
def test_a_large_document_gives_the_same_rows_as_a_small_one(
    rows: list[Any], before: Any, after: Any, block: int, indent: int | None
) -> None:
    """Wherever the blocks are cut, whatever the strings hold; the envelope too."""
    document = {"first": before, "report": {"rows": rows, "total": 2}, "last": after}
    text = json.dumps(document, ensure_ascii=False, indent=indent).encode()
    small = JsonRows(Spool.of(text), ("report", "rows"))
    assert list(small) == rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "MEMORY_BYTES", 0)
        patch.setattr(bodies, "_BLOCK_BYTES", block)
        large = JsonRows(Spool.of(text), ("report", "rows"))
        assert list(large) == rows
    assert large.envelope == small.envelope == {**document, "report": {"rows": [], "total": 2}}


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(["x", "y", '"},']), VALUES, max_size=3), max_size=12
    ),
    block=st.integers(1, 64),
    other=st.sampled_from(["x", '"},']),
)
def test_picked_fields_are_those_of_the_whole_objects(
    rows: list[dict[str, Any]], block: int, other: str
) -> None:
    """Missing ones are null, the others are skipped, wherever blocks are cut."""
    text = json.dumps({"rows": rows, "total": 2}, ensure_ascii=False).encode()
    fields = ("y", "gone", other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "_BLOCK_BYTES", block)
        picked = JsonRows(Spool.of(text), ("rows",), fields)
        assert list(picked.table().rows) == [tuple(r.get(f) for f in fields) for r in rows]
    assert picked.envelope == {"rows": [], "total": 2}


def test_decimals_keep_every_digit_in_large_documents_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Block or no block, a number with a point is a Decimal."""
    monkeypatch.setattr(bodies, "MEMORY_BYTES", 0)
    text = (
        b'{"rows": [{"m": 2.739120012072817}, {"m": 0.1}, {"m": 12345678901234567890.123456789}]}'
    )
    found = [r["m"] for r in JsonRows(Spool.of(text), ("rows",))]
    assert found == [
        Decimal("2.739120012072817"),
        Decimal("0.1"),
        Decimal("12345678901234567890.123456789"),
    ]


def test_a_document_without_the_list_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an empty report: that would look like a day without money."""
    with pytest.raises(Broken, match="no list under rows"):
        list(JsonRows(Spool.of(b'{"rows": 5}'), ("rows",)))
    monkeypatch.setattr(bodies, "MEMORY_BYTES", 0)
    with pytest.raises(Broken, match="no list under rows"):
        list(JsonRows(Spool.of(b'{"other": []}'), ("rows",)))


@given(
    rows=st.lists(
        st.lists(
            st.sampled_from(["a", "", 'q"q', "x,y", "l\nl", "t\tt", "ü"]), min_size=3, max_size=3
        )
    )
)
def test_separated_text_is_read_as_it_was_written(rows: list[list[str]]) -> None:
    """Quotes, commas, tabs, line breaks and a byte order mark."""
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows([["a", "b", "c"], *rows])
    table = separated(Spool.of(b"\xef\xbb\xbf" + out.getvalue().encode()))
    assert table.columns == ["a", "b", "c"]
    assert [list(r) for r in table.rows] == rows


def test_a_short_line_is_a_cut_body() -> None:
    """A CSV that stops in the middle of a line never passes as whole."""
    table = separated(Spool.of(b"a,b,c\n1,2,3\n4,5"))
    with pytest.raises(Broken, match="cut or damaged"):
        list(table.rows)


def test_lines_of_json_keep_their_decimals() -> None:
    """One value a line, empty lines skipped."""
    assert list(json_lines(Spool.of(b'{"a": 0.10}\n\n{"a": 1}\n'))) == [
        {"a": Decimal("0.10")},
        {"a": 1},
    ]
