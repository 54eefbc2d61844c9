"""Metric knowledge: names, grammar, formats, additivity."""

import pytest

from tap_adjust import checks, kpi_service
from tap_adjust.fields import (
    DIMENSIONS,
    Period,
    cohort_stems,
    event_readings,
    metric,
    plain_metrics,
    restated_days,
    wrong_period,
)
from tap_adjust.streams import REPORTS, KpiReport


@pytest.mark.parametrize(
    ("name", "kind", "form", "additivity"),
    [
        ("installs", "plain", "int", "additive"),
        ("daus", "plain", "dec", "distinct"),
        ("installs_per_mile", "plain", "dec", "ratio"),
        ("ecpi", "plain", "money", "ratio"),
        ("network_cost", "plain", "money", "additive"),
        ("network_installs_diff", "plain", "int", "ratio"),
        ("arpdau", "plain", "money+", "ratio"),
        ("ctr", "plain", "ratio", "ratio"),
        ("conversion_value_63", "plain", "int", "additive"),
        ("general revenue_revenue_max", "plain", "money", "additive"),
        ("ad_revenue_applovin_max_sdk", "plain", "money", "additive"),
        ("ad_revenue_applovin_max_sdk_d7", "cohort", "money", "additive"),
        ("retention_rate_d120", "cohort", "ratio", "ratio"),
        ("retained_users_w52", "cohort", "int", "distinct"),
        ("all_revenue_total_m36", "cohort", "money", "additive"),
        ("time_spent_d1", "cohort", "sec", "additive"),
        ("subscription_trial_started_to_renewal_rate_d7", "cohort", "ratio", "ratio"),
        ("first order_events", "event", "int", "additive"),
        ("first order_m0_conversions_cohort", "event", "int", "distinct"),
        ("first order_d7_revenue_cohort", "event", "money", "additive"),
        ("mavg_7_installs", "average", "dec", "ratio"),
        ("retention_rate_d121", "unknown", "dec", "ratio"),
        ("retention_rate_w53", "unknown", "dec", "ratio"),
        ("no such metric", "unknown", "dec", "ratio"),
    ],
)
def test_a_metric_is_known_by_name_or_grammar(name, kind, form, additivity):
    """Format and additivity follow from the published list, never from the look of a value."""
    found = metric(name)
    assert (found.kind, found.format, found.additivity) == (kind, form, additivity)


def test_the_list_is_whole():
    """Some 560 plain metrics, some 160 stems, each described and typed."""
    assert len(plain_metrics()) > 550
    assert len(cohort_stems()) > 160
    for name in [*plain_metrics(), *(f"{stem}_d7" for stem in cohort_stems())]:
        schema = metric(name).schema()
        assert schema["type"] in (["integer", "null"], ["number", "null"])
        assert schema["description"].endswith(".")
        assert schema["x-additivity"] in ("additive", "ratio", "distinct")
    assert all(text.endswith(".") for text in DIMENSIONS.values())


def test_money_is_marked_and_never_a_count():
    """Whatever is money has its unit; whatever has a slash in its formula is not summed."""
    assert metric("cost").schema()["x-unit"] == "currency"
    assert metric("cost").schema()["type"] == ["number", "null"]
    assert "x-unit" not in metric("clicks").schema()


def test_a_slug_may_hold_what_looks_like_a_suffix():
    """The longest suffix is tried first; the live list of events decides."""
    slugs = {r.slug for r in event_readings("level_up_d7_events_cohort")}
    assert slugs == {"level_up"}
    slugs = {r.slug for r in event_readings("a_revenue_events_min")}
    assert slugs == {"a_revenue"}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("roas_7d", "roas_d7"), ("revenue_D30", "revenue_d30"), ("roas_d7", None), ("installs", None)],
)
def test_a_period_the_wrong_way_round_is_corrected(wrong, right):
    """`7d` is `d7`."""
    assert wrong_period(wrong) == right


def test_a_report_of_ones_own_is_final_no_earlier_than_a_built_in_one():
    """Who rebuilds a built-in report gets at least its days; `ad_spend_daily` has one more of its own."""
    for report in REPORTS:
        own = kpi_service.finish(report) if isinstance(report, KpiReport) else checks.finish(report)
        spare = 1 if report.name == "ad_spend_daily" else 0
        assert own.settle_days + spare >= report.settle_days, report.name
        assert own.lookback_days + spare >= report.lookback_days, report.name


@pytest.mark.parametrize(
    ("metrics", "dimensions", "days"),
    [
        (["installs"], ["app_token", "country_code", "network", "channel"], 14),
        *[(["installs"], ["app_token", d], 30) for d in ("campaign", "adgroup", "creative")],
        *[(["cost"], [d], 30) for d in ("campaign_id_network", "source_network", "ad_account_id")],
        (["network_cost", "network_clicks"], ["campaign_id_network"], 14),
        (["network_cost", "network_cost_diff"], ["campaign_id_network"], 30),
        (["first order_events"], ["creative_id_network"], 30),
    ],
)
def test_activity_moves_between_campaigns_for_thirty_days(metrics, dimensions, days):
    """With `dynamic` attribution; what networks report themselves does not move."""
    assert restated_days(metrics, dimensions) == (days, days)


@pytest.mark.parametrize(
    "name",
    ["skad_installs", "purchase_events_est", "purchase_skan_event_ecr_max", "purchase_skan_ecpa", "purchase_skad_event_conversion_rate", "mavg_7_skad_installs"],
)  # fmt: skip
def test_what_postbacks_make_moves_for_forty_five_days(name):
    """Also an event's figures, and those that no total is made of."""
    assert restated_days([name]) == (45, 45)


@pytest.mark.parametrize("kpi", ["cohort_revenue", "uninstall_cohort", "return_on_investment"])
def test_a_kpi_to_date_is_as_final_as_the_same_metric(kpi):
    """The legacy service's figures to date move as long as today's service's do."""
    report = kpi_service.finish(
        KpiReport(
            name="mine",
            dimensions=("app_token",),
            metrics=("installs", kpi),
            endpoint="deliverables",
            grouping=("apps", "day"),
        )
    )
    assert (report.lookback_days, report.settle_days) == restated_days([kpi])
    assert report.settle_days > 1000


def test_cohorts_move_until_their_last_user_lived_the_period():
    """Day 30 is over 31 days after the install day's end; two days more for late events."""
    assert Period("d", 30).maturity_days == 33
    assert Period("w", 1).maturity_days == 16
    assert restated_days(["installs"]) == (14, 14)
    assert restated_days(["installs", "roas_d7"]) == (14, 14)
    assert restated_days(["retained_users_d120"]) == (123, 123)
    assert restated_days(["installs", "retained_users_d120"], ["campaign"]) == (123, 123)
    assert restated_days(["mavg_7_retention_rate_d30", "mavg_upper_7_95_roas_d7"]) == (33, 33)
    assert restated_days(["mavg_7_cohort_revenue"]) == restated_days(["cohort_revenue"])
    lookback, settle = restated_days(["cohort_revenue"])
    assert lookback < settle, "revenue to date is never called final while the grammar runs on"
