"""Upserts, appends, new and lost and retyped columns: the table follows the stream, losing nothing."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.exceptions import MissingKeyPropertiesError

from adtap_loader.columns import common_type
from adtap_loader.errors import LoadError

from .conftest import File, lines, record, schema, state

WHOLE, TEXT, NUMBER, FLAG = (
    {"type": [t, "null"]} for t in ("integer", "string", "number", "boolean")
)
DAY = {"type": ["string", "null"], "format": "date"}
MOMENT = {"type": ["string", "null"], "format": "date-time"}


def test_the_last_record_of_a_key_wins_within_a_batch_and_across_batches(place):
    """A restated row replaces the one before, wherever the batch borders fall."""
    rows = [
        (1, "a", "old"),
        (2, "a", "kept"),
        (1, "a", "new"),
        (1, "b", "other"),
        (1, "a", "newest"),
    ]
    columns = {"id": WHOLE, "part": TEXT, "v": TEXT}
    for size in (1, 2, 3, 100):
        name = f"s{size}"
        place.load(
            schema(name, columns, ["id", "part"]),
            *[record(name, id=i, part=p, v=v) for i, p, v in rows],
            batch_size_rows=size,
        )
        stored = place.query(f"SELECT id, part, v FROM {name} ORDER BY id, part")
        assert stored == [(1, "a", "newest"), (1, "b", "other"), (2, "a", "kept")]


def test_a_second_run_replaces_rows_by_key_and_leaves_the_others(place):
    """An upsert on the key: restated rows once, untouched rows as they were."""
    head = schema("s", {"id": WHOLE, "v": TEXT}, ["id"])
    place.load(head, record("s", id=1, v="a"), record("s", id=2, v="b"))
    place.load(head, record("s", id=2, v="B"), record("s", id=3, v="c"))
    assert place.query("SELECT * FROM s ORDER BY id") == [(1, "a"), (2, "B"), (3, "c")]


def test_equal_keys_written_differently_are_one_row(place):
    """The key is compared as its type, not as text: one instant in two offsets is one key."""
    place.load(
        schema("s", {"hour": MOMENT, "v": TEXT}, ["hour"]),
        record("s", hour="2026-03-18T12:00:00Z", v="first"),
        record("s", hour="2026-03-18T14:00:00+02:00", v="second"),
    )
    assert place.query("SELECT v FROM s") == [("second",)]


def test_a_key_column_that_is_named_twice_is_one(place):
    """A tap's slip, of which a table's primary key makes an error."""
    for v in ("x", "y"):
        place.load(schema("s", {"id": WHOLE, "v": TEXT}, ["id", "id"]), record("s", id=1, v=v))
    assert place.query("SELECT id, v FROM s") == [(1, "y")]


def test_a_stream_without_a_key_is_appended_to(place):
    """Equal rows stay two rows, in one run and in the next."""
    for _ in range(2):
        place.load(schema("s", {"v": TEXT}), record("s", v="x"), record("s", v="x"))
    assert place.query("SELECT count(*) FROM s") == [(4,)]


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers()), max_size=60), size=st.integers(1, 20)
)
def test_any_order_of_records_ends_as_a_dictionary_would(tmp_path_factory, rows, size):
    """Batches of any size over any repeats leave exactly the last value of each key."""
    from .conftest import File

    file = File(tmp_path_factory.mktemp("upsert") / "ads.duckdb")
    file.load(
        schema("s", {"id": WHOLE, "v": {**WHOLE, "maximum": 2**100, "minimum": -(2**100)}}, ["id"]),
        *[record("s", id=i, v=max(min(v, 2**99), -(2**99))) for i, v in rows],
        batch_size_rows=size,
    )
    wanted = {i: max(min(v, 2**99), -(2**99)) for i, v in rows}
    assert dict(file.query("SELECT id, v FROM s")) == wanted


@pytest.mark.parametrize("values", [{}, {"id": None}], ids=["absent", "null"])
def test_a_record_without_its_key_is_refused(place, values):
    """Two such rows could not be told apart."""
    run = place.run(schema("s", {"id": WHOLE, "v": TEXT}, ["id"]), record("s", v="x", **values))
    assert run.code == 1
    assert "Stream 's': a record has no value for its key property 'id'" in run.errors


@pytest.mark.parametrize(
    "kind",
    [
        NUMBER,
        DAY,
        MOMENT,
        FLAG,
        {"type": ["integer", "string", "null"]},
        {"type": ["object", "null"]},
    ],
    ids=["number", "day", "moment", "flag", "mixed", "object"],
)
def test_a_key_of_any_type_must_have_a_value(place, kind):
    """Whatever the column is, and however its values are read."""
    for values in ({}, {"id": None}):
        with pytest.raises(MissingKeyPropertiesError, match="no value for its key property 'id'"):
            place.load(schema("s", {"id": kind, "v": TEXT}, ["id"]), record("s", v="x", **values))
    assert place.query("SELECT count(*) FROM s") == [(0,)]


def test_a_new_column_is_added_and_a_lost_one_stays_with_null(place):
    """Old rows are null in the new column, new rows null in the lost one."""
    place.load(schema("s", {"id": WHOLE, "lost": TEXT}, ["id"]), record("s", id=1, lost="kept"))
    place.load(schema("s", {"id": WHOLE, "new": FLAG}, ["id"]), record("s", id=2, new=True))
    assert place.query("SELECT id, lost, new FROM s ORDER BY id") == [
        (1, "kept", None),
        (2, None, True),
    ]


def test_a_lost_column_is_null_in_rows_that_come_again(place):
    """A metric taken out of a report does not stand beside new numbers with its old value."""
    place.load(schema("s", {"id": WHOLE, "lost": TEXT}, ["id"]), record("s", id=1, lost="old"))
    place.load(schema("s", {"id": WHOLE, "v": TEXT}, ["id"]), record("s", id=1, v="new"))
    assert place.query("SELECT id, lost, v FROM s") == [(1, None, "new")]


def test_a_schema_that_changes_in_mid_run_keeps_the_order_of_rows(place):
    """Rows of the old schema never land after newer ones of the same key."""
    place.load(
        schema("s", {"id": WHOLE, "v": TEXT}, ["id"]),
        record("s", id=1, v="old"),
        schema("s", {"id": WHOLE, "v": TEXT, "w": TEXT}, ["id"]),
        record("s", id=1, v="new", w="x"),
        record("s", id=2, v="b", w="y"),
        batch_size_rows=2,
    )
    assert place.query("SELECT id, v, w FROM s ORDER BY id") == [(1, "new", "x"), (2, "b", "y")]


@pytest.mark.parametrize(
    ("old", "first", "new", "second", "kind", "stored"),
    [
        (WHOLE, 9 * 10**18, NUMBER, 0.5, "DECIMAL(38,18)", [Decimal(9 * 10**18), Decimal("0.5")]),
        (WHOLE, 7, TEXT, "x", "VARCHAR", ["7", "x"]),
        (TEXT, "x", WHOLE, 7, "VARCHAR", ["x", "7"]),
        (NUMBER, 0.5, WHOLE, 7, "DECIMAL(38,18)", [Decimal("0.5"), Decimal(7)]),
        (WHOLE, 7, {**WHOLE, "maximum": 2**64}, 2**64, "HUGEINT", [7, 2**64]),
        (FLAG, True, TEXT, "x", "VARCHAR", ["true", "x"]),
        (
            DAY, "2026-03-18", MOMENT, "2026-03-18T01:00:00+02:00", "TIMESTAMP WITH TIME ZONE",
            [datetime(2026, 3, 18, tzinfo=UTC), datetime(2026, 3, 17, 23, tzinfo=UTC)],
        ),
        (
            {"type": "string", "format": "x-singer.decimal", "precision": 10, "scale": 2}, "12345678.25",
            {"type": "string", "format": "x-singer.decimal", "precision": 10, "scale": 6}, "0.000001",
            "DECIMAL(14,6)", [Decimal("12345678.25"), Decimal("0.000001")],
        ),
    ],
    ids=["whole-number", "whole-text", "text-whole", "number-whole", "whole-wide", "flag-text", "day-moment", "decimals"],
)  # fmt: skip
def test_a_retyped_column_is_widened_where_no_value_changes(
    place, old, first, new, second, kind, stored
):
    """Both the old and the new value are there afterwards, and the type that holds both."""
    place.load(schema("s", {"n": WHOLE, "v": old}), record("s", n=1, v=first))
    place.load(schema("s", {"n": WHOLE, "v": new}), record("s", n=2, v=second))
    assert place.types("s")["v"] == kind
    column = place.moment("v") if kind.startswith("TIMESTAMP") else "v"
    found = [row[0] for row in place.query(f"SELECT {column} FROM s ORDER BY n")]
    assert found == [int(v.timestamp()) * 10**6 if isinstance(v, datetime) else v for v in stored]


@pytest.mark.parametrize(
    ("old", "new"),
    [(WHOLE, FLAG), (MOMENT, TEXT), (DAY, WHOLE), ({"type": "object"}, WHOLE),
     ({**WHOLE, "maximum": 2**64}, NUMBER)],
)  # fmt: skip
def test_a_retyped_column_that_would_lose_is_refused_with_what_to_do(place, old, new):
    """The old values stay as they were; the message has the statement that frees the name."""
    head = (schema("s", {"n": WHOLE, "v": old}), record("s", n=1))
    place.load(*head)
    before = place.types("s")
    run = place.run(schema("s", {"n": WHOLE, "v": new, "w": TEXT}), record("s", n=2))
    assert run.code == 1
    assert "Stream 's', column 'v'" in run.errors
    assert f'ALTER TABLE "{place.schema}"."s" RENAME COLUMN "v" TO' in run.errors
    assert "Traceback" not in run.errors
    assert place.types("s") == before
    assert place.query("SELECT count(*) FROM s") == [(1,)]


TYPES = st.sampled_from(["VARCHAR", "BIGINT", "HUGEINT", "BOOLEAN", "DATE", "JSON", "TIMESTAMP WITH TIME ZONE"]) | st.builds(
    lambda scale, whole: f"DECIMAL({max(scale + whole, 1)},{scale})", st.integers(0, 19), st.integers(0, 19)
)  # fmt: skip


@given(first=TYPES, second=TYPES)
def test_widening_is_stable(first, second):
    """The common type holds both for good: asking again with either changes nothing."""
    common = common_type(first, second)
    if common is not None:
        assert common_type(common, first) == common
        assert common_type(common, second) == common


def test_tables_go_to_the_schema_that_is_set(place):
    """The schema is made; the same stream in another schema is another table."""
    place.load(schema("s", {"v": TEXT}), record("s", v="a"), default_target_schema="tap adjust")
    place.load(schema("s", {"v": WHOLE}), record("s", v=1))
    assert place.query('SELECT v FROM "tap adjust".s') == [("a",)]
    assert place.query(f"SELECT v FROM {place.schema}.s") == [(1,)]


def test_activate_version_never_removes_a_row(place):
    """Report history is kept whatever version a tap declares, even of a stream not yet known."""
    version = {"type": "ACTIVATE_VERSION", "stream": "s", "version": 2}
    place.load(version, schema("s", {"id": WHOLE}, ["id"]), record("s", id=1), version)
    place.load(version, schema("s", {"id": WHOLE}, ["id"]), version, record("s", id=2), version)
    assert place.query("SELECT id FROM s ORDER BY id") == [(1,), (2,)]


@pytest.mark.parametrize("packed", [False, True])
def test_the_files_of_a_batch_message_are_loaded_or_refused_in_one_line(place, tmp_path, packed):
    """Plain or gzip; a line that is no record, and a file that breaks off, are named, with no STATE behind them."""
    head = schema("s", {"id": WHOLE, "v": NUMBER}, ["id"])
    path = tmp_path / "some rows.jsonl"
    whole = b'{"id": 1, "v": 0.1234567890123456789}\n{"id": 2, "v": null}\n'
    bodies = {
        "": whole,
        "is no record": whole + b'{"id": 3, "v": 1\n',
        "no object": whole + b"[3]\n",
        "key property 'id'": whole + b'{"v": 3}\n',
        "is not whole": whole,
        "which can't be read: No such file": whole,
    }
    for words, body in bodies.items():
        if words == "is not whole" and not packed:
            continue
        data = gzip.compress(body) if packed else body
        path.write_bytes(data[:-12] if words == "is not whole" else data)
        if words == "which can't be read: No such file":
            path.unlink()
        encoding = {"format": "jsonl", **({"compression": "gzip"} if packed else {})}
        batch = {"type": "BATCH", "stream": "s", "encoding": encoding, "manifest": [path.as_uri()]}
        run = place.run(
            head, json.dumps(batch), state({"n": 1}), default_target_schema="z" + words[-4:]
        )
        assert "Traceback" not in run.errors
        assert (run.code, run.states) == ((1, []) if words else (0, [{"n": 1}])), run.errors
        assert words in run.errors
        assert run.errors.count("ERROR") == bool(words)
    assert place.query("SELECT id, v FROM z.s ORDER BY id") == [
        (1, Decimal("0.123456789012345679")),
        (2, None),
    ]


def test_metadata_columns_are_there_only_when_asked_for(place):
    """`add_record_metadata` adds the SDK's `_sdc_` columns, typed; without it there are none."""
    messages = (
        schema("s", {"id": WHOLE, "at": MOMENT}, ["id"]),
        record("s", id=1, at="2026-01-01T00:00:00Z"),
    )
    place.load(*messages)
    assert list(place.types("s")) == ["id", "at"]
    place.load(*messages, add_record_metadata=True)
    types = place.types("s")
    assert types["_sdc_received_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["_sdc_sequence"] == "BIGINT"
    assert place.query("SELECT count(*) FROM s WHERE _sdc_received_at IS NOT NULL") == [(1,)]


def test_stream_maps_flattening_and_validation_lead_to_the_same_values(place):
    """Whoever asks the SDK for more gets its full path, and the same exact values."""
    spec = {"type": "string", "format": "x-singer.decimal", "precision": 38, "scale": 18}
    columns = {
        "id": WHOLE,
        "spend": spec,
        "at": MOMENT,
        "day": DAY,
        "o": {"type": "object", "properties": {"x": NUMBER}},
    }
    line = '{"type":"RECORD","stream":"s","record":{"id":1,"spend":"0.100000000000000001","at":"2026-01-01T00:00:00+01:00","day":"2026-01-01","o":{"x":0.1}}}'
    ways = {
        "plain": {},
        "checked": {"validate_records": True},
        "mapped": {"stream_maps": {"s": {"twice": "id * 2"}}},
    }
    for name, config in ways.items():
        place.load(schema("s", columns, ["id"]), line, default_target_schema=name, **config)
    rows = [
        place.query(f"SELECT id, spend, {place.moment('at')}, day, o FROM {name}.s")
        for name in ways
    ]
    assert rows[0] == rows[1] == rows[2]
    place.load(
        schema("f", columns, ["id"]),
        line.replace('"s"', '"f"', 1),
        flattening_enabled=True,
        flattening_max_depth=2,
    )
    assert place.query("SELECT o__x FROM f") == [(Decimal("0.1"),)]


def test_validation_refuses_what_the_schema_forbids(place):
    """With `validate_records` the whole JSON schema counts, not the types alone; stream and column are named."""
    messages = (
        schema("s", {"v": {"type": "string", "enum": ["a"]}}),
        record("s", v="b"),
        state({"n": 1}),
    )
    assert place.run(*messages).code == 0
    run = place.run(*messages, validate_records=True)
    assert (run.code, run.states) == (1, [])
    assert "Stream 's', column 'v': 'b' is not one of ['a']" in run.errors
    assert run.errors.count("ERROR") == 1
    assert "Traceback" not in run.errors


def test_flattening_keeps_columns_whose_null_is_an_alternative(place):
    """`anyOf` of a type and null is that type: of most types the SDK's flattening would leave the column out."""
    nothing = {"type": "null"}
    inner = {"type": "object", "properties": {"x": {"oneOf": [nothing, {"type": "number"}]}}}
    columns = {
        "id": {"anyOf": [{"type": "integer"}, nothing]},
        "at": {"anyOf": [{"type": "string", "format": "date-time"}, nothing]},
        "flag": {"oneOf": [{"type": "boolean"}, nothing]},
        "o": {"anyOf": [inner, nothing]},
        "open": {"anyOf": [{"type": "object"}, nothing]},
    }
    settings = {"flattening_enabled": True, "flattening_max_depth": 1}
    line = '{"type":"RECORD","stream":"s","record":{"id":1,"at":"2026-01-01T00:00:00Z","flag":true,"o":{"x":0.1},"open":{"y":[1]}}}'
    place.load(schema("s", columns, ["id"]), line, **settings)
    assert {name: kind for name, kind in place.types("s").items() if name != "open"} == {
        "id": "BIGINT", "at": "TIMESTAMP WITH TIME ZONE", "flag": "BOOLEAN", "o__x": "DECIMAL(38,18)",
    }  # fmt: skip
    found = place.query(f"SELECT id, {place.moment('at')}, flag, o__x, open FROM s")
    assert found[0][:4] == (1, 1767225600_000000, True, Decimal("0.1"))
    assert json.loads(found[0][4]) == {"y": [1]}


def test_parquet_holds_the_whole_table_after_each_run(file, tmp_path):
    """Old and new rows, exact decimals and wide integers, one file a stream, no partial file left."""
    folder = tmp_path / "parquet out"
    folder.mkdir()
    wide = {**WHOLE, "maximum": 2**64}
    for n in (1, 2):
        file.load(
            schema("a/b", {"id": WHOLE, "d": NUMBER, "w": wide}, ["id"]),
            f'{{"type":"RECORD","stream":"a/b","record":{{"id":{n},"d":0.1,"w":{2**64 - 1}}}}}',
            state({"n": n}),
            parquet_path=str(folder),
        )
    assert [path.name for path in folder.iterdir()] == ["a%2Fb.parquet"]
    rows = duckdb.sql(f"SELECT * FROM '{folder}/a%2Fb.parquet' ORDER BY id").fetchall()
    assert rows == [(n, Decimal("0.1"), Decimal(2**64 - 1)) for n in (1, 2)]


def test_parquet_has_json_as_text_that_every_reader_takes(file, tmp_path):
    """pyarrow, and with it pandas and polars, read plain strings; DuckDB's own type for JSON they do not."""
    columns = {"id": WHOLE, "o": {"type": ["object", "null"]}, "l": {"type": ["array", "null"]}}
    line = '{"type":"RECORD","stream":"s","record":{"id":1,"o":{"x":0.10},"l":[1]}}'
    file.load(schema("s", columns), line, record("s", id=2), parquet_path=str(tmp_path))
    read = pyarrow.parquet.ParquetFile(tmp_path / "s.parquet").read()
    assert [str(field.type) for field in read.schema] == ["int64", "string", "string"]
    assert read.to_pylist() == [
        {"id": 1, "o": '{"x":0.10}', "l": "[1]"},
        {"id": 2, "o": None, "l": None},
    ]


def test_a_key_that_the_schema_does_not_have_is_refused(place):
    """A key of no column could only ever append."""
    with pytest.raises(LoadError, match="key column 'id' is not in the stream's schema"):
        place.load(schema("s", {"v": TEXT}, ["id"]))


def test_streams_that_differ_only_by_case_are_refused_where_they_would_be_one_table(file):
    """DuckDB would put the rows of both into one table, one over the other."""
    with pytest.raises(LoadError, match="streams 'Spend' and 'spend' differ only by case"):
        file.load(
            schema("Spend", {"id": WHOLE}, ["id"]),
            record("Spend", id=1),
            schema("spend", {"id": WHOLE}, ["id"]),
            record("spend", id=1),
        )


def test_a_column_that_hides_duckdbs_row_numbers_is_refused(file):
    """By them new rows are told from old ones; by the column's values other rows would be deleted."""
    for name in ("rowid", "RowID"):
        with pytest.raises(LoadError, match="rename it with a stream map"):
            file.load(schema(f"s_{name}", {"id": WHOLE, name: WHOLE}, ["id"]), record("s", id=1))
    with duckdb.connect(str(file.path)) as connection:
        connection.execute("CREATE TABLE t (id BIGINT, rowid BIGINT)")
    with pytest.raises(LoadError, match="rename it with a stream map"):
        file.load(schema("t", {"id": WHOLE}, ["id"]), record("t", id=1))


def test_parquet_follows_a_killed_load(file, tmp_path):
    """What a killed load committed is not sent again; the next one writes the file all the same."""
    folder = tmp_path / "out"
    folder.mkdir()
    head, other = (schema(name, {"id": WHOLE}, ["id"]) for name in ("s", "t"))
    settings = {"parquet_path": str(folder), "batch_size_rows": 2}
    first = file.run(head, other, record("s", id=1), record("t", id=1), **settings)
    assert first.code == 0
    with file.start(**settings) as process:
        body = [head, other, record("s", id=2), state({"n": 1}), record("s", id=3)]
        process.stdin.write(lines(body))
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"n": 1}
        process.kill()
        process.stdin.close()
        process.stderr.read()
    assert file.run(head, other, **settings).code == 0
    rows = duckdb.sql(f"SELECT id FROM '{folder}/s.parquet' ORDER BY id").fetchall()
    assert rows == [(1,), (2,), (3,)]
    assert sorted(path.name for path in folder.iterdir()) == ["s.parquet", "t.parquet"]


