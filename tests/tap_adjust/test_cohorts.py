"""Cohorts, events and spend: rows from columns, and figures that move until they are final."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adtap_core.errors import SettingsError
from tap_adjust.streams import COHORT_PERIODS, AdjustReport
from tap_adjust.unpivot import asks

from .conftest import keys_are_unique, total


def test_cohorts_have_a_row_for_each_period(room):
    """One row for a day, campaign and period; sums per period are the world's own."""
    rows = room.run("cohorts_daily", start_date="2026-01-10", end_date="2026-01-13").records[
        "cohorts_daily"
    ]
    assert keys_are_unique(rows)
    assert {f"{r['period_type'][0]}{r['period']}" for r in rows} == set(COHORT_PERIODS)
    for period in COHORT_PERIODS:
        mine = [r for r in rows if f"d{r['period']}" == period]
        # The truth's names are those of a stem's atoms: one period at a time.
        found = room.truth([f"revenue_total_{period}"], "2026-01-10", "2026-01-12")["totals"]
        assert total(mine, "revenue_total") == Decimal(sum(found.values())) / 1_000_000
        found = room.truth([f"sessions_{period}"], "2026-01-10", "2026-01-12")["totals"]
        assert total(mine, "sessions") == sum(found.values())


def test_a_d30_figure_is_followed_until_it_is_final(room):
    """It grows for thirty days; the warehouse follows; it is `settled` when it can't move any more."""
    report = {"name": "mine", "dimensions": ["app_token"], "metrics": ["revenue_total_d30"]}
    state, warehouse, seen = None, {}, {}
    for age in (1, 5, 12, 20, 29, 30, 31, 32, 33, 34, 35):
        room.now(f"{date(2026, 2, 1) + timedelta(days=age)}T12:00:00+00:00")
        run = room.run("mine", reports=[report], start_date="2026-02-01", state=state)
        state = run.last_state
        warehouse |= run.final("mine")
        day = [r for r in warehouse.values() if r["day"] == "2026-02-01"]
        truth = room.truth(["revenue_total_d30"], "2026-02-01", "2026-02-01")["totals"]
        assert total(day, "revenue_total_d30") == Decimal(sum(truth.values())) / 1_000_000, age
        seen[age] = (total(day, "revenue_total_d30"), {r["_data_state"] for r in day})
    values = [value for value, _ in seen.values()]
    assert values[:6] == sorted(set(values[:6])), "it grows with every look"
    final = [age for age, (_, states) in seen.items() if states == {"settled"}]
    # The last user of the day has lived day 30 when 31 days are over; two more for late events.
    assert final == [34, 35]
    assert len({seen[age][0] for age in (32, 33, 34, 35)}) == 1
    assert seen[33][1] == {"provisional"}


def test_a_campaigns_figures_are_not_final_before_its_activity_stays(room):
    """In a report of one's own, too: settled after 30 days, as in `campaign_daily`, not after spend's 14."""
    report = {"name": "mine", "dimensions": ["campaign_network"], "metrics": ["installs"]}
    kpis = {
        "name": "kpis",
        "endpoint": "deliverables",
        "kpis": ["installs"],
        "grouping": ["campaigns"],
    }
    states = {}
    for stream, more in (
        ("mine", {"reports": [report]}),
        ("kpis", {"kpi_reports": [kpis]}),
        ("kpi_deliverables", {}),
        ("campaign_daily", {}),
    ):
        run = room.run(stream, start_date="2026-02-10", end_date="2026-02-21", **more)
        for row in run.records[stream]:
            states.setdefault(stream, {}).setdefault(row["_data_state"], set()).add(row["day"])
    assert {max(found["settled"]) for found in states.values()} == {"2026-02-15"}
    assert {min(found["provisional"]) for found in states.values()} == {"2026-02-16"}


@pytest.mark.parametrize(
    ("metrics", "days"),
    [
        (["installs"], 14),
        (["revenue_total_d7", "installs"], 14),
        (["roas_d30"], 33),
        (["retention_rate_d120"], 123),
        (["all_revenue_total_w4"], 37),
        (["purchase_m1_events_cohort"], 62),
        (["skad_installs"], 45),
    ],
    ids=str,
)
def test_a_report_looks_back_as_far_as_its_metrics_move(room, metrics, days):
    """The lookback of a user's report follows from its longest cohort."""
    report = {"name": "mine", "dimensions": ["app_token"], "metrics": metrics}
    first = room.run("mine", reports=[report], start_date="2025-10-01")
    room.sandbox.clear_log()
    room.now("2026-03-19T12:00:00+00:00")
    again = room.run("mine", reports=[report], start_date="2025-10-01", state=first.last_state)
    starts = [w["window_start"] for w in again.windows("mine")]
    assert min(starts)[:10] == (date(2026, 3, 18) - timedelta(days=days)).isoformat()


