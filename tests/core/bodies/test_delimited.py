"""Quotation marks in separated texts: a value's, or a part of a name; never fewer rows than there are records."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies import parsing
from adtap_core.bodies.parsing import separated
from adtap_core.bodies.spool import Spool
from adtap_core.errors import MalformedResponse

HEADER = ["Day", "PageDomain", "Impressions", "Revenue"]


def read(text: str, delimiter: str = ",") -> list[list[str]]:
    return [list(row) for row in separated(Spool.of(text.encode()), delimiter=delimiter).rows]


def table(*lines: str, delimiter: str = ",", end: str = "\n") -> str:
    return end.join([delimiter.join(HEADER), *(x.replace(",", delimiter) for x in lines)]) + end


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [8, 256 * 1024])
def test_marks_that_quote_nothing_are_part_of_their_names(
    delimiter: str, end: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody is seen to quote: as many rows as lines, wherever blocks are cut."""
    monkeypatch.setattr(parsing, "_TEXT_BYTES", size)
    names = ['"Top', 'b"', '5" TV', "plain", 'x""', '"Next', '"']
    rows = [[f"2026-11-2{n}", name, f"1{n}", "1.5"] for n, name in enumerate(names)]
    lines = table(*map(",".join, rows), delimiter=delimiter, end=end)
    assert read(lines, delimiter) == rows


GOOD = {
    "a line break": ('2026-11-24,"Top\n10",10,1.5', ["Top\n10"]),
    "as many delimiters as a row has": (
        '2026-11-24,"Top, 10, x\nyes, b",1,1',
        ["Top, 10, x\nyes, b"],
    ),
    "a row that begins with no day": ('2026-11-24,"Top\nx,y,z,u",1,1', ["Top\nx,y,z,u"]),
    "doubled marks": ('2026-11-24,"the ""best""",1,1', ['the "best"']),
    "nothing": ('2026-11-24,"",1,1', [""]),
    "a mark of its own": ('2026-11-24,"""",1,1', ['"']),
    "marks that nobody doubled": ('2026-11-24,"5" x 7" frame",1,1', ['5" x 7" frame']),
    "delimiters": ('2026-11-24,"a, b",1,1\n2026-11-25,"c,d",2,2', ["a, b", "c,d"]),
}


@pytest.mark.parametrize(("lines", "names"), GOOD.values(), ids=GOOD)
def test_quoted_values_are_read(lines: str, names: list[str]) -> None:
    """Line breaks, delimiters, doubled marks."""
    assert [row[1] for row in read(table(lines))] == names


DAMAGED = {
    "a lost closing mark": '2026-11-24,"a,1,1\n2026-11-25,"b",2,2',
    "a lost opening mark": '2026-11-24,a",1,1\n2026-11-25,"b,2,2\n2026-11-26,"c",3,3',
    "two lost marks": '2026-11-24,"a,1,1\n2026-11-25,b",2,2\n2026-11-26,"c",3,3',
    "one too many": '2026-11-24,""a",1,1\n2026-11-25,"b",2,2\n2026-11-26,c"",3,3',
    "a swallowed row of another width": '2026-11-24,"a, Inc.,1,1\n2026-11-25,b",2,2\n2026-11-26,"c",3,3',
    "a mark before the last value": '2026-11-24,a,1,"1.5\n2026-11-24,b,1,1"\n2026-11-26,"c",3,3',
    "open to the end": '2026-11-24,"b",1,"1\n2026-11-25,c,2,2',
}


@pytest.mark.parametrize("lines", DAMAGED.values(), ids=DAMAGED)
def test_where_a_writer_quotes_a_mark_too_many_or_too_few_is_told(lines: str) -> None:
    """Two rows, or a loud failure; here the mark is seen to be damage, and nothing is guessed."""
    try:
        found = read(table(lines))
    except MalformedResponse:
        return
    # One more mark at both ends of a name: no row, no column is another.
    assert [(row[0], row[2], row[3]) for row in found] == [
        ("2026-11-24", "1", "1"), ("2026-11-25", "2", "2"), ("2026-11-26", "3", "3")
    ]  # fmt: skip


@given(
    names=st.lists(st.text(alphabet='ab",\n 5', max_size=6), min_size=1, max_size=8),
    block=st.integers(1, 64),
)
def test_what_the_csv_module_writes_is_read_as_it_was_written(names: list[str], block: int) -> None:
    """Whatever stands in the values; one row of many lines is believed where no line begins as a row does."""
    out = io.StringIO()
    rows = [[f"2026-11-{n + 10}", name, str(n), "1.5"] for n, name in enumerate(names)]
    csv.writer(out, lineterminator="\n").writerows([HEADER, *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_TEXT_BYTES", block)
        assert read(out.getvalue()) == rows


@pytest.mark.parametrize("rows", [["1", "2", "3"], ["1,2", "3,4", "5,6"]])
@pytest.mark.parametrize("block", [1, 8, 64])
def test_empty_lines_are_no_rows(rows: list[str], block: int) -> None:
    """Also where a row is one value, and in blocks behind the first."""
    text = "\n".join([",".join("ab"[: len(rows[0].split(","))]), *rows, "", "", *rows, "", ""])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_TEXT_BYTES", block)
        assert read(text) == [row.split(",") for row in rows * 2]


@given(
    names=st.lists(st.text(alphabet='ab" 5', max_size=6), min_size=1, max_size=8),
    block=st.integers(1, 64),
)
def test_what_nobody_quoted_gives_as_many_rows_as_lines(names: list[str], block: int) -> None:
    """Or a loud failure; days and numbers stand where they stood."""
    rows = [[f"2026-11-{n + 10}", name, str(n), "1.5"] for n, name in enumerate(names)]
    text = "".join(",".join(row) + "\n" for row in [HEADER, *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_TEXT_BYTES", block)
        try:
            found = read(text)
        except MalformedResponse:
            return
    assert [[r[0], *r[2:]] for r in found] == [[r[0], *r[2:]] for r in rows]
