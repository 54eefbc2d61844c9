"""Stream maps, flattening and validation: what they lead to, and what is wrong with them in one line."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from .conftest import record, schema, state

WHOLE, TEXT = ({"type": [t, "null"]} for t in ("integer", "string"))
MOMENT = {"type": ["string", "null"], "format": "date-time"}
EXACT = {"type": "string", "format": "x-singer.decimal", "precision": 20, "scale": 4}


def referring(properties, word="definitions"):
    """A SCHEMA message whose properties refer to definitions."""
    made = schema("s", properties, ["n"])
    made["schema"][word] = {
        "id": {"type": "integer"},
        "money": {"anyOf": [{"$ref": f"#/{word}/exact"}, {"type": "null"}]},
        "exact": EXACT,
        "price": {
            "type": ["object", "null"],
            "properties": {"value": {"$ref": f"#/{word}/money"}, "unit": TEXT},
        },
        "moment": MOMENT,
    }
    return made


@pytest.mark.parametrize("word", ["definitions", "$defs"])
@pytest.mark.parametrize("more", [{}, {"validate_records": True}], ids=["", "validated"])
def test_a_map_that_builds_a_new_schema_keeps_what_properties_refer_to(place, more, word):
    """`__else__: null` names the columns to keep; they are of the types that the tap said."""
    names = {"n": "id", "amount": "money", "since": "moment", "price": "price"}
    head = referring(
        {name: {"$ref": f"#/{word}/{to}"} for name, to in names.items()} | {"gone": TEXT}, word
    )
    values = {"n": 1, "amount": "1.5", "since": "2026-03-18T12:00:00Z", "gone": "x"}
    values["price"] = {"value": "2.5", "unit": None}
    maps = {"s": {name: name for name in names} | {"__else__": None}}
    place.load(head, record("s", **values), stream_maps=maps, **more)
    assert place.types("s") == {
        "n": "BIGINT",
        "amount": "DECIMAL(20,4)",
        "since": "TIMESTAMP WITH TIME ZONE",
        "price": "JSON",
    }
    assert place.query("SELECT n, amount, since FROM s") == [
        (1, Decimal("1.5"), datetime(2026, 3, 18, 12, tzinfo=UTC))
    ]


def test_flattening_follows_references(place):
    """An object that is referred to has columns of its own, and a type that is referred to is that type."""
    names = {"n": "id", "since": "moment", "price": "price"}
    head = referring({name: {"$ref": f"#/definitions/{to}"} for name, to in names.items()})
    head["schema"]["properties"]["kind"] = {"enum": ["a", "b"]}
    row = {"n": 1, "since": "2026-03-18T12:00:00Z", "kind": "a"}
    row["price"] = {"value": "2.5000", "unit": "EUR"}
    place.load(head, record("s", **row), flattening_enabled=True, flattening_max_depth=2)
    assert place.types("s") == {
        "n": "BIGINT",
        "since": "TIMESTAMP WITH TIME ZONE",
        "price__value": "DECIMAL(20,4)",
        "price__unit": "VARCHAR",
        "kind": "VARCHAR",
    }
    assert place.query("SELECT n, price__value, price__unit, kind FROM s") == [
        (1, Decimal("2.5"), "EUR", "a")
    ]


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_a_mapped_property_of_alternatives_keeps_its_type(place, word):
    """The SDK adds null to them, in a way that is no JSON schema."""
    either = {word: [{"type": "integer"}, {"type": "null"}]}
    head = schema("s", {"n": WHOLE, "v": either}, ["n"])
    place.load(head, record("s", n=1, v=2), stream_maps={"s": {"v": "v", "w": "v"}})
    assert place.types("s") == {"n": "BIGINT", "v": "BIGINT", "w": "BIGINT"}
    assert place.query("SELECT n, v, w FROM s") == [(1, 2, 2)]


def test_the_files_of_a_batch_message_go_through_stream_maps_too(place, tmp_path):
    """What a map hashes or drops never reaches the warehouse as it is, whichever way its records come."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"n": 1, "mail": "a@example.com", "name": "Ada", "o": {"v": 1.10}}\n')
    batch = {
        "type": "BATCH",
        "stream": "s",
        "encoding": {"format": "jsonl"},
        "manifest": [path.as_uri()],
    }
    inner = {"type": "object", "properties": {"v": {"type": "number"}}}
    head = schema("s", {"n": WHOLE, "mail": TEXT, "name": TEXT, "o": inner}, ["n"])
    run = place.run(
        head,
        batch,
        state({"n": 1}),
        stream_maps={"s": {"mail": "md5(mail)", "name": None}},
        flattening_enabled=True,
        flattening_max_depth=1,
    )
    assert (run.code, run.states) == (0, [{"n": 1}]), run.errors
    hashed = hashlib.md5(b"a@example.com", usedforsecurity=False).hexdigest()
    assert list(place.types("s")) == ["n", "mail", "o__v"]
    assert place.query("SELECT n, mail, o__v FROM s") == [(1, hashed, Decimal("1.1"))]


