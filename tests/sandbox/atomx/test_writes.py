"""Writes, history, invoices and quickstats of the atomx room."""

import pytest


def put(api, path, body, **params):
    reply = api.ask("PUT", f"/v3/{path}", json=body, params=params)
    assert reply.status_code == 200, reply.text
    payload = reply.json()
    return payload[payload["resource"]]


def post(api, path, body, **params):
    reply = api.ask("POST", f"/v3/{path}", json=body, params=params)
    assert reply.status_code == 200, reply.text
    payload = reply.json()
    return payload[payload["resource"]]


def test_a_change_moves_updated_at_and_leaves_history(api):
    """By id, by attribute, by a filter that meets one row; a comment is kept."""
    campaign = api.sandbox.environment.world.campaigns[0].id
    row = put(api, f"campaign/{campaign}", {"budget": 7.5, "comment": "why"}, depth=0)
    assert (row["budget"], row["updated_at"]) == (7.5, "2026-03-18T12:30:00")
    assert put(api, f"campaign/{campaign}/bid", 1.25)["bid"] == 1.25
    assert put(api, "campaign", {"brokerfee": 5}, id=campaign)["brokerfee"] == 5
    entries = api.rows(f"history/campaign/{campaign}", sort="date.desc", limit=1000)
    mine = [one for one in entries if one["date"] == "2026-03-18T12:30:00"]
    assert [list(one["changes"]) for one in mine] == [["budget"], ["bid"], ["brokerfee"]]
    assert [one.get("comment") for one in mine] == ["why", None, None]
    assert mine[1]["changes"]["bid"][1] == 1.25
    newest = api.rows("campaigns", order_by="updated_at.desc", limit=1)
    assert newest[0]["id"] == campaign


def test_a_new_row_has_defaults_and_is_listed(api):
    """Relations as `…_id` or bare; to-many as ids; the id is the highest yet."""
    world = api.sandbox.environment.world
    creatives = [one.id for one in world.creatives[:2]]
    body = {"name": "new", "advertiser": world.advertisers[0].id, "creatives": creatives}
    row = post(api, "campaign", body)
    assert row["state"] == "ACTIVE"
    assert [one["id"] for one in row["creatives"]] == creatives
    assert row["id"] == max(api.truth(model="campaigns")["ids"])
    assert api.rows(f"campaign/{row['id']}/creatives", depth=0)[0]["id"] == creatives[0]
    found = api.rows("campaigns", **{"updated_at>": "2026-03-18T12:30:00"})
    assert row["id"] in {one["id"] for one in found}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("campaign", {"name": "x"}, 400),
        ("campaign", {"name": "x", "advertiser_id": 1}, 400),
        ("campaign", {"name": "x", "advertiser_id": "abc"}, 400),
        ("advertiser", {"name": "x", "state": "paused"}, 400),
        ("country", {"name": "Atlantis"}, 403),
        ("nothing", {"name": "x"}, 404),
        ("campaign", [1], 400),
    ],
)
def test_wrong_creates_are_refused(api, path, body, status):
    """With the usual error body, and nothing is created."""
    before = api.truth(model="campaigns")["ids"]
    reply = api.ask("POST", f"/v3/{path}", json=body)
    assert (reply.status_code, reply.json()["success"]) == (status, False)
    assert api.truth(model="campaigns")["ids"] == before


def test_a_head_request_asks_and_changes_nothing(api):
    """It is answered as GET, without a body; the row stays."""
    campaign = api.sandbox.environment.world.campaigns[0].id
    reply = api.ask("HEAD", f"/v3/campaign/{campaign}")
    assert (reply.status_code, reply.content) == (200, b"")
    assert api.rows(f"campaign/{campaign}")["id"] == campaign


