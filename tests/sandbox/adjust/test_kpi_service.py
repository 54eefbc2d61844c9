"""The legacy KPI service, the Campaign API and the dashboard."""

import csv
import io
import sys
import threading
from functools import partial

import pytest

from adtap_sandbox.adjust.store import AdjustStore
from adtap_sandbox.credentials import ADJUST_API_TOKEN
from adtap_sandbox.environment import Clock, Environment
from adtap_sandbox.world import World

DAYS = {"start_date": "2026-03-01", "end_date": "2026-03-03"}


@pytest.fixture
def tokens(sandbox):
    return [app.token for app in sandbox.environment.world.apps]


def test_the_token_comes_in_two_ways(adjust, tokens):
    """As user_token and as `Token token=`; anything else is 401 with a JSON error."""
    path = f"/adjust/kpis/v1/{tokens[0]}"
    first = adjust.get(path, token="", user_token=ADJUST_API_TOKEN, **DAYS)
    second = adjust.get(path, headers={"Authorization": f"Token token={ADJUST_API_TOKEN}"}, **DAYS)
    assert first.json() == second.json()
    refused = adjust.get(path, token="", user_token="nobody", **DAYS)
    assert (refused.status_code, list(refused.json())) == (401, ["error"])


def test_groupings_nest_in_the_order_given(adjust, tokens):
    """Turned round, the tree holds the same leaves."""
    path = f"/adjust/kpis/v1/{tokens[0]}"
    one = adjust.get(path, grouping="networks,day,countries", kpis="installs", **DAYS).json()
    two = adjust.get(path, grouping="country,network,days", kpis="installs", **DAYS).json()
    first = {
        (network["name"], day["date"], country["country"]): country["kpi_values"]
        for network in one["result_set"]["networks"]
        for day in network["dates"]
        for country in day["countries"]
    }
    second = {
        (network["name"], day["date"], country["country"]): day["kpi_values"]
        for country in two["result_set"]["countries"]
        for network in country["networks"]
        for day in network["dates"]
    }
    assert first == second
    assert two["result_parameters"]["grouping"] == ["country", "network", "days"]


def test_its_numbers_are_the_report_services(adjust, tokens):
    """One store behind both."""
    body = adjust.get(
        f"/adjust/kpis/v1/{','.join(tokens)}", grouping="apps", kpis="installs,revenue", **DAYS
    ).json()
    rows = adjust.rows(
        "app_token",
        metrics="installs,revenue",
        date_period="2026-03-01:2026-03-03",
        attribution_type="click",
    )
    assert {app["token"]: app["kpi_values"] for app in body["result_set"]["apps"]} == {
        row["app_token"]: [int(row["installs"]), float(row["revenue"])] for row in rows
    }


def test_suffix_and_accept_choose_the_format(adjust, tokens):
    """Exactly text/csv; the suffix goes before the header."""
    base = f"/adjust/kpis/v1/{tokens[0]}"
    by_suffix = adjust.get(f"{base}/events.csv", grouping="day", **DAYS)
    by_accept = adjust.get(f"{base}/events", headers={"Accept": "text/csv"}, grouping="day", **DAYS)
    assert by_suffix.headers["content-type"] == "text/csv"
    assert by_suffix.content == by_accept.content
    forced = adjust.get(f"{base}.json", headers={"Accept": "text/csv"}, **DAYS)
    assert forced.json()["result_parameters"]["grouping"] == ["trackers"]
    table = list(csv.reader(io.StringIO(by_suffix.text)))
    assert table[0] == ["date", "event_token", "event_name", "revenue_events", "revenue"]
    readable = adjust.get(
        f"{base}/cohorts.csv", grouping="day", kpis="sessions", human_readable_kpis="true", **DAYS
    )
    assert readable.text.splitlines()[0] == "Date,Days after Install,Sessions"


def test_cohort_periods_are_strings_and_filterable(adjust, tokens):
    """One, a list, a range; a period is a week or a month on request."""
    path = f"/adjust/kpis/v1/{tokens[0]}/cohorts"

    def periods(text, **more):
        body = adjust.get(path, grouping="days", cohort_period_filter=text, **DAYS, **more).json()
        return [leaf["period"] for leaf in body["result_set"]["dates"][0]["periods"]]

    assert periods("7") == ["7"]
    assert periods("1,3,7") == ["1", "3", "7"]
    assert periods("0 - 3", period="week") == ["0", "1", "2", "3"]
    refused = adjust.get(path, cohort_period_filter="x", **DAYS)
    assert (refused.status_code, list(refused.json())) == (400, ["error"])


