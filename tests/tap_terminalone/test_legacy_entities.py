"""Legacy entities: JSON and XML say the same, both generations agree, nothing harmful is read."""

import json
from decimal import Decimal

import pytest
import requests

from adtap_core.errors import REFUSED_EXIT, CredentialsError
from adtap_core.tap import RunFailed
from adtap_sandbox import credentials
from tap_terminalone.legacy_documents import Refusing, Unreadable, xml_document
from tap_terminalone.tap import TapTerminalOne
from tests.canned import Canned, Text
from tests.running import run_tap
from tests.tap_terminalone.conftest import LISTS

MODELS = [
    "organizations",
    "agencies",
    "advertisers",
    "campaigns",
    "budget_flights",
    "strategies",
    "concepts",
    "atomic_creatives",
    "creatives",
    "creative_approvals",
    "pixel_bundles",
    "pixels",
    "pixel_providers",
    "audience_segments",
    "retired_audience_segments",
    "strategy_audience_segments",
    "retired_strategy_audience_segments",
    "strategy_targeting_segments",
    "strategy_concepts",
    "strategy_day_parts",
    "strategy_deals",
    "strategy_domain_restrictions",
    "strategy_supply_sources",
    "target_dimensions",
    "target_values",
    "supply_sources",
    "seats",
    "deals",
    "site_lists",
    "publishers",
    "publisher_sites",
    "site_placements",
    "placement_slots",
    "ad_servers",
    "vendors",
    "vendor_contracts",
    "vendor_domains",
    "vendor_pixels",
    "vendor_pixel_domains",
    "verticals",
    "users",
    "permissions",
    "acl",
    "contacts",
    "contracts",
    "rmx_strategies",
    "rmx_strategy_roi_target_pixels",
]
SHARED = [*LISTS, "deals", "pixel_providers", "strategy_deals"]
BOMB = """<?xml version="1.0"?>
<!DOCTYPE result [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<result><entities count="1"><entity id="1" name="&c;" type="vendor"/></entities><status code="ok"/></result>"""
EXTERNAL = """<?xml version="1.0"?>
<!DOCTYPE result [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<result><entities count="1"><entity id="1" name="&file;" type="vendor"/></entities><status code="ok"/></result>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE result SYSTEM "http://127.0.0.1:9/result.dtd">
<result><entities count="0"/><status code="ok"/></result>"""


def test_every_model_of_the_vendors_client_is_a_stream_with_rows(room):
    """All 47, each with a schema that names everything the platform sends."""
    assert len(MODELS) == 47
    found = room.run(room.legacy(), *MODELS)
    for name in MODELS:
        rows = found.records[name]
        assert rows, name
        assert not [r["_extra"] for r in rows if r["_extra"]], name
    for name in ("campaigns", "creatives", "pixels", "placement_slots", "creative_approvals"):
        ids = sorted(r["id"] for r in found.records[name])
        assert ids == sorted(room.truth(collection=name)["ids"]), name


@pytest.mark.parametrize("oddity", [{}, {"legacy_total": "zero"}, {"string_numbers": True}])
def test_xml_and_json_give_the_same_records(room, monkeypatch, oddity):
    """JSON is asked for; where XML comes instead, every stream is the same to the last field."""
    names = [n for n in MODELS if n not in {"deals", "target_dimensions"}]
    names += ["campaigns_history"]
    room.switch(**oddity)
    as_json = room.run(room.legacy(), *names)
    monkeypatch.setattr("tap_terminalone.legacy_entities.ACCEPT", "*/*")
    as_xml = room.run(room.legacy(), *names)
    for name in names:
        assert plain(as_xml.records[name]) == plain(as_json.records[name]), name


def plain(records):
    """Records as far as both formats can tell: XML has no empty lists, and no null in a change log."""
    kept = []
    for record in records:
        values = {k: v for k, v in record.items() if k not in {"change_key", "fields"}}
        kept.append(json.dumps(values, sort_keys=True, default=str))
    return sorted(kept)


