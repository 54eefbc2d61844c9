"""Reports V1: inclusive ends, access filters, metadata, CSV; the same rows as today's generation."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtap_core.bodies.spool import Spool
from adtap_core.errors import REFUSED_EXIT, SettingsError
from adtap_core.tap import RunFailed
from tap_terminalone.legacy_reports import csv_error, predicates
from tap_terminalone.tap import TapTerminalOne
from tests.running import run_tap, select
from tests.tap_terminalone.conftest import METRICS, exact, sums

PIXELS = {
    "name": "referrers",
    "report": "event_pixel_loads",
    "dimensions": ["pixel_id", "referrer"],
    "metrics": ["loads"],
}


def query(entry):
    """A request's parameters, decoded."""
    return dict(urllib.parse.parse_qsl(entry["query"]))


def data_calls(room, report):
    """The requests for a report's data, oldest first."""
    return [e for e in room.asked("/reporting/v1/") if e["path"].endswith(f"/std/{report}")]


def test_a_daily_report_sums_to_the_truth_under_inclusive_ends(room):
    """Windows tile: every day once, to the last digit, in three currencies and many zones."""
    config = room.legacy(start_date="2026-01-05")
    found = room.run(config, "performance_daily")
    rows = found.records["performance_daily"]
    truth = room.truth(
        start="2026-01-05", end="2026-03-16", by="day,strategy_id", metrics=",".join(METRICS)
    )
    assert sums(rows, *METRICS, by=("day", "strategy_id")) == exact(truth["by"])
    assert sums(rows, *METRICS, by=("_currency",)) == exact(truth["totals"])
    asked = [query(e) for e in data_calls(room, "performance")]
    spans = sorted((a["start_date"], a["end_date"]) for a in asked)
    assert spans[0][0] == "2026-01-05"
    assert spans[-1][1] == "2026-03-16"
    assert all(a["precision"] == "8" and "page_limit" not in a for a in asked)


@pytest.mark.parametrize("name", ["performance_daily", "creatives_daily", "reach_frequency"])
def test_both_generations_give_the_same_rows(room, name):
    """Keys, days, zones, currencies and numbers: a switch of the generation changes no row."""
    now = room.run(room.current(), name).final(name)
    then = room.run(room.legacy(), name).final(name)
    assert now.keys() == then.keys()
    assert now
    for key, record in now.items():
        for column, value in record.items():
            if column != "_synced_at":
                other = then[key][column]
                assert str(value).rstrip("0") == str(other).rstrip("0"), column


@pytest.mark.parametrize("day", ["2026-03-08", "2025-11-02"], ids=["spring", "autumn"])
def test_hours_become_instants_whatever_the_campaigns_zone(room, day):
    """The platform writes hours of each campaign's zone; the rows hold those of UTC, and lose nothing."""
    room.now("2025-11-20T12:00:00+00:00" if day < "2026" else "2026-03-18T12:00:00+00:00")
    last = f"{day[:8]}{int(day[8:]) + 1:02d}"
    config = room.legacy(start_date=day, end_date=f"{day[:8]}{int(day[8:]) + 2:02d}")
    rows = room.run(config, "performance_hourly").records["performance_hourly"]
    columns = ("impressions", "clicks", "total_spend")
    truth = room.truth(start=day, end=last, zone="UTC", by="hour", metrics=",".join(columns))
    made = sums([{**r, "hour": r["hour"][:13]} for r in rows], *columns, by=("hour",))
    wanted = exact(truth["by"])
    if day == "2026-03-08":
        assert made == wanted
        return
    # The repeated hour counts as the first of the two: the sum over both is exact.
    both = {"2025-11-02T05": "2025-11-02T05-06", "2025-11-02T06": "2025-11-02T05-06"}
    assert merged(made, both) == merged(wanted, both)


def test_a_part_of_an_answer_is_not_the_whole(room):
    """206 under a CSV that ends with a row: rows may be missing behind it, so it is asked for again."""
    whole = {"start_date": "2026-03-09", "end_date": "2026-03-16", "organization_ids": ["33"]}
    room.fault("status", path="/std/performance$", status=206, times=1,
               headers={"content-type": "text/csv; charset=UTF-8"}, body="start_date,campaign_id\n")  # fmt: skip
    first = room.run(room.legacy(**whole), "performance_daily").final("performance_daily")
    second = room.run(room.legacy(**whole), "performance_daily").final("performance_daily")
    assert first
    assert first.keys() == second.keys()


