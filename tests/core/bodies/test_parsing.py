"""Rows out of bodies: small and large ones give the same rows, exact and complete."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies import parsing
from adtap_core.bodies.parsing import JsonRows, Picker, json_lines, separated
from adtap_core.bodies.spool import CutBody, Spool
from adtap_core.errors import MalformedResponse
from adtap_core.rows.records import ConversionError, to_integer

AWKWARD = ['},{"', "],[", '\\"}', "a\nb", "Zürich ✓", "", "{[", "\\\\"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.sampled_from(AWKWARD)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
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
        patch.setattr(parsing, "MEMORY_BYTES", 0)
        patch.setattr(parsing, "_BLOCK_BYTES", block)
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
    """Missing ones are null, what stands under other names comes behind them, wherever blocks are cut."""
    text = json.dumps({"rows": rows, "total": 2}, ensure_ascii=False).encode()
    fields = ("y", "gone", other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_BLOCK_BYTES", block)
        picked = JsonRows(Spool.of(text), ("rows",), fields)
        others = [{k: v for k, v in r.items() if k not in fields} or None for r in rows]
        assert list(picked.table().rows) == [
            (*map(r.get, fields), more) for r, more in zip(rows, others, strict=True)
        ]
        assert list(picked) == [tuple(map(r.get, fields)) for r in rows]
    assert picked.envelope == {"rows": [], "total": 2}


@given(
    values=st.lists(
        st.integers(-(10**20), 10**20)
        | st.integers(-9, 9).map(str)
        | st.sampled_from(
            [None, "null", "", " 5", "5 ", "+5", "05", "-0", "1_0", "5.0", "x", True, 2.5]
        ),
        max_size=12,
    ),
    block=st.integers(1, 64),
)
def test_whole_numbers_are_the_same_whether_read_early_or_late(
    values: list[Any], block: int
) -> None:
    """Read as numbers with the rows or made of texts afterwards: the same column, or the same fault."""
    text = json.dumps({"rows": [{"n": v, "t": "5"} for v in values]}).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_BLOCK_BYTES", block)
        early, late = (
            list(JsonRows(Spool.of(text), ("rows",), ("n", "t"), whole=whole))
            for whole in (frozenset({"n"}), frozenset[str]())
        )
    assert [_whole(n) for n, _ in early] == [_whole(n) for n, _ in late]
    assert all(t == "5" for _, t in early)


def _whole(value: Any) -> Any:
    try:
        return None if value is None else to_integer(value)
    except ConversionError:
        return "unfit"


@given(rows=ROWS, before=VALUES, block=st.integers(1, 64))
def test_the_envelope_alone_is_the_same(rows: list[Any], before: Any, block: int) -> None:
    """Passing over the rows finds what reading them finds."""
    text = json.dumps({"first": before, "rows": rows, "total": 2}).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_BLOCK_BYTES", block)
        found = JsonRows(Spool.of(text), ("rows",)).read_envelope()
    assert found == {"first": before, "rows": [], "total": 2}


def test_decimals_keep_every_digit_in_large_documents_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Block or no block, a number with a point is a Decimal."""
    monkeypatch.setattr(parsing, "MEMORY_BYTES", 0)
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
    with pytest.raises(MalformedResponse, match="no list under rows"):
        list(JsonRows(Spool.of(b'{"rows": 5}'), ("rows",)))
    monkeypatch.setattr(parsing, "MEMORY_BYTES", 0)
    with pytest.raises(MalformedResponse, match="no list under rows"):
        list(JsonRows(Spool.of(b'{"other": []}'), ("rows",)))


@pytest.mark.parametrize(
    "body",
    [b'{"a": 1}}', b"]", b'{"first": "}}' + b"x" * 200_000 + b'", "other": []}'],
    ids=["closed twice", "never opened", "a long text before"],
)
def test_brackets_that_close_nothing_are_a_broken_answer(body: bytes) -> None:
    """A long answer is only looked at where it ends: what lies before is seen here, and no defect of the tap."""
    with pytest.raises(MalformedResponse, match="no list under rows"):
        JsonRows(Spool.of(body), ("rows",)).read_envelope()


