"""Lists of models: every stream whole, incremental reads, shifting lists, spellings, relations."""

import logging
import re
from collections import Counter
from urllib.parse import parse_qsl

import pytest

from adtap_core.rows.records import RecordShaper
from adtap_core.rows.schemas import entity_schema
from adtap_core.tap import RunFailed
from tap_atomx import lists, shapes
from tap_atomx.lists import page_at
from tap_atomx.streams import BIG, BUSINESS, ENTITIES, REFERENCE
from tap_atomx.tap import TapAtomx
from tests.canned import Asked, Canned
from tests.conftest import SandboxHandle
from tests.running import Messages, run_tap, select

MODELS = (*BUSINESS, *BIG, *REFERENCE)
BY_NAME = {entity.name: entity for entity in ENTITIES}


def asked(sandbox: SandboxHandle, path: str) -> list[dict[str, str]]:
    """The parameters of each request for a path, in order."""
    return [dict(parse_qsl(e["query"])) for e in sandbox.log("atomx") if e["path"] == f"/v3/{path}"]


def test_every_model_of_the_vendors_client_is_a_stream():
    """The forty-two classes of the Python client 1.7 but Report, and three models of the other clients."""
    models = {e.model for e in MODELS}
    assert len(MODELS) == 45
    assert models >= {"account_manager", "languages", "ssp_suspicious", "zipcode", "creative_ban"}
    assert {"reports", "scheduled_reports", "history"} <= BY_NAME.keys()


def test_every_stream_holds_what_the_platform_holds(read, sandbox, truth):
    """All rows of all models, once each: ids and modification times are those of the world."""
    found = read({e.name for e in MODELS})
    for entity in MODELS:
        want = truth(model=entity.model)
        rows = found.records[entity.name]
        assert Counter(r["id"] for r in rows) == Counter(want["ids"]), entity.name
        if entity.replication_key:
            moments = {
                str(r["id"]): r["updated_at"].removesuffix("Z") if r["updated_at"] else None
                for r in rows
            }
            assert moments == want["updated_at"], entity.name


def test_every_column_is_filled_once(read, sandbox):
    """A column that no answer ever fills would be one that nobody has seen right."""
    sandbox.switch("atomx", internal_attributes=True)
    found = read({e.name for e in MODELS})
    empty = {
        f"{name}.{column}"
        for name, rows in found.records.items()
        for column in found.schemas[name]["schema"]["properties"]
        if name in BY_NAME and column != "_extra" and all(r[column] is None for r in rows)
    }
    assert not empty


def test_big_tables_and_personal_data_are_read_on_request_only(read):
    """Nobody who selects nothing gets four thousand domains or a colleague's address."""
    found = read(None)
    quiet = {e.name for e in ENTITIES if not e.selected}
    assert quiet == {
        *("domains", "apps", "cities", "zipcodes", "isps"),
        *("users", "account_managers", "history", "reports", "scheduled_reports", "invoices"),
    }
    assert not quiet & found.records.keys()


def test_unknown_attributes_are_kept(read):
    """An attribute that no documentation names is in `_extra`, not lost."""
    rows = read({"placements"}).records["placements"]
    assert all(r["_extra"]["floor_price"] is not None for r in rows)


def columns_of(stream, record):
    """What a record of the platform fills, by column."""
    entity = BY_NAME[stream]
    schema = entity_schema("tap_atomx", entity, "singer_decimal", lambda _column: True)
    shaper = RecordShaper(stream, schema, frozenset(), entity.columns)
    (row,) = shaper.shape([shapes.normalize(entity, record)])
    return {c: v for c, v in zip(shaper.columns, row, strict=True) if v is not None}


@pytest.mark.parametrize(
    "sent", [42, {"id": 42, "name": "x"}, {"id": 42}], ids=["id", "object", "bare"]
)
def test_a_relation_is_an_id_however_it_is_sent(sent):
    """Depth decides what the server sends; the column is the same."""
    assert columns_of("campaigns", {"id": 1, "advertiser": sent, "creatives": [sent, sent]}) == {
        "id": 1,
        "advertiser_id": 42,
        "creative_ids": [42, 42],
    }


