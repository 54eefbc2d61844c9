"""What a record says is what the table says, to the last digit, character and second."""

# ruff: noqa: S608 - the names in these queries are the tests' own

import json
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adtap_loader.errors import LoadError

from .conftest import File, record, schema

DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
MOMENT = {"type": ["string", "null"], "format": "date-time"}
DAY = {"type": ["string", "null"], "format": "date"}
WHOLE = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
TEXT = {"type": ["string", "null"]}
ANY_CONTEXT = Context(prec=200, rounding=ROUND_HALF_EVEN)

# Every value that DECIMAL(38,18) can hold, as an integer of its last place.
LAST_PLACES = st.integers(-(10**38) + 1, 10**38 - 1) | st.builds(
    lambda digits, place: digits * 10**place, st.integers(-(10**11), 10**11), st.integers(0, 18)
)


@settings(max_examples=25, deadline=None)
@given(values=st.lists(LAST_PLACES, min_size=1, max_size=40))
def test_every_decimal_of_38_digits_comes_back_to_the_last_digit(values):
    """As text, without its last zeros, with an exponent, and as a JSON number: the same decimal is stored."""
    exact = [Decimal(value).scaleb(-18, ANY_CONTEXT) for value in values]
    with TemporaryDirectory() as folder:
        file = File(Path(folder) / "ads.duckdb")
        rows = [
            f'{{"type":"RECORD","stream":"s","record":{{"n":{place},"text":"{value:f}",'
            f'"exponent":"{value:E}","short":"{value.normalize(ANY_CONTEXT):f}","number":{value:f}}}}}'
            for place, value in enumerate(exact)
        ]
        columns = {
            "n": WHOLE,
            "text": DECIMAL,
            "short": DECIMAL,
            "exponent": DECIMAL,
            "number": NUMBER,
        }
        file.load(schema("s", columns), *rows)
        stored = file.query("SELECT text, short, exponent, number FROM s ORDER BY n")
    assert stored == [(value,) * 4 for value in exact]


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(
        st.decimals(min_value="-1e19", max_value="1e19", places=25, allow_nan=False),
        min_size=1,
        max_size=20,
    )
)
def test_digits_past_the_scale_are_rounded_half_even_and_nothing_else_changes(texts):
    """Float noise past the 18th place goes; what stays is the nearest value, ties to even."""
    with TemporaryDirectory() as folder:
        file = File(Path(folder) / "ads.duckdb")
        file.load(
            schema("s", {"n": WHOLE, "v": DECIMAL}),
            *[record("s", n=n, v=f"{text:f}") for n, text in enumerate(texts)],
        )
        stored = [row[0] for row in file.query("SELECT v FROM s ORDER BY n")]
    assert stored == [text.quantize(Decimal("1e-18"), context=ANY_CONTEXT) for text in texts]


def test_a_tie_past_the_scale_goes_to_the_even_digit(place):
    """…785 and …775 past the 17th place both become …78, as bankers round."""
    place.load(
        schema("s", {"v": DECIMAL}),
        record("s", v="0.1234567890123456785"),
        record("s", v="0.1234567890123456775"),
    )
    assert [str(row[0]) for row in place.query("SELECT v FROM s")] == ["0.123456789012345678"] * 2


@pytest.mark.parametrize(
    ("spec", "value", "reason"),
    [
        (DECIMAL, "100000000000000000000", "does not fit DECIMAL(38,18)"),
        (DECIMAL, "99999999999999999999.9999999999999999999", "does not fit DECIMAL(38,18)"),
        (DECIMAL, "1e999999999", "does not fit DECIMAL(38,18)"),
        (DECIMAL, "NaN", "not a finite number"),
        (DECIMAL, "", "not a decimal number"),
        (DECIMAL, "1,50", "not a decimal number"),
        (DECIMAL, "1_000", "not a decimal number"),
        (DECIMAL, True, "not a decimal number"),
        (WHOLE, 2**63, "does not fit BIGINT"),
        (WHOLE, 1.5, "not an integer"),
        (WHOLE, True, "not an integer"),
        (WHOLE, "7", "not an integer"),
        (DAY, "2026-02-30", "not a value of DATE"),
        (DAY, "2026-02-03T10:00:00Z", "not a date"),
        (MOMENT, "yesterday", "not a value of TIMESTAMPTZ"),
        (MOMENT, 1700000000, "not a date-time"),
        ({"type": "boolean"}, "true", "not a boolean"),
    ],
)
def test_a_value_that_does_not_fit_ends_the_load_naming_stream_column_and_value(
    place, spec, value, reason
):
    """Nothing is rounded off before the point, cut or guessed: the load says which value it was."""
    with pytest.raises(LoadError) as caught:
        place.load(
            schema("spend_daily", {"n": WHOLE, "v": spec}), record("spend_daily", n=1, v=value)
        )
    assert "Stream 'spend_daily', column 'v'" in str(caught.value)
    assert reason in str(caught.value)
    assert place.query("SELECT count(*) FROM spend_daily") == [(0,)]


def test_numbers_are_stored_as_decimals_and_integers_as_wide_as_their_bounds(place):
    """A JSON number never becomes a double, and an unsigned 64-bit id keeps every digit."""
    wide = {"type": "integer", "minimum": 0, "maximum": 2**64 - 1}
    own = {"type": "string", "format": "x-singer.decimal", "precision": 12, "scale": 2}
    place.load(
        schema("s", {"number": NUMBER, "whole": WHOLE, "wide": wide, "own": own}),
        '{"type":"RECORD","stream":"s","record":{"number":0.1,"whole":3.0,"wide":18446744073709551615,"own":"1.50"}}',
    )
    assert place.types("s") == {
        "number": "DECIMAL(38,18)",
        "whole": "BIGINT",
        "wide": "HUGEINT",
        "own": "DECIMAL(12,2)",
    }
    assert place.query("SELECT * FROM s") == [(Decimal("0.1"), 3, 2**64 - 1, Decimal("1.50"))]


