"""The Report Service as a client sees it: prefixes, refusals, shapes, formats, lists."""

import csv
import io
import itertools
import re
import sys

import pytest

FIXED_FILTERS = "overview_metrics,cost_metrics,skad_metrics"


@pytest.mark.parametrize(
    "prefix",
    [
        "/adjust",
        "/adjust/reports-service",
        "/adjust/control-center/reports-service",
        "/reports-service",
        "/control-center/reports-service",
    ],
)
def test_all_prefixes_serve_the_same(adjust, prefix):
    """Old and current bases, with the platform prefix and bare, give one answer."""
    params = {"dimensions": "day", "metrics": "installs", "date_period": "-3d:-1d"}
    reply = adjust.get(f"{prefix}/report", **params)
    assert reply.json() == adjust.get("/adjust/reports-service/report", **params).json()


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_bad_token_is_refused_with_the_live_text(adjust, token):
    """401 auth_error."""
    reply = adjust.get("/adjust/reports-service/filters_data", token=token)
    assert reply.status_code == 401
    assert reply.json()["error_code"] == "auth_error"
    assert reply.json()["error_desc"] == "It is impossible to check account ownership!"


def test_the_account_decides_which_apps_there_are(adjust, sandbox):
    """Header and query parameter choose the account; its apps are refused in the other one."""
    mine = {app.token for app in sandbox.environment.world.apps}
    path = "/adjust/reports-service/filters_data"
    first = adjust.get(path, required_filters="apps").json()["apps"]
    assert {app["id"] for app in first} == mine
    by_header = adjust.get(path, headers={"X-Account-ID": "2002"}, required_filters="apps").json()
    by_query = adjust.get(path, adjust_account_id__in="2002", required_filters="apps").json()
    assert by_header == by_query
    foreign = by_header["apps"][0]["id"]
    assert foreign not in mine
    assert adjust.refusal(app_token__in=foreign)[::2] == (400, "Invalid app tokens")
    rows = adjust.rows("app_token", adjust_account_id__in="2002", app_token__in=foreign)
    assert [row["app_token"] for row in rows] == [foreign]
    assert adjust.refusal(adjust_account_id__in="9999")[0] == 401


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"metrics": "currency"}, "Unsupported metric: currency loc=metrics"),
        (
            {"metrics": "network_revenue"},
            "Unsupported metric: network_revenue (network event doesn't exist or was renamed)",
        ),
        ({"metrics": "installs,retention_rate_7d"}, "Unsupported metric: retention_rate_7d "),
        ({"metrics": "roas_d121"}, "Unsupported metric: roas_d121 "),
        ({"metrics": "first_order_m0_conversions_cohort"}, "Unsupported metric: first_order_"),
        ({"metrics": ""}, "field required loc=metrics"),
        ({"dimensions": ""}, "field required loc=dimensions"),
        ({"date_period": ""}, "field required loc=date_period"),
        ({"dimensions": "day,installs"}, "Unsupported dimension: installs"),
        ({"date_period": "last_7_days"}, "Invalid date_period: last_7_days"),
        ({"date_period": "last_30_days"}, "Invalid date_period"),
        ({"date_period": "last_quarter"}, "Invalid date_period"),
        ({"date_period": "this_year"}, "Invalid date_period"),
        ({"date_period": "2026-01-10"}, "Invalid date_period"),
        ({"date_period": "2026-01-32:2026-02-01"}, "Invalid date_period"),
        ({"date_period": "2026-01-12:2026-01-10"}, "Invalid date_period"),
        ({"utc_offset": " 01:00"}, "Invalid utc_offset"),
        ({"ad_spend_mode": "both"}, "Invalid value: both loc=ad_spend_mode"),
        ({"attribution_types": "click,view"}, "Invalid value: view loc=attribution_types"),
        ({"cohort_maturity": "old"}, "Invalid value: old loc=cohort_maturity"),
        ({"currency": "XXX"}, "Unsupported currency: XXX"),
        ({"sort": "clicks"}, "Unsupported sort: clicks"),
        ({"limit": "0"}, "Invalid limit: 0"),
        ({"flavour__in": "a"}, "Unsupported filter: flavour__in"),
        ({"nonsense__gt": "1"}, "Unsupported metric: nonsense"),
        ({"app_token__in": "zzzzzzzzzzzz"}, "Invalid app tokens"),
    ],
)
def test_what_adjust_refuses_is_refused(adjust, params, text):
    """400 validation_error, with the live text where one is known."""
    status, code, said = adjust.refusal(**params)
    assert (status, code) == (400, "validation_error")
    assert text in said


