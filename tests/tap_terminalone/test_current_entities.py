"""Campaign Management v3: whole lists, changes, stubs, history, access."""

import io
import re
from contextlib import redirect_stdout
from datetime import datetime

import pytest

from adtap_core.tap import RunFailed
from tap_terminalone.tap import TapTerminalOne
from tests.canned import Canned, Text
from tests.running import parse, run_tap, select
from tests.tap_terminalone.conftest import LISTS


def login(server, concurrency):
    """Settings for a server that a test speaks for."""
    return {
        "api_url": server.url,
        "auth_url": server.url,
        "username": "etl",
        "password": "canary-0123456789",
        "client_id": "client",
        "client_secret": "canary-secret-01",
        "concurrency": concurrency,
    }


@pytest.mark.parametrize("total", ["true", "zero", "missing"])
def test_every_list_is_whole_whatever_it_says_of_its_total(room, total):
    """Each stream equals the world's ids, switched-off and archived things included."""
    room.switch(total_count=total)
    found = room.run(room.current(), *LISTS)
    for name in LISTS:
        ids = [r["id"] for r in found.records[name]]
        assert sorted(ids) == sorted(room.truth(collection=name)["ids"]), name


@pytest.mark.parametrize("total", [None, 0])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_server_that_lets_fewer_rows_through_than_asked_for_loses_none(total, concurrency):
    """It says neither its limit nor a total: only an empty page, or a shorter one, ends the list."""

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        condition = dict(re.findall(r"id(>|<=)(\d+)", asked.query.get("q", "")))
        rows = [i for i in range(1, 260) if i > int(condition.get(">", 0))]
        rows = [i for i in rows if i <= int(condition.get("<=", 999))][:100]
        told = {} if total is None else {"total_count": total}
        found = [{"id": i, "name": str(i), "entity_type": "vertical"} for i in rows]
        return {"data": found, "meta": {"status": "success", "count": len(rows), **told}}

    with Canned(answers) as server:
        found = run_tap(TapTerminalOne, login(server, concurrency), streams={"verticals"})
        assert [r["id"] for r in found.records["verticals"]] == list(range(1, 260))
        assert len(server.paths("verticals")) <= 6


@pytest.mark.parametrize("limit", [10, 50])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_list_below_a_parent_is_not_cut_by_a_limit_that_nobody_told(limit, concurrency):
    """Without a total, a page as long as the longest of its kind may be cut: what lies behind it is asked for."""
    flights = {1: 3, 2: 50, 3: 120, 4: 50, 5: 9, 6: 51, 7: 1}

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        if asked.path == "/api/v3.0/campaigns":
            behind = int(re.search(r"id>(\d+)", asked.query["q"])[1])
            rows = [{"id": i, "entity_type": "campaign"} for i in flights if i > behind]
            return {"data": rows, "meta": {"status": "success", "count": len(rows)}}
        number = int(asked.path.split("/")[4])
        first = int(asked.query.get("page_offset", 0))
        ids = range(number * 1000, number * 1000 + flights[number])[first : first + limit]
        rows = [{"id": i, "campaign_id": number, "entity_type": "flight"} for i in ids]
        return {"data": rows, "meta": {"status": "success", "count": len(rows)}}

    with Canned(answers) as server:
        found = run_tap(
            TapTerminalOne,
            login(server, concurrency),
            streams={"campaigns", "budget_flights"},
        )
    ids = [r["id"] for r in found.records["budget_flights"]]
    assert sorted(ids) == [n * 1000 + i for n, many in flights.items() for i in range(many)]


