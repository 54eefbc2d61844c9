"""What a platform sends and nobody asked for is kept beside the row; a name that stands twice is no value at all."""

import json
import logging
from unittest.mock import patch

import pytest

from adtap_core.bodies import parsing
from adtap_core.names import column_name
from adtap_core.tap import RunFailed
from tap_adjust import transports
from tests.canned import Text
from tests.contracts.wires import STREAM, WIRES

EXTRA = "_extra"
ALWAYS = {"adjust json": {"attr_dependency": {"partner_id": "77"}}}
"""What a platform sends along whatever was asked for, and is no data of the row."""


WAYS = [(name, False) for name in WIRES] + [(n, True) for n in WIRES if WIRES[n].objects]
"""Each wire, and whether its answers are long: objects of JSON are then read otherwise."""
IDS = [f"{name}{', long' if on_disk else ''}" for name, on_disk in WAYS]


@pytest.fixture
def on_disk(request):
    """Whether any answer counts as long."""
    size = 0 if request.param else parsing.MEMORY_BYTES
    with (
        patch.object(parsing, "MEMORY_BYTES", size),
        patch.object(transports, "MEMORY_BYTES", size),
    ):
        yield


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize(("name", "on_disk"), WAYS, ids=IDS, indirect=["on_disk"])
def test_an_unknown_field_is_kept_beside_the_row(name, caplog):
    """In `_extra`, under its own name in snake_case; said once; the row's key is what it was; no secret comes along."""
    wire = WIRES[name]
    more = {"brandNew": "x", "score": "3.50", "apiKey": "canary-secret", "empty": None}
    rows = [
        wire.row("de", **ALWAYS.get(name, {})),
        wire.row("fr", **more),
        wire.row("it", brandNew="y"),
    ]
    with caplog.at_level(logging.INFO):
        found = wire.rows(*rows).records[STREAM]
    prefix = "countries_" if name == "adjust kpi" else ""
    wanted = [
        None,
        {f"{prefix}brand_new": "x", f"{prefix}score": "3.50"},
        {f"{prefix}brand_new": "y"},
    ]
    assert [r[EXTRA] for r in found] == wanted
    assert (
        len([m for m in caplog.messages if "brandNew` was not asked for: kept in `_extra`" in m])
        == 1
    )
    plain = wire.rows(*[wire.row(d) for d in ("de", "fr", "it")]).records[STREAM]
    assert [r["_row_key"] for r in plain] == [r["_row_key"] for r in found]
    assert [r[EXTRA] for r in plain] == [None] * 3
    assert "canary-secret" not in json.dumps(found, default=str) + caplog.text


@pytest.mark.parametrize("name", [n for n in WIRES if n != "adjust kpi"])
def test_a_metric_that_was_deselected_and_comes_all_the_same_is_left_out(name):
    """Nobody wants it; what nobody knows is kept. Values of the KPI service have no names of their own."""
    wire = WIRES[name]
    money = column_name(wire.money)
    (row,) = wire.rows(wire.row("de", brandNew="x"), deselected=[money]).records[STREAM]
    assert money not in row
    assert row[EXTRA] == {"brand_new": "x"}


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize(
    ("name", "on_disk"),
    [way for way in WAYS if WIRES[way[0]].objects],
    ids=[i for i, way in zip(IDS, WAYS, strict=True) if WIRES[way[0]].objects],
    indirect=["on_disk"],
)
def test_an_object_that_has_a_name_twice_fails_the_window(name):
    """Which of the two is meant can't be told; a decoder would keep the last one."""
    wire, written = WIRES[name], []

    def answer(_asked):
        good = wire.write([wire.row("de"), wire.row("fr"), wire.row("it")], {})
        assert isinstance(good.body, str)
        field = json.dumps(wire.dimension)
        return Text(good.body.replace(f'{field}: "fr"', f'{field}: "fr", {field}: "us"'), good.kind)

    with pytest.raises(RunFailed):
        wire.run(answer, written=written.append)
    assert not written[0].windows(STREAM)
    assert not written[0].records[STREAM]


@pytest.mark.parametrize("name", ["openx data service", "adjust json"])
def test_two_spellings_of_one_field_are_two_values(name):
    """The one that was asked for is the column's, the other is kept."""
    wire = WIRES[name]
    found = wire.rows(wire.row("de", **{wire.count.upper(): 9})).records[STREAM]
    assert [(r[column_name(wire.count)], list(r[EXTRA].values())) for r in found] == [(1, [9])]
