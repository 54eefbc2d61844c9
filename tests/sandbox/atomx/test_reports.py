"""Reports of the atomx room."""

import csv
import io
import itertools
import json
import struct
from collections import Counter

import pytest

SCOPES = {
    "advertiser": ["impressions", "clicks", "conversions", "campaign_cost"],
    "publisher": ["impressions", "requests", "publisher_revenue"],
    "inventory": ["requests", "impressions"],
    "dsp": ["requests", "impressions", "clicks"],
    "network_managed": ["impressions", "campaign_cost", "publisher_revenue"],
    "network_buy": ["impressions", "campaign_cost", "advertiser_network_profit"],
    "network_sell": ["impressions", "fallbacks", "publisher_network_profit"],
}
MARCH = {"from": "2026-03-10 00:00:00", "to": "2026-03-18 00:00:00"}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_each_scope_gives_the_truth(api, scope, zone):
    """Rows and totals are those that a plain count over all hours gives."""
    query = {"scope": scope, "groups": ["day", "country_id"], "metrics": SCOPES[scope]}
    query |= {"timezone": zone, **MARCH}
    report = api.report(query)
    truth = api.truth(**query)
    assert report["columns"] == ["day", "country_id", *SCOPES[scope]]
    assert report["length"] == len(report["data"]) == truth["count"] > 8
    want = {(row["day"], row["country_id"]): row for row in truth["rows"]}
    for row in report["data"]:
        figures = dict(zip(report["columns"], row, strict=True))
        expected = want.pop((figures["day"], figures["country_id"]))
        for metric in SCOPES[scope]:
            assert figures[metric] == pytest.approx(float(expected[metric]), rel=1e-6)
    assert not want
    for metric, total in report["totals"].items():
        assert total == pytest.approx(float(truth["totals"][metric]), rel=1e-6)
        assert total > 0


def test_scopes_see_different_things(api):
    """Own buying on own placements is a part of both sides."""
    totals = {
        scope: api.report({"scope": scope, "metrics": ["impressions"], **MARCH})["totals"][
            "impressions"
        ]
        for scope in SCOPES
    }
    assert totals["network_managed"] < totals["network_buy"]
    assert totals["network_managed"] + totals["dsp"] == totals["network_sell"]


def test_windows_tile_in_every_zone(api):
    """Days asked one by one add up to the span, also over the change of the clocks."""
    for zone in ("America/New_York", "Australia/Lord_Howe", "Europe/Berlin"):
        query = {
            "scope": "publisher",
            "groups": ["day"],
            "metrics": ["requests"],
            "timezone": zone,
        }
        days = [f"2026-03-{day:02d} 00:00:00" for day in range(6, 12)]
        whole = api.report({**query, "from": days[0], "to": days[-1]})["data"]
        parts = [
            row
            for begin, end in itertools.pairwise(days)
            for row in api.report({**query, "from": begin, "to": end})["data"]
        ]
        assert parts == whole
        assert [day for day, _ in whole] == [day[:10] for day in days[:-1]]


def test_hours_are_local_and_follow_the_clocks(api):
    """One hour is missing in spring; in autumn one holds two, and nothing is lost."""
    query = {
        "scope": "publisher",
        "groups": ["hour"],
        "metrics": ["requests"],
        "timezone": "America/New_York",
    }
    spring = api.report({**query, "from": "2026-03-08 00:00:00", "to": "2026-03-09 00:00:00"})
    hours = [hour for hour, _ in spring["data"]]
    assert len(hours) == 23
    assert "2026-03-08 02:00:00" not in hours
    autumn = api.report({**query, "from": "2025-11-02 00:00:00", "to": "2025-11-03 00:00:00"})
    assert len(autumn["data"]) == 24
    counts = dict(autumn["data"])
    # The same 25 hours in UTC.
    utc = api.report(
        {
            **query,
            "timezone": "UTC",
            "from": "2025-11-02 04:00:00",
            "to": "2025-11-03 05:00:00",
        }
    )
    assert len(utc["data"]) == 25
    assert sum(counts.values()) == sum(count for _, count in utc["data"])
    double = {hour: count for hour, count in utc["data"] if hour[11:13] in ("05", "06")}
    assert counts["2025-11-02 01:00:00"] == sum(
        count for hour, count in double.items() if hour.startswith("2025-11-02")
    )


