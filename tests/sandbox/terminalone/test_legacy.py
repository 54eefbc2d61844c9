"""The legacy generation beyond what the vendor's client asks: faults, oddities, report rules."""

import csv
import io
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
import requests

JSON = {"Accept": "application/vnd.mediamath.v1+json"}
YESTERDAY = {
    "dimensions": "campaign_id",
    "filter": "organization_id=33",
    "time_rollup": "by_day",
    "time_window": "yesterday",
}
"""A report of yesterday, by campaign."""


class Client:
    """A plain client of the legacy generation, logged in by cookie."""

    def __init__(self, sandbox):
        self.base = f"{sandbox.url}/terminalone"
        self.session = requests.Session()
        self.session.params = {"api_key": "sandbox-t1-key"}
        self.log_in()

    def log_in(self, **changes):
        """Log in; the form may be changed."""
        form = {"user": "ops@northwind.example", "password": "sandbox-t1-password"}
        return self.session.post(
            f"{self.base}/api/v2.0/login", data=form | changes, headers=JSON, timeout=30
        )

    def get(self, path, *, headers=JSON, **params):
        """One call."""
        return self.session.get(f"{self.base}/{path}", params=params, headers=headers, timeout=60)

    def entities(self, path, **params):
        """Rows of a collection as JSON."""
        return self.get(f"api/v2.0/{path}", **params).json()["data"]

    def rows(self, report, **params):
        """Rows of a report."""
        ask = {"filter": "organization_id=33", "time_rollup": "by_day"} | params
        answer = self.get(f"reporting/v1/std/{report}", **ask)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/csv; charset=UTF-8"
        return list(csv.DictReader(io.StringIO(answer.text)))

    def truth(self, **params):
        """What the sandbox itself says."""
        return requests.get(f"{self.base}/_truth", params=params, timeout=60).json()


@pytest.fixture
def client(sandbox):
    client = Client(sandbox)
    yield client
    client.session.close()


def test_a_session_lives_a_day_and_no_longer(sandbox, client):
    """Then XML and JSON say auth_required with 401; use does not prolong it."""
    assert client.get("api/v2.0/session").status_code == 200
    sandbox.clock(advance_days=0.99)
    assert client.get("api/v2.0/campaigns").status_code == 200
    sandbox.clock(advance_days=0.02)
    ended = client.get("api/v2.0/campaigns")
    assert (ended.status_code, ended.json()["meta"]["status"]) == (401, "auth_required")
    assert ended.json()["errors"][0]["message"]
    xml = ET.fromstring(client.get("api/v2.0/campaigns", headers={}).text)  # noqa: S314
    assert xml.find("status").get("code") == "auth_required"
    sandbox.switch("terminalone", bare_auth_required=True)
    assert client.get("api/v2.0/campaigns").json() == {"meta": {"status": "auth_required"}}


def test_every_nth_request_can_meet_the_qps_limit(sandbox, client):
    """Mashery's 403 carries its error code and Retry-After, and heals."""
    sandbox.switch("terminalone", over_qps_every=3)
    answers = [client.get("api/v2.0/verticals") for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 403]
    assert len(refused) == 2
    assert refused[0].headers["X-Mashery-Error-Code"] == "ERR_403_DEVELOPER_OVER_QPS"
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].text == "<h1>Developer Over Qps</h1>"


def test_a_page_limit_over_a_hundred_is_cut_or_refused(sandbox, client):
    """Which of the two the platform does is unknown, so a switch decides."""
    sandbox.reset(size=8)
    client.log_in()
    assert len(client.entities("campaigns", page_limit=500)) == 100
    sandbox.switch("terminalone", page_limit_over="refuse")
    refused = client.get("api/v2.0/campaigns", page_limit=500)
    assert (refused.status_code, refused.json()["meta"]["status"]) == (400, "invalid")


def test_totals_status_and_numbers_can_be_as_odd_as_recorded(sandbox, client):
    """`success`, a total of 0 or as text, decimals as text: each by its switch."""
    sandbox.switch("terminalone", legacy_status="success", legacy_total="zero", string_numbers=True)
    body = client.get("api/v2.0/campaigns", full="*", page_limit=2).json()
    assert (body["meta"]["status"], body["meta"]["total_count"]) == ("success", 0)
    assert isinstance(body["data"][0]["goal_alert"], str)
    assert isinstance(body["data"][0]["total_budget"][0]["value"], str)