def test_target_dimensions_are_one_row_for_each_dimension_of_a_strategy(room, monkeypatch):
    """Wanted and unwanted values as lists, in both formats."""
    config = room.legacy()
    as_json = room.run(config, "target_dimensions").records["target_dimensions"]
    monkeypatch.setattr("tap_terminalone.legacy_entities.ACCEPT", "*/*")
    as_xml = room.run(config, "target_dimensions").records["target_dimensions"]
    assert len(as_json) == len(as_xml) > 0
    for one, other in zip(as_json, as_xml, strict=True):
        same = ("strategy_id", "target_dimension_id", "name", "active", "include_op", "exclude_op")
        assert [one[k] for k in same] == [other[k] for k in same]
        for side in ("include", "exclude"):
            ours = [str(v["id"]) for v in one[side]]
            assert ours == [str(v["id"]) for v in other[side]]


def test_both_generations_agree_on_what_they_share(room):
    """Same streams, same keys, and every column that both have holds the same."""
    now = room.run(room.current(), *SHARED)
    then = room.run(room.legacy(), *SHARED)
    for name in SHARED:
        ours = {r["id"]: r for r in now.records[name]}
        theirs = {r["id"]: r for r in then.records[name]}
        assert ours.keys() == theirs.keys(), name
        # The nested budget of today holds a margin that the legacy strategy has not.
        columns = (set(next(iter(ours.values()))) & set(next(iter(theirs.values())))) - {
            "_extra",
            "budget",
        }
        assert "id" in columns
        for number, record in ours.items():
            mine = {c: record[c] for c in columns}
            assert mine == {c: theirs[number][c] for c in columns}, (name, number)
            if name == "strategies":
                for key in ("budget", "currency_code"):
                    assert record["budget"][key] == theirs[number]["budget"][key], number


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, OUTSIDE], ids=["bomb", "file", "dtd"])
def test_xml_that_can_do_harm_is_refused(room, text, caplog):
    """No entity is resolved, no document type fetched: the stream fails with a reason, at once."""
    with pytest.raises(Refusing):
        xml_document(text.encode())
    room.fault("status", path="/api/v2.0/vendors$", status=200, body=text, times=9)
    with pytest.raises(RunFailed):
        room.run(room.legacy(), "vendors")
    assert "refused" in caplog.text
    assert len(room.asked("/api/v2.0/vendors")) == 1


@pytest.mark.parametrize("text", [b"", b"<result>", b"not xml", b"<a></b>"])
def test_xml_that_breaks_off_is_no_answer(text):
    """A cut document raises; nothing of it is used."""
    with pytest.raises(Unreadable):
        xml_document(text)


@pytest.mark.parametrize(
    "oddity",
    [
        {"legacy_status": "success"},
        {"legacy_total": "zero"},
        {"legacy_total": "text"},
        {"page_limit_over": "refuse"},
    ],
)
def test_totals_that_lie_and_new_words_for_good_lose_nothing(room, monkeypatch, oddity):
    """The end of a list is a short page, whatever the envelope says."""
    monkeypatch.setattr("tap_terminalone.legacy_entities.PAGE_LIMIT", 5)
    room.switch(**oddity)
    rows = room.run(room.legacy(), "strategies").records["strategies"]
    assert [r["id"] for r in rows] == room.truth(collection="strategies")["ids"]


def test_only_what_changed_is_asked_for_the_second_time(room):
    """`q=updated_on>=` from the bookmark on."""
    first = room.run(room.legacy(), "campaigns")
    bookmark = first.last_state["bookmarks"]["campaigns"]["replication_key_value"]
    room.now("2026-04-28T12:00:00+00:00")
    second = room.run(room.legacy(), "campaigns", state=first.last_state)
    after = room.truth(collection="campaigns")["updated_on"]
    sent = {r["id"] for r in second.records["campaigns"]}
    assert sent == {int(i) for i, moment in after.items() if moment >= bookmark}
    assert 0 < len(sent) < len(after)


