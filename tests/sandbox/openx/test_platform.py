"""The Platform API answers as the vendor's guide says."""

import csv
import io
import re

import pytest

KINDS = (
    "account",
    "ad",
    "adunit",
    "adunitgroup",
    "audiencesegment",
    "comment",
    "competitiveexclusion",
    "conversiontag",
    "creative",
    "deal",
    "floorrule",
    "lineitem",
    "optimization",
    "order",
    "package",
    "paymenthistory",
    "report",
    "site",
    "sitesection",
    "user",
)


def walk(legacy, kind, limit, **params):
    """All pages of a list."""
    found, offset, more = [], 0, True
    while more:
        page = legacy.get(f"/ox/4.0/{kind}", limit=limit, offset=offset, **params).json()
        found += page["objects"]
        offset += len(page["objects"])
        more = page["has_more"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_is_the_same_at_any_page_size(legacy, kind):
    """Envelope, default limit 10, and what exists now, each once; no deleted object."""
    first = legacy.get(f"/ox/4.0/{kind}/").json()
    assert set(first) == {"has_more", "limit", "objects", "offset"}
    assert (first["limit"], first["offset"]) == (10, 0)
    assert len(first["objects"]) <= 10
    uids = [item["uid"] for item in walk(legacy, kind, 200)]
    assert [item["uid"] for item in walk(legacy, kind, 3)] == uids
    truth = legacy.truth(entity=kind)
    assert sorted(uids) == truth["uids"]
    assert not set(uids) & set(truth["deleted"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_read_by_id_and_by_uid_as_a_list_of_one(legacy, kind):
    """Nearly every scalar is a string; the UID is made of the id."""
    item = legacy.get(f"/ox/4.0/{kind}").json()["objects"][0]
    assert legacy.get(f"/ox/4.0/{kind}/{item['uid']}").json() == [item]
    assert legacy.get(f"/ox/4.0/{kind}/{item['id']}/").json() == [item]
    assert item["uid"].startswith(f"{int(item['id']):08x}-")
    assert item["uid"].endswith("-fff1-8123-3fa9c1")
    numbers = {name for name, value in item.items() if isinstance(value, int | float)}
    assert numbers <= {"revision", "has_exchange", "has_ssrtb"}


def test_what_is_deleted_is_not_found_but_audited(legacy):
    """Reading a deleted object is a 404; its trail ends with its deletion."""
    gone = legacy.truth(entity="site")["deleted"]
    assert len(gone) == 1
    reply = legacy.get(f"/ox/4.0/site/{gone[0]}")
    assert (reply.status_code, reply.json()["type"]) == (404, "Object Not Found")
    trail = legacy.get("/ox/4.0/audittrail", obj_uid=gone[0]).json()
    assert trail["limit"] == 20
    assert [row["action"] for row in trail["objects"]][:1] == ["delete"]


def test_the_audit_trail_filters_sorts_and_pages(legacy):
    """Raw operators on timestamp, types, the user's e-mail; by revision downwards unless told."""
    whole = legacy.truth(trail="1")
    rows = walk(legacy, "audittrail", 200, obj_type="order", sort="-timestamp")
    assert len(rows) == whole["order"]
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps, reverse=True)
    keys = {(row["obj_type"], row["obj_id"], row["revision"]) for row in rows}
    assert len(keys) == len(rows)
    url = f"{legacy.url}/ox/4.0/audittrail?obj_type=order&limit=200"
    late = legacy.http.get(
        f"{url}&timestamp>=2025-01-01&timestamp<2026-01-01&sort=timestamp"
    ).json()
    assert [row["timestamp"] for row in late["objects"]] == sorted(
        stamp for stamp in stamps if "2025-01-01" <= stamp < "2026-01-01"
    )
    mine = legacy.http.get(f"{url}&user=olga@northwind.example").json()["objects"]
    assert {row["user"]["email"] for row in mine} == {"olga@northwind.example"}
    revisions = [row["revision"] for row in legacy.http.get(url).json()["objects"]]
    assert revisions == sorted(revisions, reverse=True)


def test_filters_are_equality_and_null(legacy):
    """`account_id=null` finds the network; unknown fields are refused by name."""
    (root,) = walk(legacy, "account", 10, account_id="null")
    assert root["type_full"] == "account.network"
    publishers = walk(legacy, "account", 10, type_full="account.publisher")
    assert {item["currency"] for item in publishers} == {"EUR", "USD"}
    assert [item["id"] for item in walk(legacy, "account", 10, name=root["name"])] == [root["id"]]
    reply = legacy.get("/ox/4.0/account", colour="red")
    assert (reply.status_code, reply.json()["attribute"]) == (400, "colour")


def test_lists_of_an_object_lead_to_its_parts(legacy):
    """Account to sites to ad units to groups and back; order to line items to ads."""
    publisher = walk(legacy, "account", 10, type_full="account.publisher")[0]
    sites = walk(legacy, f"account/{publisher['uid']}/list_sites", 2)
    assert {site["account_uid"] for site in sites} == {publisher["uid"]}
    units = walk(legacy, f"site/{sites[0]['uid']}/list_ad_units", 2)
    assert {unit["site_uid"] for unit in units} == {sites[0]["uid"]}
    (group,) = walk(legacy, f"adunit/{units[0]['uid']}/list_adunitgroups", 2)
    members = walk(legacy, f"adunitgroup/{group['uid']}/list_ad_units", 2)
    assert {item["id"] for item in members} == {item["id"] for item in units}
    order = legacy.get("/ox/4.0/order").json()["objects"][0]
    lines = walk(legacy, f"order/{order['uid']}/list_line_items", 1)
    ads = [ad for line in lines for ad in walk(legacy, f"lineitem/{line['uid']}/list_ads", 1)]
    assert ads
    assert {ad["order_uid"] for ad in ads} == {order["uid"]}
    deal = walk(legacy, f"package/{legacy.truth(entity='package')['uids'][0]}/list_deals", 5)
    assert len(deal) == 1


def test_available_fields_needs_its_type(legacy):
    """The 400 lists the choices; with the type it describes every field."""
    reply = legacy.get("/ox/4.0/adunit/available_fields")
    error = reply.json()
    assert reply.status_code == error["http_status"] == 400
    assert error["type"] == "Value Error"
    assert "adunit.web" in error["choices"]
    described = legacy.get("/ox/4.0/adunit/available_fields", type_full="adunit.web").json()
    unit = legacy.get("/ox/4.0/adunit", type_full="adunit.web").json()["objects"][0]
    assert set(described) == set(unit)
    assert described["real_time_bid_floor"]["type"] == "decimal(8,2)"
    assert (
        described["created_date"] | {"type": "datetime", "readonly": True}
        == described["created_date"]
    )
    assert legacy.get("/ox/4.0/site/available_fields").json()["attribute"] == "account_uid"
    assert (
        legacy.get("/ox/4.0/adunit/available_fields", type_full="adunit.mobile").status_code == 400
    )


def test_options_are_bare_arrays(legacy):
    """Fixed keys, keys backed by objects, deals; an unknown key is a 404."""
    assert {"id": "1", "name": "USD", "symbol": "$"} in legacy.get(
        "/ox/4.0/options/currency_options"
    ).json()
    sites = legacy.get("/ox/4.0/options/site_options").json()
    assert {item["id"] for item in sites} == {item["id"] for item in walk(legacy, "site", 200)}
    deals = legacy.get("/ox/4.0/options/available_deals").json()
    assert {"code", "floor_price", "seller", "buyer"} <= set(deals[0])
    assert legacy.get("/ox/4.0/options/colour_options").status_code == 404


def test_deals_export_as_csv_with_the_codes_of_reports(legacy):
    """The code in the export is the deal id of the Data Service."""
    rows = list(csv.DictReader(io.StringIO(legacy.get("/ox/4.0/deal/export").text)))
    assert {"package_name", "package_description"} <= set(rows[0])
    reply = legacy.report(
        ["privateMarketplacePublisherDealId"], ["marketImpressions"], "20260310", "20260311"
    )
    codes = {row.get("privateMarketplacePublisherDealId") for row in reply.json()["reportData"]}
    assert len(codes) > 3
    assert codes - {None} <= {row["deal_id"] for row in rows}


def test_the_hourly_quota_ends_with_the_hour(openx, legacy):
    """429 without Retry-After until the next full hour; reports are not counted."""
    openx.switch("openx", hourly_quota=2)
    replies = [legacy.get("/ox/4.0/session") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert "Retry-After" not in replies[2].headers
    assert replies[2].json()["type"] == "Too Many Requests"
    assert legacy.get("/data/1.0/report/fields").status_code == 200
    openx.clock(advance_days=0.5 / 24)
    assert legacy.get("/ox/4.0/session").status_code == 200


def test_one_type_can_be_forbidden_or_missing(openx, legacy):
    """403 and 404 with the error object; other types go on."""
    openx.switch("openx", forbidden_types=["deal"], missing_types=["audiencesegment"])
    denied = legacy.get("/ox/4.0/deal")
    assert (denied.status_code, denied.json()["type"]) == (403, "Permission Error")
    assert legacy.get("/ox/4.0/audiencesegment").status_code == 404
    assert legacy.get("/ox/4.0/site").status_code == 200


def test_a_list_can_shift_under_its_reader(openx, legacy):
    """One object is skipped and one comes twice; a second pass sees all."""
    openx.switch("openx", shifting_lists=1)
    everything = legacy.truth(entity="adunit")["uids"]
    first = [item["uid"] for item in walk(legacy, "adunit", 10)]
    assert len(set(everything) - set(first)) == 1
    assert len(first) == len(everything)
    second = [item["uid"] for item in walk(legacy, "adunit", 10)]
    assert sorted(second) == everything


def test_objects_change_and_appear_as_time_goes_by(openx, legacy):
    """A later look finds more revisions; `modified_date` says when."""
    before = {item["uid"]: item for item in walk(legacy, "order", 200)}
    openx.clock("2026-11-20T00:00:00+00:00")
    legacy.log_in()
    after = {item["uid"]: item for item in walk(legacy, "order", 200)}
    changed = [uid for uid in before if after[uid] != before[uid]]
    assert changed
    assert all("2026-03-18" < after[uid]["modified_date"] < "2026-11-20" for uid in changed)
    openx.clock("2024-06-01T00:00:00+00:00")
    legacy.log_in()
    assert len(walk(legacy, "order", 200)) < len(after) + 2
    assert set(after) - {item["uid"] for item in walk(legacy, "order", 200)}


def test_objects_can_be_written(legacy):
    """Create, change and delete, each in the trail; accounts can't be deleted."""
    url = f"{legacy.url}/ox/4.0/site"
    (made,) = legacy.http.post(url, data='{"name": "New"}').json()
    assert legacy.get(f"/ox/4.0/site/{made['uid']}").json()[0]["name"] == "New"
    (changed,) = legacy.http.put(f"{url}/{made['uid']}", json={"name": "Newer"}).json()
    assert (changed["name"], changed["revision"]) == ("Newer", 2)
    assert legacy.http.delete(url, json=[made["uid"]]).json() == [{made["uid"]: True}]
    assert legacy.get(f"/ox/4.0/site/{made['id']}").status_code == 404
    trail = legacy.get(f"/ox/4.0/audittrail?obj_uid={made['uid']}").json()["objects"]
    assert [row["action"] for row in trail] == ["delete", "update", "create"]
    account = legacy.truth(entity="account")["uids"][0]
    assert legacy.http.delete(f"{legacy.url}/ox/4.0/account/{account}").status_code == 400


def test_limits_are_honoured_and_capped(openx, legacy):
    """No more than asked, no more than the server gives; nonsense is refused."""
    openx.switch("openx", max_limit=4)
    page = legacy.get("/ox/4.0/adunit", limit=50).json()
    assert (page["limit"], len(page["objects"]), page["has_more"]) == (4, 4, True)
    assert legacy.get("/ox/4.0/adunit", limit="many").status_code == 400
    past = legacy.get("/ox/4.0/adunit", limit=4, offset=9999).json()
    assert (past["objects"], past["has_more"]) == ([], False)


def test_version_three_has_bare_lists(legacy):
    """Ids, objects when overloaded, one object by id, validation of the session."""
    ids = legacy.get("/ox/3.0/a/account").json()
    assert legacy.http.head(f"{legacy.url}/ox/3.0/a/account").content == b""
    assert legacy.get("/ox/3.0/a/account").json() == ids
    objects = legacy.get("/ox/3.0/a/account", overload="medium").json()
    assert ids == [item["id"] for item in objects]
    assert legacy.get(f"/ox/3.0/a/account/{ids[0]}").json() == objects[0]
    assert legacy.http.put(f"{legacy.url}/ox/3.0/a/session/validate").status_code == 200
    assert legacy.get("/ox/3.0/a/account/currencyOptions").json()[0]["name"] == "USD"
    made = legacy.http.post(f"{legacy.url}/ox/3.0/a/site", data={"name": "Old way"}).json()
    assert legacy.get(f"/ox/3.0/a/site/{made}").json()["name"] == "Old way"


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_filled_somewhere(legacy, kind):
    """No field of a type is empty on all of its objects; dates have the guide's form."""
    objects = walk(legacy, kind, 200)
    names = {name for item in objects for name in item}
    empty = {
        name for name in names if all(item.get(name) in (None, "", [], {}) for item in objects)
    }
    assert empty == set()
    for item in objects:
        for name in names:
            if name.endswith("_date") and item.get(name) and name != "relative_date":
                assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", item[name])