@pytest.mark.parametrize("zone", ["", "Mars/Olympus"])
def test_an_hour_of_no_known_zone_is_no_hour_of_utc(room, caplog, zone):
    """Which instant it is nobody knows: the window fails, and says why."""
    hours = {
        "name": "hours",
        "report": "by_hour",
        "grain": "hour",
        "dimensions": ["campaign_id"],
        "metrics": ["impressions"],
    }
    head = "start_date,end_date,campaign_id,campaign_timezone,campaign_currency_code,impressions"
    row = f'"2026-03-17 05:00:00","2026-03-17 05:59:59",501,"{zone}","USD",3'
    room.fault(
        "status",
        path="/std/by_hour$",
        status=200,
        headers={"content-type": "text/csv; charset=UTF-8"},
        body=f"{head}\n{row}\n",
        times=None,
    )
    config = room.legacy(
        start_date="2026-03-17", organization_ids=["33"], reports=[hours], max_retries=0
    )
    with pytest.raises(RunFailed):
        room.run(config, "hours")
    assert f"of the zone {zone!r} can't be read" in caplog.text


@pytest.mark.parametrize(
    ("grain", "at", "rows"),
    [
        ("hour", "2026-03-17 05:00:00", [{"hour": "2026-03-17T09:00:00Z", "_time_zone": "UTC"}]),
        ("day", "2026-03-16", [{"day": "2026-03-16", "_time_zone": "America/New_York"}]),
    ],
)
def test_a_report_may_be_in_one_zone_that_its_metadata_names(room, grain, at, rows):
    """Neither each campaign's own nor UTC: hours become instants, and days say whose they are."""
    definition = {
        "currency": "USD",
        "timezone": "America/New_York",
        "structure": {"dimensions": ["organization_id", "campaign_id"], "metrics": ["impressions"]},
    }
    always = {"status": 200, "times": None}
    room.fault("status", path="/std/by_hour/meta$", body=definition, **always)
    room.fault(
        "status",
        path="/std/by_hour$",
        headers={"content-type": "text/csv; charset=UTF-8"},
        body=f'start_date,end_date,campaign_id,impressions\n"{at}","{at}",501,3\n',
        **always,
    )
    one = {"name": "one", "report": "by_hour", "dimensions": ["campaign_id"], "grain": grain}
    config = room.legacy(
        start_date=at[:10],
        end_date="2026-03-18" if grain == "hour" else "2026-03-17",
        organization_ids=["33"],
        reports=[{**one, "metrics": ["impressions"]}],
        max_retries=0,
    )
    found = room.run(config, "one").records["one"]
    assert [{name: row[name] for name in rows[0]} for row in found] == rows
    if grain == "hour":  # wide enough for that zone
        assert query(data_calls(room, "by_hour")[-1])["start_date"] < "2026-03-17"


def merged(groups, names):
    """Sums with some keys put together."""
    found = {}
    for key, values in groups.items():
        into = found.setdefault(names.get(key, key), dict.fromkeys(values, 0))
        for name, value in values.items():
            into[name] += value
    return found


def test_each_window_is_validated_once_before_its_data(room):
    """`/validate` tells of missing rights before anything is computed."""
    room.run(room.legacy(start_date="2026-01-05"), "performance_daily")
    calls = [e["path"].rpartition("/")[2] for e in room.asked("/reporting/v1/std/performance")]
    assert calls[:3] == ["meta", "validate", "performance"]
    assert calls.count("validate") == 1
    assert calls.count("performance") == 3


def test_an_organization_that_may_not_be_read_is_named_and_the_others_are(room, caplog):
    """It is not asked for: a service that knew of no refusal would answer with no row, and its bookmark would move."""
    with pytest.raises(RunFailed):
        room.run(room.legacy(organization_ids=["35", "33"]), "performance_daily")
    assert '{"organization_id":"35"}' in caplog.text
    assert "organization_ids: 35 is none of the organizations that the login sees" in caplog.text
    (asked,) = data_calls(room, "performance")
    assert "35" not in asked["query"]


