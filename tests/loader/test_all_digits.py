"""`all_digits` of target-adtap-postgres: decimals without precision and scale, each digit that was sent kept."""

# ruff: noqa: S608 - the names in these queries are the tests' own

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adtap_loader.errors import LoadError

from .conftest import record, schema, state
from .test_both_ways_write_the_same import THROUGH_THE_SDK

WHOLE, TEXT, NUMBER = ({"type": [t, "null"]} for t in ("integer", "string", "number"))
WIDE = {**WHOLE, "maximum": 2**64}
DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
NOISE = "0.1234567890123456789012345"
DECIMALS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=90),
    st.integers(-150, 120),
)
WAYS = pytest.mark.parametrize("way", [{}, {"add_record_metadata": True}], ids=["fast", "sdk"])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(DECIMALS, min_size=1, max_size=30))
def test_any_decimal_comes_back_equal_by_both_ways(database, values):
    """As text and as a JSON number, with an exponent and without: to the last digit, however many there are."""
    with database.connect() as connection:
        connection.execute("DROP SCHEMA IF EXISTS fast, slow CASCADE")
    columns = dict.fromkeys(("text", "exponent"), DECIMAL) | dict.fromkeys(("number", "e"), NUMBER)
    rows = [
        f'{{"type":"RECORD","stream":"s","record":{{"n":{n},"text":"{value:f}","exponent":"{value:E}",'
        f'"number":{value:f},"e":{value:E}}}}}'
        for n, value in enumerate(values)
    ]
    for name, way in (("fast", {}), ("slow", THROUGH_THE_SDK)):
        database.load(
            schema("s", {"n": WHOLE, **columns}),
            *rows,
            all_digits=True,
            default_target_schema=name,
            **way,
        )
        found = database.query(f'SELECT "text", exponent, "number", e FROM {name}.s ORDER BY n')
        assert found == [(value,) * 4 for value in values]


@WAYS
@pytest.mark.parametrize(
    "text",
    [
        "9" * 131_072,
        f"0.{'0' * 16_382}1",
        f"1.{'5' * 16_383}{'0' * 4_000}",
        f"{'0' * 200_000}1.5",
        "1e131071",
        "-1e-16383",
        "0e999999999",
        "0e-999999999",
    ],
    ids=lambda text: f"{text[:12]}, {len(text)}",
)
def test_every_decimal_that_postgres_has_is_taken(database, text, way):
    """131,072 digits before the point, 16,383 behind it; zeros behind the last digit are none."""
    database.load(
        schema("s", {"n": WHOLE, "v": DECIMAL}), record("s", v=text), all_digits=True, **way
    )
    kept = Decimal(0) if text.startswith("0e") else Decimal(text)
    assert database.query("SELECT v FROM s") == [(kept,)]


