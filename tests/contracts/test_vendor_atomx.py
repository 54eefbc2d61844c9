"""The atomx room satisfies the vendor's Python client 1.7, unmodified."""

import json
from typing import Any

import pytest

from tests.conftest import SandboxHandle
from tests.contracts.vendors import run_vendor, tunnel

EMAIL = "ops@northwind.example"
PASSWORD = "sandbox-atomx-password"

BEGIN = f"""
import json, sys
from datetime import datetime
from atomx import Atomx, models
from atomx import exceptions as errors
endpoint = sys.argv[1]
def session(**more):
    return Atomx({EMAIL!r}, {PASSWORD!r}, api_endpoint=endpoint, **more)
out = {{}}
"""
END = "\nprint(json.dumps(out, default=str))\n"


def run(sandbox: SandboxHandle, script: str, path: str = "/atomx/v3") -> Any:
    """Run a script of the client against the sandbox; gives its `out`."""
    return json.loads(run_vendor("atomx", BEGIN + script + END, sandbox.url + path))


def requests(sandbox: SandboxHandle) -> list[tuple[str, str]]:
    """Method and target of each request, without the prefix."""
    return [(entry["method"], target(entry)) for entry in sandbox.log("atomx")]


def target(entry: dict[str, Any]) -> str:
    """Path below the version, and the query as sent."""
    query = f"?{entry['query']}" if entry["query"] else ""
    return str(entry["path"]).removeprefix("/v3") + query


def test_login_gives_a_session_and_its_user(sandbox: SandboxHandle) -> None:
    """Step 1: with and without code and expiration; logout sends nothing and ends the session."""
    out = run(
        sandbox,
        """
a = session(totp=123456, expiration=3600)
out["token"], out["user"] = bool(a.auth_token), a.user.json
a.logout()
out["logged_out"] = a.auth_token
try:
    a.get("advertisers")
except errors.APIError as error:
    out["after"] = str(error)
""",
    )
    assert out["token"] is True
    assert (out["user"]["id"], out["user"]["email"]) == (311, EMAIL)
    assert out["logged_out"] is None
    assert out["after"] == "User unauthorized"
    login = json.loads(sandbox.log("atomx")[0]["body"])
    assert login == {
        "email": EMAIL,
        "password": PASSWORD,
        "totp": "123456",
        "expiration": 3600,
    }
    assert requests(sandbox) == [("POST", "/login"), ("GET", "/advertisers")]


def test_wrong_password_is_the_clients_own_error(sandbox: SandboxHandle) -> None:
    """Step 1b: status 401 becomes InvalidCredentials."""
    out = run(
        sandbox,
        """
try:
    Atomx("ops@northwind.example", "wrong", api_endpoint=endpoint)
except errors.InvalidCredentials:
    out["error"] = "InvalidCredentials"
""",
    )
    assert out == {"error": "InvalidCredentials"}


def test_second_factor_is_honoured(sandbox: SandboxHandle) -> None:
    """Without a code the client keeps a provisional token, which opens nothing; with one all is well."""
    sandbox.switch("atomx", second_factor=True)
    out = run(
        sandbox,
        """
a = session()
try:
    a.get("advertisers")
except errors.APIError as error:
    out["without"] = str(error)
out["with"] = len(session(totp="123456").get("advertisers"))
try:
    session(totp="654321")
except errors.InvalidCredentials:
    out["wrong"] = "InvalidCredentials"
""",
    )
    assert out["without"] == "User unauthorized"
    assert out["with"] == len(sandbox.environment.world.advertisers)
    assert out["wrong"] == "InvalidCredentials"


def test_expiration_is_honoured_on_the_sandbox_clock(sandbox: SandboxHandle) -> None:
    """A token of an hour is dead a day later, and the client says so."""
    sandbox.clock("2026-03-18T12:00:00+00:00")
    out = run(
        sandbox,
        """
import urllib.request
a = session(expiration=3600)
out["before"] = len(a.get("networks"))
base = endpoint.split("/atomx")[0]
urllib.request.urlopen(urllib.request.Request(
    base + "/_control/clock", json.dumps({"advance_days": 1}).encode(), method="POST"))
try:
    a.get("networks")
except errors.APIError as error:
    out["after"] = str(error)
""",
    )
    assert out == {"before": 2, "after": "User unauthorized"}