@pytest.mark.parametrize(
    ("whole", "fault"),
    [
        ({"id": 7, "code": "ABC"}, None),
        ([{"id": 7, "code": "ABC"}], None),
        (None, "another record"),
        ({"id": 8, "code": "ABC"}, "another record"),
        ("ABC", "no list of records"),
    ],
)
def test_what_a_list_leaves_out_comes_from_the_record_itself(whole, fault, caplog):
    """Not from another one; and what can't be had is no row of nulls, which would be loaded over the columns."""

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        is_list = asked.path.endswith("/vendors")
        stub = [{"id": 7, "name": "v", "entity_type": "vendor"}]
        meta = {"status": "success", "count": 1, "total_count": 1}
        return {"data": stub if is_list else whole, "meta": meta}

    with Canned(answers) as server:
        if fault is None:
            found = run_tap(TapTerminalOne, login(server, 1), streams={"vendors"})
            assert [(r["id"], r["code"]) for r in found.records["vendors"]] == [(7, "ABC")]
        else:
            with pytest.raises(RunFailed):
                run_tap(TapTerminalOne, login(server, 1), streams={"vendors"})
            assert fault in caplog.text


FAULT = "one shard did not answer"
FAULTS = ([{"code": "shard-failed", "message": FAULT}], [FAULT], {"reason": FAULT}, FAULT)


@pytest.mark.parametrize(
    "odd",
    [*({"errors": errors, "data": []} for errors in FAULTS), {}],
    ids=["errors beside data", "texts", "an object", "a text", "no data"],
)
@pytest.mark.parametrize("times", [1, 9])
def test_a_good_status_does_not_make_an_error_a_list(odd, times, caplog):
    """It is asked for again; a list of which a part may be missing is no list."""
    left = [times]

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        left[0] -= 1
        rows = [{"id": 7, "name": "v", "entity_type": "vertical"}]
        meta = {"meta": {"status": "success", "count": 1, "total_count": 1}}
        return (odd if left[0] >= 0 else {"data": rows}) | meta

    with Canned(answers) as server:
        config = login(server, 1) | {"max_retries": 1}
        if times == 1:
            found = run_tap(TapTerminalOne, config, streams={"verticals"})
            assert [r["id"] for r in found.records["verticals"]] == [7]
        else:
            with pytest.raises(RunFailed):
                run_tap(TapTerminalOne, config, streams={"verticals"})
            assert (FAULT if odd else "holds no data") in caplog.text


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_parent_without_an_id_is_named(nothing, caplog):
    """Its flights can't be asked for, and the stream that would say so is not selected; those of others are read."""

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        rows = [{"id": 7, "campaign_id": 1, "entity_type": "flight"}]
        rows = rows[int(asked.query.get("page_offset", 0)) :]
        if asked.path == "/api/v3.0/campaigns":
            is_first = "id>0" in asked.query["q"]
            rows = [{"id": i, "entity_type": "campaign"} for i in (nothing, 1)] if is_first else []
        return {"data": rows, "meta": {"status": "success", "count": len(rows)}}

    written = []
    with Canned(answers) as server:
        with pytest.raises(RunFailed, match="budget_flights"):
            run_tap(
                TapTerminalOne,
                login(server, 1),
                streams={"budget_flights"},
                written=written.append,
            )
        assert set(server.paths("campaigns/")) == {"/api/v3.0/campaigns/1/budget_flights"}
    assert [r["id"] for r in written[0].records["budget_flights"]] == [7]
    assert "1 record of campaigns without a key" in caplog.text


@pytest.mark.parametrize("limit", [10, 40, 65])
def test_deals_of_other_organizations_are_read_whole_where_one_is_refused(limit, caplog):
    """It is named, and the stream fails; no page is taken for the last for a limit that nobody told."""

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        if asked.path == "/api/v3.0/organizations":
            rows = [{"id": i} for i in (33, 34) if f"id>{i}" not in asked.query["q"]]
            rows = [] if "id>34" in asked.query["q"] else rows
            return {"data": rows, "meta": {"status": "success", "count": len(rows)}}
        if asked.query["owner.organization_id"] == "33":
            return Text("forbidden", status=403)
        first = int(asked.query.get("page_offset", 0))
        rows = [{"id": i, "name": str(i)} for i in range(130)[first : first + limit]]
        return {"data": rows, "meta": {"status": "success", "count": len(rows)}}

    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with Canned(answers) as server, redirect_stdout(output):
        config = login(server, 1)
        tap = TapTerminalOne(config=config, catalog=select(TapTerminalOne, config, {"deals"}))
        with pytest.raises(RunFailed):
            tap.run()
    output.seek(0)
    found = parse(output.read())
    assert [r["id"] for r in found.records["deals"]] == list(range(130))
    assert any("deals of organization 33: HTTP 403" in m for m in caplog.messages)


