"""What is of Postgres alone: its characters, its types, tables that another loader made."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from singer_sdk.testing import get_target_test_class

from adtap_loader.postgres_target import TargetAdtapPostgres

from .conftest import record, schema, state

WHOLE, TEXT, NUMBER = ({"type": [t, "null"]} for t in ("integer", "string", "number"))
MOMENT = {"type": ["string", "null"], "format": "date-time"}
DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
ODD = ["\\", "\\.", '"', "'", ",", "\n", "\r\n", "\t", "\b", "\f", "\x01", "\x1f", "\x7f", "null", "[", "]", "\\n",
       "\\u0041", "é", "🙂", "\u2028", "{", "%s", "$1"]  # fmt: skip

CONFIG: dict[str, str] = {}


class TestTargetAdtapPostgres(
    get_target_test_class(TargetAdtapPostgres, config=CONFIG, parse_env_config=False)
):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def _own_database(self, postgres_url):
        CONFIG["sqlalchemy_url"] = postgres_url
        yield
        CONFIG.clear()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.lists(st.sampled_from(ODD) | st.text(max_size=5), max_size=5).map("".join), min_size=1
    )
)
def test_any_text_comes_back_but_for_the_one_character_that_postgres_has_not(database, texts):
    """Whatever COPY, CSV or JSON could take for their own; U+0000 alone becomes U+FFFD, nested or not."""
    with database.connect() as connection:
        connection.execute("DROP TABLE IF EXISTS s")
    database.load(
        schema("s", {"n": WHOLE, "v": TEXT, "o": {"type": "object"}}),
        *[record("s", n=n, v=text, o={text: [text]}) for n, text in enumerate(texts)],
    )
    kept = [text.replace("\0", "\ufffd") for text in texts]
    found = database.query(
        "SELECT v, o->v->>0, (SELECT k FROM jsonb_object_keys(o) k) FROM s ORDER BY n"
    )
    assert found == [(text, text, text) for text in kept]


def test_the_types_are_those_of_postgres(database):
    """Money numeric, moments with a zone, objects jsonb; a null is SQL's and no JSON null; the key is the primary key."""
    columns = {
        "id": WHOLE, "text": TEXT, "money": DECIMAL, "at": MOMENT, "o": {"type": ["object", "null"]},
        "day": {"type": "string", "format": "date"}, "flag": {"type": "boolean"},
        "wide": {**WHOLE, "maximum": 2**64},
    }  # fmt: skip
    database.load(schema("s", columns, ["id"]), record("s", id=1, o={"a": 1}, day="2026-01-31"))
    database.load(schema("s", columns, ["id"]), record("s", id=2, o=None))
    found = database.query(
        "SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns "
        "WHERE table_name = 's' AND column_name <> 'id' ORDER BY ordinal_position"
    )
    assert found == [
        ("text", "text", None, None),
        ("money", "numeric", 38, 18),
        ("at", "timestamp with time zone", None, None),
        ("o", "jsonb", None, None),
        ("day", "date", None, None),
        ("flag", "boolean", None, None),
        ("wide", "numeric", 39, 0),
    ]
    assert database.query("SELECT id, o IS NULL, day FROM s ORDER BY id") == [
        (1, False, date(2026, 1, 31)),
        (2, True, None),
    ]
    keys = "SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = 's'::regclass"
    assert database.query(keys) == [("s_pkey",)]