@pytest.mark.parametrize("to", ["file", "#/definitions/nothing", "#nothing", "#/properties/v"])
def test_validation_follows_no_reference_out_of_the_schema(place, tmp_path, to):
    """One line with the stream; nothing is fetched, from the network or from this machine's disk."""
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps(TEXT))
    to = elsewhere.as_uri() if to == "file" else to
    head = schema("s", {"n": WHOLE, "v": {"$ref": to}}, ["n"])
    run = place.run(head, record("s", n=1, v="x"), state({"n": 1}), validate_records=True)
    assert (run.code, run.states) == (1, []), run.errors
    assert "Stream 's': its records can't be validated: a reference of its schema" in run.errors
    assert to.startswith("#") or to in run.errors
    assert (run.errors.count("ERROR"), "Traceback" in run.errors) == (1, False), run.errors


HEAD = schema("s", {"n": WHOLE, "v": TEXT}, ["n"])
MAPS = {"stream_maps": {"s": {"x": "'a'"}}}
BATCH = {"type": "BATCH", "stream": "s", "encoding": {"format": "jsonl"}, "manifest": ["/none"]}


@pytest.mark.parametrize(
    ("messages", "asked", "words"),
    [
        ([HEAD, record("s", n=0)], {"stream_maps": {"s": {"x": "1 / n"}}}, "ZeroDivisionError"),
        ([HEAD, record("s", n=0, v="a")], {"stream_maps": {"s": {"x": "n + v"}}}, "TypeError"),
        ([HEAD, record("s", n=0)], {"stream_maps": {"s": {"x": "w"}}}, "'w' is not defined"),
        ([HEAD], {"stream_maps": {"s": {"x": "n +"}}}, "SyntaxError"),
        ([HEAD, record("s", n=0)], {"stream_maps": {"s": {"x": "record['y']"}}}, "KeyError"),
        (
            [schema("s", {"a__b": TEXT, "a": {"type": "object", "properties": {"b": TEXT}}})],
            {"flattening_enabled": True, "flattening_max_depth": 1},
            "Duplicate column name",
        ),
        (
            [{"type": "SCHEMA", "stream": "s", "schema": {"type": "object"}, "key_properties": []}],
            MAPS,
            "properties",
        ),
        ([BATCH], MAPS, "before a SCHEMA message"),
        ([HEAD, {**BATCH, "manifest": "/none"}], MAPS, "its manifest no list of files"),
        ([HEAD, {**BATCH, "encoding": "jsonl"}], {}, "its encoding is no object"),
    ],
    ids=["division", "types", "name", "syntax", "key", "duplicate", "no properties", "early batch", "manifest", "encoding"],
)  # fmt: skip
def test_what_cannot_be_mapped_is_one_line_with_the_stream(place, messages, asked, words):
    """The SDK ends in a traceback; the load says which stream it was, and claims nothing."""
    run = place.run(*messages, state({"n": 1}), **asked)
    assert (run.code, run.states) == (1, []), run.errors
    assert words in run.errors
    assert "s'" in run.errors or "Line " in run.errors
    assert (run.errors.count("ERROR"), "Traceback" in run.errors) == (1, False), run.errors