def test_a_server_that_takes_no_dates_is_read_from_the_newest_back(room, monkeypatch):
    """The documented fall-back: by `-updated_on`, to the first that is known already."""
    monkeypatch.setattr("tap_terminalone.legacy_entities.PAGE_LIMIT", 3)
    first = room.run(room.legacy(), "campaigns")
    bookmark = first.last_state["bookmarks"]["campaigns"]["replication_key_value"]
    room.now("2026-04-28T12:00:00+00:00")
    refused = '{"errors": [{"message": "no dates"}], "meta": {"status": "invalid"}}'
    room.fault("status", path="/api/v2.0/campaigns$", status=400, body=refused, times=1)
    second = room.run(room.legacy(), "campaigns", state=first.last_state)
    after = room.truth(collection="campaigns")["updated_on"]
    wanted = {int(i) for i, moment in after.items() if moment >= bookmark}
    assert {r["id"] for r in second.records["campaigns"]} == wanted
    assert "sort_by=-updated_on" in room.asked("/api/v2.0/campaigns")[-1]["query"]


NEW = "2026-03-20T10:00:00+0000"
OLD = "2026-01-05T10:00:00+0000"


def newest_first(server, monkeypatch, *, cut=False):
    """Read campaigns twice from a server that takes no dates in `q`; return the second run's rows.

    At first there are two old ones; then three that say no time of change, whom the server sorts before all others,
    and one that has changed. With `cut`, pages behind the first are empty though there are more rows.
    """
    monkeypatch.setattr("tap_terminalone.legacy_entities.PAGE_LIMIT", 3)
    config = {
        "api_url": server.url,
        "api_generation": "legacy",
        "auth_method": "session_id",
        "session_id": "0a" * 20,
        "api_key": "canary-key-01",
        "concurrency": 1,
        "max_retries": 0,
    }
    monkeypatch.setenv("ADTAPS_NOW", "2026-03-18T12:00:00Z")
    first = run_tap(TapTerminalOne, config, streams={"campaigns"})
    server.rows += [{"id": i} for i in (1, 2, 3)]
    server.rows.append({"id": 4, "updated_on": NEW})
    server.cut = cut
    monkeypatch.setenv("ADTAPS_NOW", "2026-03-21T12:00:00Z")
    second = run_tap(TapTerminalOne, config, streams={"campaigns"}, state=first.last_state)
    assert "-updated_on" in {a.query.get("sort_by") for a in server.asked}
    return {r["id"] for r in second.records["campaigns"]}


def below_one(stream, parent, path, document):
    """Read what hangs below the one record of a list, as a test wants it answered."""

    def answers(asked):
        meta = {"status": "ok", "count": 1, "total_count": 1, "offset": 0}
        if asked.path.endswith(f"/{parent}"):
            return {"data": [{"id": 7, "entity_type": parent.removesuffix("s")}], "meta": meta}
        assert f"/{parent}/7/{path}" in asked.path
        return {"meta": meta, **document}

    with Canned(answers) as server:
        config = {"api_url": server.url, "api_generation": "legacy", "session_id": "0a1b2c3d4e5f"}
        return run_tap(TapTerminalOne, config, streams={stream}).records[stream]


@pytest.mark.parametrize(
    ("stream", "parent", "path", "document"),
    [
        ("budget_flights", "campaigns", "budget_flights", {"data": None}),
        ("budget_flights", "campaigns", "budget_flights", {}),
        ("campaigns_history", "campaigns", "history", {"data": {"log_entries": None}}),
        ("campaigns_history", "campaigns", "history", {"data": {"entries": [{"action": "x"}]}}),
        ("permissions", "users", "permissions", {"data": {"permissions": {"flags": {"role": 1}}}}),
        ("permissions", "users", "permissions", {"data": {"permissions": {"flags": 5}}}),
        (
            *("permissions", "users", "permissions"),
            {"data": {"permissions": {"flags": [{"access": [{"value": "1"}]}]}}},
        ),
        ("acl", "advertisers", "acl", {"data": [5]}),
        ("acl", "advertisers", "acl", {"data": "none"}),
    ],
)
def test_what_is_promised_below_a_record_must_come(stream, parent, path, document, caplog):
    """A total, or another shape, and nothing that can be read: that is no empty list, and no error of Python's."""
    with pytest.raises(RunFailed):
        below_one(stream, parent, path, document)
    assert "unexpected" not in caplog.text


