"""The tap on the SDK's frame: settings, catalog and streams, before anything is read."""

import logging

import pytest

from adtap_core.declare import Entity
from adtap_core.errors import SettingsError
from adtap_core.tap import AdTap, _depth
from adtap_core.testing import run_tap, select
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny

MINE = {"name": "mine", "dimensions": ["account"], "metrics": ["clicks"]}


def test_discovery_needs_no_settings_and_asks_nobody(tiny: Tiny) -> None:
    """The tables beside the reports come with it; columns keep the keys that the SDK does not know."""
    document = TapTiny(config={}, validate_config=False).catalog_dict
    streams = {entry["tap_stream_id"]: entry for entry in document["streams"]}
    assert {*streams} == {"spend_daily", "sync_windows", "sync_days"}
    spend = streams["spend_daily"]["schema"]["properties"]["spend"]
    assert (spend["precision"], spend["scale"], spend["x-additivity"]) == (38, 18, "additive")
    assert tiny.server.log == []


def test_a_report_of_the_user_is_a_stream_like_any(tiny: Tiny) -> None:
    """It is discovered and read beside the built-in ones."""
    got = tiny.run(reports=[MINE])
    assert {row["account"] for row in got.records["mine"]} == {"x", "y"}
    assert got.records["spend_daily"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": None}, "token is missing"),
        ({"start_date": "soon"}, "start_date"),
        ({"reports": [MINE, MINE]}, "the name is used twice"),
        ({"reports": [MINE | {"name": "sync_windows"}]}, "belongs to a built-in stream"),
        ({"backfill": {"from": "2026-03-01", "to": "2026-03-02", "streams": ["spend"]}}, "'spend' is not a report stream (did you mean spend_daily?)"),
        ({"stream_maps": {"spend_daily": {"clicks": "1 +"}}}, "stream_maps"),
    ],
    ids=["missing", "no date", "twice", "ours", "no report", "no expression"],
)  # fmt: skip
def test_settings_that_can_not_be_meant_end_the_run_before_any_request(
    tiny: Tiny, settings: dict[str, object], words: str
) -> None:
    """A line for each."""
    with pytest.raises(SettingsError) as error:
        tiny.run(**settings)
    assert words in str(error.value)
    assert tiny.server.log == []


def test_faults_of_several_settings_are_told_at_once(tiny: Tiny) -> None:
    """Nobody mends one to be told of the next."""
    with pytest.raises(SettingsError) as error:
        tiny.run(start_date="soon", max_retries="many")
    assert [line.partition(":")[0] for line in error.value.errors] == ["max_retries", "start_date"]


def test_a_catalog_that_selects_what_is_not_there_is_refused(tiny: Tiny) -> None:
    """The report was renamed: exit 0 would say that it was read."""
    catalog = select(TapTiny, {**tiny.config, "reports": [MINE]}, {"mine"})
    with pytest.raises(
        SettingsError, match="the stream 'mine' is selected, and with these settings"
    ):
        run_tap(TapTiny, tiny.config, catalog=catalog)
    assert tiny.server.log == []


def test_a_catalog_that_selects_nothing_is_said(
    tiny: Tiny, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is read, and nobody must wonder why."""
    catalog = select(TapTiny, tiny.config, set())
    for entry in catalog["streams"]:
        (root,) = (m["metadata"] for m in entry["metadata"] if not m["breadcrumb"])
        root["selected"] = False
    with caplog.at_level(logging.WARNING):
        run_tap(TapTiny, tiny.config, catalog=catalog)
    assert "The catalog selects no stream: nothing is read" in caplog.text
    assert tiny.server.log == []


def test_a_backfill_reads_its_reports_and_leaves_the_state(tiny: Tiny) -> None:
    """Byte for byte: it goes out as it came in."""
    state = tiny.run().last_state
    backfill = {"from": "2026-03-01", "to": "2026-03-03", "streams": ["mine"]}
    got = tiny.run(state, reports=[MINE], backfill=backfill)
    assert got.states == [state]
    assert {row["day"] for row in got.records["mine"]} == {"2026-03-01", "2026-03-02"}
    assert not got.records["spend_daily"]


def test_what_others_keep_in_the_state_goes_out_as_it_came(tiny: Tiny) -> None:
    """It is theirs."""
    got = tiny.run({"bookmarks": {}, "theirs": {"n": 1}})
    assert got.last_state["theirs"] == {"n": 1}


def test_parents_are_read_before_their_children() -> None:
    """However deep, wherever the table has them."""

    class Named:
        def __init__(self, name: str, parent: str | None) -> None:
            self.entity = Entity(name=name, path="/", parent=parent)

    family = {n: Named(n, p) for n, p in (("c", "b"), ("b", "a"), ("a", None), ("d", "gone"))}
    assert {n: _depth(n, family) for n in family} == {"c": 2, "b": 1, "a": 0, "d": 0}  # type: ignore[arg-type]


def test_a_subclass_of_a_tap_has_that_taps_schemas() -> None:
    """Whoever changes a tap a little has no folder of their own; a new tap's is beside its class."""

    class Changed(TapTiny):
        """A tap a little changed."""

    class Other(AdTap):
        """Another tap."""

    assert Changed.package == TapTiny.package == "tests.core"
    assert Other.package == __name__.rpartition(".")[0]
