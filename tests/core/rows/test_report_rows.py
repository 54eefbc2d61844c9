"""The quick ways of the report path give what the plain ways give."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies.parsing import OTHERS, Table
from adtap_core.declare import Report
from adtap_core.errors import MalformedResponse
from adtap_core.http.client import RequestStats
from adtap_core.platform import Partition, RowContext, RowLookup, WindowJob
from adtap_core.rows.columns import Block, Same
from adtap_core.rows.records import cast_column, decimal_text, to_boolean, to_integer, to_text
from adtap_core.rows.report_rows import RowShaper
from adtap_core.sync.output import LineWriter
from adtap_core.windows import Grain, Interval, Zone
from tests.core.restating import Restating, Warehouse

NUMBERS = (
    st.integers()
    | st.integers().map(str)
    | st.decimals()
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.floats()
)
ODD = (
    st.none()
    | st.booleans()
    | st.sampled_from(
        ["", " 5", "+5", "5.", ".5", "1\n2", "5\n", "1e3", "NaN", "x", "\u0665", "005", "-0"]
    )
)


@given(
    values=st.lists(NUMBERS | ODD, max_size=8) | st.lists(NUMBERS, max_size=8),
    cast=st.sampled_from([to_integer, decimal_text, to_text, to_boolean]),
)
def test_a_column_is_cast_as_its_values_are(values: list[Any], cast: Any) -> None:
    """All at once or one by one: the same values of the same types, or no quick way."""
    quick = cast_column(cast, values)
    if quick is not None:
        plain = [None if v is None else cast(v) for v in values]
        assert [(type(v), v) for v in quick] == [(type(v), v) for v in plain]


@pytest.mark.parametrize("kind", [int, str])
@pytest.mark.parametrize("more", [(), (None,)])
@pytest.mark.parametrize("sent", [(2**63, -(2**63)), (-(2**63) - 1, 2**62, 2**62), (2**64,)])
def test_whole_numbers_that_no_column_holds_do_not_hide_in_their_sum(
    kind: Any, more: tuple[None, ...], sent: tuple[int, ...]
) -> None:
    """One that is too large, and others that make up for it: each is looked at."""
    assert cast_column(to_integer, [*map(kind, sent), *more]) is None


@pytest.mark.parametrize("cast", [to_integer, decimal_text])
@pytest.mark.parametrize("kind", [int, str, Decimal, float])
def test_usual_columns_go_the_quick_way(cast: Any, kind: Any) -> None:
    """Numbers as each transport writes them, with a null among them."""
    values = [kind("12"), None, kind("-3")]
    if cast is to_integer and kind in {Decimal, float}:
        assert cast_column(cast, values) is None
    else:
        assert cast_column(cast, values) == [cast(kind("12")), None, cast(kind("-3"))]


def _digest(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=16).digest()


PARTITIONS = tuple(Partition({"account_id": str(n)}) for n in (1, 2))
SCHEMA = {
    "properties": {
        "site": {"type": ["string", "null"]},
        "clicks": {"type": ["integer", "null"]},
        "spend": {"type": ["string", "null"], "format": "x-singer.decimal"},
    }
}
ROW = st.tuples(
    st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-09"]),
    st.sampled_from([1, "2"]),
    st.sampled_from(["EUR", None]),
    st.sampled_from(["a", "", None, 'q"}\n']),
    st.integers(0, 9) | st.integers(0, 9).map(str) | st.none(),
    st.decimals(0, 9, places=2) | st.decimals(0, 9, places=2).map(str) | st.none(),
)
FIELDS = ("date", "account_id", "currency", "site", "clicks", "spend")


def shaper() -> RowShaper:
    """A shaper of a bundle's rows, currencies by row."""
    return RowShaper(
        job=WindowJob(
            report=Report(name="r", dimensions=("site",), metrics=("clicks", "spend")),
            partitions=PARTITIONS,
            window=Interval(datetime(2026, 3, 1), datetime(2026, 3, 8)),
            zone=Zone("UTC"),
            stats=RequestStats(),
        ),
        schema=SCHEMA,
        context=RowContext(
            currency=RowLookup("currency"),
            bucket="date",
            partition=("account_id", {p.key["account_id"]: p for p in PARTITIONS}),
        ),
        now=datetime(2026, 3, 2, 12),
        settle_days=3,
        keyed=frozenset(),
        synced_at="now",
    )


