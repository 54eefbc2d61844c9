"""One app among several, and lists that are long or say not enough: what is whole is read all the same."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest

from adtap_core.inspect.check import run_check
from adtap_core.tap import RunFailed
from adtap_core.testing import Messages, run_tap, select
from tap_adjust.tap import TapAdjust
from tests.canned import Asked, Canned, Text

from .stand_in import APP, OTHER, REPORT, TOKEN, Room, Service, rows

APPS = [APP, "a" * 12, "b" * 12, "c" * 12, OTHER]


@pytest.fixture
def room() -> Iterator[Room]:
    with Service() as service:
        service.apps = APPS
        yield Room(service)


def day_of(query: Mapping[str, str]) -> str:
    return query["date_period"].partition(":")[0]


@pytest.mark.parametrize(
    "odd",
    [{"day": "2026-10-01"}, {"day": "soon"}, {"app_token": "eeeeeeeeeeee"}],
    ids=["another day", "no day", "another app"],
)
def test_one_apps_odd_rows_do_not_stop_the_others(room, odd):
    """They show when rows are made: the apps of that request are asked for in halves, until it is found."""

    def answer(query: Mapping[str, str]) -> tuple[int, object]:
        status, document = room.service.usual(query)
        assert isinstance(document, dict)
        if OTHER in query["app_token__in"].split(","):
            row = {"app_token": OTHER, "day": day_of(query), "country_code": "fr", "installs": "1"}
            document["rows"].append(row | odd)
        return status, document

    room.service.report = answer
    error, got = room.failed(RunFailed, app_tokens=APPS)
    assert getattr(error, "exit_code", None) == 1
    whole = {f'{{"app_token":"{app}"}}' for app in APPS if app != OTHER}
    assert {r["_account"] for r in got.records["x"]} == whole
    assert {w["account"] for w in got.windows("x")} == whole
    marks = got.last_state["bookmarks"]["x"]["partitions"]
    moved = {m["context"]["app_token"] for m in marks if m.get("replication_key_value")}
    assert moved == {*APPS} - {OTHER}


def test_events_with_long_names_are_asked_for_in_addresses_that_servers_take(room):
    """A letter of other scripts is sent as nine: sixty such events are no address of 8 KB."""
    events = [f"{n:02d} レベルアップしたときのイベント" for n in range(60)]

    def answer(query: Mapping[str, str]) -> tuple[int, object]:
        if len(urlencode(query)) > 8000:
            return 414, {"error": "Request-URI Too Long"}
        values = dict.fromkeys(query["metrics"].split(","), "5")
        return rows({"channel": "organic", **values})

    room.service.events, room.service.report = events, answer
    got = room.run(stream="events_daily", reports=[])
    assert sorted(r["event_slug"] for r in got.records["events_daily"]) == events
    asked = [m for q in room.service.asked for m in q["metrics"].split(",")]
    assert len(asked) == len(set(asked)) == 2 * len(events)


@pytest.mark.parametrize("said", [{}, {"app_token_x_event_tokens_mapping": None}], ids=["", "null"])
def test_tokens_of_an_event_of_one_app_are_that_apps(room, said):
    """The mapping that tells whose a token is may be missing: of one app there is no doubt."""
    event = {"id": "purchase", "name": "p", "app_token": [APP], "tokens": ["abc123", "def456"]}
    room.service.answer_events = [event | said]
    found = room.run(stream="event_tokens").records["event_tokens"]
    assert [(r["app_token"], r["event_token"]) for r in found] == [(APP, "abc123"), (APP, "def456")]


@pytest.mark.parametrize("mapping", [None, ["abc123"], "abc123"], ids=["null", "list", "text"])
def test_tokens_that_may_be_any_apps_fail_the_stream(room, mapping, caplog):
    """Rather than an event without tokens, or an error of Python's."""
    event = {"id": "purchase", "name": "p", "app_token": [APP, OTHER], "tokens": ["abc123"]}
    room.service.answer_events = [event | {"app_token_x_event_tokens_mapping": mapping}]
    room.failed(RunFailed, stream="event_tokens")
    assert "which app has which token of 'purchase' can't be understood" in caplog.text
    assert "unexpected" not in caplog.text


def test_an_event_without_tokens_has_none(room):
    """That is no fault."""
    event = {"id": "purchase", "name": "p", "app_token": [APP, OTHER], "tokens": []}
    room.service.answer_events = [event]
    assert room.run(stream="event_tokens").records.get("event_tokens", []) == []


