"""What arrives in a warehouse: every stream, counted and summed as the world has it."""

# ruff: noqa: S608 - the names in these queries are the tap's own

from decimal import Decimal

from tap_openx import fields
from tap_openx.streams import AUDITED_TYPES, ENTITIES, REPORTS
from tests.loaded import Ask, warehouses
from tests.tap_openx.conftest import money_of_a_day

OBJECTS = {
    e.name: e.path
    for e in ENTITIES
    if e.name not in ("session", "report_fields", "options", "audit_trail")
}
LAST_DIGIT = Decimal("1e-18")
"""Of a decimal column; the contract's scale is 18."""


def check_reports(room, found, ask: Ask, generation: str) -> None:
    for report in REPORTS:
        if report.generations != (generation,):
            continue
        names = report.columns
        spelled = [
            (fields.current_name(m, "metric") or m) if generation == "current" else m
            for m in report.metrics
        ]
        dimensions = [
            (fields.current_name(d, "dimension") or d) if generation == "current" else d
            for d in report.dimensions
        ]
        expected = room.truth(
            attributes=",".join([report.grain.value, *dimensions]),
            metrics=",".join(spelled),
            start="2026-03-16T00:00:00Z",
            end=found.windows(report.name)[-1]["window_end"],
        )
        sums = ", ".join(f"sum({names[m]})" for m in report.metrics)
        (row,) = ask(f"SELECT count(*), {sums} FROM WAREHOUSE.{report.name}")
        assert row[0] == expected["rows"], report.name
        for got, sent in zip(row[1:], expected["sent"].values(), strict=True):
            # A tiny amount's float noise has digits behind the eighteenth: they end in the warehouse,
            # not in the tap (test_reports and test_current compare all of them).
            assert abs(Decimal(got) - Decimal(sent)) <= row[0] * LAST_DIGIT, report.name


def test_every_stream_of_the_legacy_generation_lands(room, tmp_path, request):
    """Objects, services and reports: counts, keys and sums equal the world's, money to the last digit."""
    legacy = [r.name for r in REPORTS if r.generations == ("legacy",)]
    found = room.run(room.legacy(), *(e.name for e in ENTITIES), *legacy)
    for ask in warehouses(found, tmp_path, request):
        for stream, path in OBJECTS.items():
            got = {row[0] for row in ask(f"SELECT uid FROM WAREHOUSE.{stream}")}
            assert got == set(room.truth(entity=path)["uids"]), stream
        trail = dict(ask("SELECT obj_type, count(*) FROM WAREHOUSE.audit_trail GROUP BY 1"))
        assert trail == {k: v for k, v in room.truth(trail=1).items() if k in AUDITED_TYPES}
        for stream, count in (("session", 1), ("report_fields", 26)):
            assert ask(f"SELECT count(*) FROM WAREHOUSE.{stream}") == [(count,)], stream
        assert ask("SELECT count(DISTINCT option_key) FROM WAREHOUSE.options") == [(20,)]
        check_reports(room, found, ask, "legacy")


def test_every_report_of_the_current_generation_lands(room, tmp_path, request):
    """The CSV's numbers, to the last digit."""
    current = [r.name for r in REPORTS if r.generations == ("current",)]
    found = room.run(room.current(), "accounts", *current)
    for ask in warehouses(found, tmp_path, request):
        assert len(ask("SELECT uid FROM WAREHOUSE.accounts")) == len(
            room.truth(entity="account")["uids"]
        )
        check_reports(room, found, ask, "current")


def test_the_vendors_sample_of_money_lands_as_it_is(room, tmp_path, request):
    """`2.739120012072817` in the answer is `2.739120012072817` in the warehouse."""
    body = (
        '{"reportData":[{"day":"2026-03-17","publisherSiteId":"1","publisherCurrency":"USD",'
        '"marketPublisherRevenueInPCoin":2.739120012072817}],'
        '"reportMetadata":{"reportCreated":"2026-03-18T04:00:00-08:00"}}'
    )
    room.answer_reports(status=200, body=body)
    found = money_of_a_day(room)
    for ask in warehouses(found, tmp_path, request):
        ((value,),) = ask("SELECT market_publisher_revenue FROM WAREHOUSE.money_daily")
        assert value == Decimal("2.739120012072817")
