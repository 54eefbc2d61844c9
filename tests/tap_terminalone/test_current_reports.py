"""Reporting V2: sums, windows, broken streams, reports of one's own."""

import json

import pytest

from adtap_core.errors import REFUSED_EXIT, SettingsError
from adtap_core.tap import RunFailed
from tap_terminalone import fields
from tap_terminalone.definitions import filtered
from tap_terminalone.tap import TapTerminalOne
from tests.running import run_tap, select
from tests.tap_terminalone.conftest import METRICS, exact, sums

DEFINITION = {
    "name": "mine",
    "report": "performance",
    "dimensions": ["campaign_id"],
    "metrics": ["clicks"],
}


def test_a_daily_report_sums_to_the_truth_in_each_currency(room):
    """Every day and strategy, to the last digit; three currencies are never added up."""
    rows = room.run(room.current(), "performance_daily").records["performance_daily"]
    truth = room.truth(
        start="2026-03-10", end="2026-03-16", by="day,strategy_id", metrics=",".join(METRICS)
    )
    assert sums(rows, *METRICS, by=("day", "strategy_id")) == exact(truth["by"])
    assert sums(rows, *METRICS, by=("_currency",)) == exact(truth["totals"])
    assert set(truth["totals"]) == {"EUR", "USD", "GBP"}
    assert len({r["_row_key"] for r in rows}) == len(rows)


def test_days_are_each_campaigns_own_and_wait_for_the_last_zone(room):
    """A day is read when it is over and written in every zone; each row says which its day is in."""
    found = room.run(room.current(), "performance_daily")
    rows = found.records["performance_daily"]
    assert len({r["_time_zone"] for r in rows}) > 3
    assert max(r["day"] for r in rows) == "2026-03-16"
    assert {w["window_end"] for w in found.windows("performance_daily")} == {"2026-03-17T00:00:00Z"}
    room.now("2026-03-18T18:00:00+00:00")
    later = room.run(room.current(), "performance_daily").records["performance_daily"]
    assert max(r["day"] for r in later) == "2026-03-17"


def test_the_running_day_is_partial_until_it_is_over_everywhere(room):
    """With `include_today` yesterday is still running west of here, and its rows say so."""
    room.now("2026-03-18T06:00:00+00:00")
    rows = room.run(room.current(include_today=True), "performance_daily").records[
        "performance_daily"
    ]
    states = {r["day"]: r["_data_state"] for r in rows}
    assert states["2026-03-16"] == "provisional"
    assert states["2026-03-17"] == states["2026-03-18"] == "partial"


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08", 23), ("2025-11-02", 25)], ids=["spring", "autumn"]
)
def test_days_of_a_clock_change_hold_all_their_hours(room, day, hours):
    """In New York one day has 23 hours and one 25: its sum is the sum of those hours, in UTC."""
    room.now("2025-11-20T12:00:00+00:00" if day < "2026" else "2026-03-18T12:00:00+00:00")
    ours = room.current(start_date=day)
    found = room.run(ours, "performance_daily", "performance_hourly")
    daily = [
        r
        for r in found.records["performance_daily"]
        if r["_time_zone"] == "America/New_York" and r["day"] == day
    ]
    assert daily
    offset = {23: ("05", "04"), 25: ("04", "05")}[hours]
    after = f"{day[:8]}{int(day[8:]) + 1:02d}"
    first, last = f"{day}T{offset[0]}:00:00Z", f"{after}T{offset[1]}:00:00Z"
    strategies = {r["strategy_id"] for r in daily}
    hourly = [
        r
        for r in found.records["performance_hourly"]
        if r["strategy_id"] in strategies and first <= r["hour"] < last
    ]
    assert sums(hourly, *METRICS, by=("strategy_id",)) == sums(daily, *METRICS, by=("strategy_id",))


def test_hours_are_instants_of_utc_and_sum_to_the_truth(room):
    """Complete hours of today are read too, and each hour's sum is exact."""
    rows = room.run(room.current(start_date="2026-03-17"), "performance_hourly").records[
        "performance_hourly"
    ]
    truth = room.truth(
        start="2026-03-17", end="2026-03-18", zone="UTC", by="hour", metrics=",".join(METRICS)
    )
    wanted = {k: v for k, v in exact(truth["by"]).items() if k <= "2026-03-18T10"}
    made = sums([{**r, "hour": r["hour"][:13]} for r in rows], *METRICS, by=("hour",))
    assert made == wanted
    assert {r["_time_zone"] for r in rows} == {"UTC"}


