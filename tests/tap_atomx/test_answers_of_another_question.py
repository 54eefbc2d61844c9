"""Answers that are not, or not all, of what was asked for: what hides new objects, other zones, refused ranges."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from adtap_core.bodies.spool import Spool
from adtap_core.http.client import Call
from adtap_core.http.outcomes import Action
from adtap_core.http.response import Response
from adtap_core.inspect.dry_run import entity_calls, record_requests
from adtap_core.tap import RunFailed
from tap_atomx import responses
from tap_atomx.streams import ENTITIES
from tap_atomx.tap import TapAtomx
from tests.canned import Text
from tests.running import Messages
from tests.tap_atomx.stand_in import Platform

OWN = {
    "name": "own",
    "scope": "publisher",
    "dimensions": ["site_id"],
    "metrics": ["clicks"],
    "transport": "json",
    "filters": [["site_id", "in", [7, 8]]],
}


def dated(ident: int, day: int = 1) -> dict[str, Any]:
    """An object that was modified on a day of March."""
    return {"id": ident, "updated_at": f"2026-03-{day:02d}T00:00:00"}


def ids(found: Messages, stream: str = "creatives") -> list[int]:
    """The ids that were written, in order."""
    return [row["id"] for row in found.records[stream]]


@pytest.mark.parametrize("lacking", [{"updated_at": None}, {}], ids=["null", "absent"])
@pytest.mark.parametrize(
    ("refused", "deaf"),
    [((), ()), (("updated_at",), ()), ((), ("updated_at",)), ((), ("id",)), (("id",), ())],
)
def test_a_new_object_without_a_modification_time_is_read(platform, run, lacking, refused, deaf):
    """All had one at the first read; a bound on it never shows the new one, in no later run."""
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    first = run("creatives")
    assert ids(first) == [1, 2]
    platform.refused, platform.deaf = refused, deaf
    platform.lists["creatives"].append({"id": 3, **lacking})
    second = run("creatives", state=first.last_state)
    assert 3 in ids(second)
    assert not [i for i in ids(second) if i == 1]
    assert second.last_state["bookmarks"]["creatives"]["undated"] is True


@pytest.mark.parametrize("stream", ["creatives", "domains"])
@pytest.mark.parametrize("new", [(), (dated(5, 16), dated(6, 17))], ids=["nothing", "two"])
def test_a_count_of_all_rows_is_no_cut_of_those_that_changed(platform, run, stream, new):
    """Nobody has published what `count` counts: within a bound a greater one may be of the whole list, which is then read."""
    platform.counts_all = True
    platform.lists[stream] = [dated(1), dated(2, 15)]
    first = run(stream)
    assert ids(first, stream) == [1, 2]
    platform.lists[stream] += new
    second = run(stream, state=first.last_state)
    assert ids(second, stream) == [2, *(row["id"] for row in new)]
    assert () in platform.bounds(stream)


def test_a_list_that_shifts_and_counts_all_rows_is_read_whole(platform, run):
    """An older object changes between two pages: the second is the first again, as of a server that knows no offset."""
    platform.counts_all = True
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    first = run("creatives")

    def change(query: Mapping[str, str]) -> None:
        if "updated_at>" in query and query["offset"] == "1":
            platform.lists["creatives"][0] = dated(1, 16)

    platform.on_page = change
    second = run("creatives", state=first.last_state)
    assert set(ids(second)) == {1, 2}
    assert () in platform.bounds("creatives")


def test_a_list_that_changes_by_day_is_asked_for_twice(platform, run):
    """What was modified, and what lies behind the greatest id; a server without bounds is asked once."""
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    first = run("creatives")
    platform.lists["creatives"].append(dated(5, 16))
    second = run("creatives", state=first.last_state)
    assert platform.bounds("creatives") == [("updated_at>",), ("id>",)]
    assert [a.query["id>"] for a in platform.asked if "id>" in a.query] == ["3"]
    assert ids(second) == [2, 5]
    platform.deaf = ("updated_at", "id")
    run("creatives", state=second.last_state)
    assert platform.bounds("creatives") == [("updated_at>",)]


def test_an_object_that_is_stored_late_is_read(platform, run):
    """Its id was handed out before that of one which a run saw already, and no bound on a date shows it."""
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    state = run("creatives").last_state
    platform.lists["creatives"].append(dated(5, 16))
    state = run("creatives", state=state).last_state
    platform.lists["creatives"].append({"id": 4, "updated_at": None})
    assert 4 in ids(run("creatives", state=state))
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    behind = []  # an object that is gone takes its id with it, not what is known of it
    for _ in range(2):
        state = run("creatives", state=state).last_state
        behind += [a.query["id>"] for a in platform.asked if "id>" in a.query]
    assert behind == ["3", "6"]


def test_an_object_that_is_stored_while_runs_are_repeated_is_read(platform, run):
    """A run that was killed or failed follows at once: both together are no second look."""
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    state = run("creatives").last_state
    platform.lists["creatives"].append(dated(5, 16))
    for _ in range(3):
        state = run("creatives", state=state, hours=0).last_state
    platform.lists["creatives"].append({"id": 4, "updated_at": None})
    assert 4 in ids(run("creatives", state=state))


def test_a_plan_holds_every_list_that_is_asked_for():
    """Of a list that changes by day both requests, of streams made of several lists each list; nothing is sent."""
    own = {"api_url": "http://x.example/v3", "email": "a@b.example", "password": "p" * 12}
    tap = TapAtomx(config={**own, "history_models": ["sites", "creatives"]})
    watch = record_requests(tap.platform.http, offline=True)

    def planned(stream: str, since: str | None, known: dict[str, int]) -> list[tuple[str, object]]:
        entity = next(e for e in ENTITIES if e.name == stream)
        calls = entity_calls(tap.platform, watch, entity, since, known)
        bounds = ("updated_at>", "id>", "date>")
        return [
            (
                call.url.removeprefix("http://x.example/v3/"),
                {k: v for k, v in dict(call.params or {}).items() if k in bounds},
            )
            for call in calls
        ]

    since, moved = "2026-03-10T00:00:00Z", {"updated_at>": "2026-03-10T00:00:00"}
    assert planned("creatives", None, {}) == [("creatives", {})]
    assert planned("creatives", since, {"creatives": 7}) == [
        ("creatives", moved),
        ("creatives", {"id>": 8}),
    ]
    assert planned("history", since, {"creatives": 7}) == [
        ("sites", {}),
        ("creatives", moved),
        ("creatives", {"id>": 8}),
    ]
    assert [path for path, _ in planned("invoices", None, {})] == [
        f"invoices/{kind}" for kind in ("advertiser", "publisher", "network-sell", "network-buy")
    ]


def test_a_server_that_ignores_the_bound_on_ids_is_named_once(platform, run, caplog):
    """Each list is read twice by now, and nobody would see why."""
    for name in ("campaigns", "creatives"):
        platform.lists[name] = [dated(1), dated(2, 15)]
    first = run("campaigns", "creatives")
    said = "ignores a lower bound on id"
    run("campaigns", "creatives", state=first.last_state)
    assert said not in caplog.text
    platform.deaf = ("id",)
    found = run("campaigns", "creatives", state=first.last_state)
    assert ids(found) == [2]
    assert caplog.text.count(said) == 1


def test_a_state_of_an_earlier_version_is_read_whole_once(platform, run):
    """It holds no greatest id, and may have left out objects without a modification time: now they come."""
    platform.lists["creatives"] = [dated(1), dated(2, 15), {"id": 3, "updated_at": None}]
    mark = {"replication_key": "updated_at", "replication_key_value": "2026-03-10T00:00:00Z"}
    found = run("creatives", state={"bookmarks": {"creatives": mark}})
    assert platform.bounds("creatives") == [()]
    assert ids(found) == [2, 3]
    platform.lists["creatives"][2] = dated(3, 15)
    healed = run("creatives", state=found.last_state)
    run("creatives", state=healed.last_state)
    assert platform.bounds("creatives") == [("updated_at>",), ("id>",)]


def test_the_log_of_a_new_object_without_a_modification_time_is_read(platform, run):
    """Its creation is an entry of the change log; the bookmark would lie behind it for ever."""
    platform.lists["creatives"] = [dated(1), dated(2, 15)]
    chosen = {"history_models": ["creatives"]}
    first = run("history", **chosen)
    platform.lists["creatives"].append({"id": 3, "updated_at": None})
    run("history", state=first.last_state, **chosen)
    logs = [a.path for a in platform.asked if a.path.startswith("/v3/history/")]
    assert "/v3/history/creative/3" in logs
    assert "/v3/history/creative/1" not in logs


def entry(day: str) -> dict[str, Any]:
    """An entry of a change log."""
    return {"date": f"{day}T00:00:00", "user": 3, "changes": {"title": ["a", "b"]}}


def test_what_an_unknown_object_was_before_the_bookmark_is_read(platform, run):
    """An earlier version never asked for the log of an object without a modification time: all of it is new."""
    platform.lists["creatives"] = [dated(1, 15), {"id": 2, "updated_at": None}]
    platform.logs = {
        "history/creative/1": [entry("2026-02-01"), entry("2026-03-15")],
        "history/creative/2": [entry("2026-02-01"), entry("2026-02-02")],
    }
    chosen = {"history_models": ["creatives"]}
    mark = {"replication_key": "date", "replication_key_value": "2026-03-10T00:00:00Z"}
    found = run("history", state={"bookmarks": {"history": mark}}, **chosen)
    given = [(row["object_id"], row["date"][:10]) for row in found.records["history"]]
    assert given == [(1, "2026-03-15"), (2, "2026-02-01"), (2, "2026-02-02")]
    again = run("history", state=found.last_state, history_unchanged=True, **chosen)
    given = [(row["object_id"], row["date"][:10]) for row in again.records["history"]]
    assert given == [(1, "2026-03-15")]


@pytest.mark.parametrize("form", ["history/{}/{}", "{}/{}/history"], ids=["clients", "wiki"])
@pytest.mark.parametrize("word", ["conversion_pixel", "conversion-pixel"])
def test_a_log_is_found_under_any_of_its_paths(platform, run, form, word):
    """The clients ask for `history/MODEL/ID`, the wiki names `MODEL/ID/history`; words come with `_` and with `-`."""
    platform.lists["conversion_pixels"] = [dated(ident) for ident in (1, 2, 3)]
    platform.logs = {form.format(word, ident): [entry("2026-03-01")] for ident in (1, 2, 3)}
    found = run("history", history_models=["conversion_pixels"])
    assert [row["object_id"] for row in found.records["history"]] == [1, 2, 3]
    logs = [a.path for a in platform.asked if "history" in a.path]
    assert len(logs) <= 3 + 3, "the path that answers is asked alone from then on"


def test_a_log_that_is_nowhere_is_named(platform, run, caplog):
    """Taken for logs of objects that are gone, all of a model's changes would be left out without a word."""
    platform.lists = {name: [dated(1), dated(2)] for name in ("campaigns", "creatives")}
    platform.logs = {f"history/creative/{ident}": [entry("2026-03-01")] for ident in (1, 2)}
    with pytest.raises(RunFailed, match="history"):
        run("history", history_models=["campaigns", "creatives"])
    assert "history of campaigns, setting `history_models`" in caplog.text
    logs = [a.path for a in platform.asked if "history" in a.path]
    assert logs[-2:] == ["/v3/history/creative/1", "/v3/history/creative/2"]
    tried = [(f"/v3/history/campaign/{n}", f"/v3/campaign/{n}/history") for n in (1, 2)]
    assert logs[:-2] == [path for paths in tried for path in paths]