def test_numbers_restate_until_they_are_settled(api, sandbox):
    """Events for 3 days, money and conversions for 7; they only grow, bar rows taken back."""
    query = {
        # One row is one line here: nothing hides a row taken back.
        "scope": "network_managed",
        "groups": ["creative_id", "placement_id"],
        "metrics": ["impressions", "campaign_cost", "conversions"],
        "from": "2026-03-17 00:00:00",
        "to": "2026-03-18 00:00:00",
    }
    seen = []
    for day in ("2026-03-18", "2026-03-19", "2026-03-20", "2026-03-22", "2026-03-24", "2026-05-20"):
        sandbox.clock(f"{day}T06:00:00+00:00")
        api.login()
        seen.append({tuple(row[:2]): row[2:] for row in api.report(query)["data"]})
    first, _, third, fourth, fifth, last = seen
    assert set(third) < set(first)
    for key, numbers in last.items():
        assert all(early <= late for early, late in zip(first[key], numbers, strict=True))
    assert first != third
    assert [row[0] for row in third.values()] == [row[0] for row in last.values()]
    assert {key: row[0] for key, row in fourth.items()} == {k: r[0] for k, r in last.items()}
    assert fifth == last
    assert fourth != last


def test_the_running_hour_is_partial_and_the_future_empty(api, sandbox):
    """At half past twelve the hour of twelve is half there; at one it is whole."""
    query = {
        "scope": "publisher",
        "groups": ["hour"],
        "metrics": ["requests"],
        "daterange": "today",
    }
    half = api.report(query)
    assert half["data"][-1][0] == "2026-03-18 12:00:00"
    sandbox.clock("2026-03-18T13:00:00+00:00")
    whole = api.report(query)
    assert whole["data"][:-1] == half["data"][:-1]
    assert half["data"][-1][1] == pytest.approx(whole["data"][-1][1] / 2, rel=0.02)


def test_tsv_holds_the_rows_of_json(api, sandbox):
    """Header, tabs, quoted names, nothing for null; streamed; the last line feed may be missing."""
    query = {
        "scope": "network_buy",
        "groups": ["day", "campaign_name", "domain_id", "advertiser_name_id"],
        "metrics": ["impressions", "campaign_cost"],
        "save": False,
        **MARCH,
    }
    report = api.report(query)
    reply = api.ask("POST", "/v3/report?download", json=query)
    assert reply.headers["content-type"].startswith("text/tab-separated-values")
    assert "content-length" not in reply.headers
    assert reply.text.endswith("\n")
    lines = list(csv.reader(io.StringIO(reply.text, newline=""), delimiter="\t"))
    assert lines[0] == report["columns"]
    as_text = [["" if cell is None else str(cell) for cell in row] for row in report["data"]]
    assert lines[1:] == as_text
    assert any("\t" in row[1] for row in lines)
    assert any(row[2] == "" for row in lines[1:])
    assert all(row[3].endswith(")") for row in lines[1:])
    sandbox.switch("atomx", tsv_last_newline=False)
    bare = api.ask("POST", "/v3/report?download", json=query)
    assert bare.text == reply.text.removesuffix("\n")


def test_money_carries_the_noise_of_32_bit_floats(api):
    """Each amount is a 32-bit float, and most show it in their digits."""
    report = api.report(
        {"scope": "advertiser", "groups": ["hour"], "metrics": ["campaign_cost"], **MARCH}
    )
    amounts = [row[1] for row in report["data"]]
    assert all(struct.unpack("f", struct.pack("f", one))[0] == one for one in amounts)
    assert sum(len(repr(one)) > 12 for one in amounts) > len(amounts) / 2


def test_limit_offset_sort(api):
    """Totals and length are of all rows; limit 0 is unlimited; a switch makes length the page's."""
    query = {"scope": "advertiser", "groups": ["day", "campaign_id"], "metrics": ["clicks"]}
    query |= MARCH
    whole = api.report(query, sort="clicks.desc,campaign_id.asc", limit=0)
    assert whole["data"] == sorted(whole["data"], key=lambda row: (-row[2], row[1]))
    part = api.report(query, sort="clicks.desc,campaign_id.asc", limit=5, offset=3)
    assert part["data"] == whole["data"][3:8]
    assert (part["length"], part["totals"]) == (whole["length"], whole["totals"])
    api.sandbox.switch("atomx", length_is_page=True)
    assert api.report(query, limit=5)["length"] == 5
    bad = api.ask("POST", "/v3/report?sort=nothing.asc", json=query)
    assert bad.status_code == 400