@pytest.mark.parametrize("key", ["installs__gt", "installs__gt__column"])
def test_rows_that_a_number_leaves_out_are_not_missing(room, key):
    """Also if the comparison is a parameter, in either spelling: totals may count the rows that it leaves out."""
    room.service.report = lambda query: rows(
        {"installs": "6", "day": day_of(query)}, totals={"installs": 9.0}
    )
    got = room.run(reports=[REPORT | {"parameters": {key: "5"}}])
    assert [r["installs"] for r in got.records["x"]] == [6]


def test_named_apps_are_read_though_the_token_may_not_list_apps(room, caplog):
    """The list tells the currency of money, which rows can say themselves; it is no reason to read nothing."""
    room.service.refused = {"apps"}
    got = room.run(app_tokens=APPS[:2])
    assert {(r["_account"], r["_currency"]) for r in got.records["x"]} == {
        (f'{{"app_token":"{app}"}}', "de") for app in APPS[:2]
    }
    assert {q["dimensions"] for q in room.service.asked} == {
        "day,app_token,country_code,currency_code"
    }
    assert not {"currency_code", "_extra"} & {k for r in got.records["x"] for k in r if r[k]}
    assert "apps can't be listed: those that are named are read" in caplog.text


def test_reports_of_the_kpi_service_go_without_the_lists_of_the_other(monkeypatch):
    """They name their apps: a Report Service that is down is no reason to read none of them."""

    def answers(asked: Asked) -> object:
        if "/kpis/" not in asked.path:
            return Text("down", "text/plain", 503)
        days = [{"date": asked.query["start_date"], "kpi_values": [5]}]
        own = {"token": APP, "name": "a", "currency": "EUR", "dates": days}
        return {"result_parameters": {"kpis": ["installs"], "grouping": ["apps", "day"]}, "result_set": own}  # fmt: skip

    monkeypatch.setenv("ADTAPS_NOW", "2026-11-20T12:00:00Z")
    kpis = {"name": "k", "endpoint": "deliverables", "kpis": ["installs"], "grouping": ["day"]}
    written: list[Messages] = []
    with Canned(answers) as server:
        config = {
            "api_token": TOKEN,
            "api_url": server.url,
            "kpi_api_url": f"{server.url}/kpis/v1",
            "app_tokens": [APP],
            "kpi_reports": [kpis],
            "start_date": "2026-11-01",
            "end_date": "2026-11-02",
            "max_retries": 1,
        }
        catalog = select(TapAdjust, config, {"k", "app_daily", "country_daily"})
        with pytest.raises(RunFailed, match="app_daily, country_daily"):
            run_tap(TapAdjust, config, catalog=catalog, written=written.append)
        asked = [a for a in server.asked if "/kpis/" not in a.path]
    assert [(r["day"], r["installs"]) for r in written[0].records["k"]] == [("2026-11-01", 5)]
    assert len(asked) == 2, "the list is asked for once and once more, not again for each report"


def test_check_says_that_the_token_may_not_list_apps(room):
    """That is no fault where apps are named: their reports are read."""
    room.service.refused = {"apps"}
    config = {"api_token": TOKEN, "api_url": f"{room.service.url}/reports-service"}
    for more, good, words in (
        ({"app_tokens": [APP]}, True, "may not list"),
        ({}, False, "no perm"),
    ):
        found = run_check(TapAdjust(config=config | more)).findings
        said = [f for f in found if f.area == "login"]
        assert [(f.good, words in f.words) for f in said] == [(good, True)]


def test_apps_that_nobody_names_are_not_read_without_the_list(room, caplog):
    """Which there are nobody knows. The list is refused once, not again where the report is read."""
    room.service.refused = {"apps"}
    _, got = room.failed(RunFailed, app_tokens=None)
    assert "no permission" in caplog.text
    assert "those that are named are read" not in caplog.text, "none is"
    assert not got.records.get("x")
    assert [path for _, path in room.service.log] == ["/reports-service/filters_data"]


def test_a_field_that_can_not_be_looked_up_is_asked_for(room):
    """The service itself tells then whether there is one; the other reports have nothing to do with it."""
    room.service.refused = {"dimensions"}
    other = {**REPORT, "name": "y", "dimensions": ["own_dimension"]}
    got = room.run(reports=[REPORT, other], stream="y")
    assert {r["own_dimension"] for r in got.records["y"]} == {"de"}
