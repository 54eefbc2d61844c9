"""Weeks that a service begins on another day than Monday: whole, or refused; never two halves under two keys."""

import json

import pytest

from adtap_core.tap import RunFailed
from tests.contracts.wires import STREAM, WIRES

ASKED = ["adjust json", "adjust csv", "adjust parquet", "adjust kpi"]
"""Wires on which a week is asked for as a span of days, whatever day the service begins its own on."""
NAMED = ["terminalone v2", "terminalone v1"]
"""Wires whose rows say their week, which begins on Monday by the vendor's pages."""


def weekly(name, answer, **more):
    """Run the tap over two whole weeks from Monday, March 2nd."""
    wire = WIRES[name]
    if name == "adjust kpi":
        settings = {
            "kpi_reports": [{"name": STREAM, **wire.report, "grouping": ["week", "countries"]}]
        }
    else:
        settings = {"reports": [{"name": STREAM, **wire.report, "grain": "week"}]}
    return wire.run(answer, start_date="2026-03-02", end_date="2026-03-16", **settings, **more)


def span(asked):
    """The days that a request of Adjust is for, both ends with it."""
    if "date_period" in asked.query:
        return tuple(asked.query["date_period"].split(":"))
    return asked.query["start_date"], asked.query["end_date"]


def kpi(document):
    """An answer of the KPI service that is not cut by time."""
    made = json.loads(document.body)
    app = made["result_set"]["apps"][0]
    app["countries"] = app.pop("dates")[0]["countries"]
    return made


@pytest.mark.parametrize("name", ASKED)
def test_a_week_is_asked_for_whole(name):
    """From Monday to Sunday, without the service's own weeks among the dimensions: a row a week and country."""
    wire, asked_for = WIRES[name], []

    def answer(asked):
        asked_for.append(span(asked))
        assert "week" not in asked.query.get("dimensions", "") + asked.query.get("grouping", "")
        rows = [{k: v for k, v in wire.row(d).items() if k != "day"} for d in ("de", "fr")]
        return kpi(wire.write(rows, {})) if name == "adjust kpi" else wire.write(rows, {})

    rows = weekly(name, answer).records[STREAM]
    assert sorted(asked_for) == [("2026-03-02", "2026-03-08"), ("2026-03-09", "2026-03-15")]
    assert len({r["_row_key"] for r in rows}) == len(rows) == 4
    assert {r["week"] for r in rows} == {"2026-03-02", "2026-03-09"}


@pytest.mark.parametrize("name", ASKED)
def test_halves_of_a_week_that_say_so_fail_the_window(name):
    """Rows that tell weeks of their own, two in the one that was asked for."""
    wire, written = WIRES[name], []

    def answer(asked):
        first, last = span(asked)
        field = "date" if name == "adjust kpi" else "week"
        rows = [{**wire.row("de"), field: day} for day in (first, last)]
        for row in rows:
            row.pop("day", None)
        if name != "adjust kpi":
            return wire.write(rows, {})
        document = json.loads(wire.write([wire.row("de")], {}).body)
        app = document["result_set"]["apps"][0]
        app["dates"] = [{**app["dates"][0], "date": day} for day in (first, last)]
        return document

    with pytest.raises(RunFailed):
        weekly(name, answer, written=written.append)
    assert not written[0].windows(STREAM)
    assert not written[0].records[STREAM]


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(
    "days", [["2026-03-08"], ["2026-03-02", "2026-03-05"]], ids=["Sunday", "two a week"]
)
def test_a_week_that_does_not_begin_on_monday_is_refused(name, days, caplog):
    """Its days would lie in two of ours."""
    wire, written = WIRES[name], []
    if name == "terminalone v1":
        rows = [wire.row("de", start_date=day, end_date=day) for day in days]
    else:
        rows = [wire.row("de", agg_timestamp=f"{day}T00:00:00Z") for day in days]
    with pytest.raises(RunFailed):
        weekly(name, lambda _: wire.write(rows, {}), written=written.append)
    assert not written[0].windows(STREAM)
    assert "is not the first day of a week (weeks begin on Monday)" in caplog.text