def test_the_same_entity_says_the_same_in_both_formats_and_generations(client):
    """Time stamps, booleans and money differ in spelling only; some money is in two currencies."""
    number = client.truth(collection="campaigns")["ids"][0]
    record = client.entities(f"campaigns/{number}")
    root = ET.fromstring(client.get(f"api/v2.0/campaigns/{number}", headers={}).text)  # noqa: S314
    props = {prop.get("name"): prop for prop in root.find("entity").findall("prop")}
    assert props["updated_on"].get("value") + "+0000" == record["updated_on"]
    assert props["status"].get("value") == str(int(record["status"]))
    assert props["start_date"].find("local_time").get("zone_name") == record["zone_name"]
    budget = record["total_budget"][0]
    assert props["total_budget"].get("currency_code") == budget["currency_code"] == "EUR"
    assert Decimal(props["total_budget"].get("value")) == Decimal(str(budget["value"]))
    assert props["ad_server_password"].get("value") == record["ad_server_password"]
    segment = client.entities("audience_segments", full="*", page_limit=1)[0]
    assert [amount["currency_code"] for amount in segment["retail_cpm"]] == ["USD", "EUR"]


def test_the_audience_tree_is_walked_by_parent(client):
    """`parent` gives the children of a segment."""
    branches = [
        row for row in client.entities("audience_segments", full="*") if row["child_count"] == 5
    ]
    for branch in branches:
        leaves = client.entities("audience_segments", full="*", parent=branch["id"])
        assert [leaf["parent_audience_segment_id"] for leaf in leaves] == [branch["id"]] * 5


def test_a_hard_deleted_join_is_gone_without_a_trace(sandbox, client):
    """Rows of join tables leave the list as the clock goes on."""
    before = {row["id"] for row in client.entities("strategy_concepts")}
    sandbox.clock("2026-11-01T12:00:00+00:00")
    client.log_in()
    gone = before - {row["id"] for row in client.entities("strategy_concepts")}
    assert gone
    assert client.get(f"api/v2.0/strategy_concepts/{min(gone)}").status_code == 404


def test_deals_need_their_owner(client):
    """Without the organization the service refuses; sorting has its own words."""
    assert client.get("deals/v1.0/deals").status_code == 400
    owned = {"owner.organization_id": 33}
    body = client.get("deals/v1.0/deals", sort_by="name", sort_dir="DESC", **owned).json()
    assert [deal["id"] for deal in body["data"]] == [7006, 7005, 7004, 7003, 7002, 7001]
    assert client.get("deals/v1.0/deals", sort_by="-name", **owned).status_code == 400
    assert client.get("media/v1.0/deals/7001").json()["data"]["bill_type"]


def test_v1_and_the_facts_agree_and_geo_is_in_dollars(client):
    """Campaign currency in performance; geo adds the same money up in USD."""
    days = {"start_date": "2026-03-01", "end_date": "2026-03-07"}
    metrics = "impressions,total_spend"
    rows = client.rows("performance", dimensions="campaign_currency_code", metrics=metrics, **days)
    totals = client.truth(start="2026-03-01", end="2026-03-07")["totals"]
    for currency, sums in totals.items():
        mine = [row for row in rows if row["campaign_currency_code"] == currency]
        assert sum(Decimal(row["total_spend"]) for row in mine) == Decimal(sums["total_spend"])
    geo = client.rows(
        "geo", dimensions="campaign_currency_code,country_name", metrics=metrics, **days
    )
    pounds = sum(
        Decimal(row["total_spend"]) for row in geo if row["campaign_currency_code"] == "GBP"
    )
    assert pounds > Decimal(totals["GBP"]["total_spend"])
    assert sum(int(row["impressions"]) for row in geo) == sum(
        int(sums["impressions"]) for sums in totals.values()
    )
    assert "" in {row["country_name"] for row in geo}