def test_many_deals_are_asked_for_some_at_a_time(room, monkeypatch):
    """Thousands in one address are more than a gateway takes; the rows are the same."""
    config = room.legacy(organization_ids=["33"])
    whole = room.run(config, "deals_daily").final("deals_daily")
    (one,) = {query(e)["filter"] for e in data_calls(room, "deals")}
    deals = one.partition("deal_id=")[2].split(",")
    assert len(deals) > 1
    monkeypatch.setattr("tap_terminalone.legacy_reports.DEALS_AT_ONCE", 1)
    room.sandbox.clear_log()
    parts = room.run(config, "deals_daily").final("deals_daily")
    asked = {query(e)["filter"].partition("deal_id=")[2] for e in data_calls(room, "deals")}
    assert asked == set(deals)
    assert whole
    for key, row in whole.items():
        assert row | {"_synced_at": ""} == parts.pop(key) | {"_synced_at": ""}
    assert not parts


def test_sums_among_a_pixels_rows_are_left_out(room):
    """`referrer = Total` stands beside the rows that it sums up."""
    rows = room.run(room.legacy(reports=[PIXELS]), "referrers").records["referrers"]
    assert rows
    assert "Total" not in {r["referrer"] for r in rows}


def test_the_two_pixel_reports_are_one_stream_as_today(room):
    """Data and event pixels, told apart by a column that V1 has not."""
    then = room.run(room.legacy(), "pixel_loads_daily").records["pixel_loads_daily"]
    now = room.run(room.current(), "pixel_loads_daily").records["pixel_loads_daily"]
    assert {r["pixel_type"] for r in then} == {"data", "event"}
    assert sums(then, "loads", by=("day", "pixel_type", "pixel_id")) == sums(
        now, "loads", by=("day", "pixel_type", "pixel_id")
    )


def test_money_in_dollars_says_so(room):
    """Geo is in US dollars whatever the campaign's currency: by the report's own definition."""
    config = room.legacy(
        reports=[
            {
                "name": "geo",
                "report": "geo",
                "dimensions": ["campaign_id", "country_code"],
                "metrics": ["total_spend"],
                "filters": {"campaign_name": {"=:": "a"}, "impressions": {">=": 10}},
            }
        ]
    )
    rows = room.run(config, "geo").records["geo"]
    assert {r["_currency"] for r in rows} == {"USD"}
    asked = query(data_calls(room, "geo")[0])
    assert asked["filter"].endswith("&campaign_name=:a")
    assert asked["having"] == "impressions>=10"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"report": "performence"}, "did you mean performance"),
        ({"dimensions": ["campain_id"]}, "did you mean campaign_id"),
        ({"metrics": ["click"]}, "no metric 'click'"),
        ({"dimensions": ["clicks"], "metrics": ["impressions"]}, "'clicks' is not a dimension"),
        ({"filters": {"campain_id": 1}}, "no field 'campain_id'"),
        ({"grain": "hour"}, "no `grain` hour"),
        ({"time_window": "last_60_days", "report": "audience_index"}, "last_14_days"),
        ({"filters": [1]}, "an object"),
        ({"filters": {"impressions": {"=>": 10}}}, "no operator '=>'; =, !=, >"),
        ({"filters": {"campaign_id": None}}, "the condition on 'campaign_id' has no value"),
        ({"filters": {"campaign_id": {"!=": []}}}, "the condition on 'campaign_id' has no value"),
        ({"filters": {"campaign_id": {}}}, "the condition on 'campaign_id' has no value"),
        ({"filters": {"campaign_id": [{"id": 1}]}}, "{'id': 1} is no value to compare"),
    ],
)
def test_a_definition_is_checked_against_the_platforms_own(room, changes, words):
    """Reports and fields come from `/meta`; a wrong one is refused before any data request."""
    definition = {
        "name": "mine",
        "report": "performance",
        "dimensions": ["campaign_id"],
        "metrics": ["clicks"],
    }
    with pytest.raises(SettingsError) as refused:
        room.run(room.legacy(reports=[definition | changes]), "mine")
    assert words in str(refused.value)
    assert "'mine'" in str(refused.value)
    assert all("meta" in e["path"] for e in room.asked("/reporting/"))


