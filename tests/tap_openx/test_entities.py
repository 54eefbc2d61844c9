"""The Platform API's objects: every type whole, typed, whatever happens while it is read."""

import io
import json
import logging
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from adtap_core.tap import RunFailed
from tap_openx.client import page_at
from tap_openx.streams import AUDITED_TYPES, ENTITIES, OF_2016, OPTION_KEYS
from tap_openx.tap import TapOpenx
from tests.running import parse, select

OBJECTS = {
    e.name: e.path
    for e in ENTITIES
    if e.name not in ("session", "report_fields", "options", "audit_trail")
}


@pytest.mark.parametrize("generation", ["legacy", "current"])
def test_every_object_of_every_type_arrives_once(room, generation):
    """The same streams, keys and records on both generations' hosts."""
    found = room.run(getattr(room, generation)(), *OBJECTS)
    for stream, path in OBJECTS.items():
        expected = room.truth(entity=path)["uids"]
        assert sorted(r["uid"] for r in found.records[stream]) == expected, stream
        assert expected, stream


def test_texts_become_what_they_mean(room):
    """Numbers, flags and moments come as text and leave typed; ids stay text, as in reports."""
    found = room.run(room.legacy(), "accounts", "orders", "ad_units", "creatives")
    account = next(r for r in found.records["accounts"] if r["type_full"] == "account.publisher")
    assert (account["deleted"], account["hidden"]) == (False, False)
    assert datetime.fromisoformat(account["modified_date"]).tzinfo is not None
    assert isinstance(account["id"], str)
    assert isinstance(account["revision"], int)
    order = next(r for r in found.records["orders"] if r["budget"] is not None)
    assert order["budget"] == "12500.00"
    assert order["click_through_window"] == 86400
    assert {type(r["width"]) for r in found.records["creatives"]} == {int}
    assert {type(Decimal(r["real_time_bid_floor"])) for r in found.records["ad_units"]} == {Decimal}


def test_people_are_only_read_when_asked_for(room):
    """Who is paid stands on the account itself, and comes with the same request, if it is selected."""
    plain = room.run(room.legacy(), "accounts", "session", "packages")
    requests = len(room.asked("/account"))
    columns = {name: plain.schemas[name]["schema"]["properties"] for name in plain.schemas}
    assert "payment_info" not in columns["accounts"]
    assert not {"user", "account_payment_info"} & columns["session"].keys()
    assert not {"contact_name", "contact_email"} & columns["packages"].keys()
    for personal in ("Quay Street", "@"):
        assert personal not in str(plain.lines)
    found = room.run(room.legacy(), "accounts.payment_info", "session.user")
    paid = [r["payment_info"] for r in found.records["accounts"] if r["payment_info"]]
    assert {p["address_1"] for p in paid} == {"1 Quay Street"}
    assert len(paid) == 4
    assert found.schemas["accounts"]["schema"]["properties"]["payment_info"]["x-pii"]
    assert "@" in found.records["session"][0]["user"]["email"]
    assert len(room.asked("/account")) == 2 * requests, "one list, selected or not"


def test_the_session_says_what_the_ui_counts_in(room):
    """Time zone, currency and instance, one row."""
    (row,) = room.run(room.legacy(), "session").records["session"]
    assert (row["time_zone"], row["currency"]) == ("UTC", "USD")
    assert row["instance_uid"] == row["instance"]["uid"]


def test_the_lists_of_options_carry_their_key(room, caplog):
    """One row an option; a list that is gone is named, the others are read."""
    room.sandbox.fault("status", path="/options/os_options", status=404, body={"message": "gone"})
    with caplog.at_level(logging.WARNING):
        found = room.run(room.legacy(), "options").records["options"]
    assert {r["option_key"] for r in found} == set(OPTION_KEYS) - {"os_options"}
    assert any("os_options" in m for m in caplog.messages)
    assert any(r["symbol"] == "€" for r in found)


def test_the_accounts_own_report_fields_are_a_stream(room):
    """What a report may ask for, and which dimensions go with a metric."""
    for wrapped in (True, False):
        room.switch(wrapped_fields=wrapped, dimension_path_as_object=wrapped)
        rows = room.run(room.legacy(), "report_fields").records["report_fields"]
        by_key = {(r["kind"], r["id"]): r for r in rows}
        assert len(by_key) == len(rows)
        metric = by_key["metric", "allRequests"]
        assert "publisherSiteId" in metric["dimensions_available"]
        assert "demandPartnerAccountId" not in metric["dimensions_available"]
        assert by_key["dimension", "publisherSiteId"]["path"] == "context::site"
    assert room.run(room.current(), "report_fields").records["report_fields"] == []


