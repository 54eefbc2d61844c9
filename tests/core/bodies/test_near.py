"""Sums that are near enough to see that no row is missing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies.near import NearSums, near_sums, near_sums_of_table
from adtap_core.bodies.parsing import JsonRows, separated
from adtap_core.bodies.spool import Spool
from adtap_core.errors import MalformedResponse

CENTS = st.integers(0, 10**9).map(lambda n: Decimal(n) / 100)
ROWS = st.lists(st.tuples(st.integers(0, 10**6), CENTS), min_size=1, max_size=30)


def near(rows: list[dict[str, Any]]) -> NearSums | None:
    text = json.dumps({"rows": rows, "more": "x"}, default=str)
    found = JsonRows(Spool.of(text.encode()), ("rows",))
    sums = near_sums(found, ["clicks"], ["spend"])
    assert sums is None or found.envelope == {"rows": [], "more": "x"}
    return sums


def reach(sums: NearSums | None, clicks: object, spend: object) -> bool:
    assert sums is not None
    return all(
        sums.reaches(name, Decimal(str(total)), room=Decimal("0.5"), part=1e-9)
        for name, total in (("clicks", clicks), ("spend", spend))
    )


@given(rows=ROWS, as_text=st.booleans(), data=st.data())
def test_whole_sums_reach_their_totals_and_others_do_not(
    rows: list[tuple[int, Decimal]], as_text: bool, data: st.DataObject
) -> None:
    """Whether numbers stand in quotation marks or not; one click less is noticed, and one cent in a million."""
    clicks, spend = sum(c for c, _ in rows), sum((s for _, s in rows), Decimal(0))
    write = str if as_text else float
    objects = [
        {"clicks": write(c) if as_text else c, "spend": write(s), "x": None} for c, s in rows
    ]
    sums = near(objects)
    assert sums is not None
    assert sums.rows == len(rows)
    assert reach(sums, clicks, spend)
    assert not reach(sums, clicks + 1, spend)
    assert not reach(sums, clicks, spend + spend * Decimal("1e-8") + Decimal("1e-8"))


def test_one_unit_less_is_noticed_among_amounts_that_are_all_whole_numbers() -> None:
    """Of currencies without cents a thousand millionth is more than a row."""
    rows = [{"clicks": 1, "spend": 10**12}, {"clicks": 1, "spend": 3}]
    assert not reach(near(rows), 2, 10**12 + 3 + 1)
    assert not reach(table(f"clicks,spend\n1,{10**12}\n1,3\n"), 2, 10**12 + 3 + 400)
    assert reach(near([{"clicks": 1, "spend": 10**6}]), 1, 10**6)


def test_a_name_that_stands_twice_in_a_list_is_an_error() -> None:
    """Before a row is handed over, as where sums are exact."""
    rows = ",".join(['[1,{"a":1,"a":2}]', *["[1,null]"] * 99])
    text = f'{{"rows":[{rows}]}}'
    with pytest.raises(MalformedResponse):
        near_sums(JsonRows(Spool.of(text.encode()), ("rows",)), ["clicks"], [], ["clicks", "x"])


def test_null_counts_nothing() -> None:
    """As in exact sums."""
    assert reach(near([{"clicks": None, "spend": "1.5"}, {"clicks": 2, "spend": None}]), 2, "1.5")


@pytest.mark.parametrize(
    "row",
    [
        {"clicks": 1, "spend": "n/a"},
        {"clicks": 1.5, "spend": 1},
        {"clicks": 1},
        "no object",
    ],
)
def test_what_is_no_plain_number_is_left_to_exact_sums(row: Any) -> None:
    """A value that is none, a field that lacks, a row that is no object."""
    assert near([{"clicks": 1, "spend": 1}, row]) is None


@pytest.mark.parametrize("spelt", ["NaN", "Infinity", "1e400"])
def test_a_sum_without_end_reaches_nothing(spelt: str) -> None:
    """A float holds it all the same: nothing is sure then."""
    sums = near([{"clicks": 1, "spend": spelt}, {"clicks": 1, "spend": "1"}])
    assert sums is None or not reach(sums, 2, 1)
    whole = near([{"clicks": 1, "spend": "1"}])
    assert not reach(whole, 1, "1e400")


@given(rows=ROWS, data=st.data())
def test_a_tables_sums_reach_their_totals_and_others_do_not(
    rows: list[tuple[int, Decimal]], data: st.DataObject
) -> None:
    """Empty values count nothing, and a row that is missing is noticed."""
    gaps = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    lines = [f"x,{c},{'' if gap else s}" for (c, s), gap in zip(rows, gaps, strict=True)]
    clicks = sum(c for c, _ in rows)
    spend = sum((s for (_, s), gap in zip(rows, gaps, strict=True) if not gap), Decimal(0))
    sums = table("\n".join(["site,clicks,spend", *lines]))
    assert sums is not None
    assert sums.rows == len(rows)
    assert reach(sums, clicks, spend)
    assert not reach(sums, clicks + 1, spend)
    assert not reach(sums, clicks, spend + spend * Decimal("1e-8") + Decimal(1))


@pytest.mark.parametrize(
    "row", ["x,1,n/a", 'x,1,"1,5"', "x,1.5,1", "x,1,null", "x,007,1", "x,1,[1]"]
)
def test_a_table_that_is_not_plain_is_left_to_exact_sums(row: str) -> None:
    """A value that is no number, or two, or none that JSON knows."""
    assert table(f"site,clicks,spend\nx,1,1\n{row}\n") is None


def table(text: str) -> NearSums | None:
    return near_sums_of_table(separated(Spool.of(text.encode())), ["clicks"], ["spend"])