def test_what_lists_are_confined_by_is_asked_for_once(room):
    """Lists that begin side by side need the same advertisers and campaigns: whoever comes later waits for them."""
    room.sandbox.latency(0.05)
    names = ("campaigns", "strategies", "concepts", "atomic_creatives")
    room.run(room.current(organization_ids=["33"], concurrency=4), *names)
    for owners in ("agencies", "advertisers"):
        asked = [str(e["query"]) for e in room.asked(f"/api/v3.0/{owners}")]
        assert asked
        assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("concurrency", [1, 2, 8])
@pytest.mark.parametrize("total", ["true", "zero"])
def test_small_pages_and_a_low_offset_ceiling_lose_nothing(room, monkeypatch, concurrency, total):
    """Lists are walked by id: how far offsets reach does not matter, nor how many pages fly at once."""
    room.switch(page_offset_ceiling=2, total_count=total)
    monkeypatch.setattr("tap_terminalone.current.PAGE_LIMIT", 5)
    found = room.run(room.current(concurrency=concurrency), "strategies")
    ids = [r["id"] for r in found.records["strategies"]]
    assert ids == room.truth(collection="strategies")["ids"]
    asked = room.asked("/api/v3.0/strategies")
    assert all("page_offset" not in e["query"] for e in asked)
    assert max(e["in_flight"] for e in asked) <= concurrency
    assert len(asked) <= len(ids) / 5 * 1.5 + concurrency


def test_only_what_changed_is_asked_for_the_second_time(room):
    """`updated_on>=` goes along with the key-set; unchanged campaigns are not sent again."""
    first = room.run(room.current(), "campaigns")
    before = room.truth(collection="campaigns")["updated_on"]
    room.now("2026-04-28T12:00:00+00:00")
    second = room.run(room.current(), "campaigns", state=first.last_state)
    after = room.truth(collection="campaigns")["updated_on"]
    moved = {int(i) for i, moment in after.items() if before.get(i) != moment}
    bookmark = first.last_state["bookmarks"]["campaigns"]["replication_key_value"]
    sent = {r["id"] for r in second.records["campaigns"]}
    assert moved <= sent < {int(i) for i in after}
    assert sent == {int(i) for i, moment in after.items() if moment >= bookmark}
    assert "updated_on%3E%3D" in room.asked("/api/v3.0/campaigns")[-1]["query"]


@pytest.mark.parametrize("generation", ["current", "legacy"])
def test_what_is_stored_later_than_it_is_dated_is_read_by_the_next_run(monkeypatch, generation):
    """A change may be dated before another one that was seen already: bookmarks stay five minutes behind."""
    rows = [{"id": 1, "updated_on": "2026-03-18T11:59:58Z"}]

    def answers(asked):
        if asked.path == "/oauth/token":
            return {"access_token": "token-0123456789", "expires_in": 86400}
        if asked.path == "/api/v2.0/session":
            return Text("{}", "application/json", 401)
        bound = re.search(r"updated_on>=(\S{19})", asked.query["q"])
        found = [r for r in rows if bound is None or r["updated_on"][:19] >= bound[1]]
        behind = re.search(r"id>(\d+)", asked.query["q"])
        found = [r for r in found if behind is None or r["id"] > int(behind[1])]
        found = [{"entity_type": "campaign", "name": "x", **r} for r in found]
        told = {"count": len(found), "total_count": len(found)}
        return {"data": found, "meta": {"status": "ok", **told}}

    with Canned(answers) as server:
        config = login(server, 1) | {"api_generation": generation}
        monkeypatch.setenv("ADTAPS_NOW", "2026-03-18T12:00:00Z")
        first = run_tap(TapTerminalOne, config, streams={"campaigns"})
        rows.append({"id": 2, "updated_on": "2026-03-18T11:59:30Z"})
        monkeypatch.setenv("ADTAPS_NOW", "2026-03-18T13:00:00Z")
        second = run_tap(TapTerminalOne, config, streams={"campaigns"}, state=first.last_state)
    assert [r["id"] for r in first.records["campaigns"]] == [1]
    assert {r["id"] for r in second.records["campaigns"]} == {1, 2}