@pytest.mark.parametrize(
    "definition",
    [
        {"currency": "campaign currency", "timezone": "campaign timezone"},
        {},
        {"currency": None, "timezone": "see the guide"},
    ],
)
def test_metadata_that_names_no_buckets_refuses_none(room, definition):
    """Whether the report has days, its answer tells, and what days and money are in: it has fields for both."""
    names = ("organization_id", "campaign_id", "campaign_timezone", "campaign_currency_code")
    fields = {"dimensions": names, "metrics": METRICS}
    room.fault(
        "status",
        path="/performance/meta$",
        status=200,
        body={**definition, "structure": fields},
        times=None,
    )
    daily = {
        "name": "mine",
        "report": "performance",
        "dimensions": ["campaign_id"],
        "metrics": list(METRICS),
    }
    found = room.run(room.legacy(reports=[daily]), "mine")
    room.check_week(found.records["mine"])
    assert {r["_currency"] for r in found.records["mine"]} > {"EUR", "USD"}
    assert {r["_time_zone"] for r in found.records["mine"]} > {"Europe/Berlin"}


def test_a_report_of_ours_that_the_platform_has_not_so_does_not_stop_the_others(room, caplog):
    """`deals` by hours only: that stream is named, and a wrong setting it is not."""
    definition = {"timezone": "UTC", "time_rollups": ["by_hour"], "structure": {}}
    room.fault("status", path="/deals/meta$", status=200, body=definition, times=None)
    written = []
    with pytest.raises(RunFailed, match="failed: deals_daily;") as caught:
        room.run(room.legacy(), "deals_daily", "performance_daily", written=written.append)
    assert caught.value.exit_code == REFUSED_EXIT
    assert "deals has no `grain` day; it has by_hour" in caplog.text
    room.check_week(written[0].records["performance_daily"])


def test_interval_reports_are_snapshots(room):
    """They know windows up to yesterday only: kept under that day and the window's name."""
    config = room.legacy(
        reports=[
            {
                "name": "index",
                "report": "audience-index",
                "time_window": "last_14_days",
                "dimensions": ["campaign_id", "audience_name"],
                "metrics": ["uniques"],
            }
        ]
    )
    rows = room.run(config, "index").records["index"]
    assert {(r["day"], r["_interval"]) for r in rows} == {("2026-03-17", "last_14_days")}


SPENT = {"name": "mine", "report": "performance", "dimensions": [], "metrics": ["total_spend"]}


def test_a_snapshot_of_money_has_a_row_for_each_currency(room):
    """In both generations alike; one of unique users alone is not split: they could not be added up."""
    reports = [
        {**SPENT, "time_window": "last_30_days"},
        {**SPENT, "name": "people", "report": "reach_frequency", "metrics": ["uniques"]},
    ]
    reports[1] |= {"time_window": "last_30_days", "dimensions": ["organization_id"]}
    then = room.run(room.legacy(reports=reports), "mine", "people")
    rows = then.records["mine"]
    assert {r["_currency"] for r in rows} > {"EUR", "USD"}
    now = room.run(room.current(reports=reports[:1]), "mine")
    assert now.final("mine").keys() == then.final("mine").keys()
    assert len({r["_account"] for r in rows}) < len(rows)
    assert {r["_currency"] for r in then.records["people"]} == {None}


def test_money_that_no_currency_can_be_told_of_is_refused_alone(room, caplog):
    """A report whose fields do not hold the campaign's currency: unless it is cut by campaign."""
    fields = ["organization_id", "advertiser_id", "campaign_id"]
    definition = {
        "currency": "campaign currency",
        "timezone": "UTC",
        "time_rollups": ["by_day", "all"],
        "structure": {"dimensions": fields, "metrics": ["total_spend", "clicks"]},
    }
    room.fault("status", path="/performance/meta$", status=200, body=definition, times=None)
    reports = [
        SPENT,
        {**SPENT, "name": "cut", "dimensions": ["campaign_id"]},
        {**SPENT, "name": "counts", "metrics": ["clicks"]},
    ]
    written = []
    names = [r["name"] for r in reports]
    with pytest.raises(RunFailed, match="failed: mine;") as caught:
        room.run(room.legacy(reports=reports), *names, written=written.append)
    assert caught.value.exit_code == REFUSED_EXIT
    assert "add campaign_id to the dimensions, or take out total_spend" in caplog.text
    assert not written[0].records["mine"]
    assert written[0].records["cut"]
    assert written[0].records["counts"]


