"""MediaMath's own Python client, terminalone 1.9.20, unmodified, against the sandbox.

It speaks the legacy generation only. It hard-codes https and the production hosts, so it comes
through the tunnel and meets the platform on its bare paths.
"""

import json
from decimal import Decimal

import pytest
import requests

from tests.contracts.vendors import run_vendor, tunnel

USER = "ops@northwind.example"

PREAMBLE = f"""
import json, sys
import terminalone
from terminalone import T1, filters
cookie = dict(username="{USER}", password="sandbox-t1-password", api_key="sandbox-t1-key")
oauth = dict(cookie, client_id="sandbox-t1-client", client_secret="sandbox-t1-secret")
form = sys.argv[1] if len(sys.argv) > 1 else "xml"
def client():
    return T1(auth_method="cookie", json=(form == "json"), **cookie)
def ids(rows):
    return [row.id for row in rows]
def say(value):
    print(json.dumps(value, default=str))
"""


@pytest.fixture
def vendor(sandbox):
    """Runs a script with the client and gives what it said."""
    with tunnel(sandbox.url) as env:

        def run(script, *arguments):
            return json.loads(run_vendor("terminalone", PREAMBLE + script, *arguments, env=env))

        yield run


@pytest.fixture(params=["xml", "json"])
def form(request):
    """Both formats of the entity API."""
    return request.param


def campaigns(sandbox):
    return sorted(sandbox.environment.world.campaigns, key=lambda campaign: campaign.id)


def test_the_client_logs_in_by_cookie_session_and_oauth(sandbox, vendor):
    """All its methods find their user, and the wrong password raises its own error."""
    said = vendor(
        """
t1 = client()
second = T1(session_id=t1.session_id, api_key="sandbox-t1-key")
third = T1(auth_method="oauth2-resourceowner", **oauth)
fourth = T1(
    auth_method="oauth2-existingaccesstoken",
    access_token=third.session.headers["Authorization"].split()[1],
    api_key="sandbox-t1-key",
)
try:
    T1("someone", "wrong", "sandbox-t1-key", auth_method="cookie")
    failure = None
except terminalone.errors.AuthRequiredError as error:
    failure = type(error).__name__
say({
    "ids": [one.user_id for one in (t1, second, third, fourth)],
    "names": [one.username for one in (t1, second)],
    "failure": failure,
    "works": [len(ids(one.get("advertisers"))) for one in (t1, second, third, fourth)],
})
"""
    )
    assert [int(number) for number in said["ids"]] == [4711] * 4
    assert said["names"] == [USER, USER]
    assert said["failure"] == "AuthRequiredError"
    assert set(said["works"]) == {len(sandbox.environment.world.advertisers) + 1}


def test_a_wrong_key_meets_the_gateway(vendor):
    """Mashery's bare markup is what the client calls a T1Error."""
    said = vendor(
        """
try:
    T1("u", "p", "nobody's key", auth_method="cookie")
except terminalone.errors.T1Error as error:
    say(type(error).__name__)
"""
    )
    assert said == "T1Error"


def test_pages_counts_and_get_all_give_every_campaign(sandbox, vendor, form):
    """Offset pages tile the list, the count is the whole, `get_all` walks it."""
    said = vendor(
        """
t1 = client()
pages = []
for offset in range(0, 25, 5):
    pages += ids(t1.get("campaigns", page_limit=5, page_offset=offset))
_, count = t1.get("campaigns", page_limit=1, count=True)
everything = list(t1.get("campaigns", get_all=True, full=True, sort_by="-updated_on"))
say({
    "pages": pages,
    "count": count,
    "all": ids(everything),
    "updated": [str(row.updated_on) for row in everything],
    "names": {row.id: row.name for row in everything},
    "status": {row.id: bool(row.status) for row in everything},
})
""",
        form,
    )
    wanted = campaigns(sandbox)
    assert [int(number) for number in said["pages"]] == [campaign.id for campaign in wanted]
    assert int(said["count"]) == len(wanted)
    assert sorted(map(int, said["all"])) == [campaign.id for campaign in wanted]
    assert said["updated"] == sorted(said["updated"], reverse=True)
    assert said["names"] == {str(campaign.id): campaign.name for campaign in wanted}
    assert said["status"] == {str(campaign.id): campaign.status == "active" for campaign in wanted}