def test_days_of_the_hourly_dataset_are_asked_for_in_the_campaigns_zones(room):
    """It has them in UTC, too, and which of the two it gives unasked is not documented."""
    days = {
        "name": "days",
        "report": "performance_hourly",
        "dimensions": ["strategy_id"],
        "metrics": list(METRICS),
    }
    found = room.run(room.current(reports=[days]), "days", "performance_daily")
    ours, daily = found.records["days"], found.records["performance_daily"]
    by = ("day", "strategy_id", "_time_zone")
    assert sums(ours, *METRICS, by=by) == sums(daily, *METRICS, by=by)
    (asked,) = {json.loads(e["body"])["time_zone"] for e in room.asked("/performance-hourly")}
    assert asked == "campaign"


@pytest.mark.parametrize("inclusive", [True, False])
def test_windows_tile_whatever_the_end_means(room, inclusive):
    """Whether `end_time` belongs to the answer is not documented: both meanings give the same rows."""
    room.switch(end_time_inclusive=inclusive)
    mine = DEFINITION | {"metrics": list(METRICS)}
    config = room.current(start_date="2026-01-05", reports=[mine])
    found = room.run(config, "mine")
    truth = room.truth(start="2026-01-05", end="2026-03-16", by="day,campaign_id")
    assert sums(found.records["mine"], *METRICS, by=("day", "campaign_id")) == exact(truth["by"])
    days = sorted((w["window_start"], w["window_end"]) for w in found.windows("mine"))
    assert len(days) > 4


def test_lines_about_the_stream_are_no_rows(room):
    """`{"meta": {}}` may stand between any two rows."""
    room.switch(meta_line_every=1)
    rows = room.run(room.current(), "performance_daily").records["performance_daily"]
    room.switch(meta_line_every=0)
    again = room.run(room.current(), "performance_daily").records["performance_daily"]
    assert [r["_row_key"] for r in rows] == [r["_row_key"] for r in again]


def test_a_stream_that_gives_up_is_asked_for_again(room, caplog):
    """An error between rows, under a 200: with no whole answer the window fails, loudly, unmoved."""
    room.switch(stream_error_after=20)
    with pytest.raises(RunFailed):
        room.run(room.current(max_retries=1, organization_ids=[33]), "performance_daily")
    assert "query failed" in caplog.text
    room.switch(stream_error_after=0)
    assert len(room.asked("/reporting/v2/performance")) == 2


def test_a_short_stream_is_fetched_again(room):
    """Rows are counted against the head: a cut that leaves whole lines is no good answer."""
    short = '{"fields": [], "total_items_count": 2}\n{"agg_timestamp": "2026-03-11T00:00:00Z"}\n'
    room.fault("status", path="/reporting/v2/performance$", status=200, body=short)
    config = room.current()
    found = room.run(config, "performance_daily")
    (window, *_) = found.windows("performance_daily")
    assert window["retries"] == 1
    room.check_week(found.records["performance_daily"])


def test_a_stream_that_stays_short_is_asked_for_in_pieces(room):
    """A platform that lets no more rows through says so by its count alone: shorter windows come whole."""
    short = '{"fields": [], "total_items_count": 2}\n{"agg_timestamp": "2026-03-11T00:00:00Z"}\n'
    room.fault("status", path="/reporting/v2/performance$", status=200, body=short, times=2)
    room.check_cut(room.current())


def test_partitions_are_the_configured_units_each_with_its_bookmark(room):
    """Organizations share a request; an advertiser added later starts from the beginning."""
    config = room.current(advertiser_ids=["110013"])
    first = room.run(config, "performance_daily")
    (request,) = room.asked("/reporting/v2/performance")
    body = json.loads(request["body"])
    assert body["filters"] == [{"field": "advertiser_id", "op": "=", "value": 110013}]
    everyone = [str(i) for i in room.truth(collection="advertisers")["ids"]]
    wider = room.current(advertiser_ids=everyone)
    second = room.run(wider, "performance_daily", state=first.last_state)
    marks = second.last_state["bookmarks"]["performance_daily"]["partitions"]
    assert {m["context"]["advertiser_id"] for m in marks} == set(everyone)
    rows = second.records["performance_daily"]
    room.check_week(rows)
    for row in rows:
        assert json.loads(row["_account"]) == {"advertiser_id": str(row["advertiser_id"])}


def test_filters_and_rollups_reach_the_platform(room):
    """A report of one's own: the platform's own name with `_`, weeks, and its filter language."""
    config = room.current(
        start_date="2026-03-02",
        reports=[
            {
                "name": "big_weeks",
                "report": "all_dimensions_and_metrics",
                "dimensions": ["campaign_id"],
                "metrics": ["impressions", "ctr"],
                "time_rollup": "by_week",
                "filters": [{"field": "campaign_status", "value": True}],
            }
        ],
    )
    rows = room.run(config, "big_weeks").records["big_weeks"]
    assert {r["week"] for r in rows} == {"2026-03-02", "2026-03-09"}
    asked = json.loads(room.asked("/reporting/v2/")[-1]["body"])
    assert asked["rollup"] == "by_week"
    assert asked["filters"][1] == {"field": "campaign_status", "value": True}


