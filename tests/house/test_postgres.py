"""The Postgres that other tests stand on."""

import json
from decimal import Decimal

import psycopg
import pytest

from tests import programs
from tests.postgres import Server, loader_url


@pytest.mark.parametrize("visit", ["first", "second"])
def test_each_test_gets_an_empty_database(postgres_url, visit):
    """What one test leaves behind, the next does not see."""
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        connection.execute("CREATE TABLE left_behind (visit text)")
        connection.execute("INSERT INTO left_behind VALUES (%s)", [visit])
    assert tables == []


def test_a_forgotten_connection_does_not_keep_a_database(postgres_server: Server, request):
    """A loader that was killed leaves a connection; its database goes all the same."""
    url = request.getfixturevalue("postgres_url")
    forgotten = psycopg.connect(url)
    request.addfinalizer(forgotten.close)
    assert forgotten.execute("SELECT 1").fetchone() == (1,)
    assert postgres_server.folder.exists()


def test_the_server_listens_on_no_port(postgres_url):
    """Any number of test processes can run side by side."""
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_loader_writes_money_and_moments_exactly(postgres_url, tmp_path):
    """target-postgres without `use_copy` and in UTC: no digit lost, no moment shifted."""
    money = "12345678901234567890.123456789012345678"
    messages = [
        {
            "type": "SCHEMA",
            "stream": "delivery_daily",
            "key_properties": ["_row_key"],
            "schema": {
                "properties": {
                    "_row_key": {"type": "string"},
                    "spend": {
                        "type": ["string", "null"],
                        "format": "x-singer.decimal",
                        "precision": 38,
                        "scale": 18,
                    },
                    "_synced_at": {"type": "string", "format": "date-time"},
                }
            },
        },
        {
            "type": "RECORD",
            "stream": "delivery_daily",
            "record": {"_row_key": "a", "spend": money, "_synced_at": "2026-03-29T01:30:00Z"},
        },
    ]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"sqlalchemy_url": loader_url(postgres_url), "use_copy": False}))
    text = "\n".join(map(json.dumps, messages))
    done = programs.run("target-postgres", ["--config", str(config)], given=text)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute(
            "SELECT spend, _synced_at::text FROM melty.delivery_daily"
        ).fetchone()
    assert row == (Decimal(money), "2026-03-29 01:30:00")