def test_a_single_entity_brings_its_includes(sandbox, vendor, form):
    """Chains of relations nest; dates and money are typed by the client."""
    wanted = campaigns(sandbox)[0]
    said = vendor(
        f"""
t1 = client()
one = t1.get("campaigns", {wanted.id}, include=[["advertiser", "agency", "organization"]])
many = t1.get("organizations", 33, include="contracts")
say({{
    "name": one.name,
    "advertiser": one.advertiser.name,
    "agency": one.advertiser.agency.id,
    "organization": one.advertiser.agency.organization.name,
    "start": one.start_date.isoformat(),
    "budget": float(one.total_budget),
    "secret": one.ad_server_password,
    "contracts": ids(many.contracts),
}})
""",
        form,
    )
    assert said["name"] == wanted.name
    houses = {house.id: house.name for house in sandbox.environment.world.advertisers}
    assert said["advertiser"] == houses[wanted.advertiser_id]
    assert (int(said["agency"]), said["organization"]) == (22, "Northwind Media")
    # Midnight of the first day in Berlin.
    assert said["start"].startswith("2023-12-31T23:00:00")
    assert said["budget"] > 5000
    assert said["secret"].startswith("secret-")
    assert [int(number) for number in said["contracts"]] == [801]


def test_children_are_what_the_client_expects(sandbox, vendor, form):
    """Permissions, flights, target dimensions and joins pass its parsers."""
    campaign = campaigns(sandbox)[0].id
    said = vendor(
        f"""
t1 = client()
global_user = t1.get("users", 4711, child="permissions")
other = t1.get("users", 4712, child="permissions")
strategy = {campaign}1
region = t1.get("strategies", strategy, child="region")
say({{
    "scope": global_user.scope,
    "organizations": sorted(map(int, other.organization)),
    "flights": ids(t1.get("campaigns", {campaign}, child="budget_flights")),
    "concepts": ids(t1.get("strategies", strategy, child="concepts")),
    "day_parts": ids(t1.get("strategies", strategy, child="day_parts")),
    "supplies": ids(t1.get("strategies", strategy, child="supplies")),
    "deals": ids(t1.get("strategies", strategy, child="deals").deals),
    "include": len(region.include),
    "exclude": len(region.exclude),
    "acl": t1.get("advertisers", t1.get("campaigns", {campaign}).advertiser_id, child="acl")._type,
}})
""",
        form,
    )
    assert said["scope"] == "GLOBAL"
    assert said["organizations"] == [33, 34]
    assert [int(number) for number in said["flights"]] == [campaign * 10, campaign * 10 + 1]
    assert [int(number) for number in said["concepts"]] == [campaign + 4_000_000]
    assert [int(number) for number in said["day_parts"]] == [campaign * 10 + 1]
    assert len(said["supplies"]) == 1
    assert len(said["deals"]) == ((campaign * 10 + 1) % 3 == 0)
    assert said["include"] + said["exclude"] == 3
    assert said["acl"] == "advertiser_acl"


def test_limits_climb_relations(sandbox, vendor, form):
    """An ancestor two steps up keeps its own and nothing else."""
    said = vendor(
        """
t1 = client()
say({
    str(agency): ids(t1.get("campaigns", limit={"advertiser.agency": agency}))
    for agency in (22, 23, 24)
})
""",
        form,
    )
    houses = [house.id for house in sandbox.environment.world.advertisers]
    for place, agency in enumerate(("22", "23")):
        mine = houses[place::2]
        assert [int(number) for number in said[agency]] == [
            campaign.id for campaign in campaigns(sandbox) if campaign.advertiser_id in mine
        ]
    assert said["24"] == []