@WAYS
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1e131072", "does not fit NUMERIC"),
        ("1e999999999", "does not fit NUMERIC"),
        ("1e-16384", "does not fit NUMERIC"),
        (f"0.{'1' * 16_384}", "does not fit NUMERIC"),
        ("NaN", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("1_000", "not a decimal number"),
        ("", "not a decimal number"),
        (True, "not a decimal number"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_is_no_decimal_or_too_long_for_postgres_is_refused(database, value, reason, way):
    """With stream, column and reason; nothing is cut or made of it."""
    with pytest.raises(LoadError) as caught:
        database.load(
            schema("s", {"n": WHOLE, "v": DECIMAL}), record("s", v=value), all_digits=True, **way
        )
    assert "Stream 's', column 'v'" in str(caught.value)
    assert reason in str(caught.value)
    assert database.query("SELECT count(*) FROM s") == [(0,)]


def test_a_column_of_18_places_gets_them_all_and_no_row_is_written_again(database):
    """What was there stays, what comes keeps its digits; the table's file is the same one."""
    file = "SELECT relfilenode FROM pg_class WHERE relname = 's'"
    head = schema("s", {"id": WHOLE, "v": DECIMAL, "w": NUMBER}, ["id"])
    database.load(head, record("s", id=1, v=NOISE, w=1.5), record("s", id=2, v=NOISE, w=1.5))
    before = database.query(file)
    database.load(
        head, record("s", id=2, v=NOISE, w=None), record("s", id=3, v="1e30"), all_digits=True
    )
    assert database.query(file) == before
    assert database.types("s") == {"id": "BIGINT", "v": "NUMERIC", "w": "NUMERIC"}
    assert database.query("SELECT id, v, w FROM s ORDER BY id") == [
        (1, Decimal("0.123456789012345679"), Decimal("1.5")),
        (2, Decimal(NOISE), None),
        (3, Decimal(10) ** 30, None),
    ]


@pytest.mark.parametrize(
    ("old", "kind", "value"),
    [
        (WHOLE, "NUMERIC", 2**63 - 1),
        (WIDE, "NUMERIC", 2**64),
        ({**DECIMAL, "precision": 12, "scale": 2}, "NUMERIC", "1.25"),
        ({**DECIMAL, "precision": 38, "scale": 0}, "NUMERIC", "9" * 38),
        (TEXT, "VARCHAR", "a"),
    ],
    ids=["integer", "wide", "cents", "whole", "text"],
)
def test_a_column_that_meets_a_decimal_keeps_what_it_has_and_every_digit(
    database, old, kind, value
):
    """An integer of any width and a decimal of other digits become `numeric`; a text stays one, all digits in it."""
    database.load(schema("s", {"id": WHOLE, "v": old}, ["id"]), record("s", id=1, v=value))
    database.load(
        schema("s", {"id": WHOLE, "v": DECIMAL}, ["id"]),
        record("s", id=2, v=NOISE),
        all_digits=True,
    )
    assert database.types("s")["v"] == kind
    assert database.query("SELECT v::text FROM s ORDER BY id") == [(str(value),), (NOISE,)]


def test_a_decimal_that_is_now_sent_as_text_keeps_its_digits(database):
    """The column becomes text, as any number does."""
    database.load(schema("s", {"v": DECIMAL}), record("s", v=NOISE), all_digits=True)
    database.load(schema("s", {"v": TEXT}), record("s", v="a"), all_digits=True)
    assert database.query("SELECT v FROM s ORDER BY v") == [(NOISE,), ("a",)]


def test_precision_and_scale_of_a_stream_do_not_matter(database):
    """Not even those that no decimal of 38 digits can have."""
    odd = {**DECIMAL, "precision": 100, "scale": 50}
    own = {"type": "string", "format": "x-singer.decimal", "precision": 12, "scale": 2}
    database.load(
        schema("s", {"odd": odd, "own": own}), record("s", odd=NOISE, own=NOISE), all_digits=True
    )
    assert database.query("SELECT odd, own FROM s") == [(Decimal(NOISE), Decimal(NOISE))]


@WAYS
def test_switched_off_again_the_column_stays_and_values_are_rounded_as_ever(database, way):
    """The setting alone says what is kept: other rows and other loaders' columns make no difference."""
    head = schema("s", {"id": WHOLE, "v": DECIMAL}, ["id"])
    database.load(head, record("s", id=1, v=NOISE), record("s", id=2, v=NOISE), all_digits=True)
    database.load(head, record("s", id=2, v=NOISE), **way)
    assert database.types("s")["v"] == "NUMERIC"
    assert database.query("SELECT v FROM s ORDER BY id") == [
        (Decimal(NOISE),),
        (Decimal("0.123456789012345679"),),
    ]


def test_a_view_that_shows_the_column_is_named_before_anything_is_loaded(database):
    """Postgres changes no type below a view: one line says what to do, and the load after it goes on."""
    head = schema("s", {"id": WHOLE, "v": DECIMAL}, ["id"])
    database.load(head, record("s", id=1, v=NOISE))
    with database.connect() as connection:
        connection.execute("CREATE VIEW shown AS SELECT v FROM s")
    run = database.run(head, record("s", id=1, v=NOISE), state({"n": 1}), all_digits=True)
    assert (run.code, run.states) == (1, [])
    assert "drop the view" in run.errors
    assert run.errors.count("ERROR") == 1
    with database.connect() as connection:
        connection.execute("DROP VIEW shown")
    run = database.run(head, record("s", id=1, v=NOISE), state({"n": 1}), all_digits=True)
    assert (run.code, run.states) == (0, [{"n": 1}]), run.errors
    assert database.query("SELECT v FROM s") == [(Decimal(NOISE),)]