def test_unknown_settings_are_ignored(adjust):
    """Live calls with undocumented parameters succeeded."""
    assert adjust.rows(format="json", full_data="true", page="2") == adjust.rows()


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("2026-01-10:2026-01-11", ["2026-01-10", "2026-01-11"]),
        ("2026-01-10:2026-01-10", ["2026-01-10"]),
        ("2026-01-10T00:00:00Z:2026-01-10T00:00:00Z", ["2026-01-10"]),
        ("-2d:-1d", ["2026-03-16", "2026-03-17"]),
        ("yesterday", ["2026-03-17"]),
        ("today", ["2026-03-18"]),
        ("-1d:-0d", ["2026-03-17", "2026-03-18"]),
        ("this_week", ["2026-03-15", "2026-03-16", "2026-03-17", "2026-03-18"]),
        ("last_week", [f"2026-03-{day:02d}" for day in range(8, 15)]),
        ("this_month_until_yesterday", [f"2026-03-{day:02d}" for day in range(1, 18)]),
        ("last_month", [f"2026-02-{day:02d}" for day in range(1, 29)]),
    ],
)
def test_periods_cover_their_days(adjust, period, days):
    """Both ends are inclusive; today is the clock's."""
    rows = adjust.rows("day", date_period=period, sort="day")
    assert [row["day"] for row in rows] == days


def test_values_are_strings_and_totals_numbers(adjust):
    """Counts without a point, money and ratios with one; the frame has its fixed keys."""
    body = adjust.report(metrics="installs,cost,ctr,daus")
    assert {"rows", "totals", "warnings", "pagination"} <= set(body)
    assert body["warnings"] == []
    assert body["pagination"] is None
    for row in body["rows"]:
        assert all(isinstance(row[name], str) for name in ("installs", "cost", "ctr", "daus"))
        assert row["installs"].isdigit()
        assert all("." in row[name] for name in ("cost", "ctr", "daus"))
        assert isinstance(row["attr_dependency"], dict)
    assert {type(value) for value in body["totals"].values()} == {float}
    assert "attr_dependency" not in adjust.rows(include_attr_dependency="false")[0]


def test_time_dimensions_have_their_forms(adjust):
    """Week, month, quarter, year and hour read as documented, ISO on request."""
    names = "hour,day,week,month,quarter,year"
    period = {"date_period": "2026-01-10:2026-01-10", "sort": "hour", "limit": "1"}
    row = adjust.rows(names, **period)[0]
    assert [row[name] for name in names.split(",")] == [
        "2026-01-10T00:00:00",
        "2026-01-10",
        "2026-01-04 - 2026-01-10",
        "2026-01",
        "Q1 2026",
        "2026",
    ]
    row = adjust.rows("week,month,quarter", format_dates="false", **{**period, "sort": ""})[0]
    assert [row[name] for name in ("week", "month", "quarter")] == [
        "2026-01-04",
        "2026-01-01",
        "2026-01-01",
    ]


def test_an_empty_report_has_no_body(adjust, sandbox):
    """204 as documented; 200 with no rows by switch."""
    params = {"dimensions": "day", "metrics": "installs", "date_period": "2019-01-01:2019-01-02"}
    for path in ("report", "csv_report", "parquet_report"):
        reply = adjust.get(f"/adjust/reports-service/{path}", **params)
        assert (reply.status_code, reply.content) == (204, b"")
    sandbox.switch("adjust", empty_as_rows=True)
    assert adjust.rows("day", date_period="2019-01-01:2019-01-02") == []


def test_sort_orders_by_several_keys(adjust):
    """A minus is descending; numbers sort as numbers."""
    rows = adjust.rows("day,network", metrics="installs", sort="day,-installs")
    keys = [(row["day"], -int(row["installs"])) for row in rows]
    assert keys == sorted(keys)
    assert len({day for day, _ in keys}) == 3