def test_lists_become_models_in_every_spelling(sandbox: SandboxHandle) -> None:
    """Steps 2 to 2d: order, limit, classes as paths, wildcards and bounds."""
    out = run(
        sandbox,
        """
a = session()
found = a.get("Creatives", limit=10, order_by="updated_at.desc")
out["types"] = sorted({type(one).__name__ for one in found})
out["creatives"] = [one.updated_at for one in found]
out["meta"] = {key: a.last_response[key] for key in ("success", "count", "limit", "offset")}
out["by_class"] = [one.id for one in a.get(models.Advertiser)]
out["domains"] = [one.name for one in a.get("domains", hostname="*atom*", limit=20)]
out["bound"] = [str(one.updated_at) for one in a.get(
    "creatives", **{"updated_at>": "2026-03-10T00:00:00", "limit": 1000})]
out["empty"] = a.get("creatives", **{"updated_at>": "2099-01-01T00:00:00"})
""",
    )
    assert out["types"] == ["Creative"]
    assert len(out["creatives"]) == 10
    assert out["creatives"] == sorted(out["creatives"], reverse=True)
    assert out["meta"]["limit"] == 10
    assert out["meta"]["count"] > 10
    assert out["by_class"] == [one.id for one in sandbox.environment.world.advertisers]
    assert len(out["domains"]) == 20
    assert all("atom" in name for name in out["domains"])
    assert out["bound"]
    assert min(out["bound"]) >= "2026-03-10"
    assert out["empty"] == []
    targets = [sent for _, sent in requests(sandbox)]
    assert "/Creatives?limit=10&order_by=updated_at.desc" in targets
    assert "/domains?hostname=%2Aatom%2A&limit=20" in targets


def test_every_class_of_the_client_has_a_resource(sandbox: SandboxHandle) -> None:
    """A list by class and one row by class and id, for each model that the client knows."""
    out = run(
        sandbox,
        """
a = session()
for name in models.__all__:
    if name == "Report":
        continue
    kind = getattr(models, name)
    listed = a.get(kind, limit=1)
    first = listed[0]
    ident = first["id"] if isinstance(first, dict) else first.id
    one = a.get(kind, ident)
    again = one if isinstance(one, dict) else one.json
    out[name] = [type(first).__name__, type(one).__name__, again["id"] == ident]
""",
    )
    assert len(out) == 42
    raw = {"Languages": ["dict", "dict", True]}
    assert out == {name: raw.get(name, [name, name, True]) for name in out}


def test_single_objects_and_children(sandbox: SandboxHandle) -> None:
    """Steps 3 to 5c: all spellings of one object, child lists, lazy attributes and relations."""
    world = sandbox.environment.world
    advertiser, creative = world.advertisers[0], world.creatives[0]
    out = run(
        sandbox,
        f"""
a = session()
out["same"] = [a.get(*what).id for what in (
    ("advertiser", {advertiser.id}), ("advertiser/{advertiser.id}",),
    (models.Advertiser, {advertiser.id}), (models.Advertiser({advertiser.id}),))]
out["pixel"] = type(a.get(models.ConversionPixel, {advertiser.id + 500})).__name__
profiles = a.get("advertiser/{advertiser.id}/profiles", order_by="updated_at.desc")
out["profiles"] = [[type(one).__name__, str(one.updated_at)] for one in profiles]
out["depth1"] = profiles[0].advertiser.id
c = a.get("creative", {creative.id}, depth=0)
out["lazy"] = [type(c.quickstats).__name__, sorted(c.quickstats)]
out["relation"] = [type(c.advertiser).__name__, c.advertiser.id]
out["category"] = type(c.category).__name__
out["reloaded"] = c.reload(depth=0).json["advertiser"]
try:
    c.no_such_thing
except AttributeError as error:
    out["missing"] = str(error)
try:
    a.get("creative", 1)
except errors.APIError as error:
    out["unknown"] = str(error)
""",
    )
    assert out["same"] == [advertiser.id] * 4
    assert out["pixel"] == "ConversionPixel"
    names, moments = zip(*out["profiles"], strict=True)
    assert set(names) == {"Profile"}
    assert list(moments) == sorted(moments, reverse=True)
    assert out["depth1"] == advertiser.id
    assert out["lazy"] == ["dict", ["last7days", "today", "yesterday"]]
    assert out["relation"] == ["Advertiser", advertiser.id]
    assert out["category"] == "Category"
    assert out["reloaded"] == advertiser.id
    assert "no_such_thing" in out["missing"]
    assert out["unknown"] == "creative 1 not found"
    assert ("GET", f"/creative/{creative.id}/quickstats") in requests(sandbox)
    assert ("GET", f"/creative/{creative.id}/advertiser") in requests(sandbox)


