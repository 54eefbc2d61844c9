"""A platform that is declared: what the answers of its reports may say, and what becomes of them."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.errors import AdtapError, MalformedResponse
from adtap_core.http.client import Call, Http, HttpOptions
from adtap_core.http.pagination import Cursor, PageNumber, Paginator
from adtap_core.http.workers import Workers
from adtap_core.platform import EntityQuery
from adtap_core.rest import COUNT, ID, RestPlatform, settings_of
from adtap_core.tap import AdTap
from adtap_core.testing import NOON, START, Fault, Messages, StandIn, run_tap

DAYS = [f"2026-03-{day:02}" for day in range(9, 18)]


class Shop(RestPlatform):
    """One report of sales, in euros."""

    base_url = "https://shop.example"
    currency = "EUR"
    fields = {"site": ID, "sales": COUNT}  # noqa: RUF012

    def report_call(self, report: Report, first: date, last: date) -> Call:
        """Return the request of a report: both days inclusive."""
        return Call(f"{self.url}/sales", report.name, params={"from": first, "to": last})


class TapShop(AdTap):
    """Sales of a shop."""

    name = "tap-shop"
    platform_class = Shop
    reports = (Report(name="sales_daily", dimensions=("site",), metrics=("sales",)),)
    config_jsonschema = settings_of(Shop)


class ShopServer(StandIn):
    """A row a day; `said` stands beside the rows where more than `most` days were asked for."""

    said: Mapping[str, Any] = {}
    beside: Mapping[str, Any] = {}
    most = 100

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        """Return as many days as an answer holds."""
        first, last = date.fromisoformat(query["from"]), date.fromisoformat(query["to"])
        days = [first + timedelta(n) for n in range((last - first).days + 1)]
        rows = [{"date": str(day), "site": "1", "sales": day.day} for day in days[: self.most]]
        return 200, {"rows": rows, **self.beside, **(self.said if len(days) > self.most else {})}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ShopServer]:
    monkeypatch.setenv("ADTAPS_NOW", NOON)
    with ShopServer() as made:
        yield made


def read(server: ShopServer, **more: Any) -> Messages:
    settings = {"api_token": "token-of-the-shop", "api_url": server.url, "start_date": START}
    return run_tap(TapShop, {**settings, "max_retries": 0, **more}, streams={"sales_daily"})


@pytest.mark.parametrize(
    ("most", "beside"),
    [(100, {}), (100, {"total": 9, "next": None}), (0, {})],
    ids=["rows", "a total", "none"],
)
def test_a_whole_answer_is_read(server: ShopServer, most: int, beside: Any) -> None:
    """Also one without rows: the bookmark moves."""
    server.most, server.beside = most, beside
    got = read(server)
    assert [row["sales"] for row in got.records["sales_daily"]] == [*range(9, 18)][:most]
    assert got.last_state["bookmarks"]["sales_daily"]["replication_key_value"] == "2026-03-18"


SAID = [
    {"has_more": True},
    {"meta": {"truncated": "true"}},
    {"total": 9},
    {"paging": {"next": "/sales?page=2"}},
]


@pytest.mark.parametrize("said", SAID, ids=str)
def test_a_report_that_says_that_there_is_more_is_split(server: ShopServer, said: Any) -> None:
    """Whoever forgot that a report comes in parts loses no day."""
    server.most, server.said = 2, said
    got = read(server)
    assert sorted(row["day"] for row in got.records["sales_daily"]) == DAYS
    assert sum(window["splits"] for window in got.windows("sales_daily")) > 0


@pytest.mark.parametrize("said", SAID, ids=str)
def test_a_day_that_is_never_whole_fails(server: ShopServer, said: Any) -> None:
    """In the answer's own words, and the bookmark stays."""
    server.most, server.said = 0, said
    seen: list[Messages] = []
    with pytest.raises(AdtapError, match="sales_daily"):
        run_tap(
            TapShop,
            {"api_token": "token-of-the-shop", "api_url": server.url, "start_date": START},
            streams={"sales_daily"},
            written=seen.append,
        )
    assert not seen[0].windows("sales_daily")
    assert not seen[0].records["sales_daily"]
    marks = seen[0].last_state["bookmarks"]
    assert "replication_key_value" not in marks.get("sales_daily", {})


