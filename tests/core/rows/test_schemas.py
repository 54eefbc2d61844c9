"""JSON schemas: what a record may hold is declared, and no number goes through a float."""

import pytest

from adtap_core.declare import Entity, Report
from adtap_core.errors import AdtapError
from adtap_core.rows.schemas import (
    DAYS_KEYS,
    DAYS_SCHEMA,
    LEDGER_KEYS,
    LEDGER_SCHEMA,
    contradictions,
    entity_schema,
    exact,
    report_schema,
    restored,
)
from adtap_core.windows import Grain
from tests.core.tiny import TinyPlatform

REPORT = Report(name="mine", dimensions=("siteId",), metrics=("clicks", "spend"), source="page")
EXACT = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}


@pytest.mark.parametrize("kind", ["number", ["number"], ["number", "null"], ["null", "number"]])
def test_a_number_is_spelt_so_that_no_float_comes_in_between(kind):
    """As digits in a text, or where loaders do not know that as a number; what else it says stays."""
    prop = {"type": kind, "x-unit": "currency"}
    assert exact(prop, "singer_decimal") == {**EXACT, "x-unit": "currency"}
    assert exact(prop, "number") == {"type": ["number", "null"], "x-unit": "currency"}


@pytest.mark.parametrize("kind", ["integer", ["string", "null"], ["boolean", "null"]])
def test_what_is_no_decimal_stays(kind):
    """Counts are whole numbers in every warehouse."""
    assert exact({"type": kind}, "singer_decimal") == {"type": kind}


@pytest.mark.parametrize("grain", list(Grain))
def test_a_report_has_its_bucket_its_fields_and_the_columns_of_every_report(grain):
    """In the order of a record; the key's columns are named."""
    report = Report(name="r", dimensions=("siteId",), metrics=("clicks", "spend"), grain=grain)
    schema = report_schema(report, TinyPlatform, {})
    assert list(schema["properties"]) == [
        *("_row_key", grain.value, "site_id", "clicks", "spend"),
        *("_time_zone", "_currency", "_data_state", "_account", "_synced_at", "_extra"),
    ]
    assert schema["x-grain"] == ["_account", grain.value, "site_id"]
    for name in ("_row_key", grain.value, "_account"):
        assert schema["properties"][name]["type"] == "string", "a key that may be null is none"
    kind = "date-time" if grain is Grain.HOUR else "date"
    assert schema["properties"][grain.value]["format"] == kind
    assert all(prop["description"] for prop in schema["properties"].values())


def test_where_a_reports_fields_are_documented_stands_in_its_schema():
    """Nothing stands there if nobody said."""
    assert report_schema(REPORT, TinyPlatform, {})["$comment"] == "Source: page"
    bare = Report(name="r", dimensions=(), metrics=("clicks",))
    assert "$comment" not in report_schema(bare, TinyPlatform, {})


def test_a_stream_without_a_schema_is_the_taps_fault_and_names_the_file():
    """Not a traceback: whoever runs it can only reinstall it or tell its makers."""
    with pytest.raises(
        AdtapError, match=r"schemas/no_such\.json is missing in the package tap_adjust"
    ):
        entity_schema("tap_adjust", Entity(name="no_such", path="/x"), "singer_decimal")


def test_an_entitys_columns_are_those_of_its_file_that_exist_and_the_rest():
    """Numbers exact, `_extra` for what no file names yet."""
    whole = entity_schema("tap_openx", Entity(name="accounts", path="/x"), "singer_decimal")
    none = entity_schema(
        "tap_openx", Entity(name="accounts", path="/x"), "singer_decimal", lambda _column: False
    )
    assert len(whole["properties"]) > 1
    assert list(none["properties"]) == ["_extra"]
    assert not any("number" in prop["type"] for prop in whole["properties"].values())


def test_what_a_catalog_lost_comes_back_and_what_it_changed_stays():
    """The SDK's catalog knows no keys of ours; one that is older than the tap lacks columns."""
    ours = report_schema(REPORT, TinyPlatform, {})
    plain = {"type": ["integer", "null"]}
    text = {"type": ["string", "null"]}
    given = {"type": "object", "properties": {"clicks": plain, "site_id": text, "spend": text}}
    made = restored(given, ours)
    assert made["x-grain"] == ours["x-grain"]
    assert made["properties"].keys() == ours["properties"].keys()
    assert made["properties"]["clicks"] == ours["properties"]["clicks"]
    assert made["properties"]["spend"] == text, "a type that the user chose"


@pytest.mark.parametrize(
    ("discovered", "synced", "words"),
    [
        ("number", "singer_decimal", "spend of mine is a number, and the setting `decimals_as` makes it digits"),
        ("singer_decimal", "number", "spend of mine is digits as text, and the setting `decimals_as` makes it a number"),
    ],
)  # fmt: skip
def test_a_catalog_of_other_decimals_is_refused(discovered, synced, words):
    """A loader would make a column of one kind and be given the other."""
    given, ours = (report_schema(REPORT, TinyPlatform, {"decimals_as": d}) for d in (discovered, synced))  # fmt: skip
    (line,) = contradictions("mine", given, ours)
    assert words in line
    assert contradictions("mine", ours, ours) == []


@pytest.mark.parametrize(
    ("schema", "keys"), [(LEDGER_SCHEMA, LEDGER_KEYS), (DAYS_SCHEMA, DAYS_KEYS)]
)
def test_no_key_of_the_tables_beside_reports_may_be_null(schema, keys):
    """What may be null is no key in most warehouses."""
    for name in keys:
        assert schema["properties"][name]["type"] == "string"