def test_history_and_search(sandbox: SandboxHandle) -> None:
    """Steps 6 and 7: the change log in order; found things as models that load the rest lazily."""
    campaign = sandbox.environment.world.campaigns[0]
    out = run(
        sandbox,
        f"""
a = session()
out["history"] = models.Campaign({campaign.id}, session=a).history(limit=5)
found = a.search("fjord*", index=["campaigns", "domains"])
out["keys"] = sorted(found)
first = found["campaigns"][0]
out["first"] = [type(first).__name__, sorted(first.json), type(first.budget).__name__]
out["all"] = sorted(a.search("*"))
""",
    )
    dates = [entry["date"] for entry in out["history"]]
    assert len(dates) == 5
    assert dates == sorted(dates)
    old_new = [entry["changes"]["bid"] for entry in out["history"]]
    assert [pair[1] for pair in old_new[:-1]] == [pair[0] for pair in old_new[1:]]
    assert set(out["history"][0]["user"]) == {"id", "name", "ip", "user_agent"}
    assert out["keys"] == ["campaigns", "domains"]
    assert out["first"] == ["Campaign", ["id", "name"], "float"]
    models = ["advertisers", "campaigns", "creatives", "placements", "publishers", "sites"]
    assert out["all"] == models


def test_reports_answer_at_once(sandbox: SandboxHandle) -> None:
    """Steps 8 to 8c and 9: data, totals, length, sort, limit; ranges; schedules; bad columns."""
    out = run(
        sandbox,
        """
a = session()
def shown(r):
    return {key: getattr(r, key) for key in (
        "id", "columns", "data", "length", "totals", "name", "emails", "is_scheduled_report",
        "from_", "to", "user_id")}
out["normal"] = shown(a.report(
    scope="publisher", groups=["day", "placement_id"], metrics=["impressions", "clicks"],
    where=[["impressions", ">", 0]], from_=datetime(2026, 3, 1, 5, 30), to="2026-03-03 00:00:00",
    timezone="America/Los_Angeles", sort=["day.asc", "impressions.desc"], limit=5, offset=2,
    emails="x@northwind.example", name="n"))
out["range"] = shown(a.report(
    scope="advertiser", metrics=["impressions"], daterange="yesterday"))
out["schedule"] = shown(a.report(
    scope="advertiser", metrics=["impressions"], when="daily", interval="1 days"))
try:
    a.report(scope="advertiser", metrics=["impresions"], daterange="yesterday")
except errors.APIError as error:
    out["wrong"] = str(error)
try:
    a.report(metrics=["impressions"], daterange="yesterday")
except errors.MissingArgumentError:
    out["no_scope"] = "MissingArgumentError"
""",
    )
    normal = out["normal"]
    assert normal["columns"] == ["day", "placement_id", "impressions", "clicks"]
    assert len(normal["data"]) == 5
    assert normal["length"] > 7
    assert normal["data"] == sorted(normal["data"], key=lambda row: (row[0], -row[2]))
    assert set(normal["totals"]) == {"impressions", "clicks"}
    assert (normal["from_"], normal["to"]) == ("2026-03-01 05:00:00", "2026-03-03 00:00:00")
    assert (normal["name"], normal["emails"]) == ("n", ["x@northwind.example"])
    assert out["range"]["length"] == 1
    assert out["range"]["data"][0][0] == out["range"]["totals"]["impressions"] > 0
    assert out["schedule"]["is_scheduled_report"] is True
    assert out["schedule"]["data"] is None
    assert "did you mean 'impressions'" in out["wrong"]
    assert out["no_scope"] == "MissingArgumentError"
    first = next(entry for entry in sandbox.log("atomx") if entry["path"] == "/v3/report")
    assert target(first) == "/report?limit=5&offset=2&sort=day.asc%2Cimpressions.desc"
    assert list(json.loads(first["body"])) == [
        *("timezone", "save", "editable", "name", "groups", "metrics", "scope"),
        *("where", "from", "to", "emails"),
    ]


@pytest.mark.parametrize("look", ["ids", "absent"])
def test_user_lists_are_fetched_where_the_login_lacks_them(
    sandbox: SandboxHandle, look: str
) -> None:
    """Step 8d: ids or nothing in the login make the client ask for the user's networks."""
    sandbox.switch("atomx", user_lists=look)
    out = run(sandbox, "a = session()\nout['networks'] = [n.name for n in a.user.networks]")
    assert out == {"networks": ["Northwind Media"]}
    assert requests(sandbox)[-1] == ("GET", "/user/311/networks")


