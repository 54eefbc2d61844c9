"""The legacy KPI service: flat rows whatever the grouping, both logins, its end."""

import itertools
from collections import Counter
from decimal import Decimal

import pytest

from adtap_core.errors import MalformedResponse
from adtap_core.names import column_name
from tap_adjust.kpi_answers import flatten

from .conftest import keys_are_unique, total

LEVELS = ["networks", "day", "countries", "os_names"]
ORDERS = [
    ["apps", *LEVELS],
    [*LEVELS, "apps"],
    ["day", "apps", "countries", "network", "os_names"],
    ["os_names", "country", "day", "networks", "app"],
    ["countries", "networks", "apps", "days", "os_name"],
]


def context(rows):
    """The rows without what each read has anew."""
    return Counter(
        tuple((k, str(v)) for k, v in sorted(r.items()) if k != "_synced_at") for r in rows
    )


@pytest.mark.parametrize("endpoint", ["deliverables", "events", "cohorts"])
def test_the_order_of_the_grouping_changes_nothing(room, endpoint):
    """Five orders of the same levels: the same rows, the same keys."""
    kpis = {"deliverables": ["installs", "revenue"], "events": ["events", "revenue"],
            "cohorts": ["retained_users", "revenue"]}[endpoint]  # fmt: skip
    more = {"cohort_period_filter": "0,1,3"} if endpoint == "cohorts" else {}
    found = []
    for grouping in ORDERS:
        report = {"name": "mine", "endpoint": endpoint, "kpis": kpis, "grouping": grouping, **more}
        rows = room.run("mine", kpi_reports=[report], start_date="2026-03-16").records["mine"]
        assert keys_are_unique(rows)
        found.append(context(rows))
    assert found[0]
    assert all(other == found[0] for other in found[1:])


def test_its_sums_are_the_worlds_own(room):
    """Installs and revenue by app, exact."""
    rows = room.run("kpi_deliverables", start_date="2026-03-16").records["kpi_deliverables"]
    assert keys_are_unique(rows)
    truth = room.truth(["installs", "revenue"], "2026-03-16", "2026-03-17")["by_app"]
    for token, sums in truth.items():
        mine = [r for r in rows if r["app_token"] == token]
        assert total(mine, "installs") == sums["installs"]
        assert total(mine, "revenue") == Decimal(sums["revenue"]) / 1_000_000
    currencies = {app.token: app.currency for app in room.sandbox.environment.world.apps}
    assert {r["app_token"]: r["_currency"] for r in rows} == currencies


@pytest.mark.parametrize("form", ["header", "query"])
def test_the_token_reaches_it_in_both_forms(room, form):
    """`Authorization: Token token=…`, or `user_token=…`."""
    room.run("kpi_events", start_date="2026-03-17", kpi_auth=form)
    (asked,) = room.asked("/events")[-1:]
    assert ("user_token=" in str(asked["query"])) is (form == "query")


def test_its_end_names_what_replaces_it(room, caplog):
    """A 410 is final: it says that the service was sunset, and which streams to use."""
    room.switch(kpi_gone=True)
    with pytest.raises(Exception, match="failed: kpi_cohorts, kpi_deliverables"):
        room.run(
            "kpi_deliverables",
            "kpi_cohorts",
            app_tokens=[app.token for app in room.sandbox.environment.world.apps[:2]],
        )
    assert "sunset" in caplog.text
    assert "cohorts_daily" in caplog.text
    assert "campaign_daily" in caplog.text
    assert len(room.sandbox.log("adjust")) == 2, "never asked again, and for no app alone"


def test_event_columns_hold_their_own_events(room):
    """`event_kpis` become columns, whatever order the answer lists its events in."""
    app = room.sandbox.environment.world.apps[0].token
    events = room.run("event_tokens").records["event_tokens"]
    tokens = [e["event_token"] for e in events if e["app_token"] == app][:3]
    found = {}
    for order in itertools.permutations(tokens):
        report = {"name": "mine", "endpoint": "deliverables", "kpis": ["installs"],
                  "grouping": ["day"], "app_tokens": [app],
                  "event_kpis": [f"{t}_events|revenue" for t in order]}  # fmt: skip
        rows = room.run("mine", kpi_reports=[report], start_date="2026-03-17").records["mine"]
        for token in tokens:
            sums = [total(rows, column_name(f"{token}_{kpi}")) for kpi in ("events", "revenue")]
            found.setdefault(token, set()).add(tuple(sums))
    assert all(len(values) == 1 for values in found.values())
    assert len({next(iter(v)) for v in found.values()}) == len(tokens)


