"""Buckets that are not what was asked for, counts of rows that do not agree, names in changing letters."""

import json
from dataclasses import replace

import pytest

from adtap_core.names import column_name
from adtap_core.tap import RunFailed
from tests.canned import Text
from tests.contracts.wires import DAY, STREAM, WIRES

BUCKETS = {"terminalone v2": "agg_timestamp", "terminalone v1": "start_date", "openx jobs": "Day"}


def fails(wire, answer, caplog, **more):
    """The run fails, and nothing of the window is written; the log."""
    written = []
    with pytest.raises(RunFailed):
        wire.run(answer, written=written.append, **more)
    assert not written[0].windows(STREAM)
    assert not written[0].records[STREAM]
    assert "unexpected" not in caplog.text
    return caplog.text


@pytest.mark.parametrize("name", [n for n in WIRES if n != "adjust kpi"])
def test_a_day_that_does_not_begin_at_midnight_is_refused(name, caplog):
    """23:00 is midnight of another zone: its rows would be counted for the day before."""
    wire = WIRES[name]
    row = wire.row("de", **{BUCKETS.get(name, "day"): f"{DAY}T23:00:00Z"})
    said = fails(wire, lambda _: wire.write([row], {}), caplog)
    assert "is not the beginning of a day: in another time zone?" in said


@pytest.mark.parametrize("name", ["adjust json", "atomx tsv", "openx data service", "openx jobs"])
def test_a_date_is_no_hour(name, caplog):
    """All hours of the day would be counted for its first."""
    wire = WIRES[name]
    field = "Hour" if name == "openx jobs" else "hour"
    row = {k: v for k, v in wire.row("de").items() if k.lower() != "day"} | {field: DAY}
    report = {"name": STREAM, **wire.report, "grain": "hour"}
    assert "is not a hour" in fails(wire, lambda _: wire.write([row], {}), caplog, reports=[report])


def spoilt(name, count):
    """An answer with one row that says that it has others."""
    wire = WIRES[name]
    good = wire.write([wire.row("de")], {})
    assert isinstance(good.body, str)
    old, new = {
        "atomx json": ('"length": 1', f'"length": {json.dumps(count)}'),
        "terminalone v2": ('"total_items_count": 1', f'"total_items_count": {json.dumps(count)}'),
    }[name]
    assert old in good.body
    return Text(good.body.replace(old, new), good.kind)


@pytest.mark.parametrize("count", [5, "5", 5.0], ids=repr)
@pytest.mark.parametrize("name", ["atomx json", "terminalone v2"])
def test_a_count_that_does_not_agree_is_heard_in_whatever_type_it_comes(name, count, caplog):
    """A number, a text, a decimal."""
    fails(WIRES[name], lambda _: spoilt(name, count), caplog)


@pytest.mark.parametrize("count", ["1", 1.0], ids=repr)
@pytest.mark.parametrize("name", ["atomx json", "terminalone v2"])
def test_a_count_that_agrees_is_good_in_whatever_type_it_comes(name, count):
    """And so is one that is null."""
    for said in (count, None):
        assert WIRES[name].run(lambda _, said=said: spoilt(name, said)).records[STREAM]


@pytest.mark.parametrize("name", ["adjust json", "terminalone v2", "openx data service"])
def test_the_case_of_names_may_differ_from_row_to_row(name):
    """A metric in other letters is found in each row, not only where the first one has it so."""
    wire = WIRES[name]
    other = {k.upper() if k == wire.count else k: v for k, v in wire.row("fr", count=5).items()}
    rows = wire.rows(wire.row("de"), other).records[STREAM]
    assert [(r[column_name(wire.count)], r["_extra"]) for r in rows] == [(1, None), (5, None)]


def test_money_whose_currency_stands_in_no_row_fails(caplog):
    """It was asked for: the next good reading would bring the same money under other keys."""
    wire = WIRES["openx data service"]
    row = {k: v for k, v in wire.row("de").items() if k != "publisherCurrency"}
    said = fails(wire, lambda _: wire.write([row], {}), caplog)
    assert "publisherCurrency is in no row" in said


