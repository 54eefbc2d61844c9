"""Every reader of bodies, on good bodies that were damaged: the rows are the good ones, or the read fails loudly.

Cut, bytes dropped, doubled or swapped, quotes and line ends put in. Never fewer rows, never a value in another row
or column, without an error. (A changed character inside a value can't be told; the damage done here changes
structure, so a value that is neither the old one nor part of the damage would show.)
"""

import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adtap_core.bodies.parsing import JsonRows, separated
from adtap_core.bodies.spool import CutBody, Spool
from adtap_core.errors import AdtapError
from adtap_core.http.response import Response
from tap_adjust import transports
from tap_terminalone.legacy_documents import Refusing, Unreadable, xml_document
from tap_terminalone.lines import stream_error
from tap_terminalone.lines import table as lines_table

COLUMNS = ("day", "name", "count")
ROWS = st.lists(
    st.tuples(
        st.dates().map(str),
        st.sampled_from(["Alpha", "B, Ltd", 'the "best"', "ünder", "", "x y"]),
        st.integers(0, 99_999).map(str),
    ),
    min_size=1,
    max_size=6,
)
Rows = list[tuple[str, ...]]


class Told(Exception):  # noqa: N818 - an answer, not a fault of ours
    """What the tap's own code says of such an answer, outside its reader."""


def picked(row: Any) -> tuple[Any, ...]:
    """Return a row's values; the tap's own code tells of one that is no object, or lacks a column."""
    if not isinstance(row, dict) or not row.keys() >= {*COLUMNS}:
        raise Told(row)
    return tuple(row[c] for c in COLUMNS)


def csv_body(rows: Rows, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([COLUMNS, *rows])
    return out.getvalue().encode()


def read_separated(body: bytes, delimiter: str = ",") -> list[tuple[Any, ...]]:
    table = separated(Spool.of(body), delimiter=delimiter)
    if list(table.columns or ()) != list(COLUMNS):
        msg = "the header is another one"
        raise Told(msg)
    return [tuple(row) for row in table.rows]


def json_body(rows: Rows) -> bytes:
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return json.dumps({"rows": objects, "total": len(rows)}, ensure_ascii=False).encode()


def read_json(body: bytes) -> list[tuple[Any, ...]]:
    spool = Spool.of(body)
    spool.check_json_whole()
    found = JsonRows(spool, ("rows",))
    made = list(map(picked, found))
    if not isinstance(found.envelope, dict) or found.envelope.get("total") != len(made):
        msg = "the total is another one"
        raise Told(msg)
    return made


def lines_body(rows: Rows) -> bytes:
    head = {"fields": list(COLUMNS), "total_items_count": len(rows)}
    objects = [head, *(dict(zip(COLUMNS, row, strict=True)) for row in rows)]
    return b"".join(json.dumps(o, ensure_ascii=False).encode() + b"\n" for o in objects)


def read_lines(body: bytes) -> list[tuple[Any, ...]]:
    spool = Spool.of(body)
    if (fault := stream_error(spool)) is not None:
        raise Told(fault)
    return [tuple(row[:-1]) for row in lines_table(spool, COLUMNS).rows]


def xml_body(rows: Rows) -> bytes:
    entities = "".join(
        f'<entity type="thing" id="{n}" name={quoteattr(name)}><prop name="day" value="{day}"/>'
        f'<prop name="count" value="{count}"/></entity>'
        for n, (day, name, count) in enumerate(rows)
    )
    text = f'<result><status code="ok"/><entities count="{len(rows)}" start="0">{entities}</entities></result>'
    return text.encode()


def read_xml(body: bytes) -> list[tuple[Any, ...]]:
    """Names that are not known are kept, in `_extra`: here they are told as missing columns."""
    document = xml_document(body)
    rows = document["data"]
    if not isinstance(rows, list):
        msg = "no list"
        raise Told(msg)
    return list(map(picked, rows))


def parquet_body(rows: Rows) -> bytes:
    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    out = io.BytesIO()
    # Writers put checksums on pages, or do not: without them a changed value can't be told.
    pq.write_table(pa.table(columns), out, write_page_checksum=True)
    return out.getvalue()


def read_parquet(body: bytes) -> list[tuple[Any, ...]]:
    if not body:
        msg = "asked for again, before any reader: only a 204 has no body"
        raise Told(msg)
    reply = Response(200, {}, Spool.of(body), "http://service.example/report", datetime.now(UTC))
    answer = transports.read(reply, "parquet", COLUMNS[:2], COLUMNS[2:])
    return [tuple(row) for row in answer.open().rows]


READERS: dict[str, tuple[Callable[[Rows], bytes], Callable[[bytes], list[tuple[Any, ...]]]]] = {
    "json": (json_body, read_json),
    "json lines": (lines_body, read_lines),
    "csv": (csv_body, read_separated),
    "xml": (xml_body, read_xml),
    "parquet": (parquet_body, read_parquet),
    "tsv": (lambda rows: csv_body(rows, "\t"), lambda body: read_separated(body, "\t")),
}


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """One way to spoil a body: where and what, drawn."""
    kind = draw(st.sampled_from(["cut", "drop", "double", "swap", "quote", "break"]))
    share = draw(st.floats(0, 1, exclude_max=True))

    def spoil(body: bytes) -> bytes:
        at = int(len(body) * share)
        match kind:
            case "cut":
                return body[:at]
            case "drop":
                return body[:at] + body[at + 1 :]
            case "double":
                return body[: at + 1] + body[at:]
            case "swap":
                return body[:at] + body[at + 1 : at + 2] + body[at : at + 1] + body[at + 2 :]
            case "quote":
                return body[:at] + b'"' + body[at:]
            case _:
                return body[:at] + b"\n" + body[at:]

    return spoil


FAULTS = (AdtapError, CutBody, Told, Unreadable, Refusing)
"""What a reader raises; each of them ends or repeats the window."""


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=300)
@given(rows=ROWS, spoil=damage())
def test_a_damaged_body_never_gives_fewer_rows_in_silence(
    kind: str, rows: Rows, spoil: Any
) -> None:
    """As many rows as there were, or a loud failure; more only where a line end was put in."""
    make, read = READERS[kind]
    good = make(rows)
    assert [tuple(map(str, r)) for r in read(good)] == [tuple(r) for r in rows]
    body = spoil(good)
    try:
        found = read(body)
    except FAULTS:
        return
    ends = max(0, len([line for line in body.split(b"\n") if line.strip(b"\r")]) - 1)
    if kind in {"csv", "tsv"}:
        # A cut at a line's end can't be seen in the body: its declared length or a second look tells.
        assert len(found) >= min(ends, len(rows)), (body, found)
    else:
        assert len(found) >= len(rows), (body, found)
    assert all(len(row) == len(COLUMNS) for row in found)
    if kind == "parquet":
        assert [tuple(map(str, row)) for row in found] == rows, "its pages bear checksums"


def test_a_reader_that_swallows_a_row_would_be_found() -> None:
    """The csv module alone takes two rows for one, and the check above sees it."""
    body = b'day,name,count\n2026-11-24,"Top,1\n2026-11-24,b",1\n'
    swallowed = list(csv.reader(io.StringIO(body.decode())))[1:]
    ends = len(body.strip().split(b"\n")) - 1
    assert len(swallowed) < ends
    with suppress(AdtapError):
        assert len(read_separated(body)) >= ends