def test_an_absent_relation_stays_absent_and_an_explicit_id_is_kept():
    """Null is null, `<name>_id` beside the bare name is not overwritten by null."""
    assert columns_of("sites", {"id": 1}) == {"id": 1}
    assert columns_of("sites", {"id": 1, "publisher": None}) == {"id": 1}
    explicit = {"id": 1, "publisher_id": 7, "publisher": None}
    assert columns_of("sites", explicit) == {"id": 1, "publisher_id": 7}


def test_a_relation_without_an_id_is_kept_as_it_came():
    """Nothing is lost because a server renders a relation in a way nobody knows."""
    odd = {"id": 1, "advertiser": {"name": "x"}, "creatives": [{"name": "y"}, 3]}
    kept = columns_of("campaigns", odd)
    assert "x" in str(kept)
    assert "y" in str(kept)


def test_records_do_not_depend_on_the_depth_of_the_answer(read, sandbox):
    """A server that renders objects where ids were asked for gives the same records."""
    streams = {"campaigns", "creatives", "sites", "placements", "advertisers"}
    flat = read(streams)
    sandbox.switch("atomx", least_depth=1)
    deep = read(streams)
    for name in streams:
        columns = [c for c in flat.schemas[name]["schema"]["properties"] if c != "_extra"]
        assert [[r[c] for c in columns] for r in deep.records[name]] == [
            [r[c] for c in columns] for r in flat.records[name]
        ]


def test_the_second_read_asks_for_what_changed(read, sandbox, truth):
    """The bound is the bookmark, in the API's own form; only what changed since comes, and what is new."""
    first = read({"creatives"}, now="2026-03-01T00:00:00Z")
    sandbox.clear_log()
    second = read({"creatives"}, now="2026-03-18T12:00:00Z", state=first.last_state)
    mark = first.last_state["bookmarks"]["creatives"]["replication_key_value"]
    query, behind = asked(sandbox, "creatives")
    assert query.pop("updated_at>") == mark.removesuffix("Z")
    assert int(behind.pop("id>")) == max(r["id"] for r in first.records["creatives"]) + 1
    assert query == behind
    assert query["order_by"] == "id.asc"
    assert (query["depth"], query["limit"]) == ("0", "1000")
    changed = {
        int(k) for k, moment in truth(model="creative")["updated_at"].items() if moment >= mark[:19]
    }
    assert {r["id"] for r in second.records["creatives"]} == changed
    assert 0 < len(changed) < len(first.records["creatives"])


@pytest.mark.parametrize(
    "switches",
    [{"bound_filters": False}, {"refused_bounds": ["updated_at"]}],
    ids=["swallowed", "refused"],
)
def test_a_server_without_bounds_costs_only_time(read, sandbox, switches):
    """Bound ignored or refused: the same records as with it."""
    first = read({"profiles"}, now="2026-03-01T00:00:00Z")
    want = read({"profiles"}, now="2026-03-18T12:00:00Z", state=first.last_state)
    sandbox.switch("atomx", **switches)
    found = read({"profiles"}, now="2026-03-18T12:00:00Z", state=first.last_state)
    assert found.records["profiles"] == want.records["profiles"]
    assert found.last_state == want.last_state
    assert found.records["profiles"]


def test_a_full_read_can_be_asked_for(sandbox, settings, read):
    """`replication-method: FULL_TABLE` in the catalog: all rows in spite of a bookmark."""
    first = read({"creatives"})
    catalog = select(TapAtomx, settings, {"creatives"})
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == "creatives":
            entry["replication_method"] = "FULL_TABLE"
    sandbox.clear_log()
    second = read(None, catalog=catalog, state=first.last_state)
    assert second.records["creatives"] == first.records["creatives"]
    assert "updated_at>" not in asked(sandbox, "creatives")[0]


