"""The Data Service answers as the vendor's page says, and its numbers add up."""

import itertools
import json
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

DAY = ("2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z")
PLACE = ("publisherAccountId", "publisherSiteId", "publisherAdUnitId", "publisherCurrency")
MONEY = "marketPublisherRevenue"
MONEY_KEY = "marketPublisherRevenueInPCoin"


def rows_of(reply):
    assert reply.status_code == 200, reply.text
    return reply.json(parse_float=Decimal)["reportData"]


def summed(rows, metric):
    return sum((Decimal(str(row[metric])) for row in rows), Decimal(0))


def equal(name, *values):
    value = values[0] if len(values) == 1 else list(values)
    return {"name": name, "value": value, "operator": "EQ"}


def test_fields_are_listed_in_both_documented_shapes(openx, legacy):
    """Wrapped as in the vendor's sample; bare as in its schema, by switch."""
    wrapped = legacy.get("/data/ods/1.0/report/fields").json()
    openx.switch("openx", wrapped_fields=False)
    bare = legacy.get("/data/1.0/report/fields/").json()
    assert [item["metadataMetrics"] for item in wrapped["metrics"]] == bare["metrics"]
    assert [item["metadataDimensions"] for item in wrapped["dimensions"]] == bare["dimensions"]
    ids = [item["id"] for item in bare["dimensions"]]
    assert {"publisherAccountID", "hour", "day"} <= set(ids)
    assert "pageDomain" not in ids
    requests_of = next(item for item in bare["metrics"] if item["id"] == "allRequests")
    combined = {item["id"] for item in requests_of["metadataDetails"]["dimensionsAvailable"]}
    assert "publisherSiteId" in combined
    assert "demandPartnerAccountId" not in combined
    openx.switch("openx", inferred_fields=True)
    more = legacy.get("/data/1.0/report/fields").json()
    assert "pageDomain" in [item["id"] for item in more["dimensions"]]


def test_hours_add_up_to_days_and_days_to_the_total(legacy):
    """Three grains of one question, one sum."""
    metrics = ["allRequests", "marketImpressions", "clicks"]
    by_hour = rows_of(legacy.report(["hour", *PLACE], metrics, *DAY))
    by_day = rows_of(legacy.report(["day", *PLACE], metrics, *DAY))
    whole = rows_of(legacy.report([], metrics, *DAY))
    assert len(whole) == 1
    assert {row["day"] for row in by_day} == {"2026-03-10"}
    assert {row["hour"][:13] for row in by_hour} == {f"2026-03-10T{h:02d}" for h in range(24)}
    for metric in metrics:
        assert summed(by_hour, metric) == summed(by_day, metric) == summed(whole, metric) > 0


def test_the_truth_is_what_was_sent(legacy):
    """The control's sums are those of the digits on the wire, per day."""
    reply = legacy.report(["day", *PLACE], ["clicks", MONEY], "20260301", 20260308)
    by_day = defaultdict(list)
    for row in rows_of(reply):
        by_day[row["day"]].append(row)
    truth = legacy.truth(
        attributes=",".join(("day", *PLACE)),
        metrics=f"clicks,{MONEY}",
        start="20260301",
        end="20260308",
    )
    assert sorted(by_day) == sorted(truth["days"])
    for day, rows in by_day.items():
        expected = truth["days"][day]
        assert expected["rows"] == len(rows)
        assert Decimal(expected["sent"]["clicks"]) == summed(rows, "clicks")
        assert Decimal(expected["sent"][MONEY]) == summed(rows, MONEY_KEY)
        difference = abs(Decimal(expected["sent"][MONEY]) - Decimal(expected["exact"][MONEY]))
        assert difference < Decimal("0.01")


def test_the_truth_knows_each_currency_by_itself(legacy):
    """What the rows of a currency hold, and for a question without currencies no such sums."""
    place = ["day", "publisherSiteId", "publisherCurrency"]
    by_currency = defaultdict(list)
    for row in rows_of(legacy.report(place, ["clicks", MONEY], *DAY)):
        by_currency[row["publisherCurrency"]].append(row)
    asked = {"metrics": f"clicks,{MONEY}", "start": DAY[0], "end": DAY[1]}
    truth = legacy.truth(attributes=",".join(place), **asked)["currencies"]
    assert sorted(truth) == sorted(by_currency) == ["EUR", "USD"]
    for currency, rows in by_currency.items():
        assert truth[currency]["rows"] == len(rows)
        assert Decimal(truth[currency]["sent"]["clicks"]) == summed(rows, "clicks")
        assert Decimal(truth[currency]["sent"][MONEY]) == summed(rows, MONEY_KEY)
    assert legacy.truth(attributes="day", **asked)["currencies"] == {}


