"""Answers that the platform cuts off (206) or refuses (413): read in parts, proven whole, or not written."""

import json
from collections import Counter

import pytest

from adtap_core.errors import REFUSED_EXIT, ResponseTooLarge
from adtap_core.tap import RunFailed
from tap_openx.splits import AnyOf, Asker, Taught, add_up
from tests.tap_openx.conftest import rows_of

ONE_DAY = {"start_date": "2026-03-16", "end_date": "2026-03-17"}
CROWDED = {
    "code": "413",
    "message": "Number of accounts requested is too large. Please contact OpenX support",
    "traceId": "t",
}


def filters_of(room):
    """The trees that were sent, as text."""
    bodies = [json.loads(e["body"]) for e in room.asked("/report")]
    return [json.dumps(b["filters"]) for b in bodies if "filters" in b]


def questions(room):
    """The reports that were asked for, oldest first."""
    return [json.loads(e["body"]) for e in room.asked("/report")]


def spans(asked):
    """From when to when questions ask."""
    return {(q["startDate"], q["endDate"]) for q in asked}


def without_filter(asked, *attributes):
    """Those of the questions that ask for no more than these attributes, of everything."""
    wanted = [{"id": a} for a in attributes]
    return [q for q in asked if q["attributes"] == wanted and "filters" not in q]


@pytest.fixture
def whole(room):
    """A day of the widest preset, read in one answer."""
    found = room.run(room.legacy(**ONE_DAY), "inventory_hourly", "device_daily")
    room.sandbox.clear_log()
    return found


def test_a_cut_answer_is_split_by_time_down_to_hours(room, whole):
    """206 for the day: its hours are read one by one or a few at once; no filter is needed."""
    room.switch(row_cap=60)
    found = room.run(room.legacy(**ONE_DAY), "inventory_hourly")
    assert rows_of(found, "inventory_hourly") == rows_of(whole, "inventory_hourly")
    assert filters_of(room) == []
    (window,) = found.windows("inventory_hourly")
    # Once a single hour was all that came whole, hours were asked for from the start.
    assert window["splits"] == 23
    assert 24 < len(room.asked("/report")) < 24 + 23
    assert window["row_count"] == len(found.records["inventory_hourly"])


@pytest.mark.parametrize(
    ("cap", "level"),
    [
        (20, "publisherAccountID"),
        (8, "publisherSiteId"),
        # Here even the list of values is cut off: the lists of objects stand in for it.
        (3, "publisherAdUnitId"),
        (1, "publisherAdUnitId"),
    ],
)
def test_a_cut_hour_is_split_by_filter_values(room, whole, cap, level):
    """Account, then site, then ad unit; rows without site or ad unit are there too."""
    room.switch(row_cap=cap)
    config = room.legacy(
        start_date="2026-03-16T10:00:00Z", end_date="2026-03-16T12:00:00Z", max_retries=0
    )
    found = room.run(config, "inventory_hourly")
    expected = {
        k: r
        for k, r in rows_of(whole, "inventory_hourly").items()
        if r["hour"] in {"2026-03-16T10:00:00Z", "2026-03-16T11:00:00Z"}
    }
    assert rows_of(found, "inventory_hourly") == expected
    assert any(f'"{level}"' in text for text in filters_of(room))
    nulls = [r for r in expected.values() if r["publisher_ad_unit_id"] is None]
    assert nulls
    assert any(r["publisher_site_id"] is None for r in nulls)


def test_a_cut_day_is_split_by_filter_values(room, whole):
    """A day is one bucket: its hours would be other rows."""
    room.switch(row_cap=30)
    found = room.run(room.legacy(**ONE_DAY), "device_daily")
    assert rows_of(found, "device_daily") == rows_of(whole, "device_daily")
    assert found.windows("device_daily")[0]["splits"] > 0


def test_what_stays_cut_at_the_finest_filter_fails_loudly(room, caplog):
    """Every dimension at one value and still cut: nothing of the window is written, no bookmark."""
    room.switch(row_cap=0)
    with pytest.raises(RunFailed):
        room.run(room.legacy(**ONE_DAY), "device_daily")
    (said,) = [m for m in caplog.messages if m.startswith("device_daily 2026-03-16/2026-03-17")]
    assert "still cut off" in said