def test_a_limit_that_bites_warns(adjust, sandbox):
    """The rows are cut, the totals are not, and a limit_rows warning says so."""
    whole = adjust.report("day,network", sort="day,network")
    cut = adjust.report("day,network", sort="day,network", limit="5")
    assert cut["rows"] == whole["rows"][:5]
    assert cut["totals"] == whole["totals"]
    assert [note["slug"] for note in cut["data_warnings"]] == ["limit_rows"]
    assert adjust.report("day,network", limit="500")["data_warnings"] == []
    sandbox.switch("adjust", max_rows=7, warnings_key="warnings")
    capped = adjust.report("day,network", limit="500")
    assert len(capped["rows"]) == 7
    assert [note["slug"] for note in capped["warnings"]] == ["limit_rows"]


@pytest.mark.parametrize(
    ("key", "value", "keeps"),
    [
        ("network__in", "Organic,TikTok SAN", lambda n: n in ("Organic", "TikTok SAN")),
        ("network__not_in", "Organic", lambda n: n != "Organic"),
        ("network__contains", "ADS", lambda n: "ads" in n.lower()),
        ("network__exclude", "ads", lambda n: "ads" not in n.lower()),
        ("network__starts_with", "apple", lambda n: n.startswith("Apple")),
        ("network__not_starts_with", "apple", lambda n: not n.startswith("Apple")),
        ("network__ends_with", "san", lambda n: n.endswith("SAN")),
        ("network__not_ends_with", "san", lambda n: not n.endswith("SAN")),
    ],
)
def test_dimension_filters_keep_what_they_say(adjust, key, value, keeps):
    """Substring operators don't mind case; the filtered rows are the unfiltered ones."""
    whole = adjust.rows("day,network")
    assert adjust.rows("day,network", **{key: value}) == [
        row for row in whole if keeps(row["network"])
    ]
    assert 0 < len([row for row in whole if keeps(row["network"])]) < len(whole)


def test_metric_filters_compare_numbers(adjust):
    """Also on a metric that was not asked for, and in the dashboard's spelling."""
    whole = adjust.rows("day,network", metrics="installs,cost")
    paid = [row for row in whole if float(row["cost"]) > 100]
    assert adjust.rows("day,network", metrics="installs,cost", cost__gt="100") == paid
    assert adjust.rows("day,network", metrics="installs,cost", cost__gt__column="100") == paid
    only = adjust.rows("day,network", metrics="installs", cost__lte="100")
    assert len(only) == len(whole) - len(paid)


def test_csv_says_what_json_says(adjust):
    """Same rows; null and the empty string are both empty."""
    asked = {
        "dimensions": "day,app_token,campaign_network,creative_network",
        "metrics": "installs,network_cost",
        "date_period": "2026-01-10:2026-01-11",
        "sort": "day,app_token,campaign_network,creative_network,installs",
    }
    reply = adjust.get("/adjust/reports-service/csv_report", **asked)
    assert reply.headers["content-type"] == "text/csv"
    table = list(csv.DictReader(io.StringIO(reply.content.decode(), newline="")))
    rows = adjust.rows(**asked, include_attr_dependency="false")
    assert table == [{key: value or "" for key, value in row.items()} for row in rows]
    assert any("\n" in row["creative_network"] or "," in row["creative_network"] for row in table)


def test_parquet_says_what_json_says(adjust):
    """Same rows, null kept apart from the empty string."""
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow as pa

    asked = {
        "dimensions": "day,app_token,campaign_network",
        "metrics": "installs,network_cost",
        "date_period": "2026-01-10:2026-01-11",
    }
    reply = adjust.get("/adjust/reports-service/parquet_report", **asked)
    table = parquet.read_table(pa.BufferReader(reply.content)).to_pylist()
    rows = adjust.rows(**asked, include_attr_dependency="false")
    for row in rows:
        row.update(installs=int(row["installs"]), network_cost=float(row["network_cost"]))
    assert table == rows
    assert {None, ""} < {row["campaign_network"] for row in table}