def test_a_bookmark_stays_behind_the_clock(read, sandbox, truth):
    """A row modified while the list was read is read again: the two clocks may differ a little."""
    newest = max(t for t in truth(model="profile")["updated_at"].values())
    at = f"{newest}Z"
    found = read({"profiles"}, now=at)
    assert found.last_state["bookmarks"]["profiles"]["replication_key_value"] < at
    later = read({"profiles"}, now=at, state=found.last_state)
    assert newest + "Z" in {r["updated_at"] for r in later.records["profiles"]}


def test_a_model_without_modification_times_is_read_whole(read, sandbox):
    """No bookmark, no bound: the second read is whole again."""
    first = read({"sizes"})
    second = read({"sizes"}, state=first.last_state)
    assert second.records["sizes"] == first.records["sizes"]
    assert not any("updated_at>" in q for q in asked(sandbox, "sizes"))


def test_a_list_with_an_object_without_a_modification_time_is_read_whole(read, sandbox):
    """The bound would never show another one; once all have a time, what changed is asked for again."""

    def holding(*creatives):
        body = {"success": True, "resource": "creatives", "creatives": list(creatives)}
        sandbox.fault("status", path="/creatives$", status=200, body={**body, "limit": 1000})
        sandbox.clear_log()

    one = {"id": 1, "updated_at": "2026-03-01T00:00:00"}
    two, three = ({"id": n, "updated_at": None} for n in (2, 3))
    holding(one, two)
    first = read({"creatives"})
    holding(one, two, three)
    second = read({"creatives"}, state=first.last_state)
    assert "updated_at>" not in asked(sandbox, "creatives")[0]
    assert [r["id"] for r in second.records["creatives"]] == [1, 2, 3]
    holding(*({**o, "updated_at": one["updated_at"]} for o in (one, two, three)))
    third = read({"creatives"}, state=second.last_state)
    assert third.last_state["bookmarks"]["creatives"]["undated"] is None
    holding(one)
    read({"creatives"}, state=third.last_state)
    assert asked(sandbox, "creatives")[0]["updated_at>"] == one["updated_at"]


@pytest.mark.parametrize("name", ["order_by", "sort"])
def test_the_order_parameter_has_the_name_that_is_set(read, sandbox, name):
    """One of both is sent, never both: the other would be an attribute filter."""
    sandbox.switch("atomx", order_parameter=name)
    found = read({"countries"}, order_parameter=name)
    assert len(found.records["countries"]) == 8
    assert {"order_by", "sort"} & asked(sandbox, "countries")[0].keys() == {name}


def test_big_tables_are_walked_by_id(read, sandbox):
    """Each page begins behind the last one's end; no offset, no second look."""
    found = read({"domains"})
    queries = asked(sandbox, "domains")
    assert len(found.records["domains"]) == 4300
    assert len(queries) == 5
    assert {q.get("offset") for q in queries} == {"0"}
    assert [int(q["id>"]) for q in queries[1:]] == [780_001 + 1000 * n for n in range(1, 5)]


def test_a_server_that_ignores_the_id_bound_is_read_by_offset(read, sandbox, truth):
    """The walk by id would never end there; all rows come all the same."""
    sandbox.switch("atomx", bound_filters=False)
    found = read({"zipcodes"})
    assert Counter(r["id"] for r in found.records["zipcodes"]) == Counter(
        truth(model="zipcode")["ids"]
    )


@pytest.mark.parametrize("stream", ["creatives", "domains"])
def test_a_list_that_shifts_while_it_is_read_loses_no_row(
    read, sandbox, truth, monkeypatch, stream
):
    """Rows vanish, change and appear between pages: all that stay are read, by offset and by id."""
    monkeypatch.setattr(lists.Lists, "page_size", 7 if stream == "creatives" else 500)
    model = BY_NAME[stream].model
    before = set(truth(model=model)["ids"])
    sandbox.switch("atomx", shifting_lists=[stream], shifting_times=3)
    found = read({stream})
    after = set(truth(model=model)["ids"])
    assert before - after, "rows vanished while the list was read"
    assert after - before, "rows appeared while the list was read"
    assert before & after <= {r["id"] for r in found.records[stream]}
    assert after - before <= {r["id"] for r in found.records[stream]}