def test_a_tracker_is_asked_for_in_the_path(room):
    """Only what lies below one link of one app."""
    app = room.sandbox.environment.world.apps[0].token
    links = room.run("kpi_deliverables", app_tokens=[app]).records["kpi_deliverables"]
    tracker = next(r["network_token"] for r in links if r["campaign_token"] != r["network_token"])
    report = {"name": "mine", "endpoint": "deliverables", "kpis": ["installs"],
              "grouping": ["day", "trackers"], "app_tokens": [app], "tracker": tracker}  # fmt: skip
    rows = room.run("mine", kpi_reports=[report]).records["mine"]
    assert total(rows, "installs") == total(
        [r for r in links if r["network_token"] == tracker], "installs"
    )
    assert all(r["tracker_name"] for r in rows)


def test_countries_are_asked_for_in_small_letters(room):
    """As the service's samples and its official client spell them, whatever a definition says."""
    report = {"name": "mine", "endpoint": "deliverables", "kpis": ["installs"], "grouping": ["day", "countries"], "countries": ["DE"],
              "os_names": ["iOS"], "device_types": ["Phone"]}  # fmt: skip
    rows = room.run("mine", kpi_reports=[report], start_date="2026-03-16").records["mine"]
    assert {r["country"] for r in rows} <= {"de"}
    query = room.sandbox.log("adjust")[-1]["query"]
    for part in ("countries=de", "os_names=ios", "device_types=phone"):
        assert part in query


def test_flattening_follows_the_answer_not_the_question():
    """An unnamed level is found by being the only list; names come from the parameters."""
    document = {
        "result_parameters": {
            "kpis": ["sessions"],
            "grouping": ["network", "periods"],
            "trackers": [],
        },
        "result_set": {
            "token": "q1w2e3r4t5y6",
            "currency": "EUR",
            "networks": [
                {"token": "abc123", "name": "Organic",
                 "periods": [{"period": "0", "kpi_values": [4100]}, {"period": "1", "kpi_values": [812]}]},
            ],
        },
    }  # fmt: skip
    rows = list(flatten(document))
    assert [
        (r["app_token"], r["currency"], r["network"], r["period"], r["sessions"]) for r in rows
    ] == [
        ("q1w2e3r4t5y6", "EUR", "Organic", "0", 4100),
        ("q1w2e3r4t5y6", "EUR", "Organic", "1", 812),
    ]
    assert list(flatten({"result_parameters": {}, "result_set": {"token": "a"}})) == []
    assert list(flatten({"result_set": {"apps": []}})) == []


@pytest.mark.parametrize("spelt", ["network", "network_list"])
@pytest.mark.parametrize("echoed", [True, False])
def test_a_level_that_is_called_otherwise_keeps_its_labels(spelt, echoed):
    """The list is that of its grouping word, or of the level that is due: its names stand in no other column."""
    grouping = ["networks", "day", "periods"]
    days = [{"date": "2026-03-01", "period_list": [{"period": "0", "kpi_values": [7]}]}]
    document = {
        "result_parameters": {"kpis": ["sessions"], **({"grouping": grouping} if echoed else {})},
        "result_set": {spelt: [{"token": "abc123", "name": "Organic", "days": days}]},
    }
    assert list(flatten(document, asked=grouping)) == [
        {"network_token": "abc123", "network": "Organic", "date": "2026-03-01", "period": "0", "sessions": 7}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grouping": ["day", "galaxies"]}, "'galaxies' is not known"),
        ({"grouping": ["network", "networks"]}, "'networks' twice"),
        ({"tracker": "abc123"}, "one app; set `app_tokens`"),
        ({"event_kpis": ["all_events"]}, "use the endpoint 'events'"),
        ({"endpoint": "revenue"}, "'revenue' is not one of"),
        ({"kpi": ["x"]}, "unknown key 'kpi'"),
        ({"name": "kpi_events"}, "belongs to a built-in stream"),
    ],
    ids=str,
)
def test_a_wrong_definition_is_refused_before_any_request(room, change, words):
    """One line names the report and what is wrong."""
    report = {"name": "mine", "endpoint": "deliverables", "kpis": ["installs"], **change}
    with pytest.raises(Exception) as caught:
        room.run(kpi_reports=[report])
    assert words in str(caught.value)
    assert not room.sandbox.log("adjust")


