"""Answers that are allowed, or happen, and that a good guess gets wrong, without the sandbox."""

import json
import logging
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from adtap_core.errors import REFUSED_EXIT, CredentialsError, SettingsError
from adtap_core.inspect.dry_run import address, entity_calls, record_requests
from adtap_core.tap import RunFailed
from adtap_core.testing import run_tap
from tap_adjust.tap import TapAdjust
from tests.canned import Canned, Text

from .stand_in import APP, REPORT, TOKEN, Room, Service, rows, unmoved


@pytest.fixture
def room() -> Iterator[Room]:
    with Service() as service:
        yield Room(service)


# -- what rows mean ------------------------------------------------------------------------------


def test_a_currency_that_is_set_later_is_refused(room):
    """Also if it is the one that the app has already: rows would come under other settings."""
    state = room.run().last_state
    room.service.asked.clear()
    error, _ = room.failed(SettingsError, state=state, currency="EUR")
    assert "`currency` was not set, now it is EUR" in str(error)
    assert room.service.asked == []


@pytest.mark.parametrize(
    "changed",
    [{"attribution_types": ["click"]}, {"ad_spend_mode": "network"}, {"cohort_maturity": "mature"}, {"report_format": "csv"}, {"sandbox_data": True}],
    ids=lambda c: next(iter(c)),
)  # fmt: skip
def test_every_setting_that_changes_numbers_is_part_of_the_meaning(room, changed):
    """Attribution, spend mode, maturity, transport, environment."""
    state = room.run().last_state
    error, _ = room.failed(SettingsError, state=state, **changed)
    assert "report 'x'" in str(error)


def test_the_key_does_not_depend_on_the_setting_currency(room):
    """The app is EUR: with the setting and without it, a row has one key."""
    one, other = room.run(), room.run(currency="EUR")
    assert {r["_row_key"] for r in one.records["x"]} == {r["_row_key"] for r in other.records["x"]}


def test_a_parameter_that_is_null_is_not_sent(room):
    """It is not set; `None` would be a word of ours."""
    room.run(reports=[REPORT | {"parameters": {"full_data": None, "channel_id__in": ["a", "b"]}}])
    assert {("full_data" in q, q["channel_id__in"]) for q in room.service.asked} == {(False, "a,b")}


# -- rows ----------------------------------------------------------------------------------------


def test_a_metric_in_no_row_is_no_null(room):
    """It was asked for, and no row has it: the window fails, the bookmark stays."""
    room.service.report = lambda _query: rows({"installs": "1"})
    report = REPORT | {"metrics": ["installs", "cost"]}
    _, got = room.failed(RunFailed, reports=[report])
    assert unmoved(got)


def test_a_metric_in_some_rows_is_null_in_the_others(room):
    """Null or absent in one row says nothing of the next."""
    room.service.report = lambda _query: rows(
        {"installs": "1", "country_code": "fr"}, {"installs": "1", "cost": "2.5"}
    )
    got = room.run(reports=[REPORT | {"metrics": ["installs", "cost"]}])
    assert {r["cost"] for r in got.records["x"]} == {None, "2.5"}


def test_a_metric_in_other_letters_is_found(room):
    """The service's spelling is not ours to depend on."""
    room.service.report = lambda _query: rows({"Installs": "7"})
    assert {r["installs"] for r in room.run().records["x"]} == {7}


def test_pages_are_followed_on_the_same_host(room):
    """This service never had any; should it have some, no row is lost."""

    def answer(query: Mapping[str, str]) -> tuple[int, object]:
        if query.get("page") == "2":
            return rows({"installs": "2", "country_code": "fr"})
        address = f"{room.service.url}/reports-service/report?page=2"
        return rows({"installs": "1"}, totals={"installs": 3.0}, pagination={"next": address})

    room.service.report = answer
    got = room.run()
    assert sorted(r["installs"] for r in got.records["x"]) == [1, 2]