@pytest.mark.parametrize("name", ["atomx json", "adjust kpi"])
def test_an_answer_of_other_days_than_were_asked_for_is_refused(name, caplog):
    """A service that cuts the stretch short says so in what it repeats of the question."""
    wire = WIRES[name]

    def answer(_asked):
        document = json.loads(wire.write([wire.row("de")], {}).body)
        if name == "adjust kpi":
            document["result_parameters"] |= {"start_date": DAY, "end_date": "2026-03-15"}
        else:
            document["report"] |= {"from": f"{DAY} 00:00:00", "to": f"{DAY} 12:00:00"}
        return document

    assert "answered" in fails(wire, answer, caplog)


def test_rows_and_totals_of_atomx_agree_as_texts_too(caplog):
    """Whatever type each has; a row that is no list is named."""
    wire = WIRES["atomx json"]

    def answer(total, *rows):
        document = json.loads(wire.write([wire.row("de"), wire.row("fr")], {}).body)
        document["report"]["totals"] = {"impressions": total}
        document["report"]["data"] += rows
        document["report"]["length"] += len(rows)
        return lambda _: document

    assert len(wire.run(answer("2")).records[STREAM]) == 2
    fails(wire, answer("3"), caplog)
    for row in (None, {"a": 1}, "x"):
        assert "values for 4 columns" in fails(wire, answer(2, row), caplog)


def test_a_job_s_report_with_a_column_twice_is_refused(caplog):
    """In letters of another case, too: the last one would be taken."""
    wire = WIRES["openx jobs"]
    body = wire.write([wire.row("de") | {"IMPRESSIONS": 9}], {})
    assert "two columns impressions" in fails(wire, lambda _: body, caplog)


@pytest.mark.parametrize(
    "said",
    [
        {"warnings": [{"slug": "limit_rows", "body": "x"}]},
        {"data_warnings": {"slug": "warning", "body": "The result was limited to 10000 rows."}},
        {"warnings": "limit_rows"},
        {"warnings": ["Rows were truncated"]},
    ],
    ids=["slug", "an object", "a text", "words"],
)
def test_a_warning_that_rows_are_missing_is_heard(said, caplog):
    """However the service puts it; one about anything else is kept in the ledger."""
    wire = WIRES["adjust json"]
    assert "the answer is cut" in fails(wire, lambda _: wire.write([wire.row("de")], said), caplog)
    good = {"warnings": "limit_ad_tracking is off"}
    found = wire.run(lambda _: wire.write([wire.row("de")], good))
    assert [w["warnings"] for w in found.windows(STREAM)] == ["warning: limit_ad_tracking is off"]


def test_a_row_of_several_days_is_not_a_day(caplog):
    """Reports V1 say the last day of each row: a sum of three days would be counted for the first."""
    wire = WIRES["terminalone v1"]
    row = wire.row("de", end_date="2026-03-18")
    said = fails(wire, lambda _: wire.write([row], {}), caplog)
    assert f"a row is of {DAY} to 2026-03-18, and one day was asked for" in said


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ([], "the login sees no organization"),
        ([{"id": None}], "organizations: a record without a number for an id"),
        ([{"name": "x"}], "without a number for an id"),
    ],
    ids=["none", "null", "no id"],
)
@pytest.mark.parametrize("name", ["terminalone v2", "terminalone v1"])
def test_a_login_that_sees_no_account_is_no_empty_report(name, listed, words, caplog):
    """Nothing would be asked for, with exit code 0."""
    wire = WIRES[name]
    settings = {k: v for k, v in wire.settings.items() if k != "organization_ids"}

    def route(asked):
        if "organizations" in asked.path:
            return {"data": listed, "meta": {"status": "ok"}}
        return wire.route(asked)

    blind = replace(wire, settings=settings, route=route)
    assert words in fails(blind, lambda _: wire.write([wire.row("de")], {}), caplog)


@pytest.mark.parametrize("name", ["terminalone v2", "terminalone v1"])
def test_an_account_that_is_not_seen_is_no_empty_report(name, caplog):
    """Its service answers with no row: named before it is asked, instead of a bookmark that moves."""
    wire = WIRES[name]
    blind = replace(wire, settings={**wire.settings, "organization_ids": [99]})
    said = fails(blind, lambda _: wire.write([], {}), caplog)
    assert "organization_ids: 99 is none of the organizations that the login sees (33)" in said
