#!/usr/bin/env bash
# Property chunking in an Airbyte manifest makes one row of all days of an id, even if no chunk is needed.
#
# A good guess: rows are merged across the requests that a list of properties is cut into, where they are
# the same row; what comes in one answer stays as many rows as there are.
# What happens (airbyte-cdk 7.39.1): with `property_chunking` all rows of a page are gathered by a key,
# which is `id` unless the manifest names another one, and written over each other. Of three days of the
# campaign c1 the last one is emitted, though all properties fit into one request. With the key [id, day,
# country] a row whose country is null (or 0, or "") is not merged, but emitted once for each request, in
# halves: one with its spend, one with its clicks. No error in either case.
# For a user: a report with one row a day has one row a page left, and its sums are a fraction of the
# platform's. Name every column of the report's grain in `record_merge_strategy`, the day first, and count
# rows against the platform; a column of it that can be null makes two rows of one.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-cdk==7.39.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import http.server
import json
import logging
import sys
import threading
from importlib.metadata import version

logging.disable(logging.CRITICAL)
from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import read

print("airbyte-cdk", version("airbyte-cdk"))
ROWS = [
    {"id": "c1", "day": "2026-01-05", "country": "DE", "spend": 1, "clicks": 10},
    {"id": "c1", "day": "2026-01-06", "country": "DE", "spend": 2, "clicks": 20},
    {"id": "c1", "day": "2026-01-07", "country": None, "spend": 4, "clicks": 40},
]
asked = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        names = ["id", "day", "country"] + [name for name in ("spend", "clicks") if name in self.path]
        body = json.dumps({"data": [{name: row[name] for name in names} for row in ROWS]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


def synced(limit, key=None):
    chunking = {
        "type": "PropertyChunking",
        "property_limit_type": "property_count",
        "property_limit": limit,
    }
    if key:
        chunking["record_merge_strategy"] = {"type": "GroupByKeyMergeStrategy", "key": key}
    fields = {
        "type": "QueryProperties",
        "property_list": ["spend", "clicks"],
        "property_chunking": chunking,
    }
    stream = {
        "type": "DeclarativeStream",
        "name": "report",
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"properties": {}}},
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": f"http://127.0.0.1:{server.server_port}",
                "path": "/report",
                "http_method": "GET",
                "request_parameters": {"fields": fields},
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
        "spec": {"type": "Spec", "connection_specification": {"type": "object"}},
        "streams": [stream],
    }
    catalog = CatalogBuilder().with_stream("report", SyncMode.full_refresh).build()
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config={}, state=[], source_config=manifest
    )
    asked.clear()
    output = read(source, config={}, catalog=catalog, state=[])
    assert not output.errors, output.errors
    rows = [message.record.data for message in output.records]
    return len(asked), sorted(
        ((row["day"], row.get("spend"), row.get("clicks")) for row in rows), key=str
    )


first, second, third = ((row["day"], row["spend"], row["clicks"]) for row in ROWS)
halves = [("2026-01-07", 4, None), ("2026-01-07", None, 40)]
cases = [
    ("one request, no key named", synced(10), (1, [third])),
    ("two requests, key [id, day]", synced(1, ["id", "day"]), (2, [first, second, third])),
    (
        "two requests, key [id, day, country]",
        synced(1, ["id", "day", "country"]),
        (2, [first, second, *halves]),
    ),
]
for name, seen, _ in cases:
    print(f"{name}: {seen[0]} requests, rows {seen[1]}")
server.shutdown()
stated = all(seen == right for _, seen, right in cases)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
