"""A value that no column holds costs neither its row nor its window, whichever way it came."""

import json
from decimal import Decimal

import pytest

from adtap_core.names import column_name
from tests.contracts.wires import STREAM, WIRES
from tests.loader.conftest import File

EXTRA = "_extra"
NO_MONEY = ("123456789012345678901234.5", "1e21", "NaN", "nan", "-Infinity", "1_000")
NO_COUNT = ("NaN", "Infinity", "99999999999999999999", "1.5")
LONG = "0.1234567890123456789"
NOISY = {"atomx json", "atomx tsv", "openx data service", "openx jobs"}
"""Platforms whose money is a sum of floats: digits behind the 18th are noise of their own."""


@pytest.mark.parametrize("name", WIRES)
def test_what_fits_no_column_is_kept_beside_an_empty_one(name):
    """Null, not rounded, not 0; the value is whole in `_extra`, and the ledger names column and number."""
    wire = WIRES[name]
    money, count = column_name(wire.money), column_name(wire.count)
    found = wire.rows(
        *[wire.row(f"money {v}", money=v) for v in NO_MONEY],
        *[wire.row(f"count {v}", count=v) for v in NO_COUNT],
        wire.row("good", money="7.25"),
    )
    rows = {r[column_name(wire.dimension)]: r for r in found.records[STREAM]}
    for value in NO_MONEY:
        row = rows[f"money {value}"]
        assert (row[money], row[count], row[EXTRA]) == (None, 1, {money: value})
    for value in NO_COUNT:
        row = rows[f"count {value}"]
        assert (row[money], row[count], row[EXTRA]) == ("2.5", None, {count: value})
    assert (rows["good"][money], rows["good"][EXTRA]) == ("7.25", None)
    (window,) = found.windows(STREAM)
    words = "values do not fit the column's type: null there, kept in `_extra`"
    assert f"{money}: {len(NO_MONEY)} {words}" in window["warnings"]
    assert f"{count}: {len(NO_COUNT)} {words}" in window["warnings"]


@pytest.mark.parametrize("name", WIRES)
def test_digits_that_warehouses_round_are_whole_beside_the_column(name):
    """The number stays in its column, to be added up; where the platform itself sends noise, nothing is said."""
    wire = WIRES[name]
    money = column_name(wire.money)
    found = wire.rows(wire.row("de", money=LONG))
    ((row,), (window,)) = found.records[STREAM], found.windows(STREAM)
    assert row[money] == LONG
    words = "1 value has more than 18 digits behind the point, which warehouses round: whole in `_extra`"
    wanted = (None, None) if name in NOISY else ({money: LONG}, f"{money}: {words}")
    assert (row[EXTRA], window["warnings"]) == wanted


def test_with_numbers_instead_of_digits_it_is_the_same():
    """`decimals_as: number`; a number of JSON that a float would cut is kept as its text."""
    wire = WIRES["adjust json"]
    found = wire.rows(
        wire.row("de", money="NaN"),
        wire.row("fr", money=12345678901234567890123),
        decimals_as="number",
    )
    rows = {r["country_code"]: r for r in found.records[STREAM]}
    assert (rows["de"]["cost"], rows["de"][EXTRA]) == (None, {"cost": "NaN"})
    assert (rows["fr"]["cost"], rows["fr"][EXTRA]) == (None, {"cost": 12345678901234567890123})


def test_the_key_of_a_row_is_made_of_the_text_of_what_does_not_fit():
    """Two values that fit no type are two rows, and null is a third; with the same key at each reading."""
    wire = WIRES["adjust kpi"]
    report = {**wire.report, "name": STREAM, "endpoint": "cohorts", "kpis": ["installs", "revenue"]}
    countries = [
        {
            "country": "de",
            "periods": [{"period": p, "kpi_values": [1, 2]} for p in ("x", "NaN", None, "1")],
        }
    ]

    def answer(_asked):
        found = wire.write([], {})
        body = found.body.replace(
            '"countries": []', '"countries": ' + json.dumps(countries)
        ).replace('"countries"]', '"countries", "periods"]')
        return type(found)(body, found.kind)

    keys = []
    for _ in range(2):
        rows = wire.run(answer, kpi_reports=[report]).records[STREAM]
        assert [(r["period"], r[EXTRA]) for r in rows] == [
            (None, {"period": "x"}),
            (None, {"period": "NaN"}),
            (None, None),
            (1, None),
        ]
        keys.append([r["_row_key"] for r in rows])
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 4


def test_the_load_goes_on_and_the_warehouse_has_every_digit(tmp_path):
    """A value that no column holds ended the load; now its row is there, and the value beside it."""
    wire = WIRES["adjust json"]
    large = "123456789012345678901234.5"
    found = wire.rows(
        wire.row("de", money=large), wire.row("fr", money=LONG), wire.row("it", count="NaN")
    )
    place = File(tmp_path / "ads.duckdb")
    place.load(*[json.dumps(line, default=str) for line in found.lines])
    assert place.query("SELECT country_code, cost, installs, _extra FROM mine ORDER BY 1") == [
        ("de", None, 1, json.dumps({"cost": large}, separators=(",", ":"))),
        (
            "fr",
            Decimal("0.123456789012345679"),
            1,
            json.dumps({"cost": LONG}, separators=(",", ":")),
        ),
        ("it", Decimal("2.5"), None, '{"installs":"NaN"}'),
    ]