def test_a_delete_takes_what_hangs_on_it(api):
    """The reply names every removed id; all are gone from lists; the history stays."""
    publisher = api.sandbox.environment.world.publishers[0]
    sites = [
        site.id for site in api.sandbox.environment.world.sites if site.publisher_id == publisher.id
    ]
    units = [unit.id for unit in api.sandbox.environment.world.ad_units if unit.site_id in sites]
    reply = api.ask("DELETE", f"/v3/publisher/{publisher.id}").json()
    assert reply["deleted"] == {
        "publisher": [publisher.id],
        "fallback": [publisher.id + 90],
        "site": sorted(sites),
        "placement": sorted(units),
    }
    assert set(api.truth(model="placements")["ids"]).isdisjoint(units)
    assert api.ask("GET", f"/v3/publisher/{publisher.id}").status_code == 404
    assert api.ask("DELETE", f"/v3/publisher/{publisher.id}").status_code == 404
    assert api.rows(f"history/publisher/{publisher.id}")


def test_both_forms_of_history_are_served(api):
    """`history/{model}/{id}` and `{model}/{id}/history`; paged and sorted by date."""
    campaign = api.sandbox.environment.world.campaigns[0].id
    path = f"history/campaign/{campaign}"
    assert api.get(path) == api.get(f"Campaign/{campaign}/History")
    ascending = api.rows(path, limit=1000)
    assert api.rows(path, sort="date.desc", limit=1000) == ascending[::-1]
    assert api.everything(path, 3) == ascending
    row = api.rows(f"campaign/{campaign}", depth=0)
    assert ascending[-1]["date"] == row["updated_at"]
    assert ascending[-1]["changes"]["bid"][1] == row["bid"]


def test_passwords_are_taken_and_forgotten(api):
    """No reply holds one."""
    body = {"old_password": "a-secret", "password": "b-secret"}
    reply = api.ask("POST", "/v3/user/311", json=body)
    assert reply.status_code == 200
    assert "secret" not in reply.text + api.ask("GET", "/v3/users").text


def test_domains_are_found_or_made_by_name(api):
    """The body is one JSON text of host names."""
    rows = post(api, "domains", "nordlys.example, made-up.example")
    assert rows[0]["id"] == 780_001
    again = post(api, "domains", "made-up.example")
    assert again[0]["id"] == rows[1]["id"]


def test_quickstats_agree_with_reports(api):
    """Yesterday's impressions of an advertiser, seen both ways."""
    advertiser = api.sandbox.environment.world.advertisers[0].id
    stats = api.rows(f"advertiser/{advertiser}/quickstats")
    report = api.report(
        {
            "scope": "advertiser",
            "metrics": ["impressions", "clicks"],
            "where": [["advertiser_id", "==", advertiser]],
            "daterange": "yesterday",
        }
    )
    assert {name: stats["yesterday"][name] for name in ("impressions", "clicks")} == report[
        "totals"
    ]


def test_invoices(api):
    """By type, by owner, by month; the lower bound is inclusive, the upper exclusive; a PDF at the end."""
    advertiser = api.sandbox.environment.world.advertisers[0].id
    assert {one["date"] for one in api.rows("invoices/advertiser")} == {"2026-03"}
    own = api.rows(f"invoices/advertiser/{advertiser}")
    assert [one["date"] for one in own] == ["2026-01", "2026-02", "2026-03"]
    some = api.rows(f"invoices/advertiser/{advertiser}", **{"date>": "2025-11", "date<": "2026-01"})
    assert [one["date"] for one in some] == ["2025-11", "2025-12"]
    report = api.report(
        {
            "scope": "advertiser",
            "metrics": ["campaign_cost"],
            "where": [["advertiser_id", "==", advertiser]],
            "from": "2025-12-01 00:00:00",
            "to": "2026-01-01 00:00:00",
        }
    )
    assert some[1]["amount"] == pytest.approx(report["totals"]["campaign_cost"], abs=0.01)
    for kind in ("publisher", "network-sell", "network_buy"):
        assert api.rows(f"invoices/{kind}")
    reply = api.ask("GET", f"/v3/invoices/advertiser/{advertiser}/2026-01")
    assert reply.headers["content-type"] == "application/pdf"
    assert reply.content.startswith(b"%PDF")
    assert api.ask("GET", "/v3/invoices/nobody").status_code == 404


def test_broken_bodies_are_refused(api):
    """What is no JSON is 400."""
    reply = api.ask("POST", "/v3/campaign", data="{", headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["error"]) == (400, "The body is not JSON")