def test_parquet_without_pyarrow_says_so(adjust, monkeypatch):
    """501 with what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    reply = adjust.get(
        "/adjust/parquet_report", dimensions="day", metrics="installs", date_period="-2d:-1d"
    )
    assert reply.status_code == 501
    assert "pyarrow" in reply.json()["error_desc"]


def test_pivot_nests_by_its_index(adjust):
    """Keyed by the first index dimension, numbers as numbers."""
    asked = {"dimensions": "day,network", "metrics": "installs", "index": "network"}
    reply = adjust.get("/adjust/pivot_report", **asked, date_period="2026-01-10:2026-01-12").json()
    organic = [row for row in adjust.rows("day,network") if row["network"] == "Organic"]
    assert reply["rows"]["Organic"]["rows"] == [
        {"day": row["day"], "installs": float(row["installs"])} for row in organic
    ]


def test_filters_data_without_a_query_is_an_empty_object(adjust):
    """A published connector checks its connection so."""
    reply = adjust.get("/adjust/reports-service/filters_data")
    assert (reply.status_code, reply.json()) == (200, {})


def test_every_listed_metric_is_accepted_and_filled(adjust):
    """Nothing that filters_data offers is refused, and no column is always zero."""
    listed = adjust.get("/adjust/filters_data", required_filters=FIXED_FILTERS).json()
    names = [option["id"] for options in listed.values() for option in options]
    assert len(names) > 300
    found = set()
    for start in range(0, len(names), 150):
        chunk = names[start : start + 150]
        rows = adjust.rows("app_token,network", metrics=",".join(chunk))
        found |= {name for name in chunk for row in rows if float(row[name]) != 0}
    assert set(names) == found


def test_every_cohort_and_event_metric_is_accepted_and_filled(adjust):
    """A period of each stem, and each event metric of a slug with a space in it."""
    path = "/adjust/filters_data"
    stems = adjust.get(path, required_filters="cohort_metric_names").json()["cohort_metric_names"]
    events = adjust.get(path, required_filters="event_metrics", event_metrics__contains="first o")
    names = [f"{stem['id']}_d3" for stem in stems]
    names += [
        option["id"]
        for option in events.json()["event_metrics"]
        if not re.search(r"_[dwm]\d+_", option["id"]) or "_w1_" in option["id"]
    ]
    assert {"revenue_total_d3", "first order_w1_conversions_cohort", "first order_events"} <= set(
        names
    )
    found = set()
    for start in range(0, len(names), 100):
        chunk = names[start : start + 100]
        rows = adjust.rows("app_token,network", metrics=",".join(chunk))
        found |= {name for name in chunk for row in rows if float(row[name]) != 0}
    sources = {name for name in names if name.startswith(("ad_revenue_", "ad_impressions_"))}
    assert set(names) - sources <= found
    assert len(sources & found) > 5


def test_every_listed_dimension_is_accepted(adjust):
    """And comes back as a column of its own."""
    options = adjust.get("/adjust/filters_data", required_filters="dimensions").json()["dimensions"]
    for option in options:
        assert option["id"] in adjust.rows(option["id"])[0]


def test_events_are_a_bare_array_and_map_tokens_on_request(adjust, sandbox):
    """A slug may stand for several apps, each with a token of its own."""
    path = "/adjust/reports-service/events"
    events = adjust.get(path).json()
    assert "first order" in {event["id"] for event in events}
    assert all(event["app_token_x_event_tokens_mapping"] is None for event in events)
    mapped = adjust.get(path, tokens_mapping="true").json()
    several = next(event for event in mapped if len(event["app_token"]) > 1)
    pairs = several["app_token_x_event_tokens_mapping"]
    assert sorted(pairs) == sorted(several["app_token"])
    assert sorted(itertools.chain(*pairs.values())) == sorted(several["tokens"])
    sandbox.switch("adjust", renamed_events={"first order": "order placed"})
    assert "first order" not in {event["id"] for event in adjust.get(path).json()}
    assert "doesn't exist or was renamed" in adjust.refusal(metrics="first order_events")[2]
    assert adjust.rows(metrics="order placed_events")


def test_switches_make_the_service_ill(adjust, sandbox):
    """403 for a forbidden app, 504 for a long slice, nulls for ratios over zero."""
    token = sandbox.environment.world.apps[0].token
    sandbox.switch("adjust", forbidden_apps=[token], timeout_days=2, null_metrics=True)
    assert adjust.refusal(app_token__in=token, date_period="-2d:-1d")[0] == 403
    assert adjust.refusal()[:2] == (504, "service_error")
    rows = adjust.rows("app_token,network", metrics="installs,ctr", date_period="-2d:-1d")
    assert {row["ctr"] is None for row in rows} == {True, False}
    assert token not in {row["app_token"] for row in rows}