def test_a_query_that_times_out_is_cut(room):
    """500 `request_timeout`: shorter windows, until they pass."""
    body = '<result><status code="request_timeout">The request timed out</status></result>'
    room.fault("status", path="/std/performance$", status=500, body=body, times=1)
    room.check_cut(room.legacy())


@pytest.mark.parametrize(
    "answer",
    [
        {
            "status": 500,
            "body": '<result><status code="request_timeout">Too late</status></result>',
        },
        {"status": 504},
    ],
)
def test_a_validation_that_times_out_says_nothing_against_the_data(room, answer):
    """`/validate` answers as the data would: the whole window is too heavy, its pieces are not."""
    room.fault("status", path="/performance/validate$", times=None, **answer)
    room.fault("status", path="/std/performance$", times=2, **answer)
    found = room.run(room.legacy(max_retries=2), "performance_daily")
    room.check_week(found.records["performance_daily"])
    assert len(room.asked("/performance/validate")) <= 2


@pytest.mark.parametrize("kind", ["cut", "reset", "html"])
def test_a_broken_csv_is_asked_for_again(room, kind):
    """However the answer breaks, the sums are right."""
    room.fault(kind, path="/std/performance$", times=1)
    found = room.run(room.legacy(), "performance_daily")
    room.check_week(found.records["performance_daily"])


def test_one_reports_metadata_does_not_stop_the_others(room):
    """`by_hour/meta` is refused: the daily report is read, the hourly one is named."""
    room.fault("status", path="/std/by_hour/meta", status=404, times=None)
    settings = room.legacy(max_retries=0)
    catalog = select(TapTerminalOne, settings, {"performance_daily", "performance_hourly"})
    with pytest.raises(RunFailed, match="performance_hourly") as caught:
        run_tap(TapTerminalOne, settings, catalog=catalog)
    assert "performance_daily" not in str(caught.value)


def test_a_session_that_ends_between_windows_is_renewed(room):
    """401 in XML: one login, and the window is asked for again."""
    room.switch(token_requests=4)
    found = room.run(room.legacy(start_date="2026-01-05"), "performance_daily")
    truth = room.truth(start="2026-01-05", end="2026-03-16", by="day")
    assert sums(found.records["performance_daily"], *METRICS, by=("day",)) == exact(truth["by"])
    assert len(room.asked("/api/v2.0/login")) > 1


@given(
    rows=st.lists(
        st.lists(st.text('a,"\n é', max_size=4), min_size=2, max_size=2), min_size=1, max_size=4
    )
)
def test_a_csv_that_breaks_off_in_its_last_row_is_noticed(rows):
    """Before the last line's own comma: the row is short."""
    lines = [",".join('"' + v.replace('"', '""') + '"' for v in row) for row in rows]
    whole = "\n".join(["name,size", *lines])
    with Spool.of(f"{whole}\n".encode()) as spool:
        assert csv_error(spool) is None
    cut = "\n".join(["name,size", *lines[:-1], '"a'])
    with Spool.of(cut.encode()) as spool:
        assert csv_error(spool)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"campaign_id": [1, 2]}, "campaign_id=1,2"),
        ({"name": 'a "b", c'}, 'name="a ""b"", c"'),
        ({"name": {"!=": "x=y", "=:": "z"}}, 'name!="x=y"&name=:z'),
        (None, ""),
        ({"other": 1}, ""),
        ({"name": [True, False]}, "name=true,false"),
    ],
)
def test_conditions_are_written_in_v1s_grammar(filters, text):
    """Values that hold a sign of the grammar are quoted, their quotes doubled."""
    assert predicates(filters, frozenset({"campaign_id", "name"})) == text