def test_where_filters_groups_before_and_metrics_after(api):
    """All six operators; numbers may be text, as in the platform's own examples."""
    query = {
        "scope": "advertiser",
        "groups": ["campaign_id", "advertiser_id"],
        "metrics": ["clicks"],
        **MARCH,
    }
    rows = api.report(query)["data"]
    one, other = rows[0][1], rows[-1][1]

    def where(*conditions):
        return api.report({**query, "where": list(conditions)})["data"]

    def keep(test):
        return [row for row in rows if test(row)]

    truth = api.truth(**query, where=json.dumps([["advertiser_id", "==", one]]))
    assert truth["count"] == len(where(["advertiser_id", "==", one])) > 0
    assert where(["advertiser_id", "==", one]) == keep(lambda row: row[1] == one)
    assert where(["advertiser_id", "==", str(one)]) == keep(lambda row: row[1] == one)
    assert where(["advertiser_id", "!=", one]) == keep(lambda row: row[1] != one)
    pair = [one, str(other)]
    assert where(["advertiser_id", "in", pair]) == keep(lambda row: row[1] in (one, other))
    assert where(["advertiser_id", "not in", pair]) == keep(lambda row: row[1] not in (one, other))
    middle = sorted(row[2] for row in rows)[len(rows) // 2]
    assert where(["clicks", ">", middle]) == keep(lambda row: row[2] > middle)
    assert where(["clicks", "<", middle]) == keep(lambda row: row[2] < middle)
    both = where(["clicks", ">", middle], ["advertiser_id", "==", other])
    assert both == keep(lambda row: row[2] > middle and row[1] == other)


def test_rows_hold_nulls_empty_names_and_deleted_things(api):
    """Dimensions may be null or empty; a deleted creative keeps its id and name in reports."""
    query = {"scope": "advertiser", "metrics": ["impressions", "ctr"], "daterange": "lifetime"}
    query["groups"] = ["creative_id", "creative_name", "creative_name_id", "app_name", "country_id"]
    rows = api.report(query)["data"]
    kinds = Counter(row[1] if row[1] in (None, "") else "named" for row in rows)
    assert set(kinds) == {None, "", "named"}
    assert all(row[2] == f"{row[1] or ''} ({row[0]})" for row in rows)
    assert any(row[3] is None for row in rows)
    assert any(row[4] is None for row in rows)
    living = set(api.truth(model="creatives")["ids"])
    assert {row[0] for row in rows} - living
    paused = {one.id for one in api.sandbox.environment.world.campaigns if one.status == "paused"}
    query["groups"] = ["campaign_id"]
    assert paused.isdisjoint(row[0] for row in api.report(query)["data"])


RANGES = {
    "today": ("2026-03-18", "2026-03-19"),
    "yesterday": ("2026-03-17", "2026-03-18"),
    "last7days": ("2026-03-11", "2026-03-18"),
    "last14days": ("2026-03-04", "2026-03-18"),
    "last30days": ("2026-02-16", "2026-03-18"),
    "monthtodate": ("2026-03-01", "2026-03-19"),
    "lastmonth": ("2026-02-01", "2026-03-01"),
    "yeartodate": ("2026-01-01", "2026-03-19"),
    "lifetime": ("2024-01-01", "2026-03-19"),
}


@pytest.mark.parametrize("name", RANGES)
def test_dateranges(api, name):
    """They are of the report's zone, and the reply says what they mean."""
    report = api.report({"scope": "dsp", "metrics": ["requests"], "daterange": name})
    begin, end = RANGES[name]
    assert report["from"] == f"{begin} 00:00:00"
    assert report["to"] == f"{end} 00:00:00"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"scope": "nothing"}, "scope"),
        ({"groups": [], "metrics": []}, "groups or metrics"),
        ({"groups": ["placement_id"]}, "placement_id"),
        ({"metrics": ["impression"]}, "impressions"),
        ({"groups": "day"}, "list"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"from": "2026-03-01T00:00:00"}, "from"),
        ({"from": "2026-03-01"}, "from"),
        ({"to": None}, "to"),
        ({"to": "2026-02-01 00:00:00"}, "after"),
        ({"daterange": "last3days"}, "daterange"),
        ({"daterange": ["today"]}, "daterange"),
        ({"from": "0001-01-01 00:00:00"}, "from"),
        ({"when": "daily", "interval": "99999999 days"}, "interval"),
        ({"timezone": ["UTC"]}, "timezone"),
        ({"where": [["clicks", ">=", 1]]}, ">="),
        ({"where": [["nothing", "==", 1]]}, "nothing"),
        ({"where": [["advertiser_id", "in", 1]]}, "in"),
        ({"when": "daily", "interval": "often"}, "interval"),
        ({"when": "hourly", "interval": "1 days"}, "when"),
    ],
)
def test_wrong_queries_are_400_and_leave_no_trace(api, wrong, says):
    """The error names what is wrong; nothing is stored."""
    query = {"scope": "advertiser", "groups": ["day"], "metrics": ["clicks"], **MARCH, **wrong}
    reply = api.ask("POST", "/v3/report", json=query)
    assert reply.status_code == 400
    assert reply.json()["errno"] == 2
    assert says in reply.json()["error"]
    assert api.rows("reports") == {"reports": [], "scheduled": []}