# -- the audit trail -----------------------------------------------------------------------------


def test_the_audit_trail_is_read_from_its_bookmark(room):
    """First all, then what came since; the platform is asked by day, the rest is dropped here."""
    first = room.run(room.legacy(), "audit_trail")
    expected = room.truth(trail=1)
    count: dict[str, int] = {}
    for row in first.records["audit_trail"]:
        count[row["obj_type"]] = count.get(row["obj_type"], 0) + 1
    assert count == {k: v for k, v in expected.items() if k in AUDITED_TYPES}
    assert any(r["action"] == "delete" for r in first.records["audit_trail"])
    mark = first.last_state["bookmarks"]["audit_trail"]["replication_key_value"]
    room.now("2026-04-20T12:00:00+00:00")
    room.sandbox.clear_log()
    second = room.run(room.legacy(), "audit_trail", state=first.last_state)
    new = second.records["audit_trail"]
    assert new
    assert min(r["timestamp"] for r in new) >= mark
    assert len({(r["obj_type"], r["obj_id"], r["revision"]) for r in new}) == len(new)
    everything = sum(v for k, v in room.truth(trail=1).items() if k in AUDITED_TYPES)
    fresh = [r for r in new if r["timestamp"] > mark]
    assert len(first.records["audit_trail"]) + len(fresh) == everything
    assert all("timestamp" in e["query"] for e in room.asked("/audittrail"))


def refused_trail(room, status, body, **more):
    """Read the trails of line items and of sites; those of line items, asked for first, are refused."""
    room.sandbox.fault("status", path="/audittrail$", status=status, body=body)
    return room.run(room.legacy(audited_types=["lineitem", "site"]), "audit_trail", **more)


@pytest.mark.parametrize("named", [{}, {"attribute": "obj_type"}])
def test_no_bookmark_passes_a_type_whose_trail_is_refused(room, caplog, named):
    """The other types are read, then the stream fails; `audited_types` leaves the type out."""
    body = {"http_status": 403, "type": "Permission", "message": "no", **named}
    written = []
    with pytest.raises(RunFailed, match="audit_trail"), caplog.at_level(logging.WARNING):
        refused_trail(room, 403, body, written=written.append)
    assert {r["obj_type"] for r in written[0].records["audit_trail"]} == {"site"}
    assert [s["bookmarks"]["audit_trail"] for s in written[0].states] == [{}]
    (line,) = (r.message for r in caplog.records if r.levelno == logging.ERROR)
    assert "audit_trail of lineitem: HTTP 403" in line
    assert "setting `audited_types`" in line
    assert len(room.asked("/audittrail")) > 1, "the other type is asked for all the same"
    found = room.run(room.legacy(audited_types=["site"]), "audit_trail")
    assert {r["obj_type"] for r in found.records["audit_trail"]} == {"site"}
    assert found.last_state["bookmarks"]["audit_trail"]["replication_key_value"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"http_status": 404, "type": "Object Not Found", "message": "none"}),
        (
            400,
            {
                "http_status": 400,
                "type": "Value Error",
                "message": "Field obj_type value must be one of …",
                "attribute": "obj_type",
                "value": "lineitem",
            },
        ),
    ],
)
def test_a_type_that_the_instance_does_not_know_has_no_trail(room, caplog, status, body):
    """It is named, and nothing is missing."""
    with caplog.at_level(logging.WARNING):
        found = refused_trail(room, status, body)
    assert found.last_state["bookmarks"]["audit_trail"]["replication_key_value"]
    assert {r["obj_type"] for r in found.records["audit_trail"]} == {"site"}
    assert any("audit_trail of lineitem" in m for m in caplog.messages)


def test_options_that_may_not_be_read_fail_their_stream(room, caplog):
    """The others are read; where nobody chose streams it is a warning."""
    body = {"http_status": 403, "type": "Permission", "message": "no"}
    room.sandbox.fault("status", path="/options/os_options", times=99, status=403, body=body)
    with caplog.at_level(logging.WARNING):
        found = room.run(room.legacy(end_date="2026-03-17"))
    keys = {r["option_key"] for r in found.records["options"]}
    assert keys == set(OPTION_KEYS) - {"os_options"}
    with pytest.raises(RunFailed, match="options"):
        room.run(room.legacy(), "options")