def referring(properties, keys=("n",)):
    """A SCHEMA message whose properties refer to definitions."""
    made = schema("s", properties, [*keys])
    made["schema"]["definitions"] = {
        "id": {"type": "integer"},
        "text": {"type": "string"},
        "money": {"anyOf": [{"$ref": "#/definitions/exact"}, {"type": "null"}]},
        "exact": {"type": "string", "format": "x-singer.decimal", "precision": 20, "scale": 4},
        "tree": {"$ref": "#/definitions/tree"},
        "a/b c": MOMENT,
    }
    return made


REFERRING = {
    "n": {"$ref": "#/definitions/id"},
    "amount": {"$ref": "#/definitions/money", "description": "Money."},
    "since": {"$ref": "#/definitions/a~1b%20c"},
    "tree": {"$ref": "#/definitions/tree"},
    "gone": {"$ref": "#/definitions/nothing"},
    "far": {"$ref": "https://example.invalid/schema.json"},
    "kind": {"title": "Kind", "allOf": [{"$ref": "#/definitions/text"}]},
    "both": {"allOf": [{"$ref": "#/definitions/text"}, {"minLength": 1}]},
    "$ref": {"type": ["string", "null"]},
}


def test_references_within_a_schema_are_followed(place):
    """Singer's taps send them; without, each such column was JSON, keys and money too."""
    values = {
        "n": 1,
        "amount": "12.5000",
        "since": "2026-03-18T12:00:00Z",
        "gone": 1,
        "$ref": "x",
        "kind": "k",
    }
    for way in ({}, {"validate_records": False, "add_record_metadata": True}):
        place.load(referring(REFERRING), record("s", **values), **way)
    kinds = {name: kind for name, kind in place.types("s").items() if not name.startswith("_sdc_")}
    assert kinds == {
        "n": "BIGINT",
        "amount": "DECIMAL(20,4)",
        "since": "TIMESTAMP WITH TIME ZONE",
        "kind": "VARCHAR",
        **dict.fromkeys(("tree", "gone", "far", "both"), "JSON"),
        "$ref": "VARCHAR",
    }
    rows = place.query('SELECT n, amount, since, gone, "$ref", kind FROM s')
    assert rows == [(1, Decimal("12.5"), datetime(2026, 3, 18, 12, tzinfo=UTC), "1", "x", "k")]


