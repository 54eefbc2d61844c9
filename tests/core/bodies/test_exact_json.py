"""JSON with every digit."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies import exact_json

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=9)


@given(amount=AMOUNTS)
def test_an_amount_keeps_its_digits_there_and_back(amount):
    """As a number, and never through a float: 0.1 + 0.2 is 0.3, and a cent in a billion is a cent."""
    written = exact_json.encode({"spend": amount})
    found = exact_json.decode(written)["spend"]
    assert found == amount
    assert isinstance(found, Decimal)
    assert b'"' not in written.partition(b":")[2]


def test_digits_that_no_float_holds_are_read():
    """Nineteen of them, and whole numbers of any length."""
    text = b'{"spend": 1234567890.123456789, "clicks": 123456789012345678901234567890}'
    assert exact_json.decode(text) == {
        "spend": Decimal("1234567890.123456789"),
        "clicks": 123456789012345678901234567890,
    }