# -- lists that misbehave ------------------------------------------------------------------------


def test_a_list_that_shifts_while_it_is_read_loses_nothing(room):
    """Rows move up under the reader: another look finds what slipped through."""
    room.switch(max_limit=5, shifting_lists=3)
    found = room.run(room.legacy(), "ad_units", "ads")
    for stream in ("ad_units", "ads"):
        uids = [r["uid"] for r in found.records[stream]]
        assert sorted(uids) == room.truth(entity=OBJECTS[stream])["uids"]


@pytest.mark.parametrize("size", [1, 7, 200])
def test_any_page_size_gives_the_same_objects(room, size):
    """The server may give fewer rows than were asked for."""
    room.switch(max_limit=size)
    found = room.run(room.legacy(), "sites")
    assert sorted(r["uid"] for r in found.records["sites"]) == room.truth(entity="site")["uids"]


@pytest.mark.parametrize("how", ["forbidden_types", "missing_types"])
def test_a_type_that_the_login_may_not_read_is_named_and_the_rest_is_read(room, caplog, how):
    """Where nobody chose streams it is a warning; where a catalog selects it, an error."""
    room.switch(**{how: ["floorrule"]})
    config = room.legacy(end_date="2026-03-17")
    with caplog.at_level(logging.WARNING):
        found = room.run(config)
    assert found.records["sites"]
    assert found.records["floor_rules"] == []
    assert any(m.startswith("floor_rules: ") for m in caplog.messages)
    with pytest.raises(RunFailed, match="floor_rules"):
        room.run(config, "sites", "floor_rules")
    assert any("deselect the stream 'floor_rules'" in m for m in caplog.messages)


@pytest.mark.parametrize("how", ["forbidden_types", "missing_types"])
def test_a_type_of_2016_that_the_instance_does_not_know_is_empty(room, caplog, how):
    """OpenX's list of 2020 does not name it any more: 404 is said, and fails nobody who selects it; 403 does."""
    room.switch(**{how: [OBJECTS[stream] for stream in OF_2016]})
    written = []
    try:
        with caplog.at_level(logging.WARNING):
            room.run(room.legacy(), "sites", *OF_2016, written=written.append)
    except RunFailed:
        assert how == "forbidden_types"
    else:
        assert how == "missing_types"
    assert written[0].records["sites"]
    for stream in OF_2016:
        assert written[0].records[stream] == []
        assert any(m.startswith(f"{stream}: ") for m in caplog.messages)


def test_an_answer_without_its_list_is_no_empty_list(room):
    """What is said of a list is not the list; null in its place may be an empty one."""
    said = {"has_more": False, "limit": 200, "offset": 0}
    room.sandbox.fault("status", path="/ox/4.0/site$", status=200, body=said, times=None)
    with pytest.raises(RunFailed, match="1 failed: sites"):
        room.run(room.legacy(max_retries=1), "sites")
    room.sandbox.clear_faults()
    body = {**said, "objects": None}
    room.sandbox.fault("status", path="/ox/4.0/site$", status=200, body=body, times=None)
    assert room.run(room.legacy(), "sites").records["sites"] == []


@pytest.mark.parametrize(
    "error", [{"http_status": 403, "type": "Permission", "message": "no"}, {"errors": ["cut"]}]
)
def test_an_error_beside_a_list_is_no_end_of_it(room, error):
    """Under a good status: the rows that came are not all."""
    body = {"has_more": False, "limit": 200, "offset": 0, "objects": [], **error}
    room.sandbox.fault("status", path="/ox/4.0/site$", status=200, body=body, times=None)
    with pytest.raises(RunFailed, match="1 failed: sites"):
        room.run(room.legacy(max_retries=1), "sites")


def test_what_the_schema_does_not_name_is_kept(room):
    """A field that OpenX adds tomorrow is in `_extra`, secrets excepted."""
    room.sandbox.fault(
        "status",
        path="/ox/4.0/site$",
        status=200,
        body={
            "has_more": False,
            "limit": 200,
            "offset": 0,
            "objects": [
                {"id": "1", "uid": "u", "name": "s", "brandNew": {"a": "1"}, "api_key": "k"}
            ],
        },
    )
    (row,) = room.run(room.legacy(), "sites").records["sites"]
    assert row["_extra"] == {"brand_new": {"a": "1"}}
    assert row["name"] == "s"