WAYS = pytest.mark.parametrize("way", [{}, {"add_record_metadata": True}], ids=["plain", "sdk"])
BY_TEXT = {"id": {"$ref": "#/definitions/text"}, "kind": REFERRING["kind"]}


@WAYS
@pytest.mark.parametrize("others", [(), ("n", "amount")], ids=["texts", "texts and numbers"])
def test_a_table_of_before_references_were_followed_stays_as_it_is(place, others, way):
    """Its columns are JSON, and what comes goes on into them: the same keys, so no row stands there twice."""
    few = {**BY_TEXT, **{name: REFERRING[name] for name in others}}
    first = {"id": "a1", "kind": "old", "n": 1, "amount": "1.5"}
    before = schema("s", {name: {} for name in few}, ["id"])
    place.load(before, record("s", **{name: first[name] for name in few}))
    for kind in ("new", "newest"):
        values = {"kind": kind, "n": 2, "amount": "2.5"}
        values = {name: value for name, value in values.items() if name in few}
        rows = (record("s", id="a1", **values), record("s", id="a2", **values))
        place.load(referring(few, ["id"]), *rows, **way)
    types = place.types("s")
    assert {name: types[name] for name in few} == dict.fromkeys(few, "JSON")
    kept = ('"newest"', "2", '"2.5"')[: len(few) - 1]
    assert place.query(f"SELECT {', '.join(few)} FROM s ORDER BY id") == [
        ('"a1"', *kept),
        ('"a2"', *kept),
    ]


