"""What a platform sends and nobody asked for is kept beside the row; a name that stands twice is no value at all."""

from __future__ import annotations

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


@pytest.fixture(params=[False, True], ids=["in memory", "on disk"])
def on_disk(request):
    """Long answers are read otherwise than short ones."""
    size = 0 if request.param else parsing.MEMORY_BYTES
    with (
        patch.object(parsing, "MEMORY_BYTES", size),
        patch.object(transports, "MEMORY_BYTES", size),
    ):
        yield request.param


@pytest.mark.parametrize("name", WIRES)
def test_an_unknown_field_is_kept_beside_the_row(name, on_disk, caplog):
    """In `_extra`, under its own name in snake_case; said once; the row's key is what it was; no secret comes along."""
    if on_disk and not WIRES[name].objects:
        pytest.skip("tables are read in one way")
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


@pytest.mark.parametrize("name", WIRES)
def test_a_metric_that_was_deselected_and_comes_all_the_same_is_left_out(name):
    """Nobody wants it; what nobody knows is kept."""
    wire = WIRES[name]
    if name == "adjust kpi":
        pytest.skip(
            "its values have no names of their own: more of them than were asked for fail the window"
        )
    money = column_name(wire.money)
    (row,) = wire.rows(wire.row("de", brandNew="x"), deselected=[money]).records[STREAM]
    assert money not in row
    assert row[EXTRA] == {"brand_new": "x"}


@pytest.mark.parametrize("name", [n for n in WIRES if WIRES[n].objects])
def test_an_object_that_has_a_name_twice_fails_the_window(name, on_disk):
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