@pytest.mark.parametrize(
    "page",
    [{"next": "http://127.0.0.2:9/report?page=2"}, {"page": 1, "pages": 3}, {"has_more": True}],
    ids=["another host", "no address", "only said"],
)
def test_pages_that_cannot_be_followed_fail(room, page):
    """Never one page for the whole."""
    room.service.report = lambda _query: rows({"installs": "1"}, pagination=page)
    _, got = room.failed(RunFailed)
    assert unmoved(got)


def test_a_page_that_comes_again_fails(room):
    """Under another address, and with the rows of the one before it: they would be counted twice."""

    def answer(query: Mapping[str, str]) -> tuple[int, object]:
        page = int(query.get("page", "1"))
        address = f"{room.service.url}/reports-service/report?page={page + 1}"
        return rows({"installs": "1"}, pagination={"next": address if page < 3 else None})

    room.service.report = answer
    _, got = room.failed(RunFailed)
    assert unmoved(got)


@pytest.mark.parametrize("page", [None, {}, {"next": None}, {"page": 1, "pages": 1}])
def test_an_answer_of_one_page_needs_no_warning(room, page, caplog):
    """These say that nothing follows."""
    room.service.report = lambda _query: rows({"installs": "1"}, pagination=page)
    with caplog.at_level(logging.WARNING):
        got = room.run()
    assert got.records["x"]
    assert "pages" not in caplog.text
    assert {w["warnings"] for w in got.windows("x")} == {None}


def test_a_row_outside_the_window_fails_it(room):
    """What else did it misunderstand?"""
    room.service.report = lambda _query: rows(
        {"installs": "1"}, {"installs": "1", "day": "2026-10-30"}
    )
    _, got = room.failed(RunFailed)
    assert unmoved(got)


def test_a_value_that_fits_no_column_costs_neither_row_nor_window(room):
    """The column is null, the value is kept, and the ledger counts it."""
    room.service.report = lambda _query: rows(
        {"installs": "N/A"}, {"installs": "3", "country_code": "fr"}
    )
    got = room.run()
    assert {(r["installs"], json.dumps(r["_extra"])) for r in got.records["x"]} == {
        (None, '{"installs": "N/A"}'),
        (3, "null"),
    }
    (window,) = {w["warnings"] for w in got.windows("x")}
    assert "installs: 1 value does not fit" in window
    assert "_extra" in got.schemas["x"]["schema"]["properties"]


def test_half_a_surrogate_pair_costs_no_row(room):
    """Nor does U+0000: both are U+FFFD, in rows that are kept."""
    room.service.report = lambda _query: rows(
        {"installs": "1", "country_code": "a\x00b"}, {"installs": "1", "country_code": "\ud83d"}
    )
    codes = {r["country_code"] for r in room.run().records["x"]}
    assert codes == {"a\N{REPLACEMENT CHARACTER}b", "\N{REPLACEMENT CHARACTER}"}


# -- events and apps -----------------------------------------------------------------------------


def refusing(query: Mapping[str, str]) -> tuple[int, object]:
    """400 for the metrics of one event."""
    metrics = query["metrics"].split(",")
    if "old one_events" in metrics:
        return 400, {"error": "Unsupported metric: old one_events loc=('metrics',)"}
    values = dict.fromkeys(metrics, "5")
    return rows({"channel": "organic", **values})


def test_an_event_that_the_service_refuses_does_not_stop_the_others(room, caplog):
    """It is left out and named; the others are read, and the exit code says that trying again is of no use."""
    room.service.events = ["old one", "purchase", "a, b"]
    room.service.report = refusing
    error, got = room.failed(RunFailed, stream="events_daily", reports=[])
    assert getattr(error, "exit_code", None) == REFUSED_EXIT
    assert {r["event_slug"] for r in got.records["events_daily"]} == {"purchase"}
    assert got.windows("events_daily")
    for event in ("old one", "a, b"):
        assert event in caplog.text


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_refused_event_is_no_longer_asked_for(room, concurrency):
    """Not in every window: a request that is wrong is not made again. It is one failure, and a warning of each window."""

    def answer(query: Mapping[str, str]) -> tuple[int, object]:
        status, found = refusing(query)
        if isinstance(found, dict):
            for row in found.get("rows", []):
                row["day"] = query["date_period"].partition(":")[0]
        return status, found

    room.service.events, room.service.report = ["old one", "purchase"], answer
    error, got = room.failed(
        RunFailed,
        stream="events_daily",
        reports=[],
        start_date="2026-07-01",
        concurrency=concurrency,
    )
    asked = [q["metrics"] for q in room.service.asked]
    refused = sum("old one" in metrics for metrics in asked)
    assert 1 <= refused <= concurrency
    windows = got.windows("events_daily")
    assert len(windows) == len(asked) - refused > 2
    assert all("'old one_events' is left out" in w["warnings"] for w in windows)
    assert str(error).startswith("1 failed: events_daily")