@WAYS
def test_each_column_that_came_by_a_reference_stays_what_it_is(place, way):
    """JSON stays JSON; one that has its type keeps it, and a new one gets it, whatever the others are."""
    few = {**BY_TEXT, "amount": REFERRING["amount"], "n": REFERRING["n"]}
    before = schema("s", {"id": {}, "kind": TEXT, "n": {}}, ["id"])
    place.load(before, record("s", id="a1", kind="old", n=1))
    for n in (2, 3):
        row = record("s", id="a1", kind="new", n=n, amount="2.5")
        place.load(referring(few, ["id"]), row, **way)
    types = place.types("s")
    kinds = {"id": "JSON", "kind": "VARCHAR", "n": "JSON", "amount": "DECIMAL(20,4)"}
    assert {name: types[name] for name in few} == kinds
    rows = place.query("SELECT id, kind, n, amount FROM s")
    assert rows == [('"a1"', "new", "3", Decimal("2.5"))]


@pytest.mark.parametrize("kind", ["SMALLINT", "INTEGER"])
def test_a_narrow_integer_of_another_loader_is_widened(place, kind):
    """A BIGINT holds all that it does; both engines know it."""
    head = schema("s", {"n": WHOLE, "v": WHOLE}, ["n"])
    made = f"CREATE TABLE s (n {kind} PRIMARY KEY, v {kind})"
    if isinstance(place, File):
        with duckdb.connect(str(place.path)) as connection:
            connection.execute(f"{made.replace(' PRIMARY KEY', '')}; INSERT INTO s VALUES (1, 7)")
    else:
        with place.connect() as connection:
            connection.execute(f"{made}; INSERT INTO s VALUES (1, 7)")
    place.load(head, record("s", n=5_000_000_000, v=6_000_000_000))
    assert place.query("SELECT n, v FROM s ORDER BY n") == [(1, 7), (5_000_000_000, 6_000_000_000)]
    assert place.types("s") == {"n": "BIGINT", "v": "BIGINT"}


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE s (n BIGINT, v BIGINT NOT NULL)",
        "CREATE TABLE s (n BIGINT, v BIGINT UNIQUE); INSERT INTO s VALUES (9, 1)",
        "CREATE TABLE s (n BIGINT, v INTEGER); CREATE INDEX i ON s (v)",
        "CREATE VIEW s AS SELECT CAST(1 AS BIGINT) AS n, CAST(1 AS BIGINT) AS v",
        "CREATE TABLE s (n BIGINT, v BIGINT GENERATED ALWAYS AS (n + 1))",
    ],
)
def test_what_somebody_elses_table_refuses_is_told_with_the_stream(file, made):
    """DuckDB names neither: of fifty streams it must be known which."""
    with duckdb.connect(str(file.path)) as connection:
        connection.execute(made)
    head = schema("s", {"n": WHOLE, "v": WHOLE}, ["n"])
    run = file.run(head, record("s", n=1, v=1), record("s", n=2, v=None), state({"n": 1}))
    assert (run.code, run.states) == (1, [])
    assert run.errors.count("ERROR") == 1
    assert "Stream 's'" in run.errors
    assert "Traceback" not in run.errors
