"""Requests as a user reads them before they are made."""

import json
from decimal import Decimal

import pytest

from adtap_core.http.client import Call
from adtap_core.inspect.dry_run import body_of, request_document


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("0.1"), "0.1"),
        (Decimal("0.00001"), "1e-05"),
        (Decimal("12345678901234567.123456789"), '"12345678901234567.123456789"'),
        (7, "7"),
        ("7", '"7"'),
    ],
    ids=str,
)
def test_a_decimal_of_a_filter_is_a_number(value, shown):
    """As it is sent; only one with more digits than a float has is written as a text, so that none is lost."""
    call = Call(url="http://x/report", what="x", json={"where": [("cost", ">", value)]})
    assert json.dumps(body_of(call)) == f'{{"where": [["cost", ">", {shown}]]}}'
    assert request_document(call)["body"] == body_of(call)