def test_a_target_dimension_may_come_in_a_list_of_one():
    """As other children do; it was passed over."""
    one = {"enabled": {"active": True}, "include": [], "exclude": []}
    found = below_one("target_dimensions", "strategies", "target_dimensions", {"data": [one]})
    assert {(r["strategy_id"], r["name"], r["active"]) for r in found} >= {(7, "dma", True)}


@pytest.mark.parametrize("said", [[{"message": "one shard did not answer"}], "no answer", 5])
def test_errors_beside_data_are_asked_about_again(said):
    """A list of which a part may be missing is no list, whatever its status says."""
    errors = [said, []]

    def answers(asked):
        rows = [{"id": 7, "name": "v", "entity_type": "vertical"}]
        meta = {"status": "ok", "count": 1, "total_count": 1, "offset": 0}
        return {"data": [] if errors[0] else rows, "meta": meta, "errors": errors.pop(0)}

    with Canned(answers) as server:
        config = {"api_url": server.url, "api_generation": "legacy", "session_id": "0a1b2c3d4e5f"}
        found = run_tap(TapTerminalOne, config, streams={"verticals"})
    assert [r["id"] for r in found.records["verticals"]] == [7]


class NoDates(Canned):
    """A legacy list that takes no dates in `q`."""

    def __init__(self):
        super().__init__(self.answer)
        self.rows = [{"id": 8, "updated_on": OLD}, {"id": 9, "updated_on": OLD}]
        self.cut = False

    def answer(self, asked):
        """Answer a page, in the order that was asked for."""
        condition = asked.query.get("q", "")
        if condition.startswith("updated_on"):
            refused = {"errors": [{"message": "no dates"}], "meta": {"status": "invalid"}}
            return Text(json.dumps(refused), "application/json", 400)
        behind = int(condition.removeprefix("id>") or 0)
        rows = sorted((r for r in self.rows if r["id"] > behind), key=lambda r: r["id"])
        if asked.query["sort_by"] == "-updated_on":
            rows.sort(key=lambda r: r.get("updated_on", "9"), reverse=True)
        offset = int(asked.query.get("page_offset", 0))
        page = [] if offset and self.cut else rows[offset : offset + 3]
        found = [{"entity_type": "campaign", "name": "x", **r} for r in page]
        meta = {"status": "ok", "count": len(page), "total_count": len(rows), "offset": offset}
        return {"data": found, "meta": meta}


def test_a_record_without_a_time_of_change_ends_no_walk_from_the_newest_back(monkeypatch):
    """It tells nothing of what lies behind it."""
    with NoDates() as server:
        assert 4 in newest_first(server, monkeypatch)


def test_a_list_from_the_newest_back_that_ends_too_early_is_not_whole(monkeypatch):
    """It says how many rows there are, and gives an empty page before: the stream fails."""
    with NoDates() as server, pytest.raises(RunFailed):
        newest_first(server, monkeypatch, cut=True)


def test_a_configured_organization_is_a_limit_in_the_path(room):
    """`/limit/advertiser.agency.organization=ID`, and only what lies there comes."""
    config = room.legacy(organization_ids=["34"])
    rows = room.run(config, "organizations", "campaigns", "strategy_concepts", "deals").records
    assert [r["id"] for r in rows["organizations"]] == [34]
    paths = {e["path"] for e in room.asked("/limit/")}
    assert "/api/v2.0/campaigns/limit/advertiser.agency.organization=34" in paths
    assert not rows["campaigns"]  # that organization has none
    all_of_them = room.run(room.legacy(organization_ids=["33"]), "campaigns", "deals").records
    assert [r["id"] for r in all_of_them["campaigns"]] == room.truth(collection="campaigns")["ids"]
    assert {r["organization_id"] for r in all_of_them["deals"]} == {33}


def test_secrets_are_dropped_and_money_bears_its_currency(room):
    """No password or token of any kind; amounts in several currencies are all kept."""
    found = room.run(room.legacy(), "users", "advertisers", "campaigns", "audience_segments")
    text = str(dict(found.records))
    assert "secret-" not in text
    assert "password" not in text
    # When a message was sent is none.
    assert all(r["sso_auth_sent"] for r in found.records["users"])
    segments = found.records["audience_segments"]
    priced = next(r for r in segments if r["retail_cpm"] is not None)
    assert {a["currency_code"] for a in priced["retail_cpm_amounts"]} == {
        "EUR",
        priced["retail_cpm_currency_code"],
    }
    assert all(r["total_budget"] is not None for r in found.records["campaigns"])
    columns = TapTerminalOne(config=room.legacy()).streams["contacts"].schema["properties"]
    assert {c for c, p in columns.items() if p.get("x-pii")} >= {"email", "last_name", "mobile"}