def test_children_that_a_run_did_not_come_to_are_read_whole_by_the_next(room):
    """The parents' bookmark moved without them: what lies before it is still theirs to ask for."""
    whole = room.run(room.current(), "campaigns", "budget_flights").records["budget_flights"]
    first = room.run(room.current(), "campaigns")
    found = room.run(room.current(), "campaigns", "budget_flights", state=first.last_state)
    assert {r["id"] for r in found.records["budget_flights"]} == {r["id"] for r in whole}
    # From then on, only those of changed campaigns.
    again = room.run(room.current(), "campaigns", "budget_flights", state=found.last_state)
    assert len(again.records["budget_flights"]) < len(whole)


def test_children_are_asked_for_the_parents_that_changed(room):
    """Flights and change logs cost one request for each campaign: only for the changed ones."""
    first = room.run(room.current(), "campaigns", "budget_flights", "campaigns_history")
    room.now("2026-04-28T12:00:00+00:00")
    room.sandbox.clear_log()
    second = room.run(
        room.current(), "campaigns", "budget_flights", "campaigns_history", state=first.last_state
    )
    changed = {r["id"] for r in second.records["campaigns"]}
    assert {r["campaign_id"] for r in second.records["budget_flights"]} == changed
    assert {r["entity_id"] for r in second.records["campaigns_history"]} == changed
    assert len(room.asked("/history")) == len(changed)


def test_history_entries_have_keys_of_their_own(room):
    """The platform gives an entry no id; a digest tells each from the others, the same every time."""
    first = room.run(room.current(), "agencies_history").records["agencies_history"]
    again = room.run(room.current(), "agencies_history").records["agencies_history"]
    assert len({r["change_key"] for r in first}) == len(first) > 3
    assert first == again
    assert {tuple(sorted(f)) for r in first for f in r["fields"]} == {
        ("field_name", "new_value", "old_value")
    }


def test_stubs_are_completed_one_by_one(room):
    """The list of users holds ids and names only; the stream holds all of each."""
    rows = room.run(room.current(), "users").records["users"]
    assert all(r["role"] and r["scope"] and r["email"] for r in rows)
    assert len(room.asked("/api/v3.0/users/")) == len(rows)


def test_secrets_and_personal_data_stay_where_they_belong(room):
    """No password in any record; streams of people are off unless asked for, their fields marked."""
    tap = TapTerminalOne(config=room.current())
    chosen = {s.name for s in tap.streams.values() if s.selected}
    assert "users" not in chosen
    assert "users_history" not in chosen
    columns = tap.streams["users"].schema["properties"]
    assert {c for c, p in columns.items() if p.get("x-pii")} >= {"email", "phone", "last_name"}
    contacts = {"contact_name", "mm_contact_name", "phone", "address_1", "address_2"}
    (plain,) = [room.run(config, "organizations") for config in (room.current(),)]
    assert not contacts & plain.schemas["organizations"]["schema"]["properties"].keys()
    assert not any(contacts & r.keys() or r["_extra"] for r in plain.records["organizations"])
    asked = room.run(room.current(), *(f"organizations.{c}" for c in contacts))
    assert all(r["contact_name"] and r["phone"] for r in asked.records["organizations"])
    legacy = room.run(room.legacy(), "organizations.contact_name").records["organizations"]
    assert all(r["contact_name"] and "phone" not in r for r in legacy)
    rows = room.run(room.current(), "campaigns", "users").records
    text = str(rows["campaigns"]) + str(rows["users"])
    assert "secret-" not in text
    assert "ad_server_password" not in text
    assert all(r["ad_server"]["ad_server_username"] for r in rows["campaigns"])