def test_the_search_for_a_log_that_is_nowhere_ends(platform, run):
    """Thousands of objects would be asked for in vain, several times each."""
    platform.lists["creatives"] = [dated(ident) for ident in range(1, 100)]
    platform.logs = {"none": []}
    with pytest.raises(RunFailed, match="history"):
        run("history", history_models=["creatives"])
    assert len(platform.asked) < 50


@pytest.mark.parametrize("gone", [(), ("creative/1", "creative/3")], ids=["there", "gone"])
def test_an_object_without_a_log_is_no_failure(platform, run, gone):
    """It was deleted after its list was read, or was never changed: others of its model have a log."""
    platform.lists["creatives"] = [dated(ident) for ident in (1, 2, 3)]
    platform.logs = {"history/creative/2": [entry("2026-03-01")]}
    platform.gone = gone
    found = run("history", history_models=["creatives"])
    assert [row["object_id"] for row in found.records["history"]] == [2]


@pytest.mark.parametrize("moved", [None, "2026-03-12T00:00:00"], ids=["undated", "as made"])
def test_a_few_new_objects_without_a_log_are_no_failure(platform, run, moved):
    """Nobody changed them yet, so the platform may have no log of them: that tells nothing of the others."""
    platform.lists["creatives"] = [dated(1)]
    platform.logs = {"history/creative/1": [entry("2026-03-01")]}
    chosen = {"history_models": ["creatives"]}
    first = run("history", **chosen)
    new = {"id": 2, "created_at": "2026-03-12T00:00:00", "updated_at": moved}
    platform.lists["creatives"].append(new)
    second = run("history", state=first.last_state, **chosen)
    logs = [a.path for a in platform.asked if a.path.endswith("creative/2")]
    assert "/v3/history/creative/2" in logs
    assert [row["object_id"] for row in second.records.get("history", [])] in ([], [1])