def test_parts_that_do_not_sum_to_the_whole_are_not_written(room, caplog):
    """A total that stays away from the sum of its parts ends the window, after a second look."""
    room.switch(row_cap=20)
    wrong = {
        "reportData": [{"allRequests": 1}],
        "reportMetadata": {"reportCreated": "2026-03-18T04:00:00-08:00"},
    }
    config = room.legacy(start_date="2026-03-16T10:00:00Z", end_date="2026-03-16T11:00:00Z")
    # The question for the total is the only one for the bucket alone.
    first = room.run(config, "inventory_hourly")
    assert first.records["inventory_hourly"]
    order = [json.loads(e["body"])["attributes"] for e in room.asked("/report")]
    at = order.index([{"id": "hour"}])
    # The second look asks for all but the first, the whole; what one fault struck the next did not see.
    for after in (at, 2 * at - 1):
        room.answer_reports(status=200, body=wrong, after=after)
    with pytest.raises(RunFailed):
        room.run(config, "inventory_hourly")
    assert any("do not sum to the whole" in m and "allRequests" in m for m in caplog.messages)


def takes_list(body):
    """Whether a filter of a request has a list of values."""

    def lists(part):
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        is_list = isinstance(part, dict) and isinstance(part.get("value"), list)
        return is_list or any(lists(value) for value in inner)

    return lists(json.loads(body))


def test_a_server_that_takes_no_list_is_asked_with_or(room, whole):
    """400 for a list of values: the same question as a tree of OR."""
    room.switch(row_cap=20)
    config = room.legacy(start_date="2026-03-16T10:00:00Z", end_date="2026-03-16T11:00:00Z")
    room.run(config, "inventory_hourly")
    first = [e["body"] for e in room.asked("/report")]
    with_list = next(n for n, body in enumerate(first) if takes_list(body))
    room.sandbox.clear_log()
    room.answer_reports(
        status=400,
        after=with_list,
        body={"code": "400", "message": "Invalid field(s): filters=[value]", "traceId": "t"},
    )
    found = room.run(config, "inventory_hourly")
    bodies = [e["body"] for e in room.asked("/report")]
    assert takes_list(bodies[with_list])
    assert not any(takes_list(body) for body in bodies[with_list + 1 :])
    assert any('"OR"' in body for body in bodies[with_list + 1 :])
    expected = {
        k: r
        for k, r in rows_of(whole, "inventory_hourly").items()
        if r["hour"] == "2026-03-16T10:00:00Z"
    }
    assert rows_of(found, "inventory_hourly") == expected


@pytest.mark.parametrize("how", ["no answer in time", 504])
def test_a_bucket_that_takes_too_long_is_split_by_filter_values(room, whole, how):
    """One day is as short as a window gets: its accounts, and what is below them, may be answered in time."""
    if how == 504:
        room.answer_reports(status=504, times=2)
    else:
        room.sandbox.fault("slow", path="/report$", method="POST", seconds=4, times=2)
    # A retry: on a busy machine one of the others may not be answered in time.
    config = room.legacy(**ONE_DAY, max_retries=1, request_timeout_seconds=2)
    found = room.run(config, "device_daily")
    assert rows_of(found, "device_daily") == rows_of(whole, "device_daily")
    assert filters_of(room)


@pytest.mark.parametrize("cap", [6, 12])
def test_a_report_is_cut_by_its_own_dimensions(room, cap):
    """Whatever a filter cuts by, a row that lies across two parts would be two half rows."""
    report = {
        "name": "device_hourly",
        "grain": "hour",
        "dimensions": ["userDeviceType", "publisherAdUnitName"],
        "metrics": ["marketRequests", "marketPublisherRevenue"],
    }
    config = room.legacy(
        start_date="2026-03-16T10:00:00Z", end_date="2026-03-16T11:00:00Z", reports=[report]
    )
    plain = rows_of(room.run(config, "device_hourly"), "device_hourly")
    assert {r["user_device_type"] for r in plain.values()} > {None, ""}
    room.switch(row_cap=cap)
    assert rows_of(room.run(config, "device_hourly"), "device_hourly") == plain