def test_every_find_operator_finds_what_it_says(sandbox, vendor, form):
    """Each of the client's filters gives the same campaigns as the condition by hand."""
    some = [campaign.id for campaign in campaigns(sandbox)][2:5]
    said = vendor(
        f"""
t1 = client()
some = {some}
middle = str(some[1])
name = t1.get("campaigns", some[0]).name
def find(collection, field, operator, value):
    return ids(t1.find(collection, field, operator, value))
say({{
    "in": find("campaigns", "id", filters.IN, some),
    "null": find("pixel_bundles", "keywords", filters.NULL, None),
    "not null": find("pixel_bundles", "keywords", filters.NOT_NULL, None),
    "equals": find("campaigns", "name", filters.EQUALS, name),
    "true": find("campaigns", "status", filters.EQUALS, True),
    "false": find("campaigns", "status", filters.EQUALS, False),
    "not equals": find("campaigns", "id", filters.NOT_EQUALS, middle),
    "greater": find("campaigns", "id", filters.GREATER, middle),
    "greater or equal": find("campaigns", "id", filters.GREATER_OR_EQUAL, middle),
    "less": find("campaigns", "id", filters.LESS, middle),
    "less or equal": find("campaigns", "id", filters.LESS_OR_EQUAL, middle),
    "text": find("campaigns", "name", filters.CASE_INS_STRING, "*SALE*"),
}})
""",
        form,
    )
    said = {how: [int(number) for number in found] for how, found in said.items()}
    world = campaigns(sandbox)
    everything = [campaign.id for campaign in world]
    middle = some[1]
    assert said["in"] == some
    assert sorted(said["null"] + said["not null"]) == [number + 6_000_000 for number in everything]
    assert said["null"]
    assert said["not null"]
    assert said["equals"] == some[:1]
    assert said["true"] == [campaign.id for campaign in world if campaign.status == "active"]
    assert said["false"] == [campaign.id for campaign in world if campaign.status != "active"]
    assert said["not equals"] == [number for number in everything if number != middle]
    assert said["greater"] == [number for number in everything if number > middle]
    assert said["greater or equal"] == [number for number in everything if number >= middle]
    assert said["less"] == [number for number in everything if number < middle]
    assert said["less or equal"] == [number for number in everything if number <= middle]
    assert said["text"] == [campaign.id for campaign in world if "sale" in campaign.name.casefold()]


def test_every_collection_passes_the_parsers(vendor, form):
    """All collections of its models, in full: no row that it cannot type."""
    said = vendor(
        """
t1 = client()
from terminalone.t1mappings import CLASSES
counts = {}
for name in sorted(CLASSES):
    if name in ("acl", "deals", "permissions", "reports", "target_dimensions",
                "target_value_counts"):
        continue
    counts[name] = sum(1 for _ in t1.get(name, full=True))
deals = t1.get("deals", other_params={"owner.organization_id": 33})
say({"counts": counts, "deals": [deal.name for deal in deals]})
""",
        form,
    )
    assert len(said["counts"]) == 43
    assert min(said["counts"].values()) > 0
    assert len(said["deals"]) == 6


def test_reports_have_metadata_and_data(sandbox, vendor):
    """The README's way: list, definition, parameters, rows; the sums are the truth."""
    said = vendor(
        """
t1 = client()
reports = t1.new("report")
report = t1.new("report", reports.report_uri("performance"))
report.set({
    "dimensions": ["campaign_id", "campaign_name", "campaign_currency_code"],
    "metrics": ["impressions", "total_spend"],
    "filter": {"organization_id": 33},
    "time_rollup": "by_day",
    "start_date": "2026-03-01",
    "end_date": "2026-03-10",
    "order": ["date"],
})
headers, data = report.get()
rows = list(data)
bad = t1.new("report", "performance")
bad.set({
    "dimensions": ["campaign_id"],
    "filter": {"campaign_id": 5},
    "time_rollup": "by_day",
    "time_window": "yesterday",
})
try:
    bad.get()
    failure = None
except terminalone.errors.NotFoundError as error:
    failure = str(error)
say({
    "listed": sorted(reports.metadata["reports"]),
    "rollups": report.metadata["time_rollups"],
    "headers": headers,
    "rows": rows,
    "failure": failure,
})
"""
    )
    assert {"performance", "geo", "reach_frequency", "watermark"} <= set(said["listed"])
    assert said["rollups"] == ["by_day", "by_week", "by_month", "all"]
    assert said["headers"] == [
        "start_date",
        "end_date",
        "campaign_id",
        "campaign_name",
        "campaign_currency_code",
        "impressions",
        "total_spend",
    ]
    names = {str(campaign.id): campaign.name for campaign in campaigns(sandbox)}
    # The client drops line breaks inside a field, and no campaign's name has one.
    assert all(names[row[2]] == row[3] for row in said["rows"])
    assert "Entity Not Found" in said["failure"]
    assert len(said["rows"]) > 50
    url = f"{sandbox.url}/terminalone/_truth?start=2026-03-01&end=2026-03-10"
    truth = requests.get(url, timeout=30).json()["totals"]
    for currency, sums in truth.items():
        mine = [row for row in said["rows"] if row[4] == currency]
        assert sum(int(row[5]) for row in mine) == int(sums["impressions"])
        assert sum(Decimal(row[6]) for row in mine) == Decimal(sums["total_spend"])