def test_whether_conditions_may_be_on_metrics_is_the_platforms_to_say(room, caplog):
    """Its pages do not: what it refuses is named, once, and no setting."""
    above = {"field": "clicks", "op": ">", "value": 5}
    config = room.current(organization_ids=["33"], reports=[DEFINITION | {"filters": [above]}])
    with pytest.raises(RunFailed) as caught:
        room.run(config, "mine")
    assert caught.value.exit_code == REFUSED_EXIT
    assert "field does not exist in this dataset: clicks" in caplog.text
    (asked,) = [json.loads(e["body"])["filters"] for e in room.asked("/reporting/v2/")]
    assert asked[1:] == [above]
    groups = [{"op": "or", "filters": [above, {"field": "campaign_id", "value": 1}]}]
    assert filtered(groups) == {"clicks", "campaign_id"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"report": "performence"}, "did you mean performance"),
        ({"dimensions": ["campain_id"]}, "no dimension 'campain_id' (did you mean campaign_id"),
        (
            {"dimensions": ["metro_name"], "report": "all-dimensions-and-metrics"},
            "V2 calls it dma_name",
        ),
        ({"metrics": ["click"]}, "no metric 'click' (did you mean"),
        ({"dimensions": ["clicks"], "metrics": ["impressions"]}, "'clicks' is a metric"),
        ({"dimensions": ["agg_timestamp"]}, "set `grain`"),
        ({"grain": "hour"}, "no `grain` hour"),
        ({"report": "win-loss", "metrics": ["bids"], "grain": "hour"}, "clock change"),
        ({"metrics": ["uniques"]}, "set a `time_window`"),
        ({"report": "reach-frequency"}, "needs a `time_window`"),
        ({"time_window": "last_3_days"}, "last_3_days"),
        ({"time_rollup": "by_week", "grain": "month"}, "contradict"),
        ({"filters": {"campaign_id": 1}}, "a list of"),
        ({"filters": [{"field": "campaign", "value": 1}]}, "no field 'campaign'"),
        ({"filters": [{"field": "campaign_id", "op": "like", "value": 1}]}, "no operator 'like'"),
        ({"filters": [{"op": "and", "filters": []}]}, "at least two"),
    ],
)
def test_a_definition_that_cannot_be_asked_for_is_refused_before_any_request(room, changes, words):
    """The report, the field and the nearest valid names; nothing goes over the wire."""
    with pytest.raises(SettingsError) as refused:
        room.run(room.current(reports=[DEFINITION | changes]), "mine")
    assert words in str(refused.value)
    assert "'mine'" in str(refused.value) or "reports[0]" in str(refused.value)
    assert not room.asked("/")


def test_every_preset_fills_its_columns(room):
    """Each built-in report gives rows, and no column of them is always null."""
    names = [
        "creatives_daily",
        "sites_daily",
        "apps_daily",
        "geo_daily",
        "devices_daily",
        "day_parts_daily",
        "win_loss_daily",
        "deals_daily",
        "pixel_loads_daily",
        "reach_frequency",
        "brain_features_daily",
        "brain_feature_values_daily",
    ]
    found = room.run(room.current(), *names)
    for name in names:
        rows = found.records[name]
        assert rows, name
        columns = set(rows[0]) - {"_currency", "_extra"}
        assert {c for c in columns if all(r[c] is None for r in rows)} == set(), name
        assert len({r["_row_key"] for r in rows}) == len(rows), name


def test_deals_are_named_organization_by_organization(room):
    """That dataset takes exactly one organization and its deals, which the deals service lists."""
    room.run(room.current(), "deals_daily")
    bodies = [json.loads(e["body"])["filters"] for e in room.asked("/reporting/v2/deals")]
    assert bodies
    for organization, deals in bodies:
        assert organization["field"] == "organization_id"
        assert not isinstance(organization["value"], list)
        assert deals["field"] == "deal_id"
        assert deals["value"]


