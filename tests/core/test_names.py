"""A column's name is its field's own, whatever stands beside it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.declare import Report
from adtap_core.names import LONGEST_NAME, column_name, snake_case
from adtap_core.rows.schemas import report_schema
from adtap_core.windows import Grain
from tests.core.tiny import TinyPlatform

NAMES = st.text(st.sampled_from("aBé1 _-.%/"), min_size=1, max_size=9) | st.text(max_size=80)


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("installs", "installs"),
        ("publisherAccountID", "publisher_account_id"),
        ("PublisherRevenueInPCoin", "publisher_revenue_in_p_coin"),
        ("first order_events", "first_order_events"),
        ("video_25_percent", "video_25_percent"),
        ("1st_quartile", "_1st_quartile"),
    ],
)
def test_ordinary_names_are_snake_case(field: str, column: str) -> None:
    """Letters, digits, underscores and single spaces need nothing more."""
    assert column_name(field) == snake_case(field) == column


@pytest.mark.parametrize(
    "field", ["first-order_events", "first.order_events", "first  order_events", "größe_events"]
)
def test_other_names_end_in_a_digest_of_their_own(field: str) -> None:
    """They can't become the column of an ordinary name."""
    assert re.fullmatch(r"[a-z_]+_[0-9a-f]{8}", column_name(field))


@given(name=NAMES, others=st.lists(NAMES, max_size=4))
def test_a_name_does_not_depend_on_its_neighbours(name: str, others: list[str]) -> None:
    """Alone or among others: the same column, short enough for Postgres, without a sign it must quote."""
    column = Report(name="r", dimensions=tuple(others), metrics=(name,)).columns[name]
    assert column == column_name(name)
    assert re.fullmatch(r"[a-z0-9_]+", column)
    assert len(column) <= LONGEST_NAME


@given(name=NAMES)
def test_no_field_takes_a_column_of_ours(name: str) -> None:
    """Neither one that every report has, nor a time bucket, unless it is called exactly that."""
    own = report_schema(_report(), TinyPlatform, {})["properties"]
    column = column_name(name)
    assert column not in own or name.lower() in own
    assert not re.match(r"_[a-z]", column)
    assert column not in set(Grain) or name.lower() == column


def _report(**fields: Any) -> Report:
    return Report(name="mine", **{"dimensions": (), "metrics": ("clicks",), **fields})


def test_a_dimension_spelt_nearly_like_the_bucket_has_a_column_of_its_own() -> None:
    """`day_` does not take the place of `day`."""
    report = _report(dimensions=("day_", "_currency"))
    columns = report_schema(report, TinyPlatform, {})["properties"]
    assert {"day", "_currency", column_name("day_"), column_name("_currency")} <= columns.keys()
    assert columns["day"]["format"] == "date"