def test_a_list_that_the_vendors_client_does_not_know_may_be_missing(room, caplog, capfd):
    """Other clients ask for it. Who chose it is told; who chose nothing reads all the rest."""
    missing = '{"errors": [{"message": "Not found"}], "meta": {"status": "not_found"}}'
    room.fault("status", path="/api/v2.0/currency_rates$", status=404, body=missing, times=None)
    with pytest.raises(RunFailed) as caught:
        room.run(room.legacy(), "currency_rates", "verticals")
    assert caught.value.exit_code == REFUSED_EXIT
    assert "deselect the stream 'currency_rates'" in caplog.text
    tap = TapTerminalOne(config=room.legacy())
    tap.streams["currency_rates"].sync()
    assert not tap.failures
    assert "nobody selected it, so the run goes on without it" in caplog.text
    capfd.readouterr()


def test_an_answer_without_anything_is_asked_for_again(room):
    """An empty object is no list: it is damaged, as an empty body is."""
    room.fault("status", path="/api/v2.0/campaigns$", status=200, body="{}", times=1)
    rows = room.run(room.legacy(), "campaigns").records["campaigns"]
    assert [r["id"] for r in rows] == room.truth(collection="campaigns")["ids"]


def test_a_strategys_budget_without_its_currency_is_in_the_records_own(room):
    """A plain number, or a text, where others have a list of amounts: in the same column, not in `_extra`."""
    strategies = [
        {"entity_type": "strategy", "id": 7, "budget": 12.5, "currency_code": "EUR"},
        {"entity_type": "strategy", "id": 8, "budget": "0.0000", "currency_code": "EUR"},
        {"entity_type": "strategy", "id": 9, "budget": None, "currency_code": "EUR"},
    ]
    body = json.dumps({"data": strategies, "meta": {"status": "ok", "count": 3, "total_count": 3}})
    room.fault("status", path="/api/v2.0/strategies$", status=200, body=body, times=None)
    found = room.run(room.legacy(), "strategies").records["strategies"]
    assert [(r["budget"] or {}).get("budget") for r in found] == [12.5, "0.0000", None]
    assert [(r["budget"] or {}).get("currency_code") for r in found] == ["EUR", "EUR", None]
    assert not any(r["_extra"] for r in found)


def test_of_amounts_in_two_currencies_the_records_own_is_the_value(room):
    """`total_budget` is in `currency_code`, wherever it stands in the list; else it is the first."""
    amounts = [{"currency_code": "AUD", "value": 5000}, {"currency_code": "USD", "value": 3300}]
    campaigns = [
        {"entity_type": "campaign", "id": 7, "currency_code": "USD", "total_budget": amounts},
        {"entity_type": "campaign", "id": 8, "currency_code": "AUD", "total_budget": amounts},
        {"entity_type": "campaign", "id": 9, "currency_code": "EUR", "total_budget": amounts},
    ]
    body = json.dumps({"data": campaigns, "meta": {"status": "ok", "count": 3, "total_count": 3}})
    room.fault("status", path="/api/v2.0/campaigns$", status=200, body=body, times=None)
    found = room.run(room.legacy(), "campaigns").records["campaigns"]
    assert [Decimal(r["total_budget"]) for r in found] == [3300, 5000, 5000]
    beside = [{**(r["_extra"] or {}), **r} for r in found]
    assert [r.get("total_budget_currency_code") for r in beside] == [None, None, "AUD"]
    assert all(len(r["total_budget_amounts"]) == len(amounts) for r in beside)


def test_the_api_key_is_never_followed_or_shown(room, caplog):
    """The platform's own next link holds the key and drops the order: the offset is computed."""
    room.run(room.legacy(), "vendors")
    assert credentials.T1_API_KEY not in caplog.text
    assert all("api_key=" in e["query"] for e in room.asked("/api/v2.0/vendors"))


