#!/usr/bin/env bash
# PyAirbyte stores moments without their offset, 23:30-05:00 as 23:30, and amounts with nine digits.
#
# A good guess: two spellings of one moment are one moment in the table, in UTC or with a zone; a number of
# the API keeps its digits, as its JSON does.
# What happens (airbyte 0.71.3, DuckDB 1.4.3 as its cache): a field of the format date-time becomes a TIMESTAMP,
# and the offset is cut off the text. "2026-01-01T23:30:00-05:00" is 23:30 on January 1,
# "2026-01-02T04:30:00Z", the same moment, 04:30 on January 2. Numbers become DECIMAL(38,9), rounded:
# 12.9900000005 is 12.990000001. A schema that says airbyte_type timestamp_with_timezone changes nothing.
# For a user: events of accounts in different zones are hours apart where they were not, and spend by day has
# rows on the wrong day. Ask the platform for UTC, or send the moment as a plain string as well and cast it
# in SQL; amounts with more than nine digits go through as strings.
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
    "seen_at": {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
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


rows = [
    {"id": "a", "spend": 12.9900000005, "seen_at": "2026-01-01T23:30:00-05:00"},
    {"id": "b", "spend": 1, "seen_at": "2026-01-02T04:30:00Z"},
]
table = stored("seen_at, typeof(seen_at), spend, typeof(spend)", rows)
for row, kept in zip(rows, table):
    print(row["seen_at"], row["spend"], "->", *kept)
stated = table == [
    ("2026-01-01 23:30:00", "TIMESTAMP", "12.990000001", "DECIMAL(38,9)"),
    ("2026-01-02 04:30:00", "TIMESTAMP", "1.000000000", "DECIMAL(38,9)"),
]
server.shutdown()
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore run.py 2>log.txt || { tail -n 20 log.txt; exit 1; }