def test_a_snapshot_is_one_row_for_each_window_and_day(room):
    """Unique users can't be added up: yesterday's window is kept under yesterday, once a day."""
    first = room.run(room.current(), "reach_frequency")
    assert {(r["day"], r["_interval"]) for r in first.records["reach_frequency"]} == {
        ("2026-03-17", "last_30_days")
    }
    room.now("2026-03-19T12:00:00+00:00")
    second = room.run(room.current(), "reach_frequency", state=first.last_state)
    assert {r["day"] for r in second.records["reach_frequency"]} == {"2026-03-18"}
    keys = {r["_row_key"] for r in first.records["reach_frequency"]}
    assert keys.isdisjoint(r["_row_key"] for r in second.records["reach_frequency"])


def test_what_is_older_than_the_retention_is_not_asked_for(room, caplog):
    """Hours are kept for 90 days: what lies before is said, not silently empty."""
    config = room.current(start_date="2025-10-01", end_date="2025-12-21")
    found = room.run(config, "performance_hourly")
    assert min(w["window_start"] for w in found.windows("performance_hourly")) == (
        "2025-12-18T00:00:00Z"
    )
    assert "holds data only from 2025-12-18 on" in caplog.text


def test_a_gateway_that_times_out_twice_gets_shorter_windows(room):
    """Two 504 in a row on a window that can be cut: it is cut, and nothing is lost."""
    room.fault("status", path="/reporting/v2/performance$", status=504, times=2)
    room.check_cut(room.current())


def test_a_restated_day_takes_its_new_values(room):
    """Read again within the lookback, every row ends as the platform has it now."""
    first = room.run(room.current(), "performance_daily")
    room.now("2026-03-25T12:00:00+00:00")
    second = room.run(room.current(), "performance_daily", state=first.last_state)
    assert min(r["day"] for r in second.records["performance_daily"]) == "2026-03-10"
    kept = first.final("performance_daily") | second.final("performance_daily")
    truth = room.truth(start="2026-03-10", end="2026-03-23", by="day,strategy_id")
    assert sums(kept.values(), *METRICS, by=("day", "strategy_id")) == exact(truth["by"])


def test_errors_bear_the_platforms_words_and_request_id(room, caplog):
    """A report the platform refuses is final: its words, its id, no second try."""
    room.fault(
        "status",
        path="/reporting/v2/performance$",
        status=400,
        times=9,
        body='{"error_code": "BadRequest", "message": "no such thing", "request_id": "r-17"}',
    )
    with pytest.raises(RunFailed):
        room.run(room.current(), "performance_daily")
    assert "no such thing" in caplog.text
    assert "r-17" in caplog.text


@pytest.mark.parametrize(
    ("generation", "path"),
    [("current", "/reporting/v2/performance$"), ("legacy", "/std/performance$")],
)
def test_a_redirect_is_no_answer(room, caplog, generation, path):
    """It is said where to, and which setting holds the address; the same request would get the same answer."""
    away = {"location": "https://elsewhere.example/performance"}
    room.fault("status", path=path, status=302, body="", headers=away, times=None)
    with pytest.raises(RunFailed):
        room.run(getattr(room, generation)(organization_ids=["33"]), "performance_daily")
    assert f"redirected to {away['location']}; look at the setting `api_url`" in caplog.text
    assert len([e for e in room.asked("/performance") if str(e["status"]) == "302"]) == 1


@pytest.mark.parametrize(
    ("generation", "path"),
    [("current", "/reporting/v2/performance$"), ("legacy", "/std/performance$")],
)
def test_a_redirect_to_a_login_page_is_a_session_that_has_ended(room, generation, path):
    """One new login, and the report is read."""
    away = {"location": "https://elsewhere.example/login?next=performance"}
    room.fault("status", path=path, status=302, body="", headers=away)
    config = getattr(room, generation)(organization_ids=["33"])
    assert room.run(config, "performance_daily").records["performance_daily"]


def test_every_dataset_with_money_tells_its_currency():
    """Rows are asked for by currency wherever a metric is in the campaign's."""
    for dataset in fields.DATASETS.values():
        if any(map(fields.is_money, dataset.metrics)) and not dataset.name.startswith("brain"):
            assert fields.CURRENCY in dataset.dimensions, dataset.name
            assert not dataset.only_snapshots, dataset.name


def test_an_organization_that_the_login_does_not_see_is_named(room, caplog):
    """The others are read, and the exit code is not 0."""
    written = []
    config = room.current(organization_ids=[99999, 33, "033"], start_date="2026-03-15")
    catalog = select(TapTerminalOne, config, {"performance_daily"})
    with pytest.raises(RunFailed):
        run_tap(TapTerminalOne, config, catalog=catalog, written=written.append)
    assert "organization_ids: 99999 is none of the organizations that the login sees" in caplog.text
    rows = written[0].records["performance_daily"]
    assert {r["_account"] for r in rows} == {'{"organization_id":"33"}'}
    assert len({r["_row_key"] for r in rows}) == len(rows)