@pytest.mark.parametrize("periods", [["d1", "d1"], ["d1", "d01"]], ids=["twice", "spelt otherwise"])
def test_a_cohort_period_is_counted_once(room, periods):
    """However often it is listed."""
    report = REPORT | {"metrics": ["revenue"], "cohort_periods": periods}
    got = room.run(reports=[report])
    assert [(r["period_type"], r["period"]) for r in got.records["x"]] == [("day", 1)]


@pytest.mark.parametrize(
    "owner",
    [{"app_token": APP}, {"app_token": None}, {}, {"app_token": {APP: ["t"]}}, {"app_token": [], "app_token_x_event_tokens_mapping": {APP: ["t"]}}],
    ids=["a text", "null", "missing", "an object", "only in the mapping"],
)  # fmt: skip
def test_an_event_is_asked_for_however_its_apps_are_listed(room, owner):
    """One that does not say whose it is may be anybody's: no event is lost without a word."""
    room.service.answer_events = [{"id": "purchase", "name": "p", **owner}]
    got = room.run(stream="events_daily", reports=[])
    assert [r["event_slug"] for r in got.records["events_daily"]] == ["purchase"]


@pytest.mark.parametrize(
    ("lists", "events", "words"),
    [
        ({"apps": [{"name": "L"}]}, [], "apps: an option without an id"),
        (
            {"apps": [{"id": APP, "currency": ["EUR"]}]},
            [],
            "currency of aaaabbbbcccc can't be understood",
        ),
        ({}, [{"name": "purchase", "app_token": [APP]}], "events: an option without an id"),
        ({}, [{"id": "purchase", "app_token": [[APP]]}], "whose 'purchase' is can't be understood"),
    ],
    ids=["app", "currency", "event", "owner"],
)
def test_a_list_that_says_not_enough_is_named(room, lists, events, words, caplog):
    """Rather than a report without events, or money without a currency."""
    room.service.lists, room.service.answer_events = lists, events
    room.failed(RunFailed, stream="events_daily", reports=[])
    assert words in caplog.text
    assert "unexpected" not in caplog.text


def test_the_currency_of_an_app_may_be_a_text(room):
    """A code by itself, instead of an object that holds it."""
    room.service.lists = {"apps": [{"id": APP, "currency": "EUR"}]}
    assert {r["_currency"] for r in room.run().records["x"]} == {"EUR"}


def test_an_event_that_is_listed_twice_is_counted_once(room):
    """One slug may stand for events of the same name: its row must not come twice."""
    room.service.events = ["purchase", "purchase"]
    got = room.run(stream="events_daily", reports=[])
    assert [r["event_slug"] for r in got.records["events_daily"]] == ["purchase"]
    assert room.service.asked[0]["metrics"].split(",").count("purchase_events") == 1


@pytest.mark.parametrize(
    "given",
    [
        {"reports": [REPORT | {"metrics": ["installs", "a, b_events"]}]},
        {"reports": [REPORT | {"dimensions": ["country_code,channel"]}]},
        {
            "reports": [],
            "kpi_reports": [{"name": "x", "endpoint": "deliverables", "kpis": ["installs,clicks"]}],
        },
    ],
    ids=["event", "dimension", "KPI"],
)
def test_a_name_with_a_comma_is_refused_before_any_request(room, given):
    """In a report of one's own: lists are joined by commas, so the service would read two names, or none."""
    room.service.events = ["a, b", "purchase"]
    error, _ = room.failed(SettingsError, **given)
    assert "report 'x'" in str(error)
    assert "holds a comma and can't be asked for" in str(error)
    assert room.service.log == []