def test_rows_that_lie_across_groups_of_accounts_are_added_up(room):
    """413 on a report that knows no account: the groups' rows of one grain become one row."""
    report = {
        "name": "device_totals_daily",
        "dimensions": ["userDeviceType"],
        "metrics": ["marketRequests", "marketPublisherRevenue"],
    }
    config = room.legacy(**ONE_DAY, reports=[report])
    plain = rows_of(room.run(config, "device_totals_daily"), "device_totals_daily")
    room.switch(account_cap=1)
    found = rows_of(room.run(config, "device_totals_daily"), "device_totals_daily")
    assert found.keys() == plain.keys()
    for key, row in plain.items():
        assert found[key]["market_requests"] == row["market_requests"]
        # Each group's amount has its own float noise, so their sum differs from the whole's digits.
        assert float(found[key]["market_publisher_revenue"]) == pytest.approx(
            float(row["market_publisher_revenue"]), rel=1e-6
        )


@pytest.mark.parametrize("cap", [3, 1])
def test_too_many_accounts_are_asked_for_in_groups(room, whole, cap):
    """413: time does not help, so the account list is taken at once, and halved while it is too long."""
    room.switch(account_cap=cap)
    found = room.run(room.legacy(**ONE_DAY), "device_daily", "inventory_hourly")
    for stream in ("device_daily", "inventory_hourly"):
        assert rows_of(found, stream) == rows_of(whole, stream)
        assert len(found.windows(stream)) == 1
    spans = {
        (json.loads(e["body"])["startDate"], json.loads(e["body"])["endDate"])
        for e in room.asked("/report")
    }
    assert spans == {("2026-03-16T00:00:00Z", "2026-03-17T00:00:00Z")}


def test_too_many_accounts_are_not_asked_for_again_in_each_window(room):
    """The accounts in scope are as many in the next window: only its parts, and what proves them, are asked for."""
    room.switch(account_cap=1)
    config = room.legacy(start_date="2026-02-24", end_date="2026-03-17")
    found = room.run(config, "inventory_hourly")
    assert len(found.windows("inventory_hourly")) > 2
    whole = [
        body
        for e in room.asked("/report")
        if "filters" not in (body := json.loads(e["body"])) and len(body["attributes"]) > 2
    ]
    assert len(whole) == 1


def test_rows_that_the_service_refused_are_not_asked_for_again_in_each_window(room):
    """Rows of too many accounts, and lists of values: a refusal costs one request in a run, not one a window."""
    room.switch(account_cap=1, filter_lists=False)
    config = room.legacy(start_date="2026-02-24", end_date="2026-03-17")
    found = room.run(config, "inventory_hourly")
    assert len(found.windows("inventory_hourly")) > 2
    statuses = [e["status"] for e in room.asked("/report")]
    assert statuses.count(400) == 1
    refused = Counter(
        json.dumps([question["attributes"], question.get("filters")])
        for question, status in zip(questions(room), statuses, strict=True)
        if status == 413 and len(question["attributes"]) > 2
    )
    assert len(refused) > 1, "the whole, and groups of accounts"
    assert set(refused.values()) == {1}


def test_the_proof_is_asked_for_in_each_window(room):
    """The sum by the bucket alone, and the list of accounts: a window with fewer of them may well be answered."""
    room.switch(account_cap=1)
    config = room.legacy(start_date="2026-02-24", end_date="2026-03-17")
    found = room.run(config, "inventory_hourly")
    assert len(found.windows("inventory_hourly")) > 2
    asked = questions(room)
    assert spans(without_filter(asked, "hour")) == spans(asked)
    assert spans(without_filter(asked, "publisherAccountID")) == spans(asked)


def test_the_proof_is_asked_for_after_the_whole_report_was_refused(room, whole):
    """What was refused were the report's rows: neither the list of accounts nor the sum by the bucket alone."""
    room.answer_reports(status=413, body=CROWDED)
    found = room.run(room.legacy(**ONE_DAY), "inventory_hourly")
    assert rows_of(found, "inventory_hourly") == rows_of(whole, "inventory_hourly")
    asked = questions(room)
    assert len(without_filter(asked, "hour")) == 1
    assert len(without_filter(asked, "publisherAccountID")) == 1


def test_another_report_is_asked_for_whole(room, whole):
    """One report's 413 says nothing about the next one."""
    room.answer_reports(status=413, body=CROWDED)
    found = room.run(room.legacy(**ONE_DAY), "device_daily", "inventory_hourly")
    for stream in ("device_daily", "inventory_hourly"):
        assert rows_of(found, stream) == rows_of(whole, stream)
    asked = questions(room)
    buckets = {"day", "hour"}
    (other,) = buckets - {asked[0]["attributes"][0]["id"]}
    (question,) = [q for q in asked if {"id": other} in q["attributes"]]
    assert "filters" not in question