@pytest.mark.parametrize("size", [0, 10**9])
@pytest.mark.parametrize(
    "body",
    [b'{"rows": [{"a": NaN}]}', '{"rows": [{"a": "\u00fc"}]}'.encode("latin-1"), b'{"rows": [{"a": -Infinity}]}'],
    ids=["NaN", "Latin-1", "Infinity"],
)  # fmt: skip
def test_what_is_no_json_is_named(size: int, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small document as in a large one; not «unexpected», and no null instead."""
    monkeypatch.setattr(parsing, "MEMORY_BYTES", size)
    with pytest.raises(MalformedResponse, match=r"not JSON|can't be read|not UTF-8"):
        list(JsonRows(Spool.of(body), ("rows",)))
    with pytest.raises(MalformedResponse, match=r"not JSON|can't be read|not UTF-8"):
        list(JsonRows(Spool.of(body), ("rows",), ("a",)))
    with pytest.raises(MalformedResponse, match="can't be read"):
        json_lines(body[10:-2] + b"\n", Picker(("a",)))


def test_a_body_that_is_no_json_says_where() -> None:
    """The word that stands there, not only its number."""
    with pytest.raises(CutBody, match=r"b'NaN\}"):
        Spool.of(b'{"a": 1, "b": NaN}').check_json_whole()


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
    spool = Spool.of(b"\xef\xbb\xbf" + out.getvalue().encode())
    parts = [csv_line(row).split("\n") for row in rows]
    if any(len(p) > 1 and all(line.count(",") == 2 for line in p) for p in parts):
        # One row, or several that begin with a quotation mark? Nobody can tell: never fewer rows in silence.
        with pytest.raises(MalformedResponse, match=r"or [23] rows"):
            list(separated(spool).rows)
    else:
        table = separated(spool)
        assert table.columns == ["a", "b", "c"]
        assert [list(r) for r in table.rows] == rows


def csv_line(row: list[str]) -> str:
    """A row as the csv module writes it."""
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quotation_mark_that_is_not_quoting_loses_no_row(delimiter: str, end: str) -> None:
    """Two names that begin and end with one are two rows, not one of two lines."""
    rows = [["2026-11-24", '"Top', "10", "1.5"], ["2026-11-24", 'b"', "1", "1"]]
    text = end.join(
        delimiter.join(row) for row in [["Day", "Domain", "Impressions", "Money"], *rows]
    )
    table = separated(Spool.of(text.encode()), delimiter=delimiter)
    assert [list(r) for r in table.rows] == rows


@pytest.mark.parametrize(
    "text",
    ['day,name,count\n2026-11-24,b,"1\n2026-11-25,c,2\n', 'day,name\nx,"a\ny,b"\n'],
    ids=["open to the end", "cannot be told"],
)
def test_a_quotation_mark_that_swallows_rows_is_no_shorter_table(text: str) -> None:
    """Two rows, or a loud failure; never one."""
    try:
        rows = list(separated(Spool.of(text.encode())).rows)
    except MalformedResponse:
        return
    assert len(rows) == 2


def test_a_column_named_twice_is_named() -> None:
    """Whose values are whose can't be told."""
    with pytest.raises(MalformedResponse, match="the header names 'a' twice"):
        separated(Spool.of(b"a,b,a\n1,2,3\n"))


def test_a_body_in_another_encoding_is_named() -> None:
    """Not «unexpected UnicodeDecodeError»."""
    with pytest.raises(MalformedResponse, match="not UTF-8"):
        list(separated(Spool.of("a,b\nf\xfc,1\n".encode("latin-1"))).rows)


ODD = [
    (rb'{"rows": [{"a": "x\u0000y"}, {"a": "\ud83d"}, {"a": "\ude00\ud83d"}, {"a": "\\u0000"}]}', ["x\ufffdy", "\ufffd", "\ufffd\ufffd", "\\u0000"]),
    (rb'{"rows": [{"a": "\ud83d\ude00"}, {"a": "\uD83D\uDE00\uD83D"}]}', ["\U0001f600", "\U0001f600\ufffd"]),
    (b'{"rows": [{"a": "x\x00y"}, {"a": "\xed\xa0\x80"}]}', ["x\ufffdy", "\ufffd"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "values"), ODD, ids=["halves", "pairs", "as they are"])
@pytest.mark.parametrize("padding", [0, 70_000, 65_530, 5_000_000])
def test_characters_that_no_database_holds_cost_no_row(
    body: bytes, values: list[str], padding: int
) -> None:
    """U+0000 and half a surrogate pair become U+FFFD, wherever blocks are cut; whole pairs stay."""
    padded = body.replace(b'[{"a"', b'[{"pad": "' + b"x" * padding + b'", "a"', 1)
    assert [row["a"] for row in JsonRows(Spool.of(padded), ("rows",))] == values
    fields = JsonRows(Spool.of(padded), ("rows",), ("a",))
    assert [row[0] for row in fields] == values


def test_a_zero_character_in_a_table_costs_no_row() -> None:
    """The same in CSV."""
    table = separated(Spool.of(b"a,b\nx\x00y,1\n\xed\xb0\x80,2\n"))
    assert [list(r) for r in table.rows] == [["x\ufffdy", "1"], ["\ufffd", "2"]]


@given(
    cells=st.lists(
        st.lists(
            st.sampled_from(
                ["a", "", "5", " b ", "ü", "\u2028", '"q"', '"x,y"', '"l\nl"', '"d""d"', 'i"n']
            )
            | st.text(alphabet="ab, \x0b\x1c\x85", max_size=4).filter(lambda t: "," not in t),
            min_size=2,
            max_size=2,
        ),
        max_size=20,
    ),
    line_break=st.sampled_from(["\n", "\r\n", "\r"]),
    block=st.integers(1, 64),
)
def test_separated_text_is_read_as_the_csv_module_reads_it(
    cells: list[list[str]], line_break: str, block: int
) -> None:
    """Quoted or not, from the first row on or later, wherever the blocks are cut."""
    import csv
    import io

    text = "".join(",".join(row) + line_break for row in [["a", "b"], *cells])
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_TEXT_BYTES", block)
        table = separated(Spool.of(text.encode()))
        if any(len(row) != len(expected[0]) for row in expected):
            with pytest.raises(MalformedResponse, match="cut or damaged"):
                list(table.rows)
        else:
            assert [table.columns, *table.rows] == expected


def test_a_row_too_short_is_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it stands in a later block."""
    monkeypatch.setattr(parsing, "_TEXT_BYTES", 8)
    table = separated(Spool.of(b"a,b\n1,2\n3,4\n5,6\n7\n8,9\n"))
    with pytest.raises(MalformedResponse, match="row 4 has 1 values, the header 2"):
        list(table.rows)


def test_a_short_line_is_a_cut_body() -> None:
    """A CSV that stops in the middle of a line never passes as whole."""
    table = separated(Spool.of(b"a,b,c\n1,2,3\n4,5"))
    with pytest.raises(MalformedResponse, match="cut or damaged"):
        list(table.rows)


def test_lines_of_json_keep_their_decimals() -> None:
    """One object a line, empty lines skipped; what is missing is null."""
    text = b'{"a": 0.10, "b": "x"}\n\n{"a": 1, "c": {"a": 2}}\n'
    assert json_lines(text, Picker(("a", "b"))) == [(Decimal("0.10"), "x"), (1, None)]


@pytest.mark.parametrize("line", [b'{"a": ', b"[1]", b"5"])
def test_a_line_that_is_no_object_is_broken(line: bytes) -> None:
    """Half a row, or something else in its place, never passes for a row."""
    with pytest.raises(MalformedResponse, match="can't be read"):
        json_lines(b'{"a": 1}\n' + line + b"\n", Picker(("a",)))


def test_a_field_in_two_spellings_is_not_chosen_from() -> None:
    """`Day` and `DAY` both stand for the `day` that was asked for; what nobody asked for may be spelt as it likes."""
    row = {"Day": "2026-03-01", "DAY": "2026-03-02"}
    assert Picker(("x",)).pick({**row, "x": 1}) == (1,)
    with pytest.raises(MalformedResponse, match="a row has two columns day"):
        Picker(("day",)).pick(row)
