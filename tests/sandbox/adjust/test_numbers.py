"""The numbers: they add up, they hold against the store, and they move as Adjust's do."""

from collections import Counter
from decimal import Decimal

import pytest

ATOMS = "installs,clicks,sessions,revenue,ad_revenue,network_cost,skad_installs"
FINE = "day,app_token,network,campaign_id_network,creative_id_network,country_code"


def summed(rows, metric):
    return sum((Decimal(row[metric]) for row in rows), Decimal(0))


@pytest.mark.parametrize("dimensions", ["app_token", "day,app_token", FINE, "hour,app_token"])
def test_rows_of_any_grain_add_up_to_the_store(adjust, dimensions):
    """No group loses or repeats a number."""
    truth = adjust.truth(ATOMS)["by_app"]
    rows = adjust.rows(dimensions, metrics=ATOMS)
    for token, atoms in truth.items():
        of_app = [row for row in rows if row["app_token"] == token]
        for name, value in atoms.items():
            scale = 1_000_000 if "revenue" in name or "cost" in name else 1
            assert summed(of_app, name) * scale == value, (token, name)


def test_the_same_question_has_the_same_answer(adjust, sandbox):
    """Numbers follow from seed and clock alone; another seed has others."""
    sandbox.clock("2026-03-18T12:00:00+00:00")
    first = adjust.rows(FINE, metrics=ATOMS, date_period="-3d:-0d")
    sandbox.reset()
    sandbox.clock("2026-03-18T12:00:00+00:00")
    assert adjust.rows(FINE, metrics=ATOMS, date_period="-3d:-0d") == first
    sandbox.reset(seed=2)
    assert adjust.total("installs") != sum(int(row["installs"]) for row in first)


def test_offsets_move_activity_between_days_but_lose_none(adjust):
    """A shifted day is other hours; network spend keeps the network's own day."""
    utc = adjust.rows("hour", metrics="installs", date_period="2026-01-09:2026-01-13")
    by_hour = {row["hour"]: int(row["installs"]) for row in utc}
    for offset, first in (("+02:00", "2026-01-09T22"), ("-08:00", "2026-01-10T08")):
        (day,) = adjust.rows(
            "day", utc_offset=offset, date_period="2026-01-10:2026-01-10", metrics="installs"
        )
        begin = sorted(by_hour).index(f"{first}:00:00")
        assert int(day["installs"]) == sum(by_hour[h] for h in sorted(by_hour)[begin:][:24])
    spend = adjust.rows("day", metrics="network_cost", include_attr_dependency="false")
    shifted = adjust.rows(
        "day", metrics="network_cost", include_attr_dependency="false", utc_offset="+05:30"
    )
    assert shifted == spend


def test_the_day_turns_with_the_offset(adjust, sandbox):
    """Today is today in the report's zone."""
    sandbox.clock("2026-03-18T23:30:00+00:00")
    assert adjust.rows("day", date_period="today")[0]["day"] == "2026-03-18"
    rows = adjust.rows("day", date_period="today", utc_offset="+01:00")
    assert [row["day"] for row in rows] == ["2026-03-19"]


def test_currency_converts_money_and_nothing_else(adjust):
    """Without it each app reports in its own currency."""
    own = adjust.report("app_token,currency_code", metrics="installs,network_cost")
    assert set(own["currencies"]) == {"EUR", "USD"}
    usd = adjust.report("app_token,currency_code", metrics="installs,network_cost", currency="USD")
    assert usd["currencies"] == ["USD"]
    for before, after in zip(own["rows"], usd["rows"], strict=True):
        assert after["installs"] == before["installs"]
        rate = 1.08 if before["currency_code"] == "EUR" else 1
        expected = pytest.approx(float(before["network_cost"]) * rate, rel=1e-6)
        assert float(after["network_cost"]) == expected


def test_the_spend_mode_decides_what_cost_is(adjust):
    """And every formula with cost in it; the parts stay what they are."""
    metrics = "cost,adjust_cost,network_cost,ecpi,paid_installs"
    rows = {
        mode: adjust.rows("app_token", metrics=metrics, ad_spend_mode=mode)[0]
        for mode in ("adjust", "network", "mixed")
    }
    assert rows["adjust"]["cost"] == rows["adjust"]["adjust_cost"]
    assert rows["network"]["cost"] == rows["network"]["network_cost"]
    assert rows["mixed"]["cost"] not in (rows["adjust"]["cost"], rows["network"]["cost"])
    assert len({row["ecpi"] for row in rows.values()}) == 3
    assert len({(row["adjust_cost"], row["network_cost"]) for row in rows.values()}) == 1