def test_a_table_that_target_postgres_made_goes_on_as_it_is(database):
    """Its time stamps without a zone stay, and stay UTC; numbers without a limit stay; a narrower integer is widened."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE s (id integer PRIMARY KEY, at timestamp, v numeric, t varchar, o jsonb)"
        )
        connection.execute("INSERT INTO s VALUES (1, '2026-01-01 12:00', 1.5, 'a', '{}')")
    columns = {"id": WHOLE, "at": MOMENT, "v": DECIMAL, "t": TEXT, "o": {"type": "object"}}
    database.load(
        schema("s", columns, ["id"]),
        record("s", id=2**40, at="2026-01-01T14:00:00+02:00", v="0.000000000000000001", t="b"),
        state({}),
    )
    assert database.query("SELECT id, at, v, t FROM s ORDER BY id") == [
        (1, datetime(2026, 1, 1, 12), Decimal("1.5"), "a"),
        (2**40, datetime(2026, 1, 1, 12), Decimal("1E-18"), "b"),
    ]


def test_a_server_in_new_york_stores_utc(database):
    """A time stamp without an offset, and a date that becomes one, are UTC whatever the server's zone is."""
    day = {"type": ["string", "null"], "format": "date"}
    database.load(schema("s", {"v": day}), record("s", v="2026-03-18"))
    database.load(schema("s", {"v": MOMENT}), record("s", v="2026-03-18T12:00:00"))
    assert database.query("SELECT v FROM s ORDER BY v") == [
        (datetime(2026, 3, 18, tzinfo=UTC),),
        (datetime(2026, 3, 18, 12, tzinfo=UTC),),
    ]


def test_a_column_of_somebody_elses_keeps_its_default(database):
    """What the table has besides the stream's columns is as in a new row when a row comes again."""
    database.load(schema("s", {"id": WHOLE, "v": NUMBER}, ["id"]), record("s", id=1, v=1))
    with database.connect() as connection:
        connection.execute(
            "ALTER TABLE s ADD note text DEFAULT 'none', ADD twice numeric GENERATED ALWAYS AS (v * 2) STORED"
        )
        connection.execute("UPDATE s SET note = 'mine'")
    database.load(schema("s", {"id": WHOLE, "v": NUMBER}, ["id"]), record("s", id=1, v=2))
    assert database.query("SELECT id, v, note, twice FROM s") == [(1, 2, "none", 4)]


@pytest.mark.parametrize("given", ["the environment", "the address", "the role"])
def test_text_arrives_whatever_encoding_a_session_begins_with(database, monkeypatch, given):
    """What we send is UTF-8; a session that took it for another encoding would store other letters."""
    if given == "the environment":
        monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    elif given == "the address":
        database.url += "&client_encoding=LATIN1"
    else:
        with database.connect() as connection:
            connection.execute("ALTER ROLE postgres SET client_encoding = 'LATIN1'")
    try:
        database.load(
            schema("größe", {"größe": TEXT, "o": {"type": "object"}}),
            record("größe", größe="café 日本", o={"größe": "é"}),
        )
    finally:
        monkeypatch.undo()
        database.url = database.url.removesuffix("&client_encoding=LATIN1")
        with database.connect() as connection:
            connection.execute("ALTER ROLE postgres RESET client_encoding")
    assert database.query('SELECT "größe", o->>\'größe\' FROM "größe"') == [("café 日本", "é")]


def test_a_database_of_another_encoding_holds_what_it_can_and_refuses_the_rest(database):
    """In LATIN1 é is é; 日 has no place there, and is no three other letters."""
    with database.connect() as connection:
        connection.execute(
            "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    own = replace(database, url=re.sub(r"/test_\d+\?", "/latin?", database.url))
    try:
        own.load(schema("s", {"v": TEXT}), record("s", v="café"))
        run = own.run(schema("s", {"v": TEXT}), record("s", v="日"), state({"n": 1}))
        assert (run.code, run.states) == (1, [])
        assert "Stream 's'" in run.errors
        assert run.errors.count("ERROR") == 1
        assert own.query("SELECT v, length(v) FROM s") == [("café", 4)]
    finally:
        with database.connect() as connection:
            connection.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_commit_is_safe_when_it_is_answered(database):
    """Also on a server that would answer earlier, as that of these tests does: STATE follows the commit."""
    assert database.query("SHOW synchronous_commit") == [("off",)]
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE s (id bigint PRIMARY KEY, said text DEFAULT current_setting('synchronous_commit'))"
        )
    database.load(schema("s", {"id": WHOLE}, ["id"]), record("s", id=1))
    assert database.query("SELECT said FROM s") == [("on",)]
