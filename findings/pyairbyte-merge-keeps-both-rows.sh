#!/usr/bin/env bash
# PyAirbyte's merge keeps both rows of a key that comes twice in one sync, and updates both ever after.
#
# A good guess: with a primary key and write_strategy="merge" there is one row a key, the last one that came;
# a merge of doubled keys is refused by most databases, so the cache looks to that before.
# What happens (airbyte 0.71.3, DuckDB 1.4.3 as its cache): a key that is new to the table and comes twice in one
# sync is inserted twice, with write_strategy="auto" (the default) and "merge". Each later sync of that key
# updates both rows, so that they become equal: spend of 1 and 2 in the first sync is 1 and 2 in the table,
# 3 in the next one is 3 and 3.
# For a user: sources repeat rows all the time (windows that meet, pages that shift), and the sum of such a
# key is doubled for good, with a table whose rows look like a harmless repeat. Count rows against distinct
# keys after each sync; `DELETE` all rows of such keys and sync again.
python3 -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || { echo "skipped: needs Python 3.11 or 3.12"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(airbyte==0.71.3 duckdb==1.4.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import http.server
import json
import os
import sys
import threading
from importlib.metadata import version

os.environ |= {"DO_NOT_TRACK": "1", "AIRBYTE_OFFLINE_MODE": "1"}
os.environ["AIRBYTE_LOGGING_ROOT"] = os.getcwd()
import airbyte
from airbyte.caches import DuckDBCache
from sqlalchemy import text

print(*(f"{name} {version(name)}" for name in ("airbyte", "airbyte-cdk", "duckdb")))
sent = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"data": sent}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
properties = {
    "id": {"type": ["null", "string"]},
    "spend": {"type": ["null", "number"]},
    "seen_at": {"type": ["null", "string"], "format": "date-time"},
}
stream = {
    "type": "DeclarativeStream",
    "name": "report",
    "primary_key": ["id"],
    "schema_loader": {
        "type": "InlineSchemaLoader",
        "schema": {"type": "object", "properties": properties},
    },
    "retriever": {
        "type": "SimpleRetriever",
        "requester": {
            "type": "HttpRequester",
            "url_base": f"http://127.0.0.1:{server.server_port}",
            "path": "/report",
            "http_method": "GET",
        },
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
        },
    },
}
manifest = {
    "version": "7.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["report"]},
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    "streams": [stream],
}
source = airbyte.get_source("source-report", source_manifest=manifest, config={})
source.select_all_streams()
cache = DuckDBCache(db_path="cache.duckdb", schema_name="ads")


def stored(columns, rows, **options):
    """Sync these rows; return what the cache's table holds then."""
    sent[:] = rows
    source.read(cache=cache, **options)
    with cache.get_sql_engine().connect() as connection:
        query = text(f"SELECT {columns} FROM ads.report ORDER BY id, spend")
        return [tuple(map(str, row)) for row in connection.execute(query)]


first = stored("id, spend", [{"id": "a", "spend": 1}, {"id": "a", "spend": 2}], write_strategy="merge")
second = stored("id, spend", [{"id": "a", "spend": 3}], write_strategy="merge")
third = stored("id, spend", [{"id": "b", "spend": 1}, {"id": "b", "spend": 2}])
print("a twice in one sync:", *first)
print("a once in the next:", *second)
print('b twice, write_strategy="auto":', *third[2:])


def amounts(rows):
    return [float(spend) for _, spend in rows]


stated = amounts(first) == [1, 2] and amounts(second) == [3, 3] and amounts(third) == [3, 3, 1, 2]
server.shutdown()
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore run.py 2>log.txt || { tail -n 20 log.txt; exit 1; }
