"""What each bucket held at each reading: what moved, by how much, how late."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adtap_core.sync.restatements import Readings

BUCKET = datetime(2026, 3, 1)
AMOUNTS = st.none() | st.decimals(-1000, 1000, places=2)


def reading(
    age: int, state: str = "provisional", account: str = "{}", **totals: object
) -> dict[str, Any]:
    """Return a row of `sync_days`; `spend_EUR` stands for a metric and its currency."""
    return {
        "stream": "s",
        "account": account,
        "bucket": BUCKET,
        "synced_at": datetime(2026, 3, 2) + timedelta(days=age),
        "age_days": age,
        "data_state": state,
        "totals": json.dumps(
            {k.replace("_", " "): v if v is None else str(v) for k, v in totals.items()}
        ),
    }


def test_shares_are_of_what_moved_later() -> None:
    """Of 100, 110 and 108 at the ages 1, 2 and 8: 7.4 % moved after 1 day, 1.9 % after 3 and after 7."""
    rows = [reading(a, spend_EUR=s, clicks=1) for a, s in ((8, 108), (1, 100), (2, 110))]
    (found,) = Readings(rows).moved_after()
    assert (found.metric, found.currency, found.buckets) == ("spend", "EUR", 1)
    assert [found.shares[age] and f"{found.shares[age]:.4f}" for age in (1, 3, 7, 14)] == [
        "0.0741",
        "0.0185",
        "0.0185",
        None,
    ]


@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=6), turned=st.randoms())
def test_steps_lead_from_the_first_number_to_the_last(amounts, turned):
    """In whatever order a warehouse gives the readings; no step of nothing is one."""
    rows = [reading(age, spend_EUR=amount) for age, amount in enumerate(amounts)]
    turned.shuffle(rows)
    steps = list(Readings(rows).restatements())
    assert [s.after for s in steps] == [b for a, b in pairwise(amounts) if a != b]
    assert sum(s.moved for s in steps) == (amounts[-1] or 0) - (amounts[0] or 0)
    assert all(s.before != s.after for s in steps)


def test_a_metric_that_was_not_asked_for_has_not_moved():
    """It came with a later reading; a currency that has no row any more fell to nothing."""
    rows = [reading(1, spend_EUR=5, spend_USD=1), reading(2, spend_EUR=5, clicks=3)]
    (step,) = Readings(rows).restatements()
    assert (step.metric, step.currency, step.before, step.after) == ("spend", "USD", Decimal(1), 0)
    assert step.document()["moved"] == "-1"


def test_a_running_bucket_is_not_restated():
    """It was not over; what it held is no first finding either."""
    rows = [reading(0, "partial", clicks=1), reading(1, clicks=5), reading(2, "settled", clicks=5)]
    readings = Readings(rows)
    assert readings.restated() == set()
    assert readings.first_found("s", "clicks") == {("", BUCKET): 5}
    moved = Readings([*rows, reading(3, "settled", clicks=6)])
    assert moved.restated() == {("s", "{}", date(2026, 3, 1))}
    assert moved.first_found("s", "clicks") == {("", BUCKET): 5}


def test_what_was_found_first_is_added_over_accounts_by_currency():
    """Currencies are never added."""
    rows = [reading(1, account=a, spend_EUR=1, spend_USD=10) for a in ('{"a":1}', '{"a":2}')]
    assert Readings(rows).first_found("s", "spend") == {("EUR", BUCKET): 2, ("USD", BUCKET): 20}


def test_the_latest_reading_says_how_final_a_day_is():
    """Each account's own."""
    rows = [reading(2, "settled"), reading(1, "provisional"), reading(1, account='{"a":1}')]
    states = Readings(rows).states()
    day = date(2026, 3, 1)
    assert [s for _, s in states["s", "{}", day]] == ["settled"]
    assert [s for _, s in states["s", '{"a":1}', day]] == ["provisional"]


def test_a_reading_without_totals_is_none_of_numbers():
    """A bucket without a row, and one that a loader left null: nothing moved that nobody knows."""
    bare = reading(0) | {"totals": None, "age_days": None}
    (step,) = Readings([bare, reading(1, clicks=5), reading(2, clicks=6)]).restatements()
    assert (step.before, step.after, step.at.age_days) == (5, 6, 2)
    assert step.document()["currency"] is None