# -- logins --------------------------------------------------------------------------------------


def test_cookie_session_and_bearer_read_the_same(room):
    """Cookie by password, a session that was given, and a bearer that buys a session."""
    login = requests.post(
        f"{room.url}/api/v2.0/login",
        params={"api_key": credentials.T1_API_KEY},
        data={"user": credentials.USERNAME, "password": credentials.T1_PASSWORD},
        timeout=30,
    )
    session = login.cookies["adama_session"]
    ways = [
        room.legacy(),
        room.legacy(auth_method="session_id", session_id=session, username=None, password=None),
        room.current(api_generation="legacy"),
    ]
    lists = [room.run(way, "agencies", "deals_daily").records for way in ways]
    for found in lists:
        assert found["agencies"] == lists[0]["agencies"]
        assert len(found["deals_daily"]) == len(lists[0]["deals_daily"]) > 0
    last = room.asked("/reporting/v1/std/deals")[-1]["headers"]
    assert last["authorization"].startswith("Bearer ")
    assert "adama_session=" in last["cookie"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"password": "wrong-password"}, "user ops@northwind.example"),
        ({"api_key": "wrong-key"}, "`api_key`"),
        ({"auth_method": "session_id", "session_id": "0" * 40}, "session_id"),
        ({"auth_method": "session_id", "session_id": "0" * 40, "api_key": None}, "`api_key`"),
    ],
)
def test_a_refused_legacy_credential_is_named_and_tried_once(room, wrong, named):
    """At once, with the setting's name."""
    with pytest.raises(CredentialsError, match=named) as refused:
        room.run(room.legacy(**wrong))
    assert "wrong-" not in str(refused.value)
    assert len(room.sandbox.log("terminalone")) == 1


@pytest.mark.parametrize("bare", [False, True])
def test_a_session_that_ends_is_opened_again(room, bare):
    """24 hours, or whatever the platform makes of it: one new login, nothing lost."""
    room.switch(token_requests=3, bare_auth_required=bare)
    names = ("campaigns", "strategies", "concepts", "pixels")
    found = room.run(room.legacy(), *names)
    for name in names:
        assert [r["id"] for r in found.records[name]] == room.truth(collection=name)["ids"]
    assert len(room.asked("/api/v2.0/login")) > 1


def test_mashery_over_quota_is_waited_for(room):
    """403 with its header and Retry-After means: too fast; any other 403 means no."""
    room.switch(over_qps_every=3)
    found = room.run(room.legacy(), "vendors", "verticals")
    assert [r["id"] for r in found.records["vendors"]] == room.truth(collection="vendors")["ids"]
    assert "403" in {str(e["status"]) for e in room.sandbox.log("terminalone")}


ONE = '<entity type="site" id="1"/>'


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ('<entities count="1"><entity id="1"><prop name="x" value="1"/><prop name="x" value="2"/></entity></entities>', "'x' twice"),
        ('<entities count="1"><entity id="1" name="a"><prop name="name" value="b"/></entity></entities>', "'name' twice"),
        (f'<entities count="1">{ONE}</entities><entities count="1">{ONE}</entities>', "entities comes twice"),
        (f"{ONE}{ONE}", "entity comes twice"),
    ],
    ids=["property", "attribute", "lists", "entities"],
)  # fmt: skip
def test_what_comes_twice_in_xml_is_an_error(inside, words):
    """The last one would be kept, or the first, and the other lost."""
    with pytest.raises(Unreadable, match=words):
        xml_document(f'<result><status code="ok"/>{inside}</result>'.encode())


def test_what_xml_holds_besides_is_kept():
    """A property's text, an element that nobody documents."""
    text = '<prop name="x">hello</prop><prop name="y"/><tags kind="k"><tag v="1"/></tags>'
    document = xml_document(
        f'<result><status code="ok"/><entity type="site" id="1">{text}</entity></result>'.encode()
    )
    assert document["data"] == {
        "id": "1",
        "entity_type": "site",
        "x": "hello",
        "y": None,
        "tags": [{"kind": "k", "tag": [{"v": "1"}]}],
    }