def test_weeks_and_months_carry_their_own_dates(client):
    """Buckets are cut to what was asked for; pages count pages, not rows."""
    ask = {"dimensions": "organization_id", "metrics": "clicks", "start_date": "2026-01-15"}
    months = client.rows("performance", time_rollup="by_month", end_date="2026-02-10", **ask)
    assert [(row["start_date"], row["end_date"]) for row in months] == [
        ("2026-01-15", "2026-01-31"),
        ("2026-02-01", "2026-02-10"),
    ]
    days = client.rows("performance", order="date", **ask)
    # Today is not over, so it is not there.
    assert days[-1]["end_date"] == "2026-03-17"
    second = client.rows("performance", order="date", page_limit=5, page_offset=1, **ask)
    assert second == days[5:10]


def test_special_windows_and_interval_reports_have_an_interval(client):
    """CTD, and the number of days; dates and order by them are refused there."""
    ctd = client.rows(
        "performance",
        dimensions="campaign_id",
        metrics="impressions",  # all ninety over two years take seconds
        time_rollup="all",
        time_window="campaign_to_date",
    )
    assert {row["interval"] for row in ctd} == {"CTD"}
    reach = client.rows(
        "reach_frequency",
        dimensions="campaign_id,frequency",
        time_rollup="all",
        time_window="last_30_days",
    )
    assert {row["interval"] for row in reach} == {"30"}
    refused = client.get(
        "reporting/v1/std/reach_frequency",
        dimensions="campaign_id",
        filter="organization_id=33",
        time_rollup="all",
        start_date="2026-03-01",
    )
    assert refused.status_code == 400


def test_pixel_loads_hold_a_total_beside_the_referrers(client):
    """The row `Total` repeats what the rows by referrer say."""
    rows = client.rows(
        "event_pixel_loads",
        dimensions="pixel_id,referrer",
        metrics="loads",
        time_window="yesterday",
    )
    totals = {row["pixel_id"]: int(row["loads"]) for row in rows if row["referrer"] == "Total"}
    for pixel, total in totals.items():
        parts = [
            int(row["loads"])
            for row in rows
            if row["pixel_id"] == pixel and row["referrer"] != "Total"
        ]
        assert sum(parts) == total > 0
    assert totals


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"dimensions": ""}, 400, "bad_request"),
        ({"dimensions": "colour"}, 400, "bad_request"),
        ({"time_window": ""}, 400, "bad_request"),
        ({"time_rollup": "by_hour"}, 400, "bad_request"),
        ({"filter": "campaign_name=x"}, 400, "bad_request"),
        ({"filter": "organization_id=x"}, 400, "bad_request"),
        ({"filter": "campaign_id=5"}, 404, "not_found"),
        ({"filter": "organization_id=35"}, 403, "denied"),
        ({"precision": "9"}, 400, "bad_request"),
        ({}, 200, "ok"),
    ],
)
def test_validate_says_what_the_data_call_would(client, change, status, code):
    """Errors are XML whatever was asked for, and the same with and without `/validate`."""
    ask = YESTERDAY | change
    checked = client.get("reporting/v1/std/performance/validate", **ask)
    assert checked.status_code == status
    assert ET.fromstring(checked.text).find("status").get("code") == code  # noqa: S314
    assert client.get("reporting/v1/std/performance", **ask).status_code == status


def test_a_retired_report_is_gone(client):
    """410, and no longer in the list; a report on its way out says so in its definition."""
    assert client.get("reporting/v1/std/technology").status_code == 410
    listed = client.get("reporting/v1/std/meta").json()["reports"]
    assert "technology" not in listed
    assert listed["pulse"]["Deprecation"]["superseded_by"] == "by_hour"


def test_an_unchanged_report_is_not_sent_again(client):
    """If-Modified-Since with what Last-Modified said gives an empty 304."""
    first = client.get("reporting/v1/std/performance", **YESTERDAY)
    since = {"If-Modified-Since": first.headers["last-modified"]}
    again = client.get("reporting/v1/std/performance", headers=since, **YESTERDAY)
    assert (again.status_code, again.content) == (304, b"")