@pytest.mark.parametrize(
    "body",
    [
        {
            "error_code": "validation_error",
            "error_desc": "Unsupported metric: old one_events",
            "correlation_id": "c1",
        },
        {"error": "Unsupported metric: old one_events."},
        {"error": "Unsupported metric: 'old one_events'"},
        {"error": "Unsupported metric: old one_events (event doesn't exist or was renamed)"},
        {"error": "Unsupported metric: old one_events …"},
    ],
    ids=["correlation id", "full stop", "quoted", "reason", "dots"],
)
def test_however_the_service_words_it(room, body):
    """What stands around the name of the metric is not the same in all answers."""

    def worded(query: Mapping[str, str]) -> tuple[int, object]:
        status, found = refusing(query)
        return (status, body) if status == 400 else (status, found)

    room.service.events = ["old one", "purchase"]
    room.service.report = worded
    _, got = room.failed(RunFailed, stream="events_daily", reports=[])
    assert {r["event_slug"] for r in got.records["events_daily"]} == {"purchase"}


@pytest.mark.parametrize(
    "answer",
    [None, {"error": "x"}, "x", {"error": "x", "details": []}, {"apps": []}],
    ids=["null", "error", "text", "error with a list", "another list"],
)
def test_a_list_that_is_none_is_no_empty_list(room, answer):
    """Without its events a report would hold nothing, and its days would count as read."""
    room.service.answer_events = answer
    _, got = room.failed(RunFailed, stream="events_daily", reports=[])
    assert unmoved(got, "events_daily")


@pytest.mark.parametrize("given", [None, {}, "none"], ids=["null", "object", "text"])
@pytest.mark.parametrize("filler", ["", "x" * 5000], ids=["short", "long"])
def test_rows_that_are_no_list_are_not_a_day_without_rows(room, caplog, given, filler):
    """The service says that there are none by a 204 or an empty list: anything else fails, and no bookmark moves."""
    room.service.report = lambda _query: (200, {"rows": given, "totals": {}, "note": filler})
    _, got = room.failed(RunFailed)
    assert unmoved(got)
    assert "not a report" in caplog.text or "no list" in caplog.text


def test_an_empty_list_of_rows_is_a_day_without_rows(room):
    """The bookmark moves."""
    room.service.report = lambda _query: (200, {"rows": [], "totals": {}})
    assert not unmoved(room.run())


def test_an_app_that_has_gone_does_not_stop_the_others(room, caplog):
    """It is named, with those that the token sees; the exit code is not 0."""
    _, got = room.failed(RunFailed, app_tokens=[APP, "gonegonegone"])
    assert {r["app_token"] if "app_token" in r else r["_account"] for r in got.records["x"]} == {f'{{"app_token":"{APP}"}}'}  # fmt: skip
    assert "'gonegonegone' is no app that the API token sees" in caplog.text
    assert APP in caplog.text


def test_a_wrong_app_alone_is_refused_with_those_there_are(room):
    """Before any data request."""
    error, _ = room.failed(SettingsError, app_tokens=["aaaabbbbcccd"])
    assert APP in str(error)
    assert room.service.asked == []


def test_a_wrong_token_says_first_what_to_do(room):
    """The setting, then the service's words."""
    error, _ = room.failed(CredentialsError, api_token="T-wrong-0123456789")
    assert str(error).find("look at the settings `api_token`") < str(error).find("bad token")


def test_an_address_without_its_path_is_named(room, caplog):
    """The 404 says which setting lacks what."""
    room.failed(RunFailed, api_url=room.service.url)
    assert "`api_url`" in caplog.text
    assert "/reports-service" in caplog.text


@pytest.mark.parametrize("given", [{}, "none", [1]], ids=["object", "text", "numbers"])
@pytest.mark.parametrize("stream", ["apps", "x"])
def test_a_list_that_is_none_is_named(room, stream, given, caplog):
    """A list of apps that comes in another shape: said in words, with what came."""
    room.service.lists = {"apps": given}
    room.failed(RunFailed, stream=stream)
    assert 'apps: the answer holds no list of objects: {"apps"' in caplog.text
    assert "unexpected" not in caplog.text