def test_money_has_float_noise_and_two_currencies(legacy):
    """Amounts carry more digits than any currency has, and come in more than one."""
    rows = rows_of(legacy.report(["day", "publisherSiteId", "publisherCurrency"], [MONEY], *DAY))
    assert {row["publisherCurrency"] for row in rows} == {"EUR", "USD"}
    assert any(len(str(row[MONEY_KEY]).partition(".")[2]) > 10 for row in rows)
    assert MONEY not in rows[0]


def test_renaming_and_noise_can_be_switched_off(openx, legacy):
    """Then the key is the one asked for, and the digits are those of the amount."""
    openx.switch("openx", rename_metrics=False, money_noise=False)
    rows = rows_of(legacy.report(["day", "publisherSiteId"], [MONEY], *DAY))
    assert all(len(str(row[MONEY]).partition(".")[2]) <= 6 for row in rows)


def test_a_missing_value_is_absent_or_null_and_differs_from_an_empty_one(openx, legacy):
    """A row without a device leaves the key out; a device named "" is another row."""
    ask = (["day", "publisherSiteId", "userDeviceType"], ["marketRequests"], *DAY)
    rows = rows_of(legacy.report(*ask))
    assert {"", "Phone"} <= {row.get("userDeviceType") for row in rows}
    assert any("userDeviceType" not in row for row in rows)
    assert any(row["publisherSiteId"] is None for row in rows)
    openx.switch("openx", omit_nulls=False)
    assert all("userDeviceType" in row for row in rows_of(legacy.report(*ask)))


def test_filters_split_a_report_without_loss(legacy):
    """EQ takes one value or any of many; AND, OR and XOR nest; XOR reaches what EQ can't."""
    ask = (["publisherAccountId", "publisherSiteId"], ["marketRequests"], *DAY)
    rows = rows_of(legacy.report(*ask))
    account = rows[0]["publisherAccountId"]
    sites = [row["publisherSiteId"] for row in rows if row["publisherAccountId"] == account]
    known = [site for site in sites if site is not None]
    assert None in sites
    of_account = equal("publisherAccountId", account)
    any_site = equal("publisherSiteId", *known)
    both = {"operator": "AND", "leftOperand": of_account, "rightOperand": any_site}
    rest = {"operator": "XOR", "leftOperand": of_account, "rightOperand": any_site}
    first = {
        "operator": "OR",
        "leftOperand": equal("publisherSiteId", known[0]),
        "rightOperand": equal("publisherSiteId", known[-1]),
    }
    total = summed(rows_of(legacy.report(*ask, filters=of_account)), "marketRequests")
    with_site = rows_of(legacy.report(*ask, filters=both))
    without = rows_of(legacy.report(*ask, filters=rest))
    assert {row["publisherSiteId"] for row in without} == {None}
    assert summed(with_site, "marketRequests") + summed(without, "marketRequests") == total
    either = rows_of(legacy.report(*ask, filters=first))
    assert {row["publisherSiteId"] for row in either} == {known[0], known[-1]}


@pytest.mark.parametrize(
    "date",
    ["2026-03-10T05:59:59Z", "2026031005", "20260310:05", "2026-03-10T06:30:00+01:00"],
)
def test_dates_in_every_spelling_seen_mean(legacy, date):
    """The same hour; minutes and seconds are cut off."""
    ask = (["hour"], ["clicks"])
    expected = rows_of(legacy.report(*ask, "2026-03-10T05:00:00Z", DAY[1]))
    assert rows_of(legacy.report(*ask, date, DAY[1])) == expected
    hours = [row["hour"] for row in expected]
    assert min(hours) == "2026-03-10T05:00:00Z"
    assert hours != sorted(hours)


def test_a_row_cap_cuts_the_rows_and_only_the_status_tells(openx, legacy):
    """206, the same body, no flag in it."""
    ask = (["hour", *PLACE], ["clicks"], *DAY)
    openx.switch("openx", shuffle_rows=False)
    whole = legacy.report(*ask).json()
    openx.switch("openx", row_cap=50)
    reply = legacy.report(*ask)
    assert reply.status_code == 206
    assert reply.json()["reportData"] == whole["reportData"][:50]
    assert set(reply.json()) == set(whole)


