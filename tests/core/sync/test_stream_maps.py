"""Stream maps and catalogs: what a user writes is done, or refused with the way; SCHEMA declares every column."""

import logging
from typing import Any

import pytest

from adtap_core.errors import SettingsError
from adtap_core.sync.stream_maps import empty_filters
from adtap_core.tap import RunFailed
from adtap_core.testing import parse, run_tap, select
from tests.core.conftest import Tiny
from tests.core.tiny import TapTiny


def test_a_map_for_all_streams_works(tiny: Tiny) -> None:
    """`*` reaches every stream that is read, and those that are off stop nothing."""
    got = tiny.run(stream_maps={"*": {"loaded_by": "'adtaps'"}})
    for stream in ("spend_daily", "sync_windows"):
        assert {r["loaded_by"] for r in got.records[stream]} == {"adtaps"}


def test_a_map_may_name_a_stream_that_is_off(tiny: Tiny) -> None:
    """Nothing of it is written, so nothing can be wrong with it."""
    config = tiny.config | {"stream_maps": {"spend_daily": {"account": "md5(account)"}}}
    catalog = select(TapTiny, config, set())
    assert not run_tap(TapTiny, config, catalog=catalog).records["spend_daily"]


@pytest.mark.parametrize(
    "expression", ["spend * 2", "spend + spend", "-spend", "clicks * record['spend']", "spend > 1"]
)
def test_arithmetic_on_exact_decimals_is_refused_with_the_way(tiny: Tiny, expression: str) -> None:
    """Their digits are text: times two would be the digits twice."""
    with pytest.raises(SettingsError, match="decimals_as: number") as refusal:
        tiny.run(stream_maps={"spend_daily": {"double": expression}})
    assert "stream_maps.spend_daily.double" in str(refusal.value)
    assert tiny.asked() == []


@pytest.mark.parametrize(
    ("maps", "place"),
    [
        ({"spend_*": {"double": "spend * 2"}}, "spend_daily"),
        ({"*_daily": {"double": "spend * 2"}}, "spend_daily"),
        ({"twin": {"__source__": "spend_daily", "double": "spend * 2"}}, "twin"),
    ],
)
def test_arithmetic_is_refused_however_a_map_names_the_stream(
    tiny: Tiny, maps: dict[str, Any], place: str
) -> None:
    """By a pattern, or as the source of a copy: the digits would stand there twice all the same."""
    with pytest.raises(SettingsError, match="decimals_as: number") as refusal:
        tiny.run(stream_maps=maps)
    assert f"stream_maps.{place}.double: `spend * 2` calculates with spend" in str(refusal.value)
    assert tiny.asked() == []


def test_a_rule_that_a_later_map_replaces_stops_nothing(tiny: Tiny) -> None:
    """Of several maps that reach a stream the last one counts, whole."""
    maps = {"*": {"double": "spend * 2"}, "spend_daily": {"more": "clicks + 1"}}
    got = tiny.run(stream_maps=maps).records["spend_daily"]
    assert all("double" not in row and row["more"] == row["clicks"] + 1 for row in got)


def test_a_map_by_pattern_that_fails_on_a_null_names_the_cure(tiny: Tiny, caplog: Any) -> None:
    """As one that names the stream does."""
    with pytest.raises(RunFailed):
        tiny.run(stream_maps={"spend_*": {"hash": "md5(campaign_id)"}})
    assert "`md5(campaign_id)` fails where campaign_id is null" in caplog.text


def test_with_numbers_arithmetic_is_exact(tiny: Tiny) -> None:
    """1.10 twice is 2.20."""
    got = tiny.run(
        stream_maps={"spend_daily": {"double": "spend * 2"}}, decimals_as="number"
    ).records["spend_daily"]
    assert {str(r["double"]) for r in got} == {"2.20"}


def test_a_map_that_fails_on_a_null_names_the_cure(tiny: Tiny, caplog: Any) -> None:
    """Stream, map, field; not «unexpected AttributeError»."""
    with pytest.raises(RunFailed):
        tiny.run(stream_maps={"spend_daily": {"hash": "md5(campaign_id)"}})
    assert (
        "stream_maps.spend_daily.hash: `md5(campaign_id)` fails where campaign_id is null"
        in caplog.text
    )
    assert "`md5(campaign_id) if campaign_id else None`" in caplog.text
    cured = tiny.run(
        stream_maps={"spend_daily": {"hash": "md5(campaign_id) if campaign_id else None"}}
    )
    assert None in {r["hash"] for r in cured.records["spend_daily"]}


def changed(tiny: Tiny, change: Any, **settings: Any) -> Any:
    """A run with a catalog that was changed by hand, or is older than the settings."""
    catalog = select(TapTiny, tiny.config, {"spend_daily"})
    entry = next(e for e in catalog["streams"] if e["tap_stream_id"] == "spend_daily")
    change(entry)
    return run_tap(TapTiny, tiny.config | settings, catalog=catalog)


def test_a_catalog_that_lacks_a_column_loses_no_value(tiny: Tiny) -> None:
    """What a RECORD holds, SCHEMA declares."""
    got = changed(tiny, lambda entry: entry["schema"]["properties"].pop("clicks"))
    declared = got.schemas["spend_daily"]["schema"]["properties"]
    assert all(row.keys() <= declared.keys() for row in got.records["spend_daily"])
    assert declared["clicks"]["type"] == ["integer", "null"]


def test_a_catalog_that_contradicts_the_settings_is_refused(tiny: Tiny) -> None:
    """Text in the catalog, numbers by the settings: both are named."""
    with pytest.raises(SettingsError, match="`decimals_as`") as refusal:
        changed(tiny, lambda _entry: None, decimals_as="number")
    assert "--catalog: column spend of spend_daily" in str(refusal.value)