def test_what_the_second_look_can_ask_for_counts(room, whole):
    """Rows of an account that no list names: refused in the first look, answered in the second, they are there."""
    hidden = max(r["publisher_account_id"] for r in whole.records["inventory_hourly"])
    accounts = room.run(room.legacy(), "accounts").records["accounts"]
    names = ("id", "uid", "type_full", "currency")
    listed = [{n: a[n] for n in names} for a in accounts if a["id"] != hidden]
    assert len(listed) == len(accounts) - 1
    body = {"objects": listed, "has_more": False, "limit": 200, "offset": 0}
    room.sandbox.fault("status", path="/account$", status=200, body=body, times=None)
    room.switch(account_cap=1)
    config = room.legacy(**ONE_DAY)
    room.run(config, "inventory_hourly")
    rest = next(n for n, e in enumerate(room.asked("/report")) if '"XOR"' in e["body"])
    room.sandbox.clear_log()
    room.answer_reports(status=413, body=CROWDED, after=rest)
    found = room.run(config, "inventory_hourly")
    assert rows_of(found, "inventory_hourly") == rows_of(whole, "inventory_hourly")
    (struck,) = [e for e in room.asked("/report") if e["fault"]]
    assert '"XOR"' in struck["body"]
    (window,) = found.windows("inventory_hourly")
    assert "can't be asked for" not in (window["warnings"] or "")


def test_a_refusal_is_remembered_by_what_was_asked():
    """Once its parts were proven, of rows alone, and as long as 413 is taken at its word."""
    sent = []
    trusted = [True]

    def send(attributes, metrics, tree, partial):
        sent.append((attributes, tree))
        raise ResponseTooLarge("too many accounts", status=413)

    def count(*attributes, where=None, **how):
        before = len(sent)
        with pytest.raises(ResponseTooLarge, match="too many accounts"):
            ask(attributes, ["clicks"], where, **how)
        return len(sent) - before

    ask = Asker(send, Taught(), lambda _: bool(trusted))
    some = AnyOf("publisherAccountID", ("1", "2"))
    for _ in range(2):
        assert count("day", where=some, in_parts=True) == 1, "not yet proven"
    ask.learn()
    assert count("day", where=some, in_parts=True) == 0
    assert count("day", where=some) == 1, "the proof"
    assert count("hour", where=some, in_parts=True) == 1, "other attributes"
    assert count("day", in_parts=True) == 1, "another condition"
    trusted.clear()
    assert count("day", where=some, in_parts=True) == 1, "413 may mean something else"


def test_an_account_with_too_many_rows_does_not_make_413_mean_something_else(room, whole):
    """Four hours of one ad unit are too many rows, two are not: they are read in groups of accounts, too."""
    room.switch(account_cap=1, row_cap=3)
    hours = {"start_date": "2026-03-16T10:00:00Z", "end_date": "2026-03-16T14:00:00Z"}
    found = room.run(room.legacy(**hours), "inventory_hourly")
    expected = {
        k: r
        for k, r in rows_of(whole, "inventory_hourly").items()
        if "2026-03-16T10" <= r["hour"] < "2026-03-16T14"
    }
    assert rows_of(found, "inventory_hourly") == expected
    assert {(start[11:13], end[11:13]) for start, end in spans(questions(room))} == {
        ("10", "14"),
        ("10", "12"),
        ("12", "14"),
    }


@pytest.mark.parametrize("words", ["accounts", "other"])
def test_413_is_cut_by_time_where_accounts_are_not_the_reason(room, whole, words):
    """One account alone is refused as well, whatever the words say: shorter windows are asked for until they fit."""
    room.switch(window_cap_hours=6, window_cap_status=413)
    if words == "other":
        room.answer_reports(status=413, body={"message": "Too much data"})
    found = room.run(room.legacy(**ONE_DAY), "inventory_hourly")
    assert rows_of(found, "inventory_hourly") == rows_of(whole, "inventory_hourly")
    assert len(found.windows("inventory_hourly")) == 1


