"""The current generation: OAuth 2 with PKCE, jobs, CSV, and the same numbers as the legacy one."""

import csv
import io
from decimal import Decimal

import pytest

FROM, TO = "2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z"


def rows_of(current, job):
    """Poll until the report is there."""
    reply = current.pull(job)
    while reply.status_code == 202:
        reply = current.pull(job)
    assert reply.status_code == 200, reply.text
    return list(csv.DictReader(io.StringIO(reply.text)))


def job_of(current, *ask, **more):
    reply = current.generate(*ask, **more)
    assert reply.status_code == 200, reply.text
    return reply.json()["id"]


def test_the_way_in_ends_with_a_bearer_token(current):
    """Identity, authorize with redirects, session info, consent, token."""
    reply = current.get("/ox/4.0/session")
    assert reply.status_code == 200
    assert reply.headers["x-request-id"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"password": "wrong"}, "INVALID_LOGIN_CREDENTIALS"),
        ({"key": "another"}, "API key not valid. Please pass a valid API key."),
    ],
    ids=["password", "key"],
)
def test_a_wrong_login_is_refused(newcomer, more, message):
    """With the identity toolkit's own error object."""
    reply = newcomer.sign_in(**more)
    assert (reply.status_code, reply.json()["error"]["message"]) == (400, message)


def test_a_code_works_once_and_only_with_its_verifier(newcomer):
    """PKCE is checked; so are the redirect URI and the client."""
    assert newcomer.token(newcomer.code(), code_verifier="x" * 43).status_code == 400
    assert newcomer.token(newcomer.code(), redirect_uri="https://x.example").status_code == 400
    assert newcomer.token(newcomer.code(), client_id="x").status_code == 401
    code = newcomer.code()
    assert newcomer.token(code).status_code == 200
    assert newcomer.token(code).json()["error"] == "invalid_grant"
    assert newcomer.authorize(code_challenge_method="plain").status_code == 400


def test_a_bearer_token_expires_and_can_be_refreshed(openx, newcomer):
    """After `expires_in` seconds; a refresh token comes with `offline_access`."""
    given = newcomer.token(newcomer.code(scope="openid email api offline_access")).json()
    newcomer.http.headers.update(
        {
            "Authorization": f"Bearer {given['access_token']}",
            "X-Openx-Instance": "northwind-ui.openx.example",
        }
    )
    assert newcomer.get("/ox/4.0/session").status_code == 200
    openx.clock(advance_days=given["expires_in"] / 86400)
    assert newcomer.get("/ox/4.0/session").status_code == 401
    assert newcomer.pull("x").status_code == 401
    again = newcomer.token("", grant_type="refresh_token", refresh_token=given["refresh_token"])
    newcomer.http.headers["Authorization"] = f"Bearer {again.json()['access_token']}"
    assert newcomer.get("/ox/4.0/session").status_code == 200


def test_the_instance_must_be_named(current):
    """400 without the header, 403 with another instance's."""
    del current.http.headers["X-Openx-Instance"]
    assert current.get("/ox/4.0/site").status_code == 400
    current.http.headers["X-Openx-Instance"] = "other-ui.openx.example"
    assert current.get("/ox/4.0/site").status_code == 403


def test_a_job_is_polled_for_and_stays_the_same(openx, current):
    """202 as often as the switch says, then one CSV, again and again, whatever the clock says."""
    openx.switch("openx", polls_before_ready=2)
    ask = ("DAILY", ["Day", "PublisherPlatformId"], ["AllRequests"], "2026-03-17T00:00:00Z", TO)
    job = job_of(current, *ask[:3], "2026-03-17T00:00:00Z", "2026-03-18T00:00:00Z")
    assert [current.pull(job).status_code for _ in range(3)] == [202, 202, 200]
    first = current.pull(job).text
    openx.clock(advance_days=0.5)
    current.log_in()
    assert current.pull(job).text == first
    openx.clock(advance_days=0.5)
    current.log_in()
    assert current.pull(job).status_code == 404
    openx.switch("openx", polls_before_ready=0, job_seconds=60)
    slow = job_of(current, *ask[:3], "2026-03-17T00:00:00Z", "2026-03-18T00:00:00Z")
    assert current.pull(slow).status_code == 202
    openx.clock(advance_days=61 / 86400)
    assert current.pull(slow).text != first