@pytest.mark.parametrize(
    "moved", ["2026-03-10 05:00:00", "2026-03-09T23:30:00-02:00", "2026-03-10T00:00:00.500000Z"]
)
def test_the_log_of_a_modified_object_is_read_whatever_form_its_time_has(platform, run, moved):
    """Held against the bookmark as a moment, not letter by letter."""
    platform.lists["creatives"] = [dated(1), dated(2)]
    chosen = {"history_models": ["creatives"]}
    first = run("history", **chosen)
    platform.deaf = ("updated_at",)
    platform.lists["creatives"] = [dated(1), {"id": 2, "updated_at": moved}]
    run("history", state=first.last_state, **chosen)
    logs = [a.path for a in platform.asked if a.path.startswith("/v3/history/")]
    assert logs == ["/v3/history/creative/2"]


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
def test_an_object_without_an_id_has_no_log_to_ask_for(platform, run, caplog, nothing):
    """It is named, after the logs of all others were read; nobody is asked for the log of `None`."""
    platform.lists["creatives"] = [{"id": nothing, "updated_at": None}, dated(1)]
    platform.lists["sites"] = [dated(1)]
    with pytest.raises(RunFailed, match="history"):
        run("history", history_models=["creatives", "sites"])
    assert "creatives: an object has no `id`" in caplog.text
    logs = [a.path for a in platform.asked if "history" in a.path]
    assert logs == ["/v3/history/creative/1", "/v3/history/site/1"]