def test_cohorts_of_events_have_a_level_more(room):
    """`events` makes rows by event and period; each event its own."""
    app = room.sandbox.environment.world.apps[0].token
    events = room.run("event_tokens").records["event_tokens"]
    tokens = [e["event_token"] for e in events if e["app_token"] == app][:2]
    report = {"name": "mine", "endpoint": "cohorts", "kpis": ["events", "converted_users"],
              "grouping": ["day"], "app_tokens": [app], "events": tokens, "period": "week",
              "cohort_period_filter": "0,1"}  # fmt: skip
    run = room.run("mine", kpi_reports=[report], start_date="2026-03-01")
    rows = run.records["mine"]
    assert {r["event_token"] for r in rows} == set(tokens)
    assert {r["period"] for r in rows} == {0, 1}
    assert keys_are_unique(rows)
    assert all(r["event_name"] for r in rows)


def test_the_skan_endpoint_is_asked_for_one_app_at_a_time(room):
    """Its path holds one app."""
    report = {
        "name": "mine",
        "endpoint": "skadnetwork",
        "kpis": ["valid_conversions"],
        "grouping": ["day"],
    }
    run = room.run("mine", kpi_reports=[report], start_date="2026-03-16")
    assert total(run.records["mine"], "valid_conversions") > 0
    assert len(room.asked("/skadnetwork")) == len(room.sandbox.environment.world.apps)


LEAF = {"country": "de", "kpi_values": [3, 4]}


def nested(**below):
    """An answer cut by app, day and country."""
    day = {"date": "2026-03-16", "countries": [LEAF], **below}
    app = {"token": "aaaabbbbcccc", "name": "L", "currency": "EUR", "dates": [day]}
    said = {"kpis": ["installs", "revenue"], "grouping": ["apps", "day", "countries"]}
    return {"result_parameters": said, "result_set": {"apps": [app]}}


@pytest.mark.parametrize(
    ("below", "words"),
    [
        ({"countries": {"country": "de", "kpi_values": [3, 4]}}, "no list of groups"),
        ({"countries": ["de"]}, "no list of groups"),
        ({"countries": [{"country": "de"}]}, "neither values nor groups"),
        ({"countries": [{"country": "de", "kpi_values": None}]}, "neither values nor groups"),
        ({"countries": [{"country": "de", "kpi_values": 3}]}, "no list of values"),
        ({"regions": [{"region": "eu", "kpi_values": [1, 2]}]}, "several lists"),
    ],
    ids=["object", "texts", "nothing", "null", "number", "two levels"],
)
def test_a_group_that_is_none_is_an_error_and_not_fewer_rows(below, words):
    """Whatever stands where the service documents a list of groups, or a leaf's values."""
    with pytest.raises(MalformedResponse, match=words):
        list(flatten(nested(**below)))


def test_values_above_other_values_are_sums_of_these():
    """The rows are the leaves; a level without groups has none."""
    assert [r["installs"] for r in flatten(nested(kpi_values=[9, 9]))] == [3]
    assert list(flatten(nested(countries=None))) == []
    assert list(flatten(nested(countries=[]))) == []


@pytest.mark.parametrize("found", [[], "x", 7], ids=["list", "text", "number"])
def test_a_result_that_is_no_group_is_an_error(found):
    """Null and an empty object are a result without rows."""
    if found:
        with pytest.raises(MalformedResponse, match="holds no result_set"):
            list(flatten({"result_set": found}))
    assert list(flatten({"result_set": None})) == list(flatten({"result_set": {}})) == []