@pytest.mark.parametrize(
    "error",
    ["quota used up", {"code": 7, "message": "quota used up"}, [{"message": "quota used up"}]],
    ids=str,
)
@pytest.mark.parametrize(
    "rows", [[], [{"date": "2026-03-09", "site": "1", "sales": 9}]], ids=["no rows", "rows"]
)
def test_an_error_with_a_good_status_is_no_day_without_rows(
    server: ShopServer, caplog: pytest.LogCaptureFixture, error: Any, rows: Any
) -> None:
    """It is requested again, and fails the window if it stays, in the platform's words."""
    body = json.dumps({"rows": rows, "error": error})
    whole = read(server).records["sales_daily"]
    server.faults.append(Fault(status=HTTPStatus.OK, body=body))
    healed = read(server, max_retries=1).records["sales_daily"]
    assert [row["sales"] for row in healed] == [row["sales"] for row in whole]
    server.faults.append(Fault(status=HTTPStatus.OK, body=body, times=100))
    with pytest.raises(AdtapError):
        read(server)
    assert any(
        "an error with a success status: " in line and "quota used up" in line
        for line in caplog.messages
    )


@pytest.mark.parametrize(
    "error",
    [None, "", False, 0, "0", "OK", [], {}, {"code": 0, "message": ""}, {"message": "Success"}],
    ids=repr,
)
def test_an_empty_error_is_none(server: ShopServer, error: Any) -> None:
    """Some envelopes always have the key."""
    server.beside = {"error": error}
    assert len(read(server).records["sales_daily"]) == len(DAYS)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"date": "2026-03-09", "site": "1"}], "sales is in no row, though it was requested"),
        (
            [{"date": "2026-04-01", "site": "1", "sales": 1}],
            "outside the window that was asked for",
        ),
        ([{"site": "1", "sales": 1}], "a row has no date"),
        (None, "the answer holds no list under rows"),
    ],
    ids=["no metric", "another day", "no day", "null"],
)
def test_rows_that_can_not_be_right_fail_their_window(
    server: ShopServer, caplog: pytest.LogCaptureFixture, rows: Any, words: str
) -> None:
    """What no declaration says is checked all the same."""
    body = json.dumps({"rows": rows})
    server.faults.append(Fault(status=HTTPStatus.OK, body=body, times=100))
    with pytest.raises(AdtapError):
        read(server)
    assert any(words in line for line in caplog.messages)


def test_no_content_is_no_row(server: ShopServer) -> None:
    """A 204 is an answer: the days are read, and hold nothing."""
    server.faults.append(Fault(status=HTTPStatus.NO_CONTENT, times=100))
    got = read(server)
    assert not got.records["sales_daily"]
    assert got.windows("sales_daily")[-1]["window_end"].startswith("2026-03-18")


def test_an_error_that_repeats_the_token_does_not_show_the_half_of_it(
    server: ShopServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Where its words are cut, the token may begin."""
    token = "token-of-the-shop"
    server.beside = {"error": f"{'x' * 290} {token}"}
    with pytest.raises(AdtapError):
        read(server)
    assert "x" * 290 in caplog.text
    assert token[:5] not in caplog.text.partition("x" * 290)[2].partition("(gave up")[0]


@pytest.mark.parametrize("record", [None, "a", 5], ids=str)
@pytest.mark.parametrize(
    "paginator", [PageNumber(), Cursor(next_at="next")], ids=["page", "cursor"]
)
def test_a_record_that_is_no_object_is_a_broken_answer(
    server: ShopServer, monkeypatch: pytest.MonkeyPatch, record: Any, paginator: Paginator
) -> None:
    """And no defect of the tap, which would end the whole run."""
    monkeypatch.setattr(server, "answer", lambda *_: (200, {"data": [{"id": 1}, record]}))
    monkeypatch.setattr(Shop, "paginator", paginator)
    shop = Shop({"api_url": server.url, "api_token": "token-of-the-shop"}, Clock())
    limits = HttpOptions(concurrency=1, timeout_seconds=60, max_retries=0, user_agent="adtaps/test")
    shop.connect(Http(classify=shop.classify, auth=shop.auth, limits=limits), Workers(1))
    with pytest.raises(MalformedResponse, match="things: a record is not an object"):
        list(shop.pages(Entity(name="things", path="things"), EntityQuery()))