@given(rows=st.lists(ROW, max_size=30), as_objects=st.booleans())
def test_rows_are_shaped_as_the_contract_says(
    rows: list[tuple[Any, ...]], as_objects: bool
) -> None:
    """Keys are digests of the grain, repeats numbered; values exact; other days left out and counted."""
    table = (
        Table(iter([dict(zip(FIELDS, row, strict=True)) for row in rows]))
        if as_objects
        else Table(iter(rows), FIELDS)
    )
    ours = shaper()
    found = [record for block in ours.blocks(table) for record in block.dictionaries()]
    expected, seen = [], Counter[bytes]()
    for day, account, currency, site, clicks, spend in rows:
        if day == "2026-03-09":
            continue
        partition = json.dumps({"account_id": str(account)}, separators=(",", ":"))
        key = msgspec.json.encode([partition, day, site, currency])
        times = seen[key]
        seen[key] += 1
        expected.append(
            {
                "_row_key": _digest(key + (b"#%d" % times if times else b"")).hex(),
                "day": day,
                "site": site,
                "clicks": None if clicks is None else int(clicks),
                "spend": None if spend is None else str(spend),
                "_time_zone": "UTC",
                "_currency": currency,
                "_data_state": "provisional" if day == "2026-03-01" else "partial",
                "_account": partition,
                "_synced_at": "now",
                "_extra": None,
            }
        )
    assert found == [
        dict(sorted(e.items(), key=lambda i: list(f).index(i[0])))
        for e, f in zip(expected, found, strict=True)
    ]
    assert ours.outside == Counter(row[0] for row in rows if row[0] == "2026-03-09")
    assert {p.text: n for p, n in ours.counts.items()} == {
        p.text: sum(e["_account"] == p.text for e in expected) for p in PARTITIONS
    }


def test_a_row_of_a_stranger_is_broken() -> None:
    """A row of an account that nobody asked for is no row to keep quiet about."""
    table = Table(iter([("2026-03-01", 3, None, "a", 1, "1")]), FIELDS)
    with pytest.raises(MalformedResponse, match="'3', which was not asked for"):
        list(shaper().blocks(table))


@given(
    records=st.lists(
        st.tuples(
            st.text(), st.decimals(allow_nan=False, allow_infinity=False) | st.none(), st.integers()
        )
    ),
    stream=st.text(min_size=1),
    same=st.dictionaries(
        st.sampled_from("abcé"), st.none() | st.text() | st.booleans(), max_size=3
    ),
)
def test_records_written_together_are_the_lines_of_single_messages(
    records: list[tuple[Any, ...]], stream: str, same: dict[str, Any]
) -> None:
    """Byte by byte what the messages one after the other would be; also where columns at the end hold one value each."""
    names = ("name", "größe", "_n")
    ends = {f"end {name}": value for name, value in same.items()}
    count = len(records)
    varied = zip(*records, strict=True) if records else [()] * len(names)
    columns: dict[str, Any] = dict(zip(names, varied, strict=True))
    columns |= {name: Same(value, count) for name, value in ends.items()}
    whole = [(*values, *ends.values()) for values in records]
    moment = "2026-03-01T00:00:00+00:00"
    encode = msgspec.json.Encoder(decimal_format="number").encode
    expected = b"".join(
        encode(
            {
                "type": "RECORD",
                "stream": stream,
                "record": dict(zip(columns, values, strict=True)),
                "time_extracted": moment,
            }
        )
        + b"\n"
        for values in whole
    )
    assert expected == _written(
        lambda writer: writer.write_records(stream, tuple(columns), whole, moment)
    )
    assert expected == _written(
        lambda writer: writer.write_block(stream, Block(columns, count), moment)
    )


def _written(write: Callable[[LineWriter], None]) -> bytes:
    held = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(held, encoding="utf-8", write_through=True)) as out:
        writer = LineWriter()
        write(writer)
        writer.flush()
        written = held.getvalue()
        out.detach()
    return written


def test_rows_that_0_1_gave_another_key_are_ghosts_once_they_are_read_again(room):
    """Its keys lacked a currency that is the same in all rows: both rows stand there, and the views show one."""
    store = Warehouse()
    with patch.object(Restating, "key_columns", lambda _report: frozenset()):
        old = room.run()
    store.load(old)
    got = room.run(old.last_state, now="2026-03-21T12:00:00+00:00")
    store.load(got)
    read = {r["day"] for r in got.records["by_day"]}
    assert len(store.rows) > len({(r["day"], r["thing"]) for r in store.rows.values()})
    live = [(r["day"], r["thing"]) for r in store.live(Grain.DAY)]
    assert len(live) == len(set(live))
    assert {day for day, _ in live} >= read


@pytest.mark.parametrize("form", ["objects", "lists", "objects of other fields"])
def test_rows_say_their_bucket_in_whatever_form_they_come(form: str) -> None:
    """A field that nobody asked for tells it: halves of two weeks are noticed in a long answer, too."""
    weeks = ("2026-03-02", "2026-03-09")
    objects = [{"site": "a", "clicks": 1, "week": week} for week in weeks]
    if form == "objects of other fields":
        objects[0] |= {"more": 1}
    table = Table(iter(objects))
    if form == "lists":
        table = Table(iter(["a", 1, {"week": week}] for week in weeks), ("site", "clicks", OTHERS))
    made = RowShaper(
        job=WindowJob(
            report=Report(name="r", dimensions=("site",), metrics=("clicks",), grain=Grain.WEEK),
            partitions=PARTITIONS[:1],
            window=Interval(datetime(2026, 3, 2), datetime(2026, 3, 9)),
            zone=Zone("UTC"),
            stats=RequestStats(),
        ),
        schema=SCHEMA,
        context=RowContext(told="week", ignored=frozenset({"week"})),
        now=datetime(2026, 3, 20),
        settle_days=3,
        keyed=frozenset(),
        synced_at="2026-03-20T00:00:00Z",
    )
    assert sum(block.count for block in made.blocks(table)) == 2
    assert made.told == {*weeks}