@pytest.mark.parametrize("cap", [2, 1])
def test_accounts_are_read_where_all_but_them_can_not_be_asked_for(room, whole, cap):
    """A service that counts the accounts a filter names refuses the question for rows of none of them: it is said."""
    room.switch(account_cap=cap, accounts_by_name=True)
    found = room.run(room.legacy(**ONE_DAY), "device_daily")
    assert rows_of(found, "device_daily") == rows_of(whole, "device_daily")
    (window,) = found.windows("device_daily")
    assert "rows of other accounts, if there are any, can't be asked for" in window["warnings"]


def test_a_service_that_wants_attributes_is_asked_for_the_total_of_the_bucket(room, whole):
    """In practice a report has an attribute at least; the parts are proven all the same."""
    room.switch(row_cap=20, attributes_wanted=True)
    found = room.run(room.legacy(**ONE_DAY), "device_daily")
    assert rows_of(found, "device_daily") == rows_of(whole, "device_daily")


def test_a_list_in_a_filter_of_ones_own_is_asked_for_with_or(room):
    """A service that takes no list gets the same question in its own words."""
    value = ["Phone", "Tablet"]
    report = {
        "name": "some_devices",
        "dimensions": ["userDeviceType"],
        "metrics": ["marketRequests"],
        "filters": {"name": "userDeviceType", "value": value, "operator": "EQ"},
    }
    config = room.legacy(**ONE_DAY, reports=[report])
    plain = rows_of(room.run(config, "some_devices"), "some_devices")
    assert {r["user_device_type"] for r in plain.values()} == set(value)
    room.switch(filter_lists=False)
    assert rows_of(room.run(config, "some_devices"), "some_devices") == plain


def test_a_list_of_values_that_is_cut_off_is_asked_for_again_without_what_came(room, whole):
    """No list of objects knows the sites here: what the first list misses is listed next."""
    room.switch(row_cap=4, missing_types=("account", "site", "adunit"))
    config = room.legacy(
        start_date="2026-03-16T10:00:00Z", end_date="2026-03-16T11:00:00Z", max_retries=0
    )
    found = room.run(config, "inventory_hourly")
    assert rows_of(found, "inventory_hourly") == {
        k: r
        for k, r in rows_of(whole, "inventory_hourly").items()
        if r["hour"] == "2026-03-16T10:00:00Z"
    }


def test_a_report_without_a_count_is_proven_with_one(room):
    """Money can't be summed to the last digit, so a count rides along; it makes no column."""
    report = {
        "name": "money_hourly",
        "grain": "hour",
        "dimensions": ["publisherAdUnitId"],
        "metrics": ["marketPublisherRevenue"],
    }
    config = room.legacy(
        start_date="2026-03-16T10:00:00Z", end_date="2026-03-16T11:00:00Z", reports=[report]
    )
    plain = rows_of(room.run(config, "money_hourly"), "money_hourly")
    room.switch(row_cap=4)
    found = room.run(config, "money_hourly")
    assert rows_of(found, "money_hourly") == plain
    assert "all_requests" not in found.records["money_hourly"][0]


def test_sums_of_parts_keep_all_digits():
    """Python's own decimals round to 28 digits, money of an exchange may have more."""
    rows = [
        {"day": "2026-11-01", "revenue": v} for v in ("12345679001243.952577001085162678", "1E-20")
    ]
    (row,) = add_up(iter(rows), ["revenue"])
    assert format(row["revenue"], "f") == "12345679001243.95257700108516267801"


def report_of(*rows):
    """The body of a report with these rows."""
    return {
        "reportData": list(rows),
        "reportMetadata": {"reportCreated": "2026-03-18T04:00:00-08:00"},
    }


def answer_in_turn(room, *answers):
    """Let the Data Service answer reports one after the other, each a status and rows."""
    for status, rows in answers:
        room.answer_reports(status=status, body=report_of(*rows))


SITES = {
    "name": "sites_daily",
    "dimensions": ["publisherSiteId"],
    "metrics": ["clicks", "marketRequests"],
}


def site(number, clicks, requests):
    """A row of `SITES`."""
    return {
        "day": "2026-03-16",
        "publisherSiteId": number,
        "clicks": clicks,
        "marketRequests": requests,
    }