@pytest.mark.parametrize("damage", [None, {}, "x", [1]], ids=["null", "object", "text", "number"])
def test_a_list_that_came_damaged_is_asked_for_again(room, damage):
    """Once: apps, events, and a list by itself are whole the second time."""
    right, seen = room.service.answer, set()

    def answer(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]):
        asked = (path, query.get("required_filters"))
        if path.endswith("/report") or asked in seen:
            return right(method, path, query, headers)
        seen.add(asked)
        return 200, damage

    room.service.events, room.service.answer = ["purchase"], answer
    got = room.run(stream="events_daily", reports=[])
    assert {r["event_slug"] for r in got.records["events_daily"]} == {"purchase"}
    seen.clear()
    assert [r["id"] for r in room.run(stream="apps").records["apps"]] == [APP]


def test_a_dry_run_notes_a_list_once():
    """A plan shows what a sync asks: the empty answer of a dry run is not asked for again."""
    platform = TapAdjust(config={"api_token": TOKEN}).platform
    partners = next(e for e in TapAdjust.entities if e.name == "partners")
    (call,) = entity_calls(platform, record_requests(platform.http), partners, None)
    assert address(call).endswith("/filters_data?required_filters=partners")


def test_a_plan_of_the_metrics_shows_all_their_lists():
    """Six requests, as a sync makes."""
    platform = TapAdjust(config={"api_token": TOKEN}).platform
    metrics = next(e for e in TapAdjust.entities if e.name == "metrics")
    calls = entity_calls(platform, record_requests(platform.http), metrics, None)
    wanted = [f"required_filters={name}" for name in metrics.path.split(",")]
    assert [address(call).partition("?")[2] for call in calls] == wanted


def test_a_list_of_metrics_that_stays_damaged_leaves_the_others(room):
    """The stream fails, after what the other lists hold."""
    room.service.lists = {"cost_metrics": 5}
    _, got = room.failed(RunFailed, stream="metrics")
    found = {r["filter"] for r in got.records["metrics"]}
    assert found == {
        "overview_metrics",
        "etl_metrics",
        "skad_metrics",
        "cohort_metrics",
        "event_metrics",
    }


# -- rows and the service's own totals -----------------------------------------------------------

ONE_DAY = {"end_date": "2026-11-02"}
"""A window that can't be cut: what is missing in it is in no smaller one."""


def of_day(query: Mapping[str, str], *counts: int, total: float) -> tuple[int, object]:
    """Rows of the first day asked for, and a total."""
    day = query["date_period"].partition(":")[0]
    return rows(*({"day": day, "installs": str(n)} for n in counts), totals={"installs": total})


def test_rows_that_are_missing_once_are_there_the_second_time(room):
    """Of one day and app, too: the same is asked for once more."""
    answers = [(1,), (1, 2)]
    room.service.report = lambda query: of_day(query, *answers.pop(0), total=3.0)
    got = room.run(**ONE_DAY)
    assert [r["installs"] for r in got.records["x"]] == [1, 2]
    assert [w["retries"] for w in got.windows("x")] == [1]


def test_rows_that_stay_missing_fail_the_window(room):
    """After a second look, and no third."""
    room.service.report = lambda query: of_day(query, 1, total=3.0)
    _, got = room.failed(RunFailed, **ONE_DAY, max_retries=6)
    assert unmoved(got)
    assert len(room.service.asked) == 2


def test_a_row_that_came_twice_once_is_counted_once(room):
    """Rows that are more than the totals are asked for again: money would be counted twice."""
    answers = [(1, 2, 2), (1, 2)]
    room.service.report = lambda query: of_day(query, *answers.pop(0), total=3.0)
    got = room.run(**ONE_DAY)
    assert [r["installs"] for r in got.records["x"]] == [1, 2]
    assert [w["ties"] for w in got.windows("x")] == [True]