def test_moments_are_stored_in_utc_whatever_offset_they_came_with(place):
    """The same instant written four ways is one value; without an offset it is UTC."""
    ways = [
        "2026-03-18T12:00:00Z",
        "2026-03-18T14:00:00+02:00",
        "2026-03-18T08:30:00.000000-03:30",
        "2026-03-18T12:00:00",
    ]
    place.load(schema("s", {"at": MOMENT}), *[record("s", at=way) for way in ways])
    assert place.types("s") == {"at": "TIMESTAMP WITH TIME ZONE"}
    assert place.query(f"SELECT DISTINCT {place.moment('at')} FROM s") == [(1773835200_000000,)]


def test_null_and_the_empty_string_stay_two_things(place):
    """Absent and null are NULL, "" is ""; so is the text "null"."""
    place.load(
        schema("s", {"n": WHOLE, "v": TEXT}),
        record("s", n=1, v=""),
        record("s", n=2, v=None),
        record("s", n=3),
        record("s", n=4, v="null"),
    )
    assert place.query("SELECT v FROM s ORDER BY n") == [("",), (None,), (None,), ("null",)]


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=30))
def test_any_text_comes_back_character_by_character(texts):
    """Quotes, tabs, line ends, emoji, right-to-left marks, the zero character: all kept."""
    with TemporaryDirectory() as folder:
        file = File(Path(folder) / "ads.duckdb")
        file.load(
            schema("s", {"n": WHOLE, "v": TEXT}),
            *[record("s", n=n, v=text) for n, text in enumerate(texts)],
        )
        assert [row[0] for row in file.query("SELECT v FROM s ORDER BY n")] == texts


def test_objects_and_arrays_are_json_with_their_digits(file):
    """A number inside keeps its digits too, and a missing object is NULL, not the text null."""
    file.load(
        schema("s", {"n": WHOLE, "o": {"type": ["object", "null"]}, "a": {"type": "array"}}),
        '{"type":"RECORD","stream":"s","record":{"n":1,"o":{"x":0.12345678901234567890123},"a":[1,"é"]}}',
        record("s", n=2, o=None, a=[]),
    )
    assert file.types("s")["o"] == file.types("s")["a"] == "JSON"
    rows = file.query("SELECT o, a FROM s ORDER BY n")
    assert rows[0][0] == '{"x":0.12345678901234567890123}'
    assert json.loads(rows[0][1]) == [1, "é"]
    assert rows[1] == (None, "[]")


def test_names_are_kept_as_they_are(place):
    """63 characters, unicode, reserved words, quotes and spaces make columns and tables."""
    names = ["n" * 63, "größe", "select", "order", 'a "quoted" name', "with space", "日付", "Camel"]
    place.load(
        schema("group", dict.fromkeys(names, TEXT)), record("group", **{n: n for n in names})
    )
    assert list(place.types("group")) == names
    assert place.query('SELECT * FROM "group"') == [tuple(names)]


def test_columns_that_differ_only_by_case_are_refused(file):
    """DuckDB would take them for one column and lose the other."""
    with pytest.raises(LoadError, match="'Id' and 'id' differ only by case"):
        file.load(schema("s", {"Id": TEXT, "id": TEXT}))


def test_a_property_of_several_types_is_stored_as_text_or_json(place):
    """Alternatives are read from a list of types and from anyOf alike; null does not count."""
    place.load(
        schema(
            "s",
            {
                "mixed": {"type": ["integer", "string", "null"]},
                "any": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
                "open": {},
            },
        ),
        record("s", mixed=7, any="2026-01-01T00:00:00Z", open="x"),
    )
    assert list(place.types("s").values()) == ["VARCHAR", "TIMESTAMP WITH TIME ZONE", "JSON"]
    assert place.query("SELECT mixed, open FROM s") == [("7", '"x"')]


def test_rows_of_twenty_kilobytes_need_no_more_memory_than_a_load_has(file):
    """Long texts and objects full of quotes, more of them than a batch: DuckDB's limit is enough."""
    head = schema(
        "s", {"id": {"type": "integer"}, "t": {"type": "string"}, "o": {"type": "object"}}, ["id"]
    )
    wide = {"t": "long" * 2500, "o": {"a": '"\\' * 2500}}
    file.load(head, *(record("s", id=number, **wide) for number in range(2_000)))
    assert file.query("SELECT count(*), min(length(t)) FROM s") == [(2_000, 10_000)]


def test_narrow_and_wide_rows_of_one_stream_need_no_more_memory_than_a_load_has(file):
    """In one batch, narrow, wide and narrow again; each row is whole, and the last of a key counts."""
    head = schema("s", {"id": {"type": "integer"}, "t": {"type": "string"}}, ["id"])
    texts = ["a\nb", '\\",' * 7_000, "c"]
    rows = [
        record("s", id=first + number, t=texts[kind])
        for kind, first, count in ((0, 0, 20_000), (1, 20_000, 2_500), (2, 22_500, 20_000))
        for number in range(count)
    ]
    file.load(head, *rows, record("s", id=21_000, t="last"), record("s", id=3, t="last"))
    assert file.query("SELECT t, count(*) FROM s GROUP BY t ORDER BY min(id)") == [
        ("a\nb", 19_999), ("last", 2), (texts[1], 2_499), ("c", 20_000),
    ]  # fmt: skip
