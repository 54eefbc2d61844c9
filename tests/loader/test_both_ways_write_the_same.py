"""Lines go to the table by the fast way or through the SDK: nobody can tell from the table which it was."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adtap_loader.duckdb_target import TargetAdtapDuckdb
from adtap_loader.errors import LoadError

from .conftest import File, Place, lines, record, schema, state

TYPES = {
    "n": {"type": "integer"},
    "text": {"type": ["string", "null"]},
    "whole": {"type": ["integer", "null"]},
    "wide": {"type": ["integer", "null"], "maximum": 2**64},
    "number": {"type": ["number", "null"]},
    "money": {
        "type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18,
    },
    "either": {
        "type": ["string", "number", "null"], "format": "x-singer.decimal", "precision": 12, "scale": 3,
    },
    "day": {"type": ["string", "null"], "format": "date"},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "flag": {"type": ["boolean", "null"]},
    "object": {"type": ["object", "null"]},
    "list": {"type": ["array", "null"]},
    "any": {},
    "mixed": {"type": ["integer", "string", "boolean", "null"]},
}  # fmt: skip
HEAD = schema("s", TYPES, ["n"])

# Each as it may stand on the line: what most taps write, and what few do.
SPELLINGS = {
    "text": ['""', '"a"', '"\\u00e9\\n\\"x\\""', '"é 日 🙂"', '"null"', '"a\\u0000b"', '"\\ud83d"', "null"],
    "whole": ["0", "-1", "9223372036854775807", "-9223372036854775808", "3.0", "1e3", "null"],
    "wide": ["0", "-0", "18446744073709551616", "-5", "2E1", str(2**127 - 1), "null"],
    "number": ["0", "-0.0", "0.1", "1e-18", "12345678901234567890.123456789012345678", "5E-19", "null"],
    "money": ['"0"', '"-0"', '"1.10"', '"007"', '"1e2"', '"-99999999999999999999.999999999999999999"', '"0.1234567890123456785"', "null"],
    "either": ['"1.5"', "1.5", "2", '"0.0005"', "0.0015", "null"],
    "day": ['"2026-02-28"', '"0001-01-01"', '"2026-02-28T00:00:00Z"', "null"],
    "at": ['"2026-03-18T12:00:00Z"', '"2026-03-18 12:00:00"', '"2026-03-18T14:00:00.1234567+02:00"', '"2026-03-18"', '"2026-03-18T24:00:00Z"', "null"],
    "flag": ["true", "false", "null"],
    "object": ['{"a":0.10,"b":[1, 2],"c":"é\\u00e9"}', "{}", '{"x": 123456789012345678901234567890}', '{"x":1E5,"y":-0,"z":[1e-9]}', "null"],
    "list": ["[]", '[ null, "a" ]', "[1.0]", "[0.00000012,0.0000000]", "null"],
    "any": ["1", "1E5", '"x"', "true", '{"a": null}', "null"],
    "mixed": ["7", '"7"', "true", "null"],
}  # fmt: skip
BEGINNINGS = [
    '{"type":"RECORD","stream":"s","record":',
    '{"type": "RECORD", "stream": "s", "record": ',
    ' {"stream":"s","type":"RECORD","record":',
    '{"type":"RECORD","stream":"\\u0073","record":',
]
ENDS = ["}", ',"time_extracted":"2026-01-01T00:00:00Z"}', ', "version": 1 } ', "}\r"]

ROWS = st.fixed_dictionaries(
    {name: st.sampled_from(ways) for name, ways in SPELLINGS.items()}
) | st.fixed_dictionaries({}, optional={n: st.sampled_from(w) for n, w in SPELLINGS.items()})
LINES = st.tuples(st.sampled_from(BEGINNINGS), st.integers(0, 5), ROWS, st.sampled_from(ENDS)).map(
    lambda made: made[0] + spelt({"n": str(made[1]), **made[2]}) + made[3]
)
THROUGH_THE_SDK = {"stream_maps": {"s": {"n": "n"}, "t": {"n": "n"}}}


def spelt(fields: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}"


def table(place: Place, name: str = "s", within: str = "") -> list[tuple]:
    columns = [place.moment("at") if column == "at" else f'"{column}"' for column in TYPES]
    return place.query(
        f"SELECT {', '.join(columns)} FROM {within or place.schema}.{name} ORDER BY n"
    )


def test_every_way_to_write_a_value_ends_as_the_same_value(place):
    """Each spelling of each type, a row for each, by both ways."""
    rows = [
        BEGINNINGS[0] + spelt({"n": str(n), name: text}) + "}"
        for n, (name, text) in enumerate(
            (name, text) for name, ways in SPELLINGS.items() for text in ways
        )
    ]
    place.load(HEAD, *rows, default_target_schema="fast")
    place.load(HEAD, *rows, default_target_schema="slow", **THROUGH_THE_SDK)
    assert table(place, within="fast") == table(place, within="slow")
    assert len(table(place, within="fast")) == len(rows)


def test_both_ways_write_the_same_text_where_the_table_has_a_text(place):
    """A column that was text once keeps what was sent, and not what one way or the other makes of it."""
    rows = [
        BEGINNINGS[0] + spelt({"n": str(n), name: text}) + "}"
        for n, (name, text) in enumerate(
            (name, text) for name, ways in SPELLINGS.items() for text in ways
        )
    ]
    texts = schema("s", {**dict.fromkeys(TYPES, TYPES["text"]), "n": TYPES["n"]}, ["n"])
    names = ", ".join(f'"{column}"' for column in TYPES)
    found = {}
    for name, way in (("fast", {}), ("slow", THROUGH_THE_SDK)):
        place.load(texts, default_target_schema=name)
        place.load(HEAD, *rows, default_target_schema=name, **way)
        found[name] = place.query(f"SELECT {names} FROM {name}.s ORDER BY n")
    assert found["fast"] == found["slow"]
    assert len(found["fast"]) == len(rows)


@pytest.mark.parametrize(
    "number", [str(2**127), str(-(2**127) - 1), "1" + "0" * 39, "-1" + "0" * 5000]
)
def test_an_integer_past_the_widest_column_is_refused_by_both_ways(place, number):
    """Postgres had room for it, DuckDB has not: what is stored depends on neither engine nor way."""
    row = BEGINNINGS[0] + spelt({"n": "1", "wide": number}) + "}"
    for way in ({}, THROUGH_THE_SDK):
        with pytest.raises(LoadError, match=r"column 'wide': .* is refused: does not fit HUGEINT"):
            place.load(HEAD, row, **way)


def test_a_number_with_more_digits_than_python_reads_is_kept_by_both_ways(place):
    """4,300 is Python's limit for integers; what a JSON column may hold is the warehouse's to say."""
    digits = "7" * 5_000
    row = BEGINNINGS[0] + spelt({"n": "1", "any": f'{{"a":[{digits}]}}', "mixed": digits}) + "}"
    for name, way in (("fast", {}), ("slow", THROUGH_THE_SDK)):
        run = place.run(HEAD, row, default_target_schema=name, **way)
        assert run.code == 0, run.errors
        (found,) = place.query(f'SELECT CAST("any" AS VARCHAR), mixed FROM {name}.s')
        assert (found[0].replace(" ", ""), found[1]) == (f'{{"a":[{digits}]}}', digits)


@settings(max_examples=10, deadline=None)
@given(
    rows=st.lists(LINES, min_size=1, max_size=12),
    size=st.integers(1, 8),
    chunk=st.integers(1, 700),
)
def test_any_mixture_of_lines_in_pieces_of_any_size_ends_the_same(rows, size, chunk):
    """Odd spellings beside plain ones, batches and reads of any size: the same rows, the same STATE."""
    body = []
    for place, row in enumerate(rows):
        body += [row, row.replace('"s"', '"t"').replace("\\u0073", "t"), state({"n": place})]
    messages = [HEAD, {**HEAD, "stream": "t"}, *body]
    with TemporaryDirectory() as folder:
        fast, slow = File(Path(folder) / "fast.duckdb"), File(Path(folder) / "slow.duckdb")
        target = TargetAdtapDuckdb(config={"path": str(fast.path), "batch_size_rows": size})
        target.loader.read(Pieces(lines(messages), chunk))
        target.loader.finish()
        slow.load(*messages, **THROUGH_THE_SDK)
        for name in ("s", "t"):
            assert table(fast, name) == table(slow, name)


class Pieces(io.RawIOBase):
    """Bytes that come a few at a time, as from a pipe."""

    def __init__(self, body: bytes, size: int) -> None:
        super().__init__()
        self._body, self._size = io.BytesIO(body), size

    def read(self, _size: int = -1) -> bytes:
        return self._body.read(self._size)


def test_a_plain_load_starts_without_the_sdk_and_any_other_with_it(file):
    """Where importing the SDK fails a plain load runs all the same, and a stream map does not."""
    code = (
        "import sys\n"
        "sys.modules['singer_sdk'] = None\n"
        "from adtap_loader.programs import duckdb\n"
        "duckdb()\n"
    )
    body = lines([HEAD, record("s", n=1, text="a"), state({"n": 1})])
    for asked, plain in (({}, True), ({"stream_maps": {"s": {"n": "n"}}}, False)):
        config = file.path.with_name("config.json")
        config.write_text(json.dumps({"path": str(file.path), **asked}))
        run = subprocess.run(
            [sys.executable, "-c", code, "--config", str(config)],
            input=body,
            capture_output=True,
            check=False,
        )
        assert (run.returncode == 0) is plain
        assert plain or b"singer_sdk" in run.stderr
    assert file.query("SELECT n, text FROM s") == [(1, "a")]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"stream_maps": {"t": {"one": "1"}}},
        {"stream_maps": {"s": {"one": "1"}}},
        {"validate_records": True},
        {"add_record_metadata": True},
    ],
    ids=["fast", "elsewhere", "mapped", "validated", "metadata"],
)
def test_the_program_says_the_same_whichever_way_it_takes(place, asked):
    """STATE, exit code and the one line of an error do not depend on what else was asked for."""
    rows = [record("s", n=n, text=f"row {n}") for n in range(20)]
    run = place.run(HEAD, *rows, state({"n": 20}), batch_size_rows=7, **asked)
    assert (run.code, run.states[-1:]) == (0, [{"n": 20}]), run.errors
    assert [row[0] for row in table(place)] == [*range(20)]
    counted = re.findall(r'"metric":"record_count","value":(\d+)', run.errors.replace(" ", ""))
    assert counted == (["20"] if asked else []), "the SDK's metric tells the rows, too"
    run = place.run(HEAD, record("s", n=21, text="x"), record("s", text="no key"), **asked)
    assert (run.code, run.states) == (1, [])
    assert "'s': a record has no value for its key property 'n'" in run.errors or asked.get(
        "validate_records"
    )
    assert run.errors.count("ERROR") == 1
    assert "Traceback" not in run.errors
    assert [row[0] for row in table(place)] == [*range(20)]


def test_two_streams_that_a_map_brings_into_one_table_lose_no_row(place):
    """The second stream takes over the table; what waited for the commit is committed first."""
    other = {**HEAD, "stream": "t"}
    place.load(
        HEAD,
        record("s", n=1, text="s"),
        other,
        record("t", n=2, text="t"),
        record("s", n=3, text="s"),
        stream_maps={"t": {"__alias__": "s"}},
    )
    assert place.query("SELECT n, text FROM s ORDER BY n") == [(1, "s"), (2, "t"), (3, "s")]
