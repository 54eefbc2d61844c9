"""What the author of a tap writes against: the values that go between a platform and the core."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.clock import Clock
from adtap_core.declare import Report
from adtap_core.http.client import RequestStats
from adtap_core.platform import TIES_EXACTLY, Partition, Tolerance, WindowJob
from adtap_core.windows import Interval, Zone
from tests.core.tiny import TinyPlatform

REPORT = Report(name="mine", dimensions=("site",), metrics=("clicks", "spend"))
WINDOW = Interval(datetime(2026, 3, 8), datetime(2026, 3, 12))
KEYS = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)


def job(*accounts: str) -> WindowJob:
    partitions = tuple(Partition({"account": a}) for a in accounts)
    return WindowJob(REPORT, partitions, WINDOW, Zone("UTC"), RequestStats())


@given(one=KEYS, other=KEYS)
def test_partitions_are_the_same_if_their_keys_are_in_whatever_order(one, other):
    """They are looked up in state, where keys come sorted."""
    turned = dict(reversed(one.items()))
    assert Partition(one) == Partition(turned)
    assert len({Partition(one), Partition(turned)}) == 1
    assert (Partition(one) == Partition(other)) == (one == other)


def test_a_partition_is_written_as_the_ledger_has_it():
    """Compact, sorted, letters as they are: part of every row's key, so never another text."""
    assert Partition({"b": "ü", "a": "1"}).text == '{"a":"1","b":"ü"}'
    assert Partition({}).text == "{}"


def test_one_account_of_several_must_still_be_told_by_its_rows():
    """A part of a bundle is asked as the bundle was: its answer may hold rows of the others."""
    both = job("x", "y")
    assert both.of_several
    assert replace(both, partitions=both.partitions[:1]).of_several
    assert not job("x").of_several


def test_a_job_is_named_in_the_users_words():
    """Report and hours, whatever the grain."""
    assert job("x").what == "mine 2026-03-08T00 to 2026-03-12T00"


@given(size=st.decimals(0, 10**9, places=3), rows=st.integers(0, 10**6))
def test_totals_tie_exactly_unless_the_platform_rounds(size, rows):
    """No tolerance is none, however much there is; one that is there grows with what was rounded."""
    assert TIES_EXACTLY.room(size=size, rows=rows) == 0
    rounded = Tolerance(per_row=Decimal("0.005"))
    assert rounded.room(size=size, rows=rows) == rows * Decimal("0.005")
    noisy = Tolerance(relative=Decimal(1) / 2**24)
    assert noisy.room(size=size, rows=rows) == size / 2**24


@pytest.mark.parametrize("name", ["offers", "has_column"])
def test_a_platform_that_says_nothing_offers_all(name):
    """Generations and columns are the exception."""
    assert getattr(TinyPlatform, name)(REPORT, {})


def test_defaults_lose_nothing():
    """One account, the login; whole buckets; nothing published, nothing left out, no total that may miss."""
    platform = TinyPlatform({"token": "t", "accounts": []}, Clock())
    assert list(platform.unseen_accounts()) == []
    assert platform.available_range(REPORT, Partition({})) is None
    assert (platform.closing_hours(REPORT), platform.zone_spread_hours(REPORT)) == (0.0, 0.0)
    assert platform.requested_grain(REPORT) is REPORT.grain
    assert platform.tolerance(REPORT, "spend") is TIES_EXACTLY
    assert platform.not_comparable(REPORT) == ""
    assert platform.setting_errors({}) == []
    assert platform.report_errors([REPORT]) == []