def test_every_count_proves_the_parts(room, caplog):
    """A row that is lost may hold none of the first count: a site's requests without a click."""
    parts = [(200, [site("1", 2, 5)]), (200, [site("2", 1, 4)])]
    both = (200, [part for _, (part,) in parts])
    total = (200, [{"day": "2026-03-16", "clicks": 3, "marketRequests": 12}])
    look = [both, *parts, total]
    answer_in_turn(room, (206, [site("1", 2, 5)]), *look, *look)
    with pytest.raises(RunFailed):
        room.run(room.legacy(**ONE_DAY, reports=[SITES]), "sites_daily")
    assert any("do not sum to the whole (marketRequests: 9 of 12)" in m for m in caplog.messages)


def test_rows_without_a_value_that_are_listed_are_there(room, caplog):
    """A service whose null is neither equal nor different gives none of them; they hold money, and no click."""
    report = {**SITES, "metrics": ["clicks", "publisherRevenue"]}
    rows = [{**site(n, c, 0), "publisherRevenue": 1.5} for n, c in (("1", 2), (None, 0))]
    total = (200, [{"day": "2026-03-16", "clicks": 2, "publisherRevenue": 3}])
    currencies = (200, [{"publisherCurrency": "EUR", "clicks": 2}])
    look = [(200, rows), (200, rows[:1]), currencies, (200, []), total]
    answer_in_turn(room, (206, rows[:1]), *look, *look)
    with pytest.raises(RunFailed):
        room.run(room.legacy(**ONE_DAY, reports=[report]), "sites_daily")
    assert any("rows without publisherSiteId are listed, but" in m for m in caplog.messages)


def test_values_are_listed_with_all_metrics(room):
    """A service that leaves out rows without a click lists a site by its requests all the same."""
    room.switch(row_cap=2)
    config = room.legacy(
        start_date="2026-03-16T10:00:00Z",
        end_date="2026-03-16T11:00:00Z",
        reports=[{**SITES, "name": "sites_hourly", "grain": "hour"}],
    )
    room.run(config, "sites_hourly")
    lists = [q for q in questions(room) if q["attributes"] == [{"id": "publisherSiteId"}]]
    assert lists
    assert all([m["id"] for m in q["metrics"]] == SITES["metrics"] for q in lists)


def test_values_that_are_no_text_are_asked_for_as_json_spells_them(room):
    """`Boolean` is a format of report fields; `True` would match nothing."""
    room.list_fields("isMobile", metrics=("marketRequests",))
    room.hold()
    values = [True, False]
    rows = [{"day": "2026-03-16", "isMobile": v, "marketRequests": 2} for v in values]
    total = {"day": "2026-03-16", "marketRequests": 4}
    answer_in_turn(
        room, (206, rows[:1]), (200, rows), (200, rows[1:]), (200, rows[:1]), (200, [total])
    )
    report = {"name": "mobile_daily", "dimensions": ["isMobile"], "metrics": ["marketRequests"]}
    found = room.run(room.legacy(**ONE_DAY, reports=[report]), "mobile_daily")
    assert {r["is_mobile"] for r in found.records["mobile_daily"]} == {"true", "false"}
    asked = [q["filters"]["value"] for q in questions(room) if "filters" in q]
    assert asked == ["false", "true"]


def test_a_metric_that_can_not_be_added_up_is_not_read_by_groups_of_accounts(room, caplog):
    """Two groups' fill rates of 0.5 and 0.25 are no fill rate of 0.75."""
    room.list_fields(
        *("publisherAccountID", "userDeviceType"),
        metrics=("marketRequests", "marketFillRate"),
    )
    room.hold()
    room.answer_reports(status=413, body=CROWDED)
    accounts = [{"publisherAccountID": a, "marketRequests": 4, "marketFillRate": 0.5} for a in "12"]
    phone = {"day": "2026-03-16", "userDeviceType": "Phone", "marketRequests": 4}
    parts = [(200, [{**phone, "marketFillRate": rate}]) for rate in (0.5, 0.25)]
    answer_in_turn(
        room, (200, accounts), *parts, (200, [{"day": "2026-03-16", "marketRequests": 8}])
    )
    report = {
        "name": "rates_daily",
        "dimensions": ["userDeviceType"],
        "metrics": ["marketRequests", "marketFillRate"],
    }
    written = []
    with pytest.raises(RunFailed) as caught:
        room.run(room.legacy(**ONE_DAY, reports=[report]), "rates_daily", written=written.append)
    assert caught.value.exit_code == REFUSED_EXIT
    assert not written[0].records["rates_daily"]
    assert any("marketFillRate can't be; add publisherAccountId" in m for m in caplog.messages)
    assert len(questions(room)) == 1
