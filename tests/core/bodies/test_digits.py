"""Columns of numbers in plain digits: which are, and what they add up to."""

import re
from decimal import Context, Decimal
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from adtap_core.bodies.digits import WholeNumbers, plain_numbers

EXACT = Context(prec=2000)
PLAIN = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,18})?")
NUMBERS = st.decimals(-(10**12), 10**12, allow_nan=False, places=6).map(lambda d: format(d, "f"))
CENTS = st.integers(-(10**9), 10**9).map(lambda n: format(Decimal(n) / 100, "f"))
ODD = st.text("0123456789.-,e \n٣", max_size=24)


@given(values=st.lists(NUMBERS | CENTS | ODD, min_size=1, max_size=8))
@example(["1,5", "2"])
@example(["", "1"])
@example(["1.", "2"])
@example([".5", "-.5"])
@example(["1-", "-"])
@example(["1.2.3", "4"])
@example(["9" * 21])
@example(["0." + "0" * 19])
def test_a_column_is_plain_if_each_of_its_numbers_is(values: list[str]) -> None:
    """Seen in one text, as one by one."""
    found = plain_numbers(values, whole=20, places=18)
    assert (found is not None) == all(PLAIN.fullmatch(v) for v in values)
    if found is not None:
        assert found == values
        assert found.places == max(len(v.partition(".")[2]) for v in values)


@given(values=st.lists(NUMBERS | CENTS, min_size=1, max_size=60))
@example(["0.1"] * 1000)
@example(["9999999999.999999"] * 60)
@example(["5629499534.21312", "0.00001"])
@example(["99999999999999999999.999999999999999999", "-99999999999999999999.999999999999999998"])
def test_a_plain_sum_is_exact_or_none(values: list[str]) -> None:
    """Floats say which whole number of places it is, or nothing is said."""
    found = plain_numbers(values, whole=20, places=18)
    assert found is not None
    total = found.total(EXACT)
    assert total is None or Fraction(total) == sum(map(Fraction, values))


def test_usual_columns_are_added_up_at_once() -> None:
    """A thousand amounts of a thousand each, to a millionth; with refunds among them, too."""
    found = plain_numbers(["999.123456", "-3.5", "7"] * 333, whole=20, places=18)
    assert found is not None
    assert found.total(EXACT) == Decimal("1002.623456") * 333
    assert WholeNumbers([1, 2, -5]).total(EXACT) == -2
