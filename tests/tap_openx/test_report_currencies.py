"""The Data Service's reports over accounts of several currencies: kept apart, or refused alone."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from adtap_core.errors import REFUSED_EXIT
from adtap_core.tap import RunFailed

ALL = {"name": "all_daily", "dimensions": [], "metrics": ["marketPublisherRevenue"]}


@pytest.mark.parametrize("dimensions", [[], ["publisherSiteId"]], ids=["all", "site"])
def test_money_whose_currency_is_not_listed_is_kept_apart_by_account(room, dimensions):
    """The account is asked for along with it: the rows are those of a login that lists the currency."""
    reports = [{**ALL, "dimensions": dimensions}]
    config = room.legacy(start_date="2026-03-17", reports=reports)
    told = room.run(config, "all_daily").final("all_daily")
    room.list_fields("publisherAccountID", "publisherSiteId")
    found = room.run(config, "all_daily").final("all_daily")
    body = json.loads(room.asked("/report")[-1]["body"])
    assert "publisherAccountID" in [a["id"] for a in body["attributes"]]
    assert found.keys() == told.keys(), "the same keys"
    for key, row in found.items():
        assert row["_currency"] == told[key]["_currency"]
        # Each answer's money bears a float's noise of its own, as the platform sends it.
        both = (Decimal(r["market_publisher_revenue"]) for r in (row, told[key]))
        assert abs(next(both) - next(both)) < Decimal("0.001")


def test_a_dimension_that_is_a_list_of_ids_is_told_apart_too(room):
    """The account's list of fields knows the format `Array[Number]`."""
    room.list_fields("publisherAccountID", "segments")
    room.hold()
    row = {"day": "2026-03-17", "publisherAccountID": "1", "marketPublisherRevenue": 1.5}
    rows = [{**row, "segments": [1, 2]}, {**row, "segments": [2]}, {**row, "segments": [1, 2]}]
    room.answer_reports(status=200, body={"reportData": rows, "reportMetadata": {}}, times=None)
    reports = [{**ALL, "dimensions": ["segments"]}]
    found = room.run(room.legacy(start_date="2026-03-17", reports=reports), "all_daily")
    sums = {r["segments"]: r["market_publisher_revenue"] for r in found.records["all_daily"]}
    assert sums == {"[1,2]": "3.0", "[2]": "1.5"}


@pytest.mark.parametrize("accounts", [1, 0], ids=["one account", "the login"])
def test_built_in_reports_are_read_where_the_currency_is_not_listed(room, accounts):
    """The column `publisher_currency` is empty, as any that the account lacks; `_currency` is the account's."""
    config = room.legacy(start_date="2026-03-17")
    told = room.run(config, "demand_daily", "device_daily")
    if accounts:
        mine = told.records["demand_daily"][0]["publisher_account_id"]
        config["account_ids"] = [mine]
    room.list_fields(
        *("publisherAccountID", "publisherSiteId", "publisherAdUnitId", "userDeviceType"),
        *("demandPartnerAccountId", "demandPartnerAccountName"),
        metrics=("marketRequests", "marketImpressions", "marketPublisherRevenue"),
    )
    found = room.run(config, "demand_daily", "device_daily")
    for report in ("demand_daily", "device_daily"):
        rows = found.records[report]
        assert rows
        assert {r["publisher_currency"] for r in rows} == {None}
    sums = [Counter[str](), Counter[str]()]
    for messages, counted in zip((told, found), sums, strict=True):
        for row in messages.records["demand_daily"]:
            if not accounts or row["publisher_account_id"] == mine:
                counted[row["_currency"]] += row["market_requests"]
    assert sums[0] == sums[1]


def test_a_report_cut_by_account_needs_no_second_look(room):
    """Its rows say whose they are; the account's currency is theirs. With `account_ids`, too."""
    room.list_fields("publisherAccountID")
    report = {**ALL, "dimensions": ["publisherAccountId"]}
    rows = room.run(room.legacy(reports=[report]), "all_daily").records["all_daily"]
    accounts = room.run(room.legacy(), "accounts").records["accounts"]
    currencies = {a["id"]: a["currency"] for a in accounts}
    assert rows
    assert {r["_currency"] for r in rows} == {"EUR", "USD"}
    assert all(r["_currency"] == currencies[r["publisher_account_id"]] for r in rows)
    one = rows[0]["publisher_account_id"]
    config = room.legacy(reports=[ALL], account_ids=[one])
    mine = room.run(config, "all_daily").records["all_daily"]
    assert {r["_currency"] for r in mine} == {currencies[one]}