def test_weeks_begin_on_monday_and_are_cut_by_the_range(adjust, tokens):
    """The first of them begins where the range does."""
    body = adjust.get(
        f"/adjust/kpis/v1/{tokens[0]}",
        grouping="week",
        kpis="installs,daus",
        start_date="2026-02-25",
        end_date="2026-03-10",
    ).json()
    weeks = body["result_set"]["dates"]
    assert [week["date"] for week in weeks] == ["2026-02-25", "2026-03-02", "2026-03-09"]


def test_event_kpis_are_appended(adjust, tokens):
    """After the KPIs, event by event; the events are named in the parameters."""
    path = f"/adjust/kpis/v1/{tokens[0]}"
    plain = adjust.get(path, kpis="installs", grouping="day", **DAYS).json()
    body = adjust.get(
        path, kpis="installs", grouping="day", event_kpis="all_events|revenue", **DAYS
    ).json()
    events = body["result_parameters"]["events"]
    leaf = body["result_set"]["dates"][0]["kpi_values"]
    assert len(leaf) == 1 + 2 * len(events)
    assert leaf[0] == plain["result_set"]["dates"][0]["kpi_values"][0]
    one = f"{events[0]['token']}_events"
    only = adjust.get(path, kpis="installs", grouping="day", event_kpis=one, **DAYS).json()
    assert only["result_set"]["dates"][0]["kpi_values"] == leaf[:2]


def test_spend_kpis_are_zero_since_their_end(adjust, tokens):
    """And skadnetwork has results of its own."""
    path = f"/adjust/kpis/v1/{tokens[0]}"
    body = adjust.get(path, kpis="cost,paid_clicks", grouping="apps", **DAYS).json()
    assert body["result_set"]["apps"][0]["kpi_values"] == [0, 0]
    skan = adjust.get(f"{path}/skadnetwork", grouping="apps", **DAYS).json()
    assert skan["result_set"]["apps"][0]["kpi_values"][0] > 0


def test_what_is_wrong_answers_json(adjust, sandbox, tokens):
    """400, 403, 404, and 410 for everything once the service is retired."""
    statuses = {
        f"/adjust/kpis/v1/{tokens[0]}?grouping=planets": 400,
        f"/adjust/kpis/v1/{tokens[0]}?kpis=planets": 400,
        f"/adjust/kpis/v1/{tokens[0]}?start_date=yesterday": 400,
        "/adjust/kpis/v1/zzzzzzzzzzzz": 403,
        f"/adjust/kpis/v1/{tokens[0]}/planets": 404,
        f"/adjust/kpis/v1/{tokens[0]}/trackers/zzzzzz": 404,
    }
    for path, status in statuses.items():
        reply = adjust.get(path)
        assert (reply.status_code, list(reply.json())) == (status, ["error"]), path
    sandbox.switch("adjust", kpi_gone=True)
    assert adjust.get(f"/adjust/kpis/v1/{tokens[0]}").status_code == 410


def test_trackers_page_and_lead_to_their_children(adjust, tokens):
    """Following `next` and the children finds each link once, and KPIs below a link add up."""
    base = f"{adjust.url}/adjust/public/v2/apps/{tokens[0]}/trackers"
    found, url = [], f"{base}?limit=3"
    while url:
        data = adjust.get(url.removeprefix(adjust.url)).json()["data"]
        assert len(data["items"]) <= 3
        found += data["items"]
        url = data["paging"].get("next")
    assert [link["name"] for link in found][:2] == ["Organic", "Google Ads ACI"]
    assert len({link["token"] for link in found}) == len(found)
    parent = found[1]
    children = adjust.get(
        f"/adjust/public/v2/apps/{tokens[0]}/trackers/{parent['token']}/children"
    ).json()["data"]["items"]
    assert {child["level"] for child in children} == {2}
    assert all(child["name"] == f"{parent['name']}::{child['label']}" for child in children)
    below = adjust.get(
        f"/adjust/kpis/v1/{tokens[0]}/trackers/{parent['token']}", kpis="installs", **DAYS
    ).json()
    assert {node["token"] for node in below["result_set"]["trackers"]} <= {
        child["token"] for child in children
    }
    assert adjust.get("/adjust/public/v2/partners").json()["data"]["items"]


def test_requests_that_come_first_at_once_find_each_link_once():
    """What one request is making, another does not see half made, nor adds to."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for seed in range(100, 110):
            store = AdjustStore(Environment(World(seed), Clock()))
            asked = partial(store.links, store.apps[0])
            threads = [threading.Thread(target=asked) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [link.name for link in asked()] == list(store.world.networks)
    finally:
        sys.setswitchinterval(interval)


def test_the_dashboard_lists_the_apps(adjust, tokens):
    """Those of all the user's accounts."""
    apps = adjust.get("/dashboard/api/apps").json()["apps"]
    assert [app["app_token"] for app in apps][: len(tokens)] == tokens