def test_both_generations_give_the_same_numbers(openx, current, legacy):
    """The sums of the CSV, of the JSON report and of the truth agree."""
    openx.switch("openx", inferred_fields=True)
    job = job_of(
        current,
        "HOURLY",
        ["Hour", "PublisherPlatformId", "UserGeoCountry"],
        ["AllRequests", "VideoStarts", "PublisherRevenueInPCoin"],
        FROM,
        TO,
    )
    rows = rows_of(current, job)
    reply = legacy.report(
        ["hour", "publisherPlatformId", "userGeoCountry"],
        ["allRequests", "videoStarts", "publisherRevenueInPCoin"],
        FROM,
        TO,
    )
    expected = reply.json(parse_float=Decimal)["reportData"]
    assert len(rows) == len(expected) > 100
    for name, key in (
        ("AllRequests", "allRequests"),
        ("VideoStarts", "videoStarts"),
        ("PublisherRevenueInPCoin", "publisherRevenueInPCoin"),
    ):
        assert sum(Decimal(row[name]) for row in rows) == sum(Decimal(row[key]) for row in expected)
    truth = legacy.truth(
        attributes="Hour,PublisherPlatformId,UserGeoCountry",
        metrics="PublisherRevenueInPCoin",
        start=FROM,
        end=TO,
    )
    (sent,) = truth["sent"].values()
    assert Decimal(sent) == sum(Decimal(row["PublisherRevenueInPCoin"]) for row in rows)


def test_every_dimension_and_metric_known_is_served(current):
    """And empty values are empty text: CSV can't tell null."""
    dimensions = [
        "Day",
        "Hour",
        "PageDomain",
        "DealId",
        "PackageId",
        "DspAccountId",
        "PublisherPlatformId",
        "UserGeoCountry",
    ]
    metrics = [
        "Impressions",
        "MarketRequests",
        "VideoStarts",
        "VideoCompletions",
        "PrivateMarketImpressions",
        "PublisherRevenueInPCoin",
        "PrivateMarketPublisherGrossRevenueInPCoin",
        "AllRequests",
        "ExchangeFills",
    ]
    rows = rows_of(current, job_of(current, "HOURLY", dimensions, metrics, FROM, TO))
    assert list(rows[0]) == [*dimensions, *metrics]
    for name in (*dimensions, *metrics):
        assert len({row[name] for row in rows}) > 1, name
    assert "" in {row["DealId"] for row in rows}


def test_what_a_report_may_not_ask_is_refused(current):
    """Case, kind, grain, dates before the lookback."""
    good = ("DAILY", ["Day"], ["AllRequests"], FROM, TO)
    assert current.generate(*good).status_code == 200
    for wrong in (
        ("WEEKLY", *good[1:]),
        ("DAILY", ["day"], *good[2:]),
        ("DAILY", ["Hour"], *good[2:]),
        ("DAILY", ["Day"], ["allRequests"], FROM, TO),
        ("DAILY", ["Day"], [], FROM, TO),
        ("DAILY", ["Day"], ["AllRequests"], TO, FROM),
        ("HOURLY", ["Hour"], ["AllRequests"], "2025-12-01T00:00:00Z", TO),
        ("DAILY", ["Day"], ["AllRequests"], "2024-01-01T00:00:00Z", TO),
    ):
        assert current.generate(*wrong).status_code == 400, wrong


def test_a_filter_narrows_a_report(current):
    """The Data Service's tree, with the current names."""
    ask = ("DAILY", ["Day", "UserGeoCountry"], ["AllRequests"], FROM, TO)
    tree = {"name": "UserGeoCountry", "value": ["DE", "FR"], "operator": "EQ"}
    rows = rows_of(current, job_of(current, *ask, filters=tree))
    assert {row["UserGeoCountry"] for row in rows} == {"DE", "FR"}
    assert current.generate(*ask, filters=tree | {"name": "Clicks"}).status_code == 400


def test_jobs_can_fail(openx, current):
    """The first so many by switch, and those with too many rows."""
    openx.switch("openx", failed_jobs=1, polls_before_ready=0)
    ask = ("DAILY", ["Day", "PageDomain"], ["AllRequests"], FROM, TO)
    assert [current.pull(job_of(current, *ask)).status_code for _ in range(2)] == [500, 200]
    openx.switch("openx", report_row_limit=3)
    assert current.pull(job_of(current, *ask)).status_code == 500
    assert current.pull("no such job").status_code == 404


def test_discovery_names_the_endpoints_below_the_prefix(newcomer):
    """`.well-known/openid-configuration`."""
    found = newcomer.http.get(f"{newcomer.url}/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{newcomer.url}/oauth2/v1/token"