def days(question: Mapping[str, Any], **told: object) -> dict[str, Any]:
    """A report of one row for the first day, with what the answer says of the question."""
    columns = [*question["groups"], *question["metrics"]]
    rows = [[question["from"][:10], 7, 3]]
    report = {"id": "r", "columns": columns, "data": rows, "query": {**question, **told}}
    return {"success": True, "resource": "report", "report": report}


@pytest.mark.parametrize(
    "told",
    [
        {"timezone": "America/New_York"},
        {"timezone": "Mars/Phobos"},
        {"scope": "advertiser"},
        {"from": "2026-03-01 00:00:00"},
        {"where": []},
    ],
    ids=str,
)
def test_an_answer_of_another_question_is_no_answer(platform, run, caplog, told):
    """The platform repeats the request: another zone, scope or day, or a filter left out, is other money."""
    platform.report = lambda asked: days(asked, **told)
    with pytest.raises(RunFailed):
        run("own", reports=[OWN], start_date="2026-03-10", time_zone="Europe/Berlin")
    (name,) = told
    assert f"answered {name}" in caplog.text


@pytest.mark.parametrize(
    "told",
    [
        {"timezone": "Europe/Berlin"},
        {"timezone": "Arctic/Longyearbyen"},
        {"timezone": None, "scope": None, "where": None},
        {"scope": "PUBLISHER"},
        {"where": [["site_id", "in", ["7", "8"]], ["publisher_id", "==", 1]]},
    ],
    ids=str,
)
def test_an_answer_may_spell_the_question_otherwise(platform, run, told):
    """A zone has several names, and what the account may see can be filtered further."""
    platform.report = lambda asked: days(asked, **told)
    found = run("own", reports=[OWN], start_date="2026-03-10", time_zone="Europe/Berlin")
    assert [row["clicks"] for row in found.records["own"]] == [3]


@pytest.mark.parametrize("daterange", ["last7days", "yeartodate", "lifetime"])
@pytest.mark.parametrize(
    ("zone", "is_same"),
    [
        ("Arctic/Longyearbyen", True),
        ("europe/berlin", True),
        ("Europe/Lisbon", False),
        ("Mars/Phobos", False),
    ],
)
def test_a_rolling_report_may_spell_its_zone_otherwise(
    platform, run, caplog, daterange, zone, is_same
):
    """Also where the answer does not say which days it is of."""

    def report(asked: Mapping[str, Any]) -> object:
        columns = [*asked["groups"], *asked["metrics"]]
        told = {"columns": columns, "data": [[7, 3]], "query": {**asked, "timezone": zone}}
        return {"success": True, "resource": "report", "report": {"id": "r", **told}}

    platform.report = report
    given: dict[str, Any] = {"reports": [{**OWN, "daterange": daterange}]}
    given["time_zone"] = "Europe/Berlin"
    if is_same:
        assert [row["clicks"] for row in run("own", **given).records["own"]] == [3]
        return
    with pytest.raises(RunFailed):
        run("own", **given)
    assert f"answered timezone {zone}" in caplog.text