def test_pages_that_do_not_overlap_would_have_lost_a_row(read, sandbox, truth, monkeypatch):
    """The test above can fail: where nobody looks whether pages touch, a row is missing."""
    monkeypatch.setattr(lists.Lists, "page_size", 7)

    def blind(ask, **_more):
        offset = 0
        while (page := ask(None, offset)).records:
            yield page.records
            offset += len(page.records)

    monkeypatch.setattr(lists, "in_order", blind)
    sandbox.switch("atomx", shifting_lists=["creatives"], shifting_kinds=["vanish"])
    found = read({"creatives"})
    after = set(truth(model="creative")["ids"])
    assert after - {r["id"] for r in found.records["creatives"]}


@pytest.mark.parametrize("concurrency", [1, 2, 8])
def test_a_list_is_the_same_however_many_pages_are_asked_for_at_once(
    read, sandbox, truth, monkeypatch, concurrency
):
    """Rows come in the list's order, and never more requests are in flight than the setting allows."""
    monkeypatch.setattr(lists.Lists, "page_size", 7)
    found = read({"creatives"}, concurrency=concurrency)
    ids = truth(model="creative")["ids"]
    assert [r["id"] for r in found.records["creatives"]] == ids
    offsets = [int(q["offset"]) for q in asked(sandbox, "creatives")]
    assert len(offsets) == len(set(offsets)) <= len(ids) / 6 + concurrency + 3
    assert max(e["in_flight"] for e in sandbox.log("atomx")) <= concurrency


@pytest.mark.parametrize("count_is_page", [True, False])
def test_paging_does_not_rely_on_count(read, sandbox, truth, monkeypatch, count_is_page):
    """Whether `count` is the total or the page is not known; any page size gives the same rows."""
    monkeypatch.setattr(lists.Lists, "page_size", 10)
    sandbox.switch("atomx", count_is_page=count_is_page)
    found = read({"placements", "countries"})
    assert [r["id"] for r in found.records["placements"]] == truth(model="placement")["ids"]
    assert len(found.records["countries"]) == 8


def test_a_path_with_dashes_is_found(read, sandbox):
    """Where `conversion_pixels` is unknown, `conversion-pixels` is asked, and remembered."""
    sandbox.fault("status", platform="atomx", path="/conversion_pixels$", status=404, times=None)
    found = read({"conversion_pixels"})
    assert len(found.records["conversion_pixels"]) == len(sandbox.environment.world.advertisers)
    assert [e["path"] for e in sandbox.log("atomx")][1:] == [
        "/v3/conversion_pixels",
        "/v3/conversion-pixels",
    ]


def test_a_model_without_a_list_is_read_below_its_parents(read, sandbox):
    """Where no spelling of `profiles` is known, each advertiser's profiles are asked for."""
    want = read({"profiles"})
    sandbox.fault("status", platform="atomx", path="^/v3/profiles?$", status=404, times=None)
    found = read({"profiles"})
    assert found.final("profiles", "id") == want.final("profiles", "id")
    advertiser = sandbox.environment.world.advertisers[0].id
    assert asked(sandbox, f"advertiser/{advertiser}/profiles")


def test_a_model_without_a_list_and_without_parents_is_empty(read, sandbox):
    """A login that has a part in the sell side alone sees no advertiser, so that there is no profile to miss."""
    sandbox.fault("status", platform="atomx", path="^/v3/profiles?$", status=404, times=None)
    none = {"success": True, "resource": "advertisers", "advertisers": [], "limit": 1000}
    sandbox.fault("status", path="/advertisers$", status=200, body=none, times=None)
    assert not read({"profiles"}).records["profiles"]


def test_a_parent_that_may_not_be_read_does_not_stop_the_others(read, sandbox, caplog):
    """The profiles of all other advertisers are asked for; the stream fails, and says whose are missing."""
    sandbox.fault("status", platform="atomx", path="^/v3/profiles?$", status=404, times=None)
    first, *others = (advertiser.id for advertiser in sandbox.environment.world.advertisers)
    refused = f"advertiser/{first}/profiles"
    sandbox.fault("status", platform="atomx", path=f"/{refused}$", status=403, times=None)
    with pytest.raises(RunFailed, match="profiles"):
        read({"profiles"})
    assert refused in caplog.text
    assert others
    assert all(asked(sandbox, f"advertiser/{other}/profiles") for other in others)


