"""The current generation as a client meets it: tokens, v3 resources, Reporting V2."""

import json
from decimal import Decimal

import pytest
import requests

LOGIN = {
    "grant_type": "password",
    "username": "ops@northwind.example",
    "password": "sandbox-t1-password",
    "client_id": "sandbox-t1-client",
    "client_secret": "sandbox-t1-secret",
    "audience": "https://api.mediamath.com/",
}
NORTHWIND = [{"field": "organization_id", "value": 33}]
WEEK = {"filters": NORTHWIND, "rollup": "by_day", "time_window": "last_7_days"}
TENTH = {"start_time": "2026-03-10T00:00:00Z", "end_time": "2026-03-10T23:59:59Z"}


class Client:
    """A plain client of the sandbox, logged in."""

    def __init__(self, sandbox):
        self.base = f"{sandbox.url}/terminalone"
        self.token = self.log_in()["access_token"]

    def log_in(self, **changes):
        """The answer of the token endpoint."""
        return requests.post(f"{self.base}/oauth/token", json=LOGIN | changes, timeout=30).json()

    @property
    def headers(self):
        """What carries the bearer."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path, **params):
        """One call of v3."""
        return requests.get(
            f"{self.base}/api/v3.0/{path}", params=params, headers=self.headers, timeout=30
        )

    def report(self, dataset, **body):
        """One call of Reporting V2."""
        return requests.post(
            f"{self.base}/reporting/v2/{dataset}", json=body, headers=self.headers, timeout=60
        )

    def rows(self, dataset, **body):
        """Rows of a streaming answer, the head and the lines about the stream left out."""
        answer = self.report(dataset, **body)
        assert answer.status_code == 200, answer.text
        head, *lines = (json.loads(line, parse_float=Decimal) for line in answer.text.splitlines())
        rows = [line for line in lines if "meta" not in line]
        assert head["total_items_count"] == len(rows)
        return rows

    def truth(self, **params):
        """What the sandbox itself says."""
        return requests.get(f"{self.base}/_truth", params=params, timeout=60).json()


@pytest.fixture
def client(sandbox):
    return Client(sandbox)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"password": "wrong"}, 403, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "access_denied"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"audience": "https://api.mediamath.com"}, 403, "access_denied"),
        ({"grant_type": "client_credentials"}, 403, "unauthorized_client"),
    ],
)
def test_a_wrong_login_is_refused_in_auth0_words(sandbox, changes, status, error):
    """Each credential is checked, and the audience's slash matters."""
    answer = requests.post(
        f"{sandbox.url}/terminalone/oauth/token", data=LOGIN | changes, timeout=30
    )
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_ends_after_its_life_and_a_refresh_token_gives_another(sandbox, client):
    """A day later the bearer is 401; `offline_access` was asked for, so it can be renewed."""
    refresher = client.log_in(scope="offline_access")["refresh_token"]
    assert client.get("campaigns").status_code == 200
    sandbox.clock(advance_days=1)
    refused = client.get("campaigns")
    assert refused.status_code == 401
    assert refused.json()["meta"]["status"] == "error"
    client.token = client.log_in(grant_type="refresh_token", refresh_token=refresher)[
        "access_token"
    ]
    assert client.get("campaigns").status_code == 200


def test_any_page_size_gives_every_campaign_once(client):
    """Pages tile the list, and only the last names no next page."""
    wanted = client.truth(collection="campaigns")["ids"]
    for limit in (1, 7, 1000):
        seen, offset = [], 0
        while True:
            body = client.get("campaigns", page_limit=limit, page_offset=offset).json()
            seen += [row["id"] for row in body["data"]]
            assert body["meta"]["total_count"] == len(wanted)
            if "next_page" not in body["meta"]:
                break
            offset += limit
        assert seen == wanted


def test_beyond_the_offset_ceiling_only_key_sets_go_on(sandbox, client):
    """`page_offset` over the ceiling is 400; `q=id>N` reaches the rest."""
    sandbox.switch("terminalone", page_offset_ceiling=10)
    assert client.get("campaigns", page_offset=11).status_code == 400
    seen, last = [], 0
    while rows := client.get("campaigns", q=f"id>{last}", page_limit=5).json()["data"]:
        seen += [row["id"] for row in rows]
        last = seen[-1]
    assert seen == client.truth(collection="campaigns")["ids"]