def test_rows_can_repeat_their_attributes_and_still_add_up(openx, legacy):
    """Two rows with one key between them hold what was one row; the truth counts them so."""
    ask = (["day", *PLACE], ["allRequests"], *DAY)
    plain = rows_of(legacy.report(*ask))
    openx.switch("openx", repeat_rows=True)
    repeated = rows_of(legacy.report(*ask))
    keys = Counter(tuple(row.get(name) for name in ("day", *PLACE)) for row in repeated)
    assert set(keys.values()) == {1, 2}
    assert len(keys) == len(plain)
    assert summed(repeated, "allRequests") == summed(plain, "allRequests")
    truth = legacy.truth(
        attributes=",".join(ask[0]), metrics="allRequests", start="20260310", end="20260311"
    )
    assert truth["rows"] == len(repeated)


def test_too_many_accounts_are_refused_until_filtered(openx, legacy):
    """413 above the cap; a filter on accounts brings it below."""
    openx.switch("openx", account_cap=2)
    ask = (["day", "publisherAccountId"], ["clicks"], *DAY)
    reply = legacy.report(*ask)
    assert reply.status_code == 413
    assert reply.json()["message"].startswith("Number of accounts requested is too large")
    openx.switch("openx", account_cap=500)
    account = rows_of(legacy.report(*ask))[0]["publisherAccountId"]
    openx.switch("openx", account_cap=2)
    assert len(rows_of(legacy.report(*ask, filters=equal("publisherAccountId", account)))) == 1


def test_the_available_range_depends_on_the_field_set(openx, legacy):
    """Hours for three months, days for two years, demand fields an hour later; list or object."""

    def span(*attributes):
        body = {
            "attributes": [{"id": name} for name in attributes],
            "metrics": [{"id": "marketRequests"}],
        }
        return legacy.post("/data/1.0/date-range/", body).json()["dateRange"]

    assert span("hour") == [
        {"minStartDate": "2025-12-18T00:00:00Z", "maxEndDate": "2026-03-18T11:00:00Z"}
    ]
    assert span("day") == [
        {"minStartDate": "2024-03-18T00:00:00Z", "maxEndDate": "2026-03-18T11:00:00Z"}
    ]
    assert span("day", "demandPartnerAccountId")[0]["maxEndDate"] == "2026-03-18T10:00:00Z"
    openx.switch("openx", date_range_as_list=False, max_end_date="2026-03-17T04:00:00Z")
    assert span("hour")["maxEndDate"] == "2026-03-17T04:00:00Z"
    openx.switch("openx", max_end_date=None)
    openx.clock(advance_days=1 / 24)
    assert span("hour")["maxEndDate"] == "2026-03-18T12:00:00Z"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-12-17T00:00:00Z", "2025-12-18T00:00:00Z"),
        ("2026-03-18T00:00:00Z", "2026-03-18T12:00:00Z"),
        ("2026-03-10T00:00:00Z", "2026-03-10T00:00:00Z"),
    ],
    ids=["too old", "not there yet", "nothing"],
)
def test_dates_outside_the_range_are_not_found(legacy, start, end):
    """404 is about dates here, not about the path."""
    reply = legacy.report(["hour"], ["clicks"], start, end)
    assert (reply.status_code, reply.json()["message"]) == (404, "Date Range not valid")


def test_what_is_wrong_is_named(legacy):
    """Unknown ids by kind, fields that don't go together, dates, metrics as filters."""

    def message(*ask, **more):
        reply = legacy.report(*ask, **more)
        assert reply.status_code == 400
        return reply.json()["message"]

    assert message(["hour", "color"], ["clicks", "bids"], *DAY) == [
        "Invalid field(s): attributes=[color], metrics=[bids], filters=[]"
    ]
    assert message(["demandPartnerAccountId"], ["allRequests"], *DAY) == [
        "Invalid field(s): attributes=[demandPartnerAccountId], metrics=[], filters=[]"
    ]
    assert message(["day"], ["clicks"], *DAY, filters=equal("clicks", "1")) == [
        "Invalid field(s): attributes=[], metrics=[], filters=[clicks]"
    ]
    assert message(["day"], ["clicks"], "March", DAY[1]) == ["Unparseable date : March"]


def test_broken_json_is_an_error_of_the_server(openx, legacy):
    """500 `Invalid JSON`, for a body encoded twice as well, unless the switch is lenient."""
    url = f"{legacy.url}/data/1.0/report"
    body = {"startDate": DAY[0], "endDate": DAY[1], "attributes": [], "metrics": [{"id": "clicks"}]}
    for broken in ("{", json.dumps(json.dumps(body))):
        reply = legacy.http.post(url, data=broken)
        assert (reply.status_code, reply.json()["message"]) == (500, ["Invalid JSON"])
    openx.switch("openx", lenient_json=True)
    assert legacy.http.post(url, data=json.dumps(json.dumps(body))).status_code == 200