def test_a_parent_without_an_id_is_named(read, sandbox, caplog):
    """What lies below it can't be asked for: an exit code of 0 would say that it was read."""
    sandbox.fault("status", platform="atomx", path="^/v3/profiles?$", status=404, times=None)
    first = sandbox.environment.world.advertisers[0].id
    rows = [{"id": None, "name": "x"}, {"id": first, "name": "y"}]
    body = {"success": True, "resource": "advertisers", "advertisers": rows, "limit": 1000}
    sandbox.fault("status", path="/advertisers$", status=200, body=body, times=None)
    with pytest.raises(RunFailed, match="profiles"):
        read({"profiles"})
    assert "an object of advertisers has no `id`" in caplog.text
    assert asked(sandbox, f"advertiser/{first}/profiles")


def test_a_model_that_nobody_knows_is_named(read, sandbox, caplog):
    """404 under every spelling: the stream fails with the platform's words, others go on."""
    body = {"success": False, "error": "Resource not found", "errno": 3}
    sandbox.fault("status", platform="atomx", path="/bidders?$", status=404, body=body, times=None)
    with pytest.raises(RunFailed, match="bidders"):
        read({"bidders", "sizes"})
    assert "Resource not found" in caplog.text
    # Of many models only the name is known: without a catalog, a run must not fail for one that the API lacks.
    without_catalog = read(None)
    assert without_catalog.records["sizes"]
    assert not without_catalog.records["bidders"]


def test_a_forbidden_model_does_not_stop_the_others(read, sandbox, caplog):
    """403: with a catalog the run fails at its end and says which stream; the others are whole."""
    caplog.set_level(logging.INFO, logger="adtaps")
    sandbox.switch("atomx", forbidden=["segments"])
    with pytest.raises(RunFailed, match="segments"):
        read({"segments", "sizes"})
    assert asked(sandbox, "sizes")
    without_catalog = read(None)
    assert without_catalog.records["sizes"]
    assert not without_catalog.records["segments"]
    (end,) = re.findall(r"(\d+) of (\d+) streams read whole, 1 refused, ", caplog.text)
    assert int(end[0]) == int(end[1]) - 1
    assert "segments: 0 rows, 1 request; 1 failure, named above" in caplog.text


def test_schemas_and_entries_pair_up():
    """One file for each entity and one entity for each file; every property says what it is."""
    from importlib import resources

    files = {
        p.name.removesuffix(".json") for p in (resources.files("tap_atomx") / "schemas").iterdir()
    }
    assert files == {e.name for e in ENTITIES}
    tap = TapAtomx(config={}, validate_config=False, setup_mapper=False)
    for stream in tap.streams.values():
        for column, prop in stream.schema["properties"].items():
            assert prop.get("description"), f"{stream.name}.{column}"


def test_personal_fields_are_marked():
    """Names and addresses of people carry `x-pii`."""
    tap = TapAtomx(config={}, validate_config=False, setup_mapper=False)
    marked = {
        f"{s.name}.{c}"
        for s in tap.streams.values()
        for c, p in s.schema["properties"].items()
        if p.get("x-pii")
    }
    assert marked == {
        *("users.name", "users.email", "account_managers.name", "account_managers.email"),
        *("history.user_name", "history.user_ip", "history.user_agent"),
        *("reports.emails", "scheduled_reports.emails"),
    }