def test_attribution_filters_part_the_numbers(adjust):
    """Types add up to all; so do reattributed and not; the omitted filter changed its meaning."""
    asked = {"dimensions": "network", "network__not_in": "Organic"}
    by_type = [
        adjust.total("clicks", attribution_types=kind, **asked)
        for kind in ("click", "impression", "engaged_ad")
    ]
    whole = adjust.total("clicks", attribution_types="click,impression,engaged_ad", **asked)
    assert sum(by_type) == whole
    assert adjust.total("clicks", attribution_type="all", **asked) == whole
    assert adjust.total("clicks", **asked) == by_type[0] < whole
    again = [adjust.total("clicks", reattributed=value, **asked) for value in ("true", "false")]
    assert sum(again) == by_type[0]
    assert adjust.total("sessions", attribution_source="first", **asked) != adjust.total(
        "sessions", **asked
    )


def test_the_omitted_attribution_filter_means_all_since_july_2026(adjust, sandbox):
    """Before the change it meant click."""
    sandbox.clock("2026-07-13T09:00:00+00:00")
    assert adjust.total("clicks") == adjust.total("clicks", attribution_type="all")


def test_further_settings_change_numbers(adjust):
    """Sandbox data is another set; gross modes and ad revenue sources take a share."""
    assert 0 < adjust.total("installs", sandbox="true") < adjust.total("installs") / 10
    part = adjust.total("revenue", iap_revenue_mode="GROSS_85")
    assert part == pytest.approx(adjust.total("revenue") * 0.85, rel=1e-6)
    some = adjust.total("ad_revenue", ad_revenue_sources="AppLovin Max")
    assert 0 < some < adjust.total("ad_revenue")
    assert some == adjust.total("ad_revenue_applovin_max")


def test_network_spend_is_restated_for_fourteen_days(adjust, sandbox):
    """It comes at 05:00 of the next day, grows with the pulls, and then stands."""
    asked = {"dimensions": "day", "date_period": "2026-03-17:2026-03-17"}
    seen = []
    for moment in ("2026-03-18T04:00", "2026-03-18T06:00", "2026-03-25T06:00", "2026-03-30T06:00"):
        sandbox.clock(f"{moment}:00+00:00")
        seen.append(adjust.report(metrics="installs,network_cost", **asked)["totals"])
    spend = [totals["network_cost"] for totals in seen]
    assert spend[0] == 0 < spend[1] < spend[2] < spend[3]
    sandbox.clock("2026-04-01T06:00:00+00:00")
    settled = adjust.total("network_cost", **asked)
    sandbox.clock("2027-01-01T00:00:00+00:00")
    assert adjust.total("network_cost", **asked) == settled > spend[2]


def test_cohorts_grow_until_their_period_is_over(adjust, sandbox):
    """immature: the value so far; mature: zero, then the whole at once."""
    asked = {
        "dimensions": "day",
        "date_period": "2026-03-10:2026-03-10",
        "attribution_types": "click",
    }
    metrics = "revenue_total_d7,retained_users_d7,revenue_total_in_cohort_d7,cohort_size_d7"

    def at(day, **more):
        sandbox.clock(f"2026-{day}T12:00:00+00:00")
        return adjust.report(metrics=metrics, **asked, **more)["totals"]

    early, later, over, long_over = at("03-14"), at("03-17"), at("03-19"), at("08-01")
    assert 0 < early["revenue_total_d7"] < later["revenue_total_d7"] < over["revenue_total_d7"]
    assert over == long_over
    assert over["retained_users_d7"] < over["cohort_size_d7"]
    assert early["retained_users_d7"] == 0 < later["retained_users_d7"] < over["retained_users_d7"]
    assert later["revenue_total_in_cohort_d7"] == 0
    assert over["revenue_total_in_cohort_d7"] == over["revenue_total_d7"]
    sandbox.switch("adjust", empty_as_rows=True)
    assert set(at("03-17", cohort_maturity="mature").values()) == {0.0}
    assert at("03-19", cohort_maturity="mature") == over


def test_cumulative_is_the_sum_of_its_periods(adjust):
    """revenue_total_dN counts periods 0 to N."""
    metrics = ["revenue_total_d3", *(f"revenue_d{n}" for n in range(4))]
    for row in adjust.rows(FINE, metrics=",".join(metrics)):
        assert Decimal(row["revenue_total_d3"]) == sum(Decimal(row[name]) for name in metrics[1:])


def test_skan_comes_late(adjust, sandbox):
    """Nothing on the day, whole after three; later postbacks weeks after."""
    asked = {"dimensions": "day", "date_period": "2026-03-10:2026-03-10"}
    third = "skad_coarse_conversion_values_high_2"
    sandbox.switch("adjust", empty_as_rows=True)
    seen = {}
    for day in ("03-10", "03-11", "03-13", "04-10", "04-25"):
        sandbox.clock(f"2026-{day}T23:00:00+00:00")
        seen[day] = adjust.report(metrics=f"skad_installs,{third}", **asked)["totals"]
    installs = [totals["skad_installs"] for totals in seen.values()]
    assert installs[0] == 0 < installs[1] < installs[2] == installs[3] == installs[4]
    assert seen["04-10"][third] == 0 < seen["04-25"][third]


