"""Reading models in the atomx room."""

import pytest


def test_the_envelope_of_a_list(api):
    """Payload under the key that `resource` names; count, limit, offset and sort beside it."""
    reply = api.get("creatives", limit=3, offset=2, order_by="id.desc")
    assert reply["success"] is True
    assert reply["timestamp"] == "2026-03-18T12:30:00.000000"
    assert reply["resource"] == "creatives"
    assert len(reply["creatives"]) == 3
    assert (reply["limit"], reply["offset"], reply["sort"]) == (3, 2, "id.desc")
    assert reply["count"] == api.truth(model="creatives")["count"]


@pytest.mark.parametrize(
    "path",
    [
        "conversion-pixel",
        "conversion_pixels",
        "Conversion-Pixels",
        "ConversionPixel",
        "CONVERSION_PIXEL",
    ],
)
def test_every_spelling_of_a_path_is_the_same_list(api, path):
    """Case, dashes, underscores and number make no difference; the key is the plural."""
    reply = api.get(path)
    assert reply["resource"] == "conversion_pixels"
    assert len(reply["conversion_pixels"]) == len(api.sandbox.environment.world.advertisers)


def test_limit_is_100_by_default_and_1000_at_most(api):
    """What is asked beyond is cut, and the reply says so."""
    assert len(api.get("domains")["domains"]) == api.get("domains")["limit"] == 100
    reply = api.get("domains", limit=5000, depth=0)
    assert len(reply["domains"]) == reply["limit"] == 1000


@pytest.mark.parametrize("page", [7, 100, 1000])
def test_any_page_size_gives_the_same_rows(api, page):
    """Offsets neither skip nor repeat."""
    found = api.everything("apps", page, depth=0, order_by="id.asc")
    assert [row["id"] for row in found] == api.truth(model="apps")["ids"]


def test_big_tables_are_big(api):
    """A few thousand rows each: more than a page holds."""
    for path in ("domains", "cities", "zipcodes", "isps"):
        assert api.get(path, limit=1)["count"] > 1000


@pytest.mark.parametrize("name", ["order_by", "sort"])
def test_both_parameters_order(api, name):
    """Several columns; nulls first; ids break no rule of the columns."""
    rows = api.rows("creatives", **{name: "checked_at.asc,id.desc"}, limit=1000, depth=0)
    keys = [(row["checked_at"] or "", -row["id"]) for row in rows]
    assert keys == sorted(keys)
    assert keys[0][0] == ""


def test_a_platform_that_knows_one_order_parameter_takes_the_other_for_a_filter(api, sandbox):
    """Switch `order_parameter`: the unknown one is refused, as an unknown attribute is."""
    sandbox.switch("atomx", order_parameter="sort")
    assert api.ask("GET", "/v3/creatives?sort=id.desc").status_code == 200
    reply = api.ask("GET", "/v3/creatives?order_by=id.desc")
    assert (reply.status_code, reply.json()["errno"]) == (400, 2)


def test_relations_change_with_depth(api):
    """Ids without lists, objects whose relations are ids, and so on down."""
    path = f"campaign/{api.sandbox.environment.world.campaigns[0].id}"
    flat, one, two = (api.rows(path, depth=depth) for depth in (0, 1, 2))
    assert isinstance(flat["advertiser"], int)
    assert "creatives" not in flat
    assert isinstance(one["advertiser"]["network"], int)
    assert "campaigns" not in one["advertiser"]
    assert isinstance(one["creatives"][0]["advertiser"], int)
    assert two["advertiser"]["network"]["name"] == "Northwind Media"
    assert api.rows(path) == one


def test_expand_and_attributes_choose(api):
    """Expanded relations at depth 0; only the attributes asked for, and the id."""
    creative = api.sandbox.environment.world.creatives[0]
    row = api.rows(f"creative/{creative.id}", depth=0, expand="attributes,size,quickstats")
    assert (row["size"]["width"], row["size"]["height"]) == creative.size
    assert isinstance(row["attributes"], list)
    assert isinstance(row["advertiser"], int)
    assert row["quickstats"]["yesterday"]["impressions"] > 0
    row = api.rows(f"creative/{creative.id}", depth=0, attributes="name,state")
    assert set(row) == {"id", "name", "state"}