@pytest.mark.parametrize(
    ("listed", "metric", "words"),
    [
        (["publisherAccountID"], {"id": "marketFillRate"}, "marketFillRate can't be added up"),
        (
            ["publisherAccountID", "userDeviceType"],
            {
                "id": "exchangeFills",
                "metadataDetails": {"dimensionsAvailable": [{"id": "userDeviceType"}]},
            },
            "exchangeFills can't be broken down by publisherAccountID",
        ),
        (["userDeviceType"], {"id": "exchangeFills"}, "list neither publisherCurrency nor"),
    ],
    ids=["ratio", "not by account", "no account"],
)
def test_what_can_not_be_kept_apart_is_refused_alone(room, caplog, listed, metric, words):
    """The other reports are read; the run ends badly and says which report, and why."""
    metrics = ("marketPublisherRevenue", "marketRequests", metric["id"])
    room.list_fields(*listed, metrics=metrics, **{metric["id"]: metric})
    bad = {**ALL, "name": "bad_daily", "metrics": ["marketPublisherRevenue", metric["id"]]}
    counts = {**ALL, "name": "counts_daily", "metrics": ["marketRequests"]}
    written = []
    with pytest.raises(RunFailed, match="1 failed: bad_daily") as caught:
        room.run(
            room.legacy(reports=[bad, counts], start_date="2026-03-17"),
            "bad_daily",
            "counts_daily",
            written=written.append,
        )
    assert caught.value.exit_code == REFUSED_EXIT
    assert written[0].records["counts_daily"]
    assert not written[0].records["bad_daily"]
    said = next(m for m in caplog.messages if m.startswith("bad_daily: report"))
    assert words in said
    assert "EUR, USD" in said
    assert "bad_daily" not in written[0].last_state.get("bookmarks", {})


@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_where_accounts_may_not_be_listed_nothing_is_added_up(room, generation, caplog):
    """Two currencies would stand in one row, and doubled once the login may list accounts."""
    if generation == "legacy":
        room.list_fields("publisherAccountID", "publisherSiteId")
        config = room.legacy(start_date="2026-03-17", reports=[ALL])
    else:
        money = {
            "name": "all_daily",
            "dimensions": ["PageDomain"],
            "metrics": ["PublisherRevenueInPCoin"],
        }
        config = room.current(start_date="2026-03-17", reports=[money])
    refused = {"type": "forbidden", "message": "no accounts for you"}
    room.sandbox.fault("status", path="/account$", status=403, body=refused, times=None)
    written = []
    with pytest.raises(RunFailed) as caught:
        room.run(config, "all_daily", written=written.append)
    assert caught.value.exit_code == REFUSED_EXIT
    (messages,) = written
    assert not messages.records["all_daily"]
    assert not messages.windows("all_daily")
    assert "may add up money of several currencies" in caplog.text


@pytest.mark.parametrize("dimensions", [["publisherCurrency"], []], ids=["by currency", "all"])
def test_what_only_the_list_of_fields_knows_for_money_is_not_added_up(room, dimensions, caplog):
    """`Currency` is its format, though its name does not say so: two currencies stood in one row."""
    winnings = {"format": "Currency"}
    room.list_fields(
        *("publisherAccountID", "publisherCurrency"),
        metrics=("winnings", "marketRequests"),
        winnings=winnings,
    )
    room.hold()
    row = {"day": "2026-03-17", "publisherCurrency": "EUR", "winnings": 1.5}
    room.answer_reports(status=200, body={"reportData": [row], "reportMetadata": {}})
    report = {"name": "won_daily", "dimensions": dimensions, "metrics": ["winnings"]}
    config = room.legacy(start_date="2026-03-17", reports=[report])
    if dimensions:
        (row,) = room.run(config, "won_daily").records["won_daily"]
        assert (row["winnings"], row["_currency"]) == ("1.5", "EUR")
        return
    with pytest.raises(RunFailed) as caught:
        room.run(config, "won_daily")
    assert caught.value.exit_code == REFUSED_EXIT
    assert "winnings is money, as the account's report fields say" in caplog.text
    assert room.asked("/report") == []