def test_stubs_come_without_full_and_everything_with_it(client):
    """Without `full` a list gives id, name and type; switched-off campaigns are in it."""
    stubs = client.get("campaigns").json()["data"]
    assert all(set(stub) == {"id", "name", "entity_type"} for stub in stubs)
    whole = client.get("campaigns", full="*").json()["data"]
    assert {row["status"] for row in whole} == {True, False}
    assert {row["budget"]["currency_code"] for row in whole} == {"EUR", "USD", "GBP"}
    assert len({row["zone_name"] for row in whole}) > 3
    assert client.get(f"campaigns/{whole[0]['id']}").json()["data"] == whole[0]


@pytest.mark.parametrize(
    ("q", "kept"),
    [
        ("status==true", lambda row: row["status"]),
        ("status!=true", lambda row: not row["status"]),
        ("name=:*SALE*", lambda row: "sale" in row["name"].casefold()),
        (
            "updated_on>=2026-03-01T00:00:00Z&status==1",
            lambda row: row["updated_on"] >= "2026-03-01" and row["status"],
        ),
    ],
)
def test_q_keeps_what_it_says(client, q, kept):
    """Each operator gives the rows that the same condition gives by hand, some but not all."""
    everything = client.get("campaigns", full="*").json()["data"]
    found = client.get("campaigns", full="*", q=q).json()["data"]
    assert [row["id"] for row in found] == [row["id"] for row in everything if kept(row)]
    assert 0 < len(found) < len(everything)


def test_an_unknown_field_or_relation_is_refused(client):
    """Nothing that is asked is silently ignored."""
    for params in ({"q": "colour==red"}, {"with": "mother"}, {"sort_by": "colour"}):
        assert client.get("campaigns", **params).status_code == 400
    assert client.get("campaigns/1").status_code == 404


def test_an_update_moves_updated_on_and_the_history(sandbox, client):
    """After a batch some campaigns changed, and the log of each says what."""
    before = client.truth(collection="campaigns")["updated_on"]
    sandbox.clock(advance_days=0.9)
    client.token = client.log_in()["access_token"]
    sandbox.clock(advance_days=40)
    client.token = client.log_in()["access_token"]
    after = client.truth(collection="campaigns")["updated_on"]
    moved = [number for number in before if before[number] != after[number]]
    assert moved
    newest = client.get(f"campaigns/{moved[0]}/history").json()["data"][0]
    assert newest["date"] == after[moved[0]]


def test_a_report_sums_to_the_truth(client):
    """Totals by currency equal those added up straight from the facts, to the last digit."""
    metrics = ["impressions", "clicks", "total_spend", "total_conversions"]
    rows = client.rows(
        "performance",
        fields=["campaign_id", "campaign_currency_code", *metrics],
        filters=NORTHWIND,
        rollup="by_day",
        start_time="2026-03-01T00:00:00Z",
        end_time="2026-03-10T23:59:59Z",
    )
    totals = client.truth(start="2026-03-01", end="2026-03-10")["totals"]
    for currency, sums in totals.items():
        mine = [row for row in rows if row["campaign_currency_code"] == currency]
        for name in metrics:
            assert sum(Decimal(row[name]) for row in mine) == Decimal(sums[name]), (currency, name)
    assert set(totals) == {"EUR", "USD", "GBP"}


@pytest.mark.parametrize(
    "dataset", ["all-dimensions-and-metrics", "performance-hourly", "day-part"]
)
def test_every_dataset_sums_to_the_same_impressions(client, dataset):
    """Whatever the dimensions: all reports cut the same facts."""
    fields = {"all-dimensions-and-metrics": "site_domain", "day-part": "day_part_id"}
    rows = client.rows(dataset, fields=[fields.get(dataset, "strategy_id"), "impressions"], **WEEK)
    wanted = client.rows("performance", fields=["impressions"], **WEEK | {"rollup": "all"})
    assert sum(row["impressions"] for row in rows) == wanted[0]["impressions"]


def test_hours_in_utc_are_those_of_the_facts(client):
    """The one dataset with a choice of zone moves its buckets, and only those."""
    rows = client.rows(
        "performance-hourly",
        fields=["impressions"],
        filters=NORTHWIND,
        rollup="by_hour",
        time_zone="UTC",
        **TENTH,
    )
    truth = client.truth(start="2026-03-10", end="2026-03-10", zone="UTC", by="hour")["by"]
    found = {row["agg_timestamp"][:13]: row["impressions"] for row in rows}
    assert found == {hour: int(sums["impressions"]) for hour, sums in truth.items()}
    assert len(found) > 12