def test_rows_hold_attributes_that_no_documentation_names(api):
    """And not every row holds them; internal ones are hidden unless switched on."""
    rows = api.rows("campaigns", depth=0, limit=1000)
    assert 0 < sum("qa_score" in row for row in rows) < len(rows)
    assert "trusted" not in api.rows("advertisers")[0]
    api.sandbox.switch("atomx", internal_attributes=True)
    assert api.rows("advertisers")[0]["trusted"] is True


def test_filters(api):
    """Equality, ids, wildcards, bounds (lower inclusive, upper exclusive), relations, dotted paths."""
    ids = api.truth(model="creatives")["ids"]
    some = api.rows("creatives", id=f"{ids[3]},{ids[1]},1")
    assert [row["id"] for row in some] == [ids[1], ids[3]]
    bounded = api.rows("creatives", **{"id>": ids[2], "id<": ids[5]})
    assert [row["id"] for row in bounded] == ids[2:5]
    advertiser = api.sandbox.environment.world.advertisers[0].id
    by_name = api.rows("campaigns", advertiser=advertiser, depth=0)
    by_id = api.rows("campaigns", advertiser_id=advertiser, depth=0)
    assert by_name == by_id
    assert {row["advertiser"] for row in by_name} == {advertiser}
    starts = api.rows("campaigns", name="fjord*", depth=0)
    assert {row["advertiser"] for row in starts} == {advertiser}
    assert api.rows("campaigns", name="fjord") == []
    assert api.rows("campaigns", **{"advertiser.name": "Fjord*"}, depth=0) == starts
    busy = api.rows("creatives", **{"quickstats.yesterday.impressions>": 1}, limit=1000)
    assert 0 < len(busy) < len(ids)
    assert len(api.rows("domains", name="nordlys.example")) == 1
    assert api.rows("domains", hostname="nordlys.example") == api.rows(
        "domains", name="nordlys.example"
    )
    assert api.ask("GET", "/v3/creatives?nonsense=1").status_code == 400


def test_a_bound_on_updated_at_gives_what_changed(api, sandbox):
    """Every spelling of the moment; a platform that ignores bounds gives everything."""
    truth = api.truth(model="creatives")["updated_at"]
    bound = sorted(truth.values())[-5]
    want = {int(ident) for ident, moment in truth.items() if moment >= bound}
    for text in (bound, f"{bound}Z", f"{bound}.000000", bound.replace("T", " ")):
        rows = api.rows("creatives", **{"updated_at>": text}, limit=1000)
        assert {row["id"] for row in rows} == want
    sandbox.switch("atomx", bound_filters=False)
    rows = api.rows("creatives", **{"updated_at>": bound}, limit=1000)
    assert len(rows) == len(truth)


def test_one_id_gives_an_object_or_a_list_of_one(api, sandbox):
    """The clients disagree, so it is a switch."""
    ident = api.truth(model="creatives")["ids"][0]
    assert api.get("creatives", id=ident)["creative"]["id"] == ident
    sandbox.switch("atomx", single_id_is_object=False)
    assert [row["id"] for row in api.get("creatives", id=ident)["creatives"]] == [ident]


def test_count_can_be_of_the_page(api, sandbox):
    """Nobody knows which it is."""
    sandbox.switch("atomx", count_is_page=True)
    assert api.get("domains", limit=7)["count"] == 7


def test_children_relations_and_scalars_below_a_row(api):
    """Lists are paged like any other; unknown attributes, ids and models are 404 with an error body."""
    advertiser = api.sandbox.environment.world.advertisers[0].id
    reply = api.get(f"advertiser/{advertiser}/campaigns", limit=2, order_by="id.desc", depth=0)
    assert reply["count"] == 3
    assert [row["advertiser"] for row in reply["campaigns"]] == [advertiser] * 2
    campaign = reply["campaigns"][0]
    assert api.get(f"campaign/{campaign['id']}/name")["name"] == campaign["name"]
    assert api.rows(f"campaign/{campaign['id']}/advertiser")["id"] == advertiser
    for path in (f"campaign/{campaign['id']}/nothing", "campaign/1", "nothing", "campaign/x"):
        missing = api.ask("GET", f"/v3/{path}")
        assert missing.status_code == 404
        assert missing.json()["success"] is False
        assert missing.json()["error"]