@pytest.mark.parametrize(("told", "is_same"), [("LAST7DAYS", True), (None, True), ("today", False)])
def test_a_rolling_report_of_another_range_is_no_answer(platform, run, caplog, told, is_same):
    """A snapshot of other days would stand in the warehouse under the range that was asked for."""

    def report(asked: Mapping[str, Any]) -> object:
        columns = [*asked["groups"], *asked["metrics"]]
        made = {"columns": columns, "data": [[7, 3]], "query": {**asked, "daterange": told}}
        return {"success": True, "resource": "report", "report": {"id": "r", **made}}

    platform.report = report
    given: dict[str, Any] = {"reports": [{**OWN, "daterange": "last7days"}]}
    if is_same:
        assert [row["clicks"] for row in run("own", **given).records["own"]] == [3]
        return
    with pytest.raises(RunFailed):
        run("own", **given)
    assert "asked daterange last7days, answered daterange today" in caplog.text


@pytest.mark.parametrize(
    ("told", "is_whole"),
    [
        ({}, False),
        ({"data": None}, False),
        ({"is_ready": False, "link": "/v3/report/r"}, False),
        ({"data": None, "length": 2}, False),
        ({"data": None, "length": 0}, True),
        ({"data": []}, True),
    ],
    ids=str,
)
def test_a_report_that_holds_no_rows_is_not_an_empty_one(platform, run, told, is_whole):
    """Version 2 answers so while a report is still made: the bookmark would pass days that nobody has read."""
    platform.report = lambda asked: {
        "success": True,
        "resource": "report",
        "report": {"id": "r", "query": asked, **told},
    }
    given: dict[str, Any] = {"reports": [OWN], "start_date": "2026-03-10"}
    if is_whole:
        assert [w["row_count"] for w in run("own", **given).windows("own")] == [0]
        return
    with pytest.raises(RunFailed, match="own"):
        run("own", **given)


@pytest.mark.parametrize(
    "words",
    [
        "date range too long",
        "the maximum interval is 7 days",
        "period exceeds the limit",
        "no more than 2 days can be asked for",
    ],
)
def test_a_range_that_is_refused_as_too_long_is_asked_for_in_parts(platform, run, words):
    """The platform names no longest range: one that it refuses in these words is halved until it is short enough."""

    def report(asked: Mapping[str, Any]) -> object:
        first, last = (int(asked[end][8:10]) for end in ("from", "to"))
        if last - first > 2:
            refusal = f'{{"success": false, "error": "{words}", "errno": 9}}'
            return Text(refusal, "application/json", 400)
        return days(asked)

    platform.report = report
    found = run("own", reports=[OWN], start_date="2026-03-10", end_date="2026-03-18")
    assert len(found.windows("own")) == 1
    assert len(found.records["own"]) >= 4
    bodies = [a.body for a in platform.asked if a.path == "/v3/report"]
    assert len(bodies) == len(set(bodies))


@pytest.mark.parametrize(
    "words",
    [
        "too many groups with hour: at most 3",
        "the limit is 5 groups a day",
        "column day: more than one of its name",
    ],
)
def test_a_refusal_that_is_not_about_the_range_is_final(platform, run, caplog, words):
    """`day` and `hour` are groups: shorter windows would be refused in the same words, down to the shortest."""
    refusal = f'{{"success": false, "error": "{words}", "errno": 9}}'
    platform.report = lambda _asked: Text(refusal, "application/json", 400)
    with pytest.raises(RunFailed):
        run("own", reports=[OWN], start_date="2026-03-10", end_date="2026-03-18")
    assert words in caplog.text
    assert [a.path for a in platform.asked].count("/v3/report") == 1


def test_stored_reports_of_both_kinds_are_asked_for_once(platform, run):
    """One answer holds both lists."""
    platform.lists = {"reports": [{"id": "a"}], "scheduled": [{"id": "b"}]}
    found = run("reports", "scheduled_reports")
    assert ids(found, "reports") + ids(found, "scheduled_reports") == ["a", "b"]
    assert [a.path for a in platform.asked].count("/v3/reports") == 1
    tap = TapAtomx(
        config={"api_url": "http://x.example/v3", "email": "a@b.example", "password": "p" * 12}
    )
    watch = record_requests(tap.platform.http, offline=True)
    streams = (e for e in ENTITIES if e.path == "reports")
    planned = [len(entity_calls(tap.platform, watch, stream, None)) for stream in streams]
    assert planned == [1, 0]  # `adtap plan`