def test_windows_add_up_whatever_their_cut(client):
    """Two windows that meet give the rows of the window over both."""

    def rows(first, last):
        return client.rows(
            "performance",
            fields=["agg_timestamp", "strategy_id", "impressions", "total_spend"],
            filters=NORTHWIND,
            rollup="by_day",
            start_time=f"{first}T00:00:00Z",
            end_time=f"{last}T23:59:59Z",
        )

    whole = rows("2026-02-25", "2026-03-05")
    for cut, after in (("2026-02-25", "2026-02-26"), ("2026-02-28", "2026-03-01")):
        assert rows("2026-02-25", cut) + rows(after, "2026-03-05") == whole


def test_rows_that_the_platform_takes_back_exist_at_first(sandbox, client):
    """A few rows of a young day are gone two days later."""

    def keys():
        return {
            (row["strategy_id"], row["creative_id"], row["site_domain"], row["browser"])
            for row in client.rows(
                "all-dimensions-and-metrics",
                fields=["strategy_id", "creative_id", "site_domain", "browser", "impressions"],
                filters=NORTHWIND,
                rollup="by_day",
                start_time="2026-03-17T00:00:00Z",
                end_time="2026-03-17T23:59:59Z",
            )
        }

    young = keys()
    sandbox.clock(advance_days=3)
    client.token = client.log_in()["access_token"]
    assert keys() < young


def test_pages_and_stream_hold_the_same_rows(client):
    """A page size that does not divide the rows loses none."""
    ask = {"fields": ["agg_timestamp", "strategy_id", "creative_name", "clicks"], **WEEK}
    pages, index = [], 0
    while True:
        body = client.report(
            "performance", **ask, pagination={"page_index": index, "page_size": 37}
        ).json()
        pages += body["results"]
        index += 1
        if index >= body["meta"]["total_pages"]:
            break
    assert pages == client.rows("performance", **ask)
    assert len(pages) == body["meta"]["total_items_count"] > 37


def test_conversions_of_a_day_grow_until_thirty_days_later(sandbox, client):
    """A day is restated, and settled a month after."""
    seen = []
    for moment in ("2026-03-11", "2026-03-20", "2026-04-09", "2026-05-09"):
        sandbox.clock(f"{moment}T12:00:00+00:00")
        client.token = client.log_in()["access_token"]
        rows = client.rows(
            "performance",
            fields=["total_conversions"],
            filters=NORTHWIND,
            rollup="all",
            **TENTH,
        )
        seen.append(rows[0]["total_conversions"])
    assert seen[0] < seen[1] < seen[2] == seen[3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fields": ["foo"]}, "field does not exist in this dataset: foo"),
        ({"fields": []}, "fields"),
        ({"filters": []}, "filters"),
        ({"filters": [{"field": "campaign_status", "value": True}]}, "organization_id"),
        ({"rollup": "by_hour"}, "rollup"),
        ({"time_window": "last_3_hours"}, "time_window"),
        ({"start_time": "2026-03-01T00:00:00Z"}, "either"),
        ({"time_zone": "UTC"}, "time_zone"),
        ({"pagination": {"page_index": 0, "page_size": 10_001}}, "page_size"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_report_that_the_platform_refuses_is_refused(client, change, words):
    """Each rule of the reference has its 400."""
    ask = {"fields": ["campaign_id", "impressions"], **WEEK}
    answer = client.report("performance", **ask | change)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "BadRequest"
    assert words in answer.json()["message"]


def test_a_stream_can_carry_news_of_itself_and_fail_in_its_own_words(sandbox, client):
    """Lines with `meta` stand between rows; one with an error ends the stream early."""
    ask = {"fields": ["strategy_id", "impressions"], **WEEK}
    sandbox.switch("terminalone", meta_line_every=3)
    lines = [json.loads(line) for line in client.report("performance", **ask).text.splitlines()]
    assert lines[4] == {"meta": {}}
    sandbox.switch("terminalone", stream_error_after=5)
    lines = [json.loads(line) for line in client.report("performance", **ask).text.splitlines()]
    assert lines[-1]["meta"]["status"] == "ERROR"
    assert (
        len([line for line in lines[1:] if "meta" not in line]) == 5 < lines[0]["total_items_count"]
    )


def test_the_limiter_says_when_to_come_back(sandbox, client):
    """Over the limit the answer is 429 with `Retry-After`; rate headers are on every answer."""
    assert client.get("campaigns").headers["X-RateLimit-Limit"] == "10"
    sandbox.switch("terminalone", requests_per_second=1)
    answers = [client.get("verticals") for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json()["errors"][0]["code"] == "rate-limit-exceeded"