def test_today_has_shadow_rows_that_are_gone_tomorrow(adjust, sandbox):
    """They share every visible name and differ only in the ids of attr_dependency."""
    names = ("day", "app_token", "network", "campaign", "country_code")

    def doubled(period):
        rows = adjust.rows(",".join(names), date_period=period)
        seen = Counter(tuple(row[name] for name in names) for row in rows)
        return [row for row in rows if seen[tuple(row[name] for name in names)] > 1]

    twice = doubled("today")
    assert any("campaign_id_network" not in row["attr_dependency"] for row in twice)
    sandbox.clock(advance_days=1)
    assert all("campaign_id_network" in row["attr_dependency"] for row in doubled("yesterday"))
    sandbox.switch("adjust", shadow_rows=False)
    assert all("campaign_id_network" in row["attr_dependency"] for row in doubled("today"))


def test_the_running_day_fills_up(adjust, sandbox):
    """At noon there is less of today than in the evening."""
    sandbox.switch("adjust", shadow_rows=False)
    noon = adjust.total("installs", dimensions="day", date_period="today")
    sandbox.clock("2026-03-18T22:00:00+00:00")
    assert noon < adjust.total("installs", dimensions="day", date_period="today")


def test_some_rows_are_taken_back(adjust, sandbox):
    """A re-attributed campaign's row of yesterday is not there two days later."""
    names = ("app_token", "network", "campaign_id_network", "country_code")
    period = {"date_period": "2026-03-10:2026-03-17"}

    def keys():
        rows = adjust.rows(f"day,{','.join(names)}", **period)
        return {(row["day"], *(row[name] for name in names)) for row in rows}

    gone = set()
    before = keys()
    for _ in range(3):
        sandbox.clock(advance_days=1)
        after = keys()
        gone |= before - after
        assert after <= before
        before = after
    assert gone


def test_organic_is_not_paid_for(adjust):
    """Partner -300, no clicks, no cost; its network names are null, unattributed ones empty."""
    rows = adjust.rows(
        "network,partner_id,partner,campaign_network,country_code",
        metrics="installs,organic_installs,clicks,cost,network_cost",
    )
    organic = [row for row in rows if row["network"] == "Organic"]
    assert {(row["partner_id"], row["partner"]) for row in organic} == {("-300", "Organic")}
    assert {row["campaign_network"] for row in organic} == {None}
    assert None in {row["country_code"] for row in organic}
    assert {row["clicks"] for row in organic} == {"0"}
    assert {(row["cost"], row["network_cost"]) for row in organic} == {("0.0", "0.0")}
    assert all(row["organic_installs"] == row["installs"] for row in organic)
    unattributed = [row for row in rows if row["network"] == "Unattributed"]
    assert {row["campaign_network"] for row in unattributed} == {""}


def test_one_name_may_be_two_campaigns(adjust):
    """Only the ids in attr_dependency tell such rows apart."""
    rows = adjust.rows("app_token,network,campaign_network")
    ids = {}
    for row in rows:
        key = row["app_token"], row["network"], row["campaign_network"]
        ids.setdefault(key, []).append(row["attr_dependency"].get("campaign_id_network"))
    twice = [found for found in ids.values() if len(found) > 1]
    assert twice
    assert all(len(set(found)) == len(found) for found in twice)


def test_some_hours_are_a_part_of_the_day(adjust, sandbox):
    """hour__between counts back from the running hour, which it includes."""
    sandbox.clock("2026-03-18T12:30:00+00:00")
    asked = {"date_period": "today", "sort": "hour", "metrics": "installs"}
    hours = adjust.rows("hour", **asked)
    assert adjust.rows("hour", hour__between="-3h:-1h", **asked) == [
        row for row in hours if "T09" <= row["hour"][10:13] <= "T11"
    ]
    last = adjust.rows("hour", hour__between="-0h:-0h", **asked)
    assert [row["hour"] for row in last] == ["2026-03-18T12:00:00"]


def test_averages_are_not_sums(adjust):
    """Daily users average over the days of the bucket, and ratios come from the sums."""
    days = adjust.rows("day", metrics="daus")
    body = adjust.report("app_token", metrics="daus,ctr,clicks,impressions")
    assert body["totals"]["daus"] == pytest.approx(float(summed(days, "daus")) / 3)
    assert body["totals"]["ctr"] == body["totals"]["clicks"] / body["totals"]["impressions"]


def test_new_trackers_hide_without_app_tokens(adjust, sandbox):
    """By switch: attribution is zero while the cost is there; naming the apps shows it."""
    first = min(c.start for c in sandbox.environment.world.campaigns if c.start.day > 1)
    sandbox.clock(f"{first.year}-{first.month:02d}-28T12:00:00+00:00")
    sandbox.switch("adjust", hide_new_trackers=True)
    tokens = ",".join(app.token for app in sandbox.environment.world.apps)
    period = {"date_period": "-20d:-1d"}
    bare, named = (
        adjust.report(metrics="installs,network_cost", **period, **more)["totals"]
        for more in ({}, {"app_token__in": tokens})
    )
    assert bare["installs"] < named["installs"]
    assert bare["network_cost"] == named["network_cost"]