def test_stored_reports_are_listed_renamed_and_deleted(sandbox: SandboxHandle) -> None:
    """Steps 9b to 9d: by id, in `reports`, saved and deleted; `save=False` leaves no trace in the list."""
    out = run(
        sandbox,
        """
a = session()
ask = dict(scope="advertiser", groups=["day"], metrics=["impressions"], daterange="last7days")
r = a.report(**ask)
a.report(save=False, **ask)
planned = a.report(scope="advertiser", metrics=["clicks"], when="monday", interval="7 days")
out["again"] = a.get("report", r.id).data == r.data and a.get(r).id == r.id
r.name, r.emails = "renamed", ["y@northwind.example"]
r.save()
listed = a.get("reports")
out["reports"] = [[one.id == r.id, one.name, one.emails] for one in listed["reports"]]
out["scheduled"] = [one.id == planned.id for one in listed["scheduled"]]
r.delete()
planned.delete()
listed = a.get("reports")
out["left"] = [listed["reports"], listed["scheduled"]]
try:
    a.get("report", r.id)
except errors.APIError as error:
    out["gone"] = str(error)
""",
    )
    assert out["again"] is True
    assert out["reports"] == [[True, "renamed", ["y@northwind.example"]]]
    assert out["scheduled"] == [True]
    assert out["left"] == [[], []]
    assert out["gone"].endswith("not found")


def test_models_are_created_saved_and_deleted(sandbox: SandboxHandle) -> None:
    """Steps 10 to 12: all that the documentation of the client shows, and its trace in the history."""
    world = sandbox.environment.world
    advertiser, creative = world.advertisers[1], world.creatives[1]
    out = run(
        sandbox,
        f"""
from decimal import Decimal
a = session()
p = a.create(models.Profile(advertiser_id={advertiser.id}, name="tp"))
out["created"] = [p.name, p.advertiser.id, type(p.created_at).__name__]
p.click_frequency_cap_per = 86400
p.countries_filter = {{1, 2}}
p.save()
out["saved"] = [p.click_frequency_cap_per, sorted(p.countries_filter)]
out["kept"] = a.get("profile", p.id).click_frequency_cap_per
out["history"] = [sorted(entry["changes"]) for entry in p.history()]
c = a.get("creative", {creative.id})
before = c.updated_at
c.title = "shiny new title"
c.save()
out["title"] = [c.title, c.updated_at >= before]
out["removed"] = p.delete()
out["flag"] = p.deleted
try:
    a.get("profile", p.id)
except errors.APIError as error:
    out["gone"] = str(error) == "profile %s not found" % p.id
parent = models.Advertiser(name="Übergang & Co").create(a)
child = models.Campaign(advertiser_id=parent.id, name="child", budget=10.0).create(a)
child.budget = Decimal("12.5")
child.save()
out["budget"] = child.budget
out["cascade"] = [a.remove(parent), parent.id, child.id]
made = a.post("domains", "brand-new.example nordlys.example")
out["domains"] = [[type(one).__name__, one.name] for one in made]
try:
    a.create(models.Profile(name="orphan"))
except errors.APIError as error:
    out["refused"] = str(error)
""",
    )
    assert out["created"] == ["tp", advertiser.id, "datetime"]
    assert out["saved"] == [86400, [1, 2]]
    assert out["kept"] == 86400
    assert out["history"][-1] == ["click_frequency_cap_per", "countries_filter"]
    assert out["title"] == ["shiny new title", True]
    assert list(out["removed"]) == ["profile"]
    assert out["flag"] is True
    assert out["gone"] is True
    assert out["budget"] == 12.5
    removed, parent, child = out["cascade"]
    assert removed == {"advertiser": [parent], "campaign": [child]}
    assert out["domains"] == [["Domain", "brand-new.example"], ["Domain", "nordlys.example"]]
    assert out["refused"] == "Missing attribute: advertiser"
    puts = [
        json.loads(entry["body"])
        for entry in sandbox.log("atomx")
        if (entry["method"], target(entry)) == ("PUT", f"/creative/{creative.id}")
    ]
    assert puts == [{"title": "shiny new title"}]


def test_the_client_as_installed_finds_the_production_address(sandbox: SandboxHandle) -> None:
    """With no endpoint given, https://api.atomx.com/v3 led to the sandbox, on its bare path."""
    with tunnel(sandbox.url) as env:
        said = run_vendor(
            "atomx",
            f"""
from atomx import Atomx
a = Atomx({EMAIL!r}, {PASSWORD!r})
print(len(a.get("advertisers")))
""",
            env=env,
        )
    assert int(said) == len(sandbox.environment.world.advertisers)
    assert [entry["path"] for entry in sandbox.log("atomx")] == ["/v3/login", "/v3/advertisers"]
