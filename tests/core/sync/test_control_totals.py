"""The platform's own totals: what is asked for them, and where rows do not add up to them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.clock import Clock
from adtap_core.declare import Report
from adtap_core.platform import Tolerance
from adtap_core.rows.totals import Sums
from adtap_core.sync.control_totals import Question, mismatches, question
from tests.core.tiny import TinyPlatform

REPORT = Report(name="mine", dimensions=("siteId",), metrics=("clicks", "spend"))
KEY = ('{"account":"x"}', "2026-03-08", "EUR", "UTC")
OTHER = ('{"account":"y"}', "2026-03-08", None, "UTC")
AMOUNTS = st.none() | st.decimals(-100, 100, places=2)


class Unique(TinyPlatform):
    """A platform one of whose metrics counts people: they add up over nothing."""

    def not_added(self, report: Report, metric: str) -> str:
        """Say why a metric is not compared."""
        return "it counts people once" if metric == "clicks" else ""

    def tolerance(self, report: Report, metric: str) -> Tolerance:
        """Say how far a total may lie from its rows."""
        return Tolerance(per_row=Decimal("0.005"))


def asked(platform: type[TinyPlatform] = TinyPlatform, report: Report = REPORT) -> Question:
    return question(report, platform({"token": "t", "accounts": []}, Clock()), {})


def sums(spend: Decimal | None, rows: int = 1) -> Sums:
    return Sums({"spend": spend}, rows=rows)


def test_what_does_not_add_up_is_not_asked_for():
    """By its column, with the reason; the others are compared."""
    found = asked(Unique)
    assert found.columns == ("spend",)
    assert found.left_out == {"clicks": "it counts people once"}
    assert found.report.metrics == ("spend",)
    assert found.tolerance("spend").per_row == Decimal("0.005")
    assert asked().columns == ("clicks", "spend")


def test_a_report_without_a_number_that_adds_up_has_no_question():
    """It says why."""
    only = Report(name="mine", dimensions=(), metrics=("clicks",))
    found = asked(Unique, only)
    assert found.columns == ()
    assert found.why_not == "it has no metric that can be added up (clicks: it counts people once)"


def test_totals_are_told_apart_as_rows_are():
    """By account, bucket, currency and time zone: two currencies are never added."""
    assert asked().keys == ("_account", "day", "_currency", "_time_zone")


@given(own=AMOUNTS, total=AMOUNTS)
def test_a_total_ties_out_if_it_is_the_sum_of_its_rows(own, total):
    """To the last digit; null and 0 say the same."""
    found = list(mismatches({KEY: sums(own)}, {KEY: sums(total)}, asked()))
    assert [m.column for m in found] == ([] if (own or 0) == (total or 0) else ["spend"])
    assert [m.difference for m in found] == [(own or 0) - (total or 0)] * len(found)


@given(cents=st.integers(0, 9), rows=st.integers(1, 9))
def test_a_platform_that_rounds_each_row_may_miss_by_half_a_cent_of_each(cents, rows):
    """Of the rows on both sides, and by no more."""
    own, total = sums(Decimal(cents) / 100, rows), sums(Decimal(0), 1)
    ties = not list(mismatches({KEY: own}, {KEY: total}, asked(Unique)))
    assert ties is (Decimal(cents) / 100 <= Decimal("0.005") * (rows + 1))


@pytest.mark.parametrize("side", ["rows", "platform"])
def test_what_only_one_side_has_is_a_mismatch(side):
    """Rows that the platform does not know, and totals of rows that are missing; in the keys' order, null first."""
    there, nothing = {KEY: sums(Decimal(1)), OTHER: sums(Decimal(2))}, {}
    both = (there, nothing) if side == "rows" else (nothing, there)
    found = list(mismatches(*both, asked()))
    assert [m.key for m in found] == [KEY, OTHER]
    assert [m.difference for m in found] == ([1, 2] if side == "rows" else [-1, -2])