@pytest.mark.parametrize("nothing", [None, "", {"id": 1}], ids=["null", "empty", "object"])
def test_a_record_without_an_id_hides_no_other(nothing, monkeypatch, caplog):
    """It is left out and the stream fails; all others are written."""
    monkeypatch.setenv("ADTAPS_NOW", "2026-03-18T12:00:00+00:00")

    def answers(asked: Asked) -> object:
        if asked.path.endswith("/login"):
            return {"success": True, "auth_token": "token-0123456789"}
        if not asked.path.endswith("/advertisers"):
            return None
        at = int(asked.query.get("offset", 0))
        held = [{"id": i, "name": f"a{i}"} for i in (nothing, 1, 2, 3)][at:]
        return {"success": True, "resource": "advertisers", "advertisers": held, "count": 4}

    written: list[Messages] = []
    with Canned(answers) as server:
        config = {"api_url": f"{server.url}/v3", "email": "a@b.example", "password": "p" * 12}
        catalog = select(TapAtomx, config, {"advertisers"})
        with pytest.raises(RunFailed):
            run_tap(TapAtomx, config, catalog=catalog, written=written.append)
    assert [r["id"] for r in written[0].records["advertisers"]] == [1, 2, 3]
    assert "no `id` and can't be told apart: left out" in caplog.text


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ({}, True),
        ({"limit": 1}, True),
        ({"limit": 1000}, False),
        ({"limit": 1000, "count": 9}, True),
    ],
)
def test_a_list_that_does_not_say_its_limit_ends_with_an_empty_page(said, more):
    """A server may give fewer than were asked for: only what it says of its limit tells a last page."""
    document = {"success": True, "resource": "sizes", "sizes": [{"id": 1}], **said}
    assert page_at(document, "sizes", 0, 1000).more is more
    assert not page_at({"success": True, "resource": "sizes", "sizes": []}, "sizes", 1, 1000).more


@pytest.mark.parametrize(("count", "is_whole"), [(2, True), (1, True), (3, False), ("300", False)])
def test_stored_reports_that_say_they_are_more_are_not_taken_for_all(count, is_whole):
    """`count` may be the total: greater than what came, the list was cut, and nobody knows how to go on."""
    stored = {"reports": [{"id": "a"}], "scheduled": [{"id": "b"}]}

    def answers(asked: Asked) -> object:
        if asked.path == "/v3/login":
            return {"success": True, "resource": "auth_token", "auth_token": "token-0123456789"}
        return {"success": True, "resource": "reporting", "reporting": stored, "count": count}

    written: list[Messages] = []
    with Canned(answers) as server:
        config = {"api_url": f"{server.url}/v3", "email": "a@b.example", "password": "p" * 12}
        catalog = select(TapAtomx, config, {"reports", "scheduled_reports"})
        try:
            run_tap(TapAtomx, config, catalog=catalog, written=written.append)
        except RunFailed:
            assert not is_whole
        else:
            assert is_whole
    assert [r["id"] for r in written[0].records["reports"]] == (["a"] if is_whole else [])


@pytest.mark.parametrize("at_top", [True, False])
def test_an_error_beside_a_reports_rows_fails_the_window(caplog, at_top):
    """A query that was killed may have some rows: version 2 says so in the report, under `success`."""
    said = {"error": "query killed"}

    def answers(asked: Asked) -> object:
        if asked.path == "/v3/login":
            return {"success": True, "resource": "auth_token", "auth_token": "token-0123456789"}
        columns = [*asked.json["groups"], *asked.json["metrics"]]
        day = asked.json["from"][:10]
        report = {"id": "r", "columns": columns, "data": [[day, 7, 3]], **({} if at_top else said)}
        return {
            "success": True,
            "resource": "report",
            "report": report,
            **(said if at_top else {}),
        }

    own = {
        "name": "own",
        "scope": "publisher",
        "dimensions": ["site_id"],
        "metrics": ["clicks"],
        "transport": "json",
    }
    written: list[Messages] = []
    with Canned(answers) as server:
        config = {"api_url": f"{server.url}/v3", "email": "a@b.example", "password": "p" * 12}
        config |= {"reports": [own], "max_retries": 0}
        catalog = select(TapAtomx, config, {"own"})
        with pytest.raises(RunFailed, match="own"):
            run_tap(TapAtomx, config, catalog=catalog, written=written.append)
    assert not written[0].records["own"]
    assert "query killed" in caplog.text
