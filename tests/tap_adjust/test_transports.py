"""The sums that prove an answer whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_rounded_rows_are_whole():
    """Rows rounded to cents may miss an exact total by half a cent each, and no more."""
    rows = [{"cost": "0.33"}] * 3
    assert summed(rows, "cost").short({"cost": Decimal("1.00")}) is None
    assert summed(rows, "cost").short({"cost": Decimal("1.02")}) is not None


@pytest.mark.parametrize(
    "name", ["daus", "ctr", "retained_users_d7", "cohort_revenue", "assisted_installs"]
)
def test_what_does_not_add_up_is_not_summed(name):
    """Averages, ratios, cohorts and assists prove nothing."""
    assert Sums([name]).names == []


def test_what_is_no_number_is_left_to_its_row():
    """The fault is named with its column where the row is made, not here."""
    assert summed([{"installs": "n/a"}, {"installs": "3"}, {}], "installs").totals["installs"] == 3