# -- the hourly quota ----------------------------------------------------------------------------


def run_with_clock(room, config, streams):
    """A run whose waiting moves the sandbox's clock and the tap's instead of ours."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now = room.sandbox.environment.clock.now() + timedelta(seconds=seconds)
        room.sandbox.clock(now.isoformat())
        tap.clock._start += timedelta(seconds=seconds)

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(out):
        tap = TapOpenx(config=config, catalog=select(TapOpenx, config, streams))
        tap.platform.http._sleep = wait
        try:
            tap.run()
        finally:
            tap.workers.close()
    out.seek(0)
    return parse(out.read()), waits


def test_a_used_up_quota_is_waited_for_until_the_next_hour(room, caplog):
    """429 without Retry-After, eight minutes before the hour: one wait, said, and nothing lost."""
    room.now("2026-03-18T11:52:00+00:00")
    room.switch(hourly_quota=3, max_limit=10)
    with caplog.at_level(logging.WARNING):
        found, waits = run_with_clock(room, room.legacy(), {"creatives"})
    assert (
        sorted(r["uid"] for r in found.records["creatives"])
        == room.truth(entity="creative")["uids"]
    )
    assert 480 <= waits[0] <= 480 + 2 + 15
    assert len(waits) == 2  # eight calls, three an hour
    assert any("waiting for the next hour" in m for m in caplog.messages)


def test_a_quota_that_stays_used_up_ends_in_an_error(room, caplog):
    """People in the UI may use it up again and again: after three hours the stream gives up."""
    room.switch(hourly_quota=0)
    with pytest.raises(RunFailed):
        run_with_clock(room, room.legacy(), {"sites"})
    assert any("quota" in m and m.startswith("sites") for m in caplog.messages)


@pytest.mark.parametrize("allowed", [0, 2])
def test_the_hours_waited_for_a_quota_are_a_setting(room, allowed):
    """`quota_waits` hours, then the stream fails; with 0 it fails at once."""
    room.switch(hourly_quota=0)
    room.sandbox.clear_log()
    with pytest.raises(RunFailed):
        run_with_clock(room, room.legacy(quota_waits=allowed), {"sites"})
    assert len([e for e in room.sandbox.log("openx") if e["status"] == 429]) == allowed + 1


@pytest.mark.parametrize("generation", ["legacy", "current"])
def test_the_quota_of_objects_is_none_of_reports(room, generation):
    """No hourly quota is published for reports: 429 without Retry-After is backed off from, as everywhere."""
    stream, path = ("inventory_daily", "/report$")
    if generation == "current":
        stream, path = ("country_daily", "/generateReport$")
    config = getattr(room, generation)(start_date="2026-03-17")
    plain, _ = run_with_clock(room, config, {stream})
    room.sandbox.fault("status", path=path, method="POST", status=429, times=2)
    found, waits = run_with_clock(room, config, {stream})
    assert len(found.records[stream]) == len(plain.records[stream]) > 0
    assert all(seconds < 60 for seconds in waits), waits


def test_the_option_keys_read_are_a_setting(room):
    """Only those named."""
    found = room.run(room.legacy(option_keys=["country_options"]), "options").records["options"]
    assert {r["option_key"] for r in found} == {"country_options"}


@pytest.mark.parametrize(
    ("said", "more"),
    [({}, True), ({"limit": 1}, True), ({"limit": 200}, False), ({"has_more": False}, False)],
)
def test_a_list_that_says_nothing_of_more_ends_with_an_empty_page(said, more):
    """The largest limit is not documented: a page shorter than the one asked for need not be the last."""
    document = {"objects": [{"uid": "a"}], **said}
    assert page_at(document["objects"], document, 0).more is more
    assert not page_at([], {"objects": []}, 1).more


def test_a_session_in_a_list_of_one_is_the_session(room):
    """Objects that are read alone come as a list of one; the session, by its page, does not."""
    sent = {"instance": {"uid": "u-1", "timezone": "UTC"}, "account": {"uid": "a-1"}, "user": None}
    rows = []
    for body in (sent, [sent]):
        room.sandbox.fault("status", path="/session$", status=200, body=json.dumps(body))
        rows.append(room.run(room.legacy(), "session").records["session"])
    assert rows[0] == rows[1]
    assert [r["instance_uid"] for r in rows[1]] == ["u-1"]