def test_a_configured_organization_bounds_what_is_read(room):
    """Agencies to strategies and their joins: only what lies in it."""
    names = [
        "organizations",
        "agencies",
        "advertisers",
        "campaigns",
        "strategies",
        "strategy_deals",
    ]
    both = room.run(room.current(), *names).records
    one = room.run(room.current(organization_ids=["33"]), *names).records
    assert [r["id"] for r in one["organizations"]] == [33]
    agencies = {r["id"] for r in both["agencies"] if r["organization_id"] == 33}
    advertisers = {r["id"] for r in both["advertisers"] if r["agency_id"] in agencies}
    campaigns = {r["id"] for r in both["campaigns"] if r["advertiser_id"] in advertisers}
    strategies = {r["id"] for r in both["strategies"] if r["campaign_id"] in campaigns}
    assert {r["id"] for r in one["agencies"]} == agencies
    assert {r["id"] for r in one["campaigns"]} == campaigns
    assert {r["id"] for r in one["strategies"]} == strategies
    assert {r["strategy_id"] for r in one["strategy_deals"]} <= strategies
    assert len(agencies) < len(both["agencies"])


def test_a_list_that_takes_no_q_is_walked_by_offset(room):
    """A 400 on the search is not the end: the list is walked by offset, twice to be sure."""
    refused = '{"errors": [{"code": "invalid", "message": "q"}], "meta": {"status": "error"}}'
    room.fault("status", path="/api/v3.0/ad_servers$", status=400, body=refused)
    rows = room.run(room.current(), "ad_servers").records["ad_servers"]
    assert [r["id"] for r in rows] == room.truth(collection="ad_servers")["ids"]
    assert "page_offset=0" in room.asked("/api/v3.0/ad_servers")[-1]["query"]


def test_a_forbidden_stream_is_named_and_the_others_are_read(room, caplog):
    """403: that stream fails with advice, all else is read."""
    refused = '{"errors": [{"code": "forbidden", "message": "no contracts for you"}], "meta": {}}'
    room.fault("status", path="/api/v3.0/contracts$", status=403, body=refused, times=9)
    with pytest.raises(RunFailed, match="contracts"):
        room.run(room.current(), "contracts", "vendors")
    assert "no contracts for you" in caplog.text
    assert "deselect the stream 'contracts'" in caplog.text


@pytest.mark.parametrize("kind", ["reset", "cut", "html", "empty", "garbage"])
def test_a_broken_answer_is_asked_for_again(room, kind):
    """Every way an answer can break heals by itself."""
    room.fault(kind, path="/api/v3.0/vendors$", times=1)
    rows = room.run(room.current(), "vendors").records["vendors"]
    assert [r["id"] for r in rows] == room.truth(collection="vendors")["ids"]


def test_too_fast_is_waited_for(room):
    """429 with Retry-After: waited for, not given up."""
    body = {
        "errors": [{"code": "rate-limit-exceeded", "message": "slow down"}],
        "meta": {"status": "error"},
    }
    room.fault(
        "status", path="/vendors$", status=429, body=body, headers={"Retry-After": "1"}, times=2
    )
    assert room.run(room.current(max_retries=3), "vendors").records["vendors"]


def test_after_a_burst_no_more_than_ten_requests_begin_in_a_second(room, monkeypatch):
    """The vendor's bucket holds 50 and fills by 10 a second: so much is kept, whatever the concurrency."""
    monkeypatch.setattr("tap_terminalone.client.TerminalOne.per_second", 10.0)
    monkeypatch.setattr("tap_terminalone.client.BURST", 5)
    room.run(room.current(concurrency=8), "campaigns", "budget_flights")
    begun = sorted(e["started_at"] for e in room.asked("/api/v3.0/"))
    moments = [datetime.fromisoformat(str(m)) for m in begun]
    assert len(moments) > 16
    gaps = [(b - a).total_seconds() for a, b in zip(moments, moments[15:], strict=False)]
    assert min(gaps) > 0.8
