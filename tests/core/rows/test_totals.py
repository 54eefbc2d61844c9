"""Sums of rows are exact, and a digest of what a bucket holds does not depend on how its rows came."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.errors import MalformedResponse
from adtap_core.rows.columns import Block
from adtap_core.rows.totals import RowTotals, add_up, as_decimal, spell

COLUMNS = ("_row_key", "day", "campaign", "clicks", "spend", "_account", "_synced_at")
NUMBERS = st.decimals(
    min_value=-(10**20), max_value=10**20, places=18, allow_nan=False, allow_infinity=False
).map(lambda d: format(d, "f"))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["2026-03-01", "2026-03-02"]),
        st.sampled_from(["a", "", None]),
        st.integers(-(10**18), 10**18) | st.none(),
        NUMBERS | st.none(),
        st.sampled_from(["x", "y"]),
    ),
    max_size=30,
)


def block(rows: list[tuple[Any, ...]]) -> Block:
    """Rows as they leave, with keys and a time of reading that say nothing of their content."""
    marks = [(f"key {n}", *row, f"2026-03-03T00:00:{n:02}Z") for n, row in enumerate(rows)]
    columns = zip(*marks, strict=True) if marks else [()] * len(COLUMNS)
    return Block(dict(zip(COLUMNS, columns, strict=True)), len(marks))


def totals(*blocks: Block) -> RowTotals:
    made = RowTotals(("clicks", "spend"), ("_account", "day"), digests=True)
    for one in blocks:
        made.add(one)
    return made


@given(values=st.lists(NUMBERS | st.integers(-(10**30), 10**30) | st.none(), min_size=1))
def test_sums_are_exact(values):
    """No digit of a sum is lost, however long its numbers; nulls add nothing, and of nulls alone the sum is null."""
    there = [Fraction(v) for v in values if v is not None]
    found = add_up(values)
    assert (found is None) == (not there)
    if found is not None:
        assert Fraction(found) == sum(there)


def test_what_is_written_alike_is_added_up_alike():
    """The quick ways give what the slow one gives; a float counts as the number that it is written as."""
    assert add_up(["1.10", "2.20"]) == Decimal("3.30")
    assert add_up(["1", "2.5"]) == Decimal("3.5")
    assert add_up([0.1, 0.2]) == Decimal("0.3")
    assert add_up([Decimal("1e-5"), 1]) == Decimal("1.00001")
    assert add_up(["9" * 38, "0." + "0" * 17 + "1"]) == Decimal("9" * 38 + "." + "0" * 17 + "1")


@pytest.mark.parametrize("number", ["0." + "0" * 320 + "1", "9" * 308, "9" * 309, "9" * 308 + ".5"])
def test_numbers_longer_than_a_floats_are_added_up(number):
    """No power of ten and no sum of floats reaches that far."""
    assert Fraction(add_up([number] * 20)) == 20 * Fraction(number)
    assert add_up([number, f"-{number}"]) == 0
    assert as_decimal("NaN") is None
    with pytest.raises(MalformedResponse, match="more digits"):
        add_up(["1e5000", "1"])


@pytest.mark.parametrize(
    ("number", "text"), [("1.500", "1.5"), ("100", "100"), ("0E-8", "0"), ("-0.0", "0"), ("1E+3", "1000")]
)  # fmt: skip
def test_numbers_are_spelt_without_idle_zeros(number, text):
    """The same number is the same text, whatever digits a platform pads it with."""
    assert spell(Decimal(number)) == text


@given(rows=ROWS, seed=st.integers(0, 1000), cut=st.integers(0, 30))
def test_neither_order_nor_pieces_change_what_a_bucket_holds(rows, seed, cut):
    """Sums and digests by account and bucket are those of all rows at once, however they are cut and ordered."""
    whole = totals(block(rows)).found
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    pieces = totals(block(shuffled[:cut]), block(shuffled[cut:])).found
    assert {k: (s.totals, s.rows, s.digest) for k, s in pieces.items()} == {
        k: (s.totals, s.rows, s.digest) for k, s in whole.items()
    }
    for (account, day), sums in whole.items():
        mine = [r for r in rows if r[4] == account and r[0] == day]
        assert sums.rows == len(mine)
        assert sums.totals["clicks"] == add_up([r[2] for r in mine])


@given(rows=ROWS.filter(bool), place=st.integers(0, 100))
def test_a_digest_tells_every_change(rows, place):
    """A row more, a row less, a row twice, null for "", a cent: each is another digest."""
    at = place % len(rows)
    day, campaign, clicks, spend, account = rows[at]
    others = [
        [*rows, rows[at]],
        rows[:at] + rows[at + 1 :],
        [*rows[:at], (day, "other", clicks, spend, account), *rows[at + 1 :]],
        [*rows[:at], (day, campaign, (clicks or 0) + 1, spend, account), *rows[at + 1 :]],
    ]
    if campaign is None:
        others.append([*rows[:at], (day, "", clicks, spend, account), *rows[at + 1 :]])
    one = totals(block(rows)).found[account, day].digest
    for other in others:
        there = totals(block(other)).found.get((account, day))
        assert there is None or there.digest != one


def test_sums_are_rolled_up():
    """By fewer columns, the sums are those of their parts."""
    made = totals(
        block([("2026-03-01", "a", 1, "0.1", "x"), ("2026-03-02", "a", None, "0.2", "x")])
    )
    (sums,) = made.rolled_up(("_account",)).values()
    assert (sums.totals, sums.rows) == ({"clicks": 1, "spend": Decimal("0.3")}, 2)
