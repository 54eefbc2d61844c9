"""The sums that prove an answer whole."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adtap_core.bodies.spool import Spool
from adtap_core.errors import MalformedResponse
from adtap_core.http.response import Response
from tap_adjust import transports
from tap_adjust.transports import Sums

CENTS = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 100)
SPELLINGS = {
    "text": str,
    "number": lambda v: v,
    "float": float,
}


def summed(rows, *names):
    sums = Sums(names)
    sums.add(rows, {name: name for name in sums.names})
    return sums


@given(values=st.lists(CENTS | st.none(), max_size=30), spelling=st.sampled_from(sorted(SPELLINGS)))
def test_a_sum_is_the_same_however_the_values_are_spelt(values, spelling):
    """Text, JSON numbers, the doubles of a Parquet file: no digit is cut, null counts nothing."""
    write = SPELLINGS[spelling]
    rows = [{"network_cost": None if v is None else write(v)} for v in values]
    expected = sum((v for v in values if v is not None), Decimal(0))
    assert summed(rows, "network_cost").totals["network_cost"] == expected


@given(values=st.lists(st.integers(1, 10**6), min_size=1, max_size=30), data=st.data())
def test_any_missing_row_is_noticed(values, data):
    """A row that counts anything is missed, whichever it is."""
    totals = {"installs": float(sum(values))}
    rows = [{"installs": str(v)} for v in values]
    assert summed(rows, "installs").short(totals) is None
    del rows[data.draw(st.integers(0, len(rows) - 1))]
    assert "rows are missing" in str(summed(rows, "installs").short(totals))


@pytest.mark.parametrize("count", [2**53 + 3, 18014398509490954, 18014398509493474, 10**18 + 1])
def test_counts_beyond_a_floats_digits_tie_out(count):
    """A total that is a float holds no odd number from 2**53 on: the rows are whole, and not too many."""
    rows = [{"installs": str(count - 3)}, {"installs": "3"}]
    sums, total = summed(rows, "installs"), {"installs": Decimal(repr(float(count)))}
    assert sums.totals["installs"] != total["installs"]
    assert (sums.short(total), sums.over(total)) == (None, None)


def test_rounded_rows_are_whole():
    """Rows rounded to cents may miss an exact total by half a cent each, and no more."""
    rows = [{"cost": "0.33"}] * 3
    assert summed(rows, "cost").short({"cost": Decimal("1.00")}) is None
    assert summed(rows, "cost").short({"cost": Decimal("1.03")}) is not None
    # And totals may be rounded to fewer digits than rows.
    rows = [{"cost": "1.10449"}] * 3
    assert summed(rows, "cost").short({"cost": Decimal("3.31")}) is None
    assert summed(rows[:2], "cost").short({"cost": Decimal("3.31")}) is not None


@pytest.mark.parametrize(
    "name", ["daus", "ctr", "retained_users_d7", "cohort_revenue", "assisted_installs"]
)
def test_what_does_not_add_up_is_not_summed(name):
    """Averages, ratios, cohorts and assists prove nothing."""
    assert Sums([name]).names == []


def test_what_is_no_number_is_left_to_its_row():
    """The fault is named with its column where the row is made, not here."""
    assert summed([{"installs": "n/a"}, {"installs": "3"}, {}], "installs").totals["installs"] == 3


TEXTS = st.lists(st.none() | st.sampled_from(["", "a", "b\n", "ü"]), min_size=1, max_size=12)


def test_texts_that_a_parquet_file_calls_bytes_are_texts() -> None:
    """Older writers do not say that bytes are UTF-8: the rows are the same."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sink = pa.BufferOutputStream()
    country = pa.array([b"Espa\xc3\xb1a", None], pa.binary())
    parquet.write_table(pa.table({"day": ["2026-03-01"] * 2, "country": country}), sink)
    reply = Response(200, {}, Spool.of(sink.getvalue().to_pybytes()), "", datetime.now(UTC))
    answer = transports.read(reply, "parquet", ["day", "country"], [])
    assert list(answer.open().rows) == [("2026-03-01", "España"), ("2026-03-01", None)]


@given(cents=st.lists(st.none() | st.integers(-(10**6), 10**6), min_size=1, max_size=12))
@example([11842, 1, 10, None])
def test_an_amount_in_a_float_of_four_bytes_has_its_own_digits(cents: list[int | None]) -> None:
    """118.42 is no 118.41999816894531, in the row and in the sum."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    amounts = [None if c is None else c / 100 for c in cents]
    table = {"day": ["2026-03-01"] * len(cents), "cost": pa.array(amounts, pa.float32())}
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(table), sink)
    reply = Response(200, {}, Spool.of(sink.getvalue().to_pybytes()), "", datetime.now(UTC))
    answer = transports.read(reply, "parquet", ["day"], ["cost"])
    exact = [None if c is None else Decimal(c) / 100 for c in cents]
    found = [None if cost is None else Decimal(str(cost)) for _, cost in answer.open().rows]
    assert found == exact
    assert answer.sums.totals["cost"] == sum((e for e in exact if e is not None), Decimal(0))


def test_a_column_with_fewer_values_than_rows_is_an_error() -> None:
    """Else the other columns' values would stand in the place of the missing ones."""
    with pytest.raises(MalformedResponse, match="column cost holds 1 values for 2 rows"):
        transports._check_length("cost", 1, 2)


@given(
    texts=TEXTS, coded=st.booleans(), batch=st.integers(1, 5), group=st.sampled_from([1, 3, 100])
)
def test_a_parquet_file_is_read_as_it_was_written(
    texts: list[str | None], coded: bool, batch: int, group: int
) -> None:
    """Null and the empty text apart, numbers as numbers, all else as text; the sums with it."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    column = pa.array(texts, pa.string())
    table = {
        "day": pa.array([date(2026, 3, 1)] * len(texts)),
        "country": column.dictionary_encode() if coded else column,
        "installs": pa.array([None if t is None else len(t) for t in texts], pa.int64()),
        "cost": pa.array([0.1] * len(texts), pa.float64()),
    }
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(table), sink, row_group_size=group)
    body = Spool.of(sink.getvalue().to_pybytes())
    reply = Response(200, {}, body, "", datetime.now(UTC))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transports, "_BATCH", batch)
        answer = transports.read(reply, "parquet", ["day", "country"], ["installs", "cost"])
        rows = list(answer.open().rows)
    assert rows == [("2026-03-01", t, None if t is None else len(t), 0.1) for t in texts]
    assert answer.sums.rows == len(texts)
    assert answer.sums.totals == {
        "installs": sum(len(t) for t in texts if t is not None),
        "cost": Decimal("0.1") * len(texts),
    }


def test_a_file_that_lacks_a_column_is_broken() -> None:
    """A dimension that is not there would add rows up."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"day": ["2026-03-01"]}), sink)
    reply = Response(200, {}, Spool.of(sink.getvalue().to_pybytes()), "", datetime.now(UTC))
    with pytest.raises(MalformedResponse, match="no country"):
        transports.read(reply, "parquet", ["day", "country"], [])


@given(rows=st.lists(st.tuples(st.integers(0, 9).map(str), st.none() | CENTS), max_size=20))
def test_value_lists_sum_as_objects_do(rows: list[tuple[str, Decimal | None]]) -> None:
    """A CSV's lists and a JSON answer's objects prove the same."""
    names = ("installs", "cost")
    lists = Sums(names)
    lists.add(rows, {"cost": 1, "installs": 0})
    assert lists == summed([dict(zip(names, row, strict=True)) for row in rows], *names)