def test_rows_beyond_the_totals_that_come_again_are_kept(room):
    """The service means them: none is lost, the ledger says that they do not tie out; asked twice for one window alone."""
    room.service.report = lambda query: of_day(query, 1, 2, 2, total=3.0)
    got = room.run(end_date="2026-12-20", start_date="2026-09-01")
    windows = got.windows("x")
    assert len(windows) > 2
    assert {w["ties"] for w in windows} == {False}
    assert len(got.records["x"]) == 3 * len(windows)
    # Those that were on their way before the second answer came are asked for again, too.
    assert len(windows) < len(room.service.asked) <= len(windows) + 3


def test_without_retries_rows_beyond_the_totals_are_kept(room):
    """There is no second look."""
    room.service.report = lambda query: of_day(query, 1, 2, 2, total=3.0)
    assert len(room.run(**ONE_DAY, max_retries=0).records["x"]) == 3


COST = {**REPORT, "metrics": ["cost"]}


def of_amounts(query: Mapping[str, str], *amounts: str, total: float) -> tuple[int, object]:
    """Rows of the first day asked for, and a total."""
    day = query["date_period"].partition(":")[0]
    return rows(*({"day": day, "cost": a} for a in amounts), totals={"cost": total})


def test_an_amount_that_rounding_could_explain_is_asked_for_again(room):
    """A hundred rows of cents may miss their total by half a cent each: a row of 0.35 that was lost by as much."""
    whole = ["118.42"] * 100 + ["0.35"]
    answers = [whole[:-1], whole]
    room.service.report = lambda query: of_amounts(query, *answers.pop(0), total=11842.35)
    got = room.run(**ONE_DAY, reports=[COST])
    assert sum(Decimal(r["cost"]) for r in got.records["x"]) == Decimal("11842.35")
    assert [w["retries"] for w in got.windows("x")] == [1]


def test_rows_that_a_service_rounds_are_doubted_once_a_run(room):
    """The same again means that it rounds: nothing is lost, and no further window of any report is asked for twice."""
    room.service.report = lambda query: of_amounts(query, *["0.33"] * 30, total=10.0)
    got = room.run(end_date="2026-12-20", start_date="2026-06-01", reports=[COST], concurrency=1)
    windows = got.windows("x")
    assert len(windows) > 5
    assert len(got.records["x"]) == 30 * len(windows)
    assert len(room.service.asked) == len(windows) + 1


@pytest.mark.parametrize("total", [118.4, 118.40000000000002])
def test_exact_amounts_are_asked_for_once(room, total):
    """A float writes no zeros at its end, and may be off in its last digit."""
    room.service.report = lambda query: of_amounts(query, "59.15", "59.25", total=total)
    assert len(room.run(**ONE_DAY, reports=[COST]).records["x"]) == len(["59.15", "59.25"])
    assert len(room.service.asked) == 1


def test_the_columns_of_a_csv_may_come_in_any_order() -> None:
    """The header says where each one stands; a header without what was asked for is another answer."""

    def answers(asked: Any) -> object:
        if asked.path.endswith("/csv_report"):
            assert asked.query["dimensions"].startswith("day,app_token")
            text = f'"installs","country_code","app_token","day"\r\n31,de,{APP},2026-11-01\r\n'
            return Text(text, "text/csv; charset=utf-8")
        if asked.path.endswith("/report"):
            return {"rows": [], "totals": {"installs": 31}, "warnings": [], "pagination": None}
        names = [{"id": n, "name": n} for n in ("installs", "country_code")]
        lists = asked.query.get("required_filters", "").split(",")
        return {n: [{"id": APP, "name": "a"}] if n == "apps" else names for n in lists}

    with Canned(answers) as server:
        config = {
            "api_token": TOKEN,
            "api_url": server.url,
            "start_date": "2026-11-01",
            "end_date": "2026-11-02",
            "reports": [REPORT],
            "report_format": "csv",
            "max_retries": 0,
        }
        (row,) = run_tap(TapAdjust, config, streams={"x"}).records["x"]
    assert (row["day"], row["country_code"], row["installs"]) == ("2026-11-01", "de", 31)