def test_name_lists_hold_everything_without_a_limit(api):
    """Ids and names; other models have none."""
    for word in ("networks", "publishers", "advertisers", "sites", "placements"):
        rows = api.rows(f"{word}_list")
        assert [row["id"] for row in rows] == api.truth(model=word)["ids"]
        assert set(rows[0]) == {"id", "name"}
    assert api.ask("GET", "/v3/creatives_list").status_code == 404


def test_search_gives_ids_and_names(api):
    """Six models by default, others by index, wildcards at either end."""
    found = api.rows("search", q="*harbor*")
    models = {"advertisers", "campaigns", "creatives", "placements", "publishers", "sites"}
    assert set(found) == models
    assert {row["name"] for row in found["publishers"]} == {"Daily Harbor, LLC"}
    assert set(found["sites"][0]) == {"id", "name"}
    assert list(api.rows("search", q="nordlys*", index="domains")) == ["domains"]


def test_rows_change_and_vanish_as_time_goes_by(api, sandbox):
    """`updated_at` moves with the clock; what was deleted is gone and leaves no tombstone."""
    before = api.truth(model="creatives")
    sandbox.clock("2027-06-01T00:00:00+00:00")
    api.login()
    after = api.truth(model="creatives")
    assert set(after["ids"]) < set(before["ids"])
    moved = [ident for ident in after["ids"] if str(ident) in before["updated_at"]]
    assert all(after["updated_at"][str(one)] > before["updated_at"][str(one)] for one in moved)
    gone = min(set(before["ids"]) - set(after["ids"]))
    assert api.ask("GET", f"/v3/creative/{gone}").status_code == 404


def test_a_list_that_shifts_loses_rows_by_offset_and_none_by_key(api, sandbox):
    """Switch `shifting_lists`: a row vanishes behind each page, so the next offset skips one."""
    sandbox.switch("atomx", shifting_lists=["domains"], shifting_kinds=["vanish"])
    start = set(api.truth(model="domains")["ids"])
    by_offset = {row["id"] for row in api.everything("domains", 1000, depth=0)}
    left = set(api.truth(model="domains")["ids"])
    assert len(start) - len(left) == 3
    assert left - by_offset

    sandbox.reset()
    api.login()
    sandbox.switch("atomx", shifting_lists=["domains"])
    by_key: set[int] = set()
    while part := api.rows(
        "domains", **{"id>": max(by_key, default=0) + 1}, order_by="id.asc", limit=1000, depth=0
    ):
        by_key |= {row["id"] for row in part}
    left = set(api.truth(model="domains")["ids"])
    assert left <= by_key


def test_a_touched_row_moves_to_the_end_of_its_list(api, sandbox):
    """It is read twice by offset and pushes another past the reader."""
    sandbox.switch(
        "atomx", shifting_lists=["placements"], shifting_kinds=["touch"], shifting_times=1
    )
    first = api.rows("placements", order_by="updated_at.asc", limit=10, depth=0)
    last = api.rows("placements", order_by="updated_at.desc", limit=1, depth=0)
    assert last[0]["id"] == first[1]["id"]
    assert last[0]["updated_at"] == "2026-03-18T12:30:00"


def test_failures_can_come_under_status_200_and_access_can_be_denied(api, sandbox):
    """Switches `fail_softly` (here twice) and `forbidden`."""
    sandbox.switch("atomx", fail_softly=["^creatives$"], fail_softly_times=2)
    replies = [api.ask("GET", "/v3/creatives") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert [reply.json()["success"] for reply in replies] == [False, False, True]
    sandbox.switch("atomx", forbidden=["users", "dsp"])
    assert api.ask("GET", "/v3/users").status_code == 403
    assert api.ask("GET", "/v3/User/311").status_code == 403
    assert api.ask("GET", "/v3/advertisers").status_code == 200
    query = {"scope": "dsp", "metrics": ["requests"], "daterange": "today"}
    reply = api.ask("POST", "/v3/report", json=query)
    assert (reply.status_code, reply.json()["errno"]) == (403, 4)