def test_stored_reports_run_again(api, sandbox):
    """By id, with options of their own; a rolling one rolls, and only an editable one takes new dates."""
    query = {"scope": "advertiser", "groups": ["day"], "metrics": ["clicks"], "save": True}
    rolling = api.report({**query, "daterange": "yesterday"})
    fixed = api.report({**query, **MARCH, "editable": True})
    again = api.rows(f"report/{fixed['id']}", limit=2, sort="day.desc")
    assert again["data"] == fixed["data"][:-3:-1]
    tsv = api.ask("GET", f"/v3/report/{fixed['id']}?download").text
    assert tsv.splitlines()[0] == "day\tclicks"
    dates = {"from": "2026-03-01 00:00:00", "to": "2026-03-02 00:00:00"}
    assert api.ask("PUT", f"/v3/report/{rolling['id']}", json=dates).status_code == 403
    api.ask("PUT", f"/v3/report/{fixed['id']}", json=dates).raise_for_status()
    assert [row[0] for row in api.rows(f"report/{fixed['id']}")["data"]] == ["2026-03-01"]
    sandbox.clock("2026-03-19T12:00:00+00:00")
    api.login()
    assert [row[0] for row in api.rows(f"report/{rolling['id']}")["data"]] == ["2026-03-18"]
    assert len(api.rows("reports")["reports"]) == 2


def test_scheduled_reports_hold_no_data_until_fetched(api):
    """Created without rows, listed apart, and run over their interval when asked for."""
    query = {"scope": "advertiser", "groups": ["day"], "metrics": ["clicks"]}
    made = api.report({**query, "when": "daily", "interval": "2 days"})
    assert made["is_scheduled_report"] is True
    assert "data" not in made
    assert [one["id"] for one in api.rows("reports")["scheduled"]] == [made["id"]]
    days = [row[0] for row in api.rows(f"report/{made['id']}")["data"]]
    assert days == ["2026-03-16", "2026-03-17"]


def test_reports_of_version_2_are_asked_for_until_ready(api, sandbox):
    """Create, poll, download a TSV without header."""
    sandbox.switch("atomx", report_polls=2)
    query = {"scope": "advertiser", "groups": ["day"], "metrics": ["clicks"], **MARCH}
    reply = api.ask("POST", "/v2/report", json=query).json()
    ident = reply["report"]["id"]
    path = f"/v2/report/{ident}?status=True"
    ready = [reply["report"]["is_ready"]]
    ready += [api.ask("GET", path).json()["report"]["is_ready"] for _ in range(2)]
    assert ready == [False, False, True]
    lines = api.ask("GET", f"/v2/report/{ident}").text.splitlines()
    assert len(lines) == 8
    assert lines[0].startswith("2026-03-10\t")


def test_the_same_question_has_the_same_answer(api, sandbox):
    """After a reset with the same seed; another seed has another."""
    query = {"scope": "network_managed", "groups": ["site_id"], "metrics": ["impressions"], **MARCH}
    first = api.report(query)["data"]
    sandbox.reset()
    sandbox.clock("2026-03-18T12:30:00+00:00")
    api.login()
    assert api.report(query)["data"] == first
    sandbox.reset(seed=2)
    api.login()
    assert api.report(query)["data"] != first
