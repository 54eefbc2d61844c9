#!/usr/bin/env bash
# In an Airbyte manifest, format_datetime makes the day before of a local midnight, unless it is told the
# format that it reads anyway.
#
# A good guess: `format_datetime(record['day'], '%Y-%m-%d')` of 2026-01-06T00:00:00+02:00 is the day that is
# written there, and an `input_format` only says how to read.
# What happens (airbyte-cdk 7.39.1): without an input_format a text is brought to UTC before it is written,
# and is 2026-01-05; with the input_format that describes it, '%Y-%m-%dT%H:%M:%S%z', it stays in its own
# zone: 2026-01-06. An evening in New York, 2026-01-05T23:30:00-05:00, is January 6 and January 5. The two
# ways agree for a text in UTC.
# For a user: a key or cursor that a manifest makes by `format_datetime` is a day off for accounts east of
# Greenwich, and each evening for those west of it; adding an input_format later changes the days of all
# rows, so that the old ones stay beside them. Give the input_format from the beginning, or take the first
# ten characters: `record['day'][:10]`.
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
    {"day": "2026-01-06T00:00:00+02:00"},
    {"day": "2026-01-05T23:30:00-05:00"},
    {"day": "2026-01-06T00:00:00+00:00"},
]


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"data": ROWS}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


def synced(*transformations):
    """Return the rows of a manifest with these transformations."""
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
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
            },
        },
        "transformations": list(transformations),
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
    output = read(source, config={}, catalog=catalog, state=[])
    assert not output.errors, output.errors
    return [message.record.data for message in output.records]


def field(name, value):
    return {
        "type": "AddedFieldDefinition",
        "path": [name],
        "value": "{{ " + value + " }}",
        "value_type": "string",
    }


rows = synced(
    {
        "type": "AddFields",
        "fields": [
            field("plain", "format_datetime(record['day'], '%Y-%m-%d')"),
            field("told", "format_datetime(record['day'], '%Y-%m-%d', '%Y-%m-%dT%H:%M:%S%z')"),
            field("cut", "record['day'][:10]"),
        ],
    }
)
seen = {row["day"]: (row["plain"], row["told"], row["cut"]) for row in rows}
print("format_datetime, with input_format, the first ten characters:")
for day, values in seen.items():
    print(f"{day}:", *values)
stated = seen == {
    "2026-01-06T00:00:00+02:00": ("2026-01-05", "2026-01-06", "2026-01-06"),
    "2026-01-05T23:30:00-05:00": ("2026-01-06", "2026-01-05", "2026-01-05"),
    "2026-01-06T00:00:00+00:00": ("2026-01-06",) * 3,
}
server.shutdown()
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