def test_a_filter_that_came_out_empty_is_warned_of(tiny: Tiny, caplog: Any) -> None:
    """An unset variable of meltano.yml vanishes, and the filter gets wider."""
    report = {
        "name": "mine",
        "dimensions": ["account"],
        "metrics": ["spend"],
        "filters": {"a": ["x", ""], "b": ""},
    }
    with caplog.at_level(logging.WARNING):
        tiny.run(reports=[report])
    assert "report 'mine': filters.a[1] is empty" in caplog.text
    assert list(empty_filters({"a": ["x", 0, None]}, "f")) == []


def test_a_catalog_that_selects_what_the_settings_no_longer_define_is_refused(tiny: Tiny) -> None:
    """It would be a report that nobody reads any more, and exit code 0; one that is off is no matter."""
    gone = {"name": "gone", "dimensions": ["account"], "metrics": ["spend"]}
    catalog = select(TapTiny, tiny.config | {"reports": [gone]}, {"spend_daily", "gone"})
    with pytest.raises(SettingsError) as refusal:
        run_tap(TapTiny, tiny.config, catalog=catalog)
    assert "--catalog: the stream 'gone' is selected" in str(refusal.value)
    assert "`reports`" in str(refusal.value)
    assert tiny.asked() == []
    off = select(TapTiny, tiny.config | {"reports": [gone]}, {"spend_daily"})
    assert run_tap(TapTiny, tiny.config, catalog=off).records["spend_daily"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"c2": "1 +"}, "stream_maps.spend_daily.c2: `1 +` is no expression"),
        ({"__filter__": "clicks >"}, "stream_maps.spend_daily.__filter__: `clicks >` is no expression"),
        ({"_row_key": None}, "stream_maps.spend_daily._row_key: it is in the key of spend_daily"),
        ({"c2": "nosuch(1)"}, "stream_maps.spend_daily.c2: `nosuch(1)` calls nosuch, which is not a function of stream maps"),
        ({"c2": "clicks + nosuch"}, "names nosuch, which spend_daily does not have"),
        ({"c2": 1}, "stream_maps.spend_daily.c2: 1 is no expression"),
        ({"__else__": "clicks"}, "stream_maps.spend_daily.__else__: 'clicks' is not known"),
        ({"__filter__": "spend > 1"}, "`spend > 1` calculates with spend, whose exact digits are text; write `float(spend or 0)`"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_used_is_refused_before_any_request(
    tiny: Tiny, rules: Any, words: str
) -> None:
    """One line: stream, field, what is wrong and what to do; no defect of the tap."""
    with pytest.raises(SettingsError) as refusal:
        tiny.run(stream_maps={"spend_daily": rules})
    (fault,) = refusal.value.errors
    assert words in fault
    assert tiny.asked() == []


@pytest.mark.parametrize("rules", [{"c2": "1 +"}, {"c2": "nosuch(1)"}, {"_row_key": None}])
def test_what_is_wrong_for_all_streams_is_said_once(tiny: Tiny, rules: Any) -> None:
    """Not a line for each of a hundred streams."""
    with pytest.raises(SettingsError) as refusal:
        tiny.run(stream_maps={"*": rules})
    assert len(refusal.value.errors) == 1


def test_a_map_for_all_streams_asks_each_for_what_it_has(tiny: Tiny) -> None:
    """`sync_windows` has no `_account`: it goes without, its rows are there, and the run ends well."""
    got = tiny.run(stream_maps={"*": {"_account": "md5(_account)", "origin": "'x'"}})
    assert {len(r["_account"]) for r in got.records["spend_daily"]} == {32}
    assert {r["origin"] for r in got.records["sync_windows"]} == {"x"}
    assert "_account" not in got.records["sync_windows"][0]


def test_leaving_out_all_that_is_not_named_leaves_the_key(tiny: Tiny) -> None:
    """Without it rows can't be told apart; SCHEMA says the same as the rows."""
    got = tiny.run(stream_maps={"*": {"__else__": None}})
    assert set(got.records["spend_daily"][0]) == {"_row_key"}
    assert got.schemas["spend_daily"]["key_properties"] == ["_row_key"]
    whole = tiny.run(stream_maps={"spend_daily": {"__else__": None, "clicks": "clicks"}})
    assert set(whole.records["spend_daily"][0]) == {"_row_key", "clicks"}


def test_a_filter_on_exact_digits_works_as_the_message_says(tiny: Tiny) -> None:
    """`float(spend or 0) > 1`."""
    all_rows = tiny.run().records["spend_daily"]
    got = tiny.run(stream_maps={"spend_daily": {"__filter__": "float(spend or 0) > 1"}})
    assert len(got.records["spend_daily"]) == len(all_rows)
    none = tiny.run(stream_maps={"spend_daily": {"__filter__": "float(spend or 0) > 2"}})
    assert not none.records["spend_daily"]


@pytest.mark.parametrize("chosen", [None, set(), {"sync_windows"}])
def test_a_stream_that_is_off_can_be_written_all_the_same(
    tiny: Tiny, chosen: set[str] | None, capfd: pytest.CaptureFixture[str]
) -> None:
    """The SDK writes each stream's SCHEMA when asked to: the whole one, and with the tap's key."""
    catalog = None if chosen is None else select(TapTiny, tiny.config, chosen)
    tap = TapTiny(config=dict(tiny.config), catalog=catalog)
    tap.write_schemas()
    tap.current.out.flush()
    written = parse(capfd.readouterr().out).schemas
    assert written.keys() == tap.streams.keys()
    for name, message in written.items():
        assert message["schema"] == tap.streams[name].schema
        assert message["key_properties"] == list(tap.streams[name].primary_keys)