def test_a_list_that_is_missing_beside_the_other_is_said(platform, run, caplog):
    """A server may leave out a list without entries: no failure in every run, for every user, but a warning."""
    platform.lists = {"reports": [{"id": "a"}]}
    found = run("reports", "scheduled_reports")
    assert ids(found, "reports") == ["a"]
    assert not found.records["scheduled_reports"]
    assert caplog.text.count("`scheduled`") == 1


@pytest.mark.parametrize(
    "lists",
    [{}, {"reports": None}, {"reports": [], "scheduled": {"id": "b"}}, {"scheduled": 0}],
    ids=str,
)
def test_an_answer_without_its_lists_is_not_an_empty_one(platform, run, caplog, lists):
    """Where nothing that was asked for has come, nobody has said that nothing is scheduled."""
    platform.lists = lists
    with pytest.raises(RunFailed, match="scheduled_reports"):
        run("reports", "scheduled_reports")
    assert "`scheduled`" in caplog.text


SITES = [["2026-03-17", site, 10 * site] for site in range(1, 8)]


def capped(platform: Platform, most: int, **odd: Any) -> Callable[[Mapping[str, Any]], object]:
    """A server that gives so many rows at once, and says how many there are; sorted only if it is asked to."""

    def report(asked: Mapping[str, Any]) -> object:
        offset = 0 if odd.get("deaf") else int(platform.query.get("offset", 0))
        sort = platform.query.get("sort")
        assert sort in {None, "day.asc,site_id.asc", "site_id.asc"}
        rows = [r if "day" in asked["groups"] else r[1:] for r in SITES]
        rows = (rows if sort else rows[::-1])[offset : offset + most]
        length = len(rows) if odd.get("own_length") and offset else len(SITES)
        if odd.get("moves") and offset:
            rows = [[*r[:-1], r[-1] + 1] for r in rows]
        columns = [*asked["groups"], *asked["metrics"]]
        told = {"length": length, "totals": {"clicks": sum(r[-1] for r in SITES)}}
        return {
            "success": True,
            "resource": "report",
            "report": {"id": "r", "columns": columns, "data": rows, "query": asked, **told},
        }

    return report


@pytest.mark.parametrize("most", [1, 3, 6])
@pytest.mark.parametrize("odd", [{}, {"own_length": True}], ids=["all", "page"])
@pytest.mark.parametrize("rolling", [False, True], ids=["day", "rolling"])
def test_a_report_of_one_day_with_a_row_cap_is_read_in_pages(platform, run, most, odd, rolling):
    """It can't be split by time: `offset` and `sort` are documented, and length and totals tell when it is whole."""
    platform.report = capped(platform, most, **odd)
    own = {**OWN, "filters": [], **({"daterange": "yesterday"} if rolling else {})}
    found = run("own", reports=[own], start_date="2026-03-17", max_retries=2)
    assert sorted(r["site_id"] for r in found.records["own"]) == [1, 2, 3, 4, 5, 6, 7]
    assert [w["row_count"] for w in found.windows("own")] == [7]
    assert [w["splits"] for w in found.windows("own")] == [-(-7 // most) - 1]


@pytest.mark.parametrize("odd", [{"deaf": True}, {"moves": True}], ids=["deaf", "moves"])
def test_pages_that_do_not_make_a_report_whole_fail(platform, run, odd):
    """The first page again and again, or figures that changed meanwhile: never emitted as if complete."""
    platform.report = capped(platform, 3, **odd)
    with pytest.raises(RunFailed):
        run("own", reports=[{**OWN, "filters": []}], start_date="2026-03-17", max_retries=2)
    assert 3 <= len([a for a in platform.asked if a.path == "/v3/report"]) <= 9


def test_a_part_of_an_answer_is_asked_for_again():
    """206 where nobody asked for a part: what it holds looks whole."""
    body = Spool.of(b'{"success": true, "report": []}')
    reply = Response(206, {}, body, "https://api.example", datetime.now(UTC))
    assert responses.classify(Call(url=reply.url, what="report"), reply).action is Action.RETRY