def test_spend_is_followed_for_its_fourteen_days(room):
    """Network spend that the service pulls again later reaches the warehouse."""
    state, warehouse, values = None, {}, []
    for day in range(2, 19):
        room.now(f"2026-03-{day:02d}T12:00:00+00:00")
        run = room.run("ad_spend_daily", start_date="2026-03-01", state=state)
        state = run.last_state
        warehouse |= run.final("ad_spend_daily")
        mine = [r for r in warehouse.values() if r["day"] == "2026-03-01"]
        # Rows that the service took back are told by the ledger: an older read of the same day.
        latest = max(r["_synced_at"] for r in mine) if mine else ""
        mine = [r for r in mine if r["_synced_at"] == latest]
        truth = room.truth(["network_cost"], "2026-03-01", "2026-03-01")["totals"]
        assert total(mine, "network_cost") == Decimal(truth["network_cost"]) / 1_000_000
        values.append((total(mine, "network_cost"), {r["_data_state"] for r in mine}))
    assert values[0][0] < values[-1][0]
    assert values[12][1] == {"provisional"}
    assert values[-1][1] == {"settled"}


def test_events_have_a_row_for_each_slug(room):
    """Slugs with spaces and other scripts too; sums by event are the world's own."""
    rows = room.run("events_daily").records["events_daily"]
    slugs = {r["event_slug"] for r in rows}
    listed = {r["id"] for r in room.run("events").records["events"]}
    assert slugs <= listed
    assert "first order" in slugs
    assert any(not s.isascii() for s in slugs)
    assert keys_are_unique(rows)
    for slug in slugs:
        mine = [r for r in rows if r["event_slug"] == slug]
        truth = room.truth([f"{slug}_events", f"{slug}_revenue"], "2026-03-14", "2026-03-17")
        events, revenue = sorted(truth["totals"], key=lambda name: "revenue" in name)
        assert total(mine, "events") == truth["totals"][events]
        assert total(mine, "revenue") == Decimal(truth["totals"][revenue]) / 1_000_000


@pytest.mark.parametrize(
    "zero", [0, 0.0, "0", "0.000", "-0.0", "0E-9", "", None, Decimal("0.00")], ids=repr
)
def test_a_row_without_a_figure_is_not_made_however_a_zero_is_spelt(zero):
    """Else rows would depend on which apps share a request."""
    report = AdjustReport(name="mine", dimensions=("app_token", "event_slug"), metrics=("events", "revenue"),
                          per_event=True)  # fmt: skip
    (ask,) = asks(report, lambda: ["a", "b"])
    sent = {
        "app_token": "x",
        "a_events": zero,
        "a_revenue": zero,
        "b_events": zero,
        "b_revenue": "1E-9",
    }
    assert [row["event_slug"] for row in ask.expand(iter([sent]))] == ["b"]


def test_a_report_of_the_users_own_can_have_periods(room):
    """`cohort_periods` makes rows of columns for any stems."""
    run = room.run(
        "mine",
        start_date="2026-01-10",
        end_date="2026-01-12",
        reports=[
            {
                "name": "mine",
                "dimensions": ["channel"],
                "metrics": ["retained_users", "lifetime_value"],
                "cohort_periods": ["d1", "w0", "m1"],
            }
        ],
    )
    rows = run.records["mine"]
    assert {(r["period_type"], r["period"]) for r in rows} == {
        ("day", 1),
        ("week", 0),
        ("month", 1),
    }
    assert run.schemas["mine"]["schema"]["properties"]["period"]["type"] == ["integer", "null"]


def test_a_report_of_the_users_own_can_have_events_as_rows(room):
    """`per_event` makes a row for each event; cohort suffixes too."""
    run = room.report(
        "mine",
        ["country_code"],
        ["events", "d7_revenue_cohort"],
        per_event=True,
        filters={"country_code__in": ["DE", "US"]},
    )
    rows = run.records["mine"]
    assert {r["country_code"] for r in rows} == {"DE", "US"}
    assert "first order" in {r["event_slug"] for r in rows}
    money = run.schemas["mine"]["schema"]["properties"]["d7_revenue_cohort"]
    assert money["x-unit"] == "currency"
    assert "any event" not in money["description"]


def test_a_column_is_called_the_same_whatever_is_asked_for_beside_it(room):
    """An event's name with a hyphen has a column of its own; the one with a space keeps its column."""
    room.switch(renamed_events={"add_to_cart": "first-order"})
    alone = room.report("mine", ["app_token"], ["first order_events"]).records["mine"]
    metrics = ["first-order_events", "first order_events", "first order_d0_events_cohort"]
    rows = room.report("mine", ["app_token"], metrics).records["mine"]
    assert total(rows, "first_order_events") == total(alone, "first_order_events") > 0
    (own,) = [c for c in rows[0] if c.startswith("first_order_events_")]
    assert total(rows, own) != total(rows, "first_order_events")
    assert "first_order_d0_events_cohort" in rows[0]


def test_two_events_that_would_share_a_column_are_not_asked_for_together(room):
    """Neither may take the other's column: both are named, before any request of data."""
    room.switch(renamed_events={"add_to_cart": "first_order"})
    with pytest.raises(
        SettingsError, match="'first order_events' and 'first_order_events' would both"
    ):
        room.report("mine", ["app_token"], ["first order_events", "first_order_events"])
    assert not room.asked("/report")