def test_errors_come_in_every_documented_shape(openx, stranger):
    """The message is a string, a list or a fragment of schema; the code a string or a number."""
    fields = stranger.get("/data/1.0/report/fields").json()
    assert fields["message"].startswith("Bad oauth_token")
    dates = stranger.post("/data/1.0/date-range", {}).json()
    assert dates["message"] == {"type": "string", "enum": ["access_token not authorized by SSO"]}
    assert {type(fields["code"]), type(dates["traceId"])} == {str}
    openx.switch("openx", message_shape="list", code_as_int=True)
    other = stranger.get("/data/1.0/report/fields").json()
    assert (other["code"], other["message"]) == (401, [fields["message"]])


def test_failures_in_the_platforms_own_words_can_be_ordered(openx, legacy):
    """So many times, then it works again; a window can be too wide for the server."""
    message = "Connections could not be acquired from the underlying database!"
    failure = {"endpoint": "report", "status": 500, "message": message, "times": 2}
    openx.switch("openx", data_failure=failure)
    ask = (["day"], ["clicks"], *DAY)
    assert [legacy.report(*ask).status_code for _ in range(3)] == [500, 500, 200]
    openx.switch("openx", window_cap_hours=12)
    reply = legacy.report(*ask)
    assert (reply.status_code, reply.json()["message"]) == (502, "Server Error")


def test_one_prefix_can_be_all_there_is(openx, legacy):
    """The other is a plain 404; `user` and `session` are JSON 404s on both."""
    for path in ("/data/1.0/user", "/data/ods/1.0/session"):
        assert legacy.get(path).json()["code"] == "404"
    openx.switch("openx", prefixes=["/data/1.0"])
    assert legacy.get("/data/ods/1.0/report/fields").text == "Not Found"
    assert legacy.get("/data/1.0/report/fields").status_code == 200


def test_recent_days_are_restated_and_old_ones_are_not(openx, legacy):
    """A day grows for two days, loses a few rows then, and stands: the books are closed."""
    ask = (["hour", *PLACE, "userDeviceType"], ["allRequests"], "20260317", "20260318")
    seen = []
    for _ in range(5):
        seen.append(rows_of(legacy.report(*ask)))
        openx.clock(advance_days=1)
        legacy.http.cookies.clear()
        legacy.log_in()
    totals = [summed(rows, "allRequests") for rows in seen]
    assert totals[0] != totals[1]
    assert totals[1] == totals[2] == totals[3] == totals[4]
    assert seen[1] == seen[4]
    keys = [{tuple(map(str, row.items()))[:-1] for row in rows} for rows in seen]
    assert keys[0] - keys[2]


def test_bodies_are_compressed_when_asked(legacy):
    """Gzip and deflate, by header."""
    ask = (["hour", *PLACE], ["clicks"], *DAY)
    lengths = []
    for coding in ("identity", "gzip", "deflate"):
        legacy.http.headers["Accept-Encoding"] = coding
        reply = legacy.report(*ask)
        assert reply.headers.get("Content-Encoding", "identity") == coding
        lengths.append(len(reply.json()["reportData"]))
    assert len(set(lengths)) == 1


def test_the_same_question_gives_the_same_answer(openx, legacy):
    """After a reset too; another seed gives other numbers."""
    ask = (["hour", *PLACE], ["clicks", MONEY], *DAY)
    answers = [legacy.report(*ask).json()["reportData"]]
    for seed in (1, 2):
        openx.reset(seed=seed)
        legacy.http.cookies.clear()
        answers.append(legacy.log_in().report(*ask).json()["reportData"])
    assert answers[0] == answers[1] != answers[2]


def test_ids_join_the_platform_api(legacy):
    """The ids of a report are those of the objects, and so are the names."""
    names = ["publisherSiteId", "publisherSiteName", "publisherAdUnitId", "publisherAdUnitName"]
    rows = rows_of(legacy.report(names, ["allRequests"], *DAY))
    for kind, prefix in (("site", "publisherSite"), ("adunit", "publisherAdUnit")):
        objects = legacy.get(f"/ox/4.0/{kind}", limit=200).json()["objects"]
        known = {item["id"]: item["name"] for item in objects}
        assert all(
            known[row[f"{prefix}Id"]] == row[f"{prefix}Name"] for row in rows if row[f"{prefix}Id"]
        )


def test_every_metric_is_filled_somewhere(openx, legacy):
    """No column of the catalogue is always zero."""
    openx.switch("openx", wrapped_fields=False, inferred_fields=True, rename_metrics=False)
    metrics = [item["id"] for item in legacy.get("/data/1.0/report/fields").json()["metrics"]]
    (row,) = rows_of(legacy.report([], metrics, *DAY))
    assert [name for name, value in row.items() if not value] == []
    assert set(row) == set(itertools.chain(metrics))
