#!/usr/bin/env bash
# In an Airbyte manifest, DpathFlattenFields leaves a whole object nested, if one of its fields has the name
# of a field of the row.
#
# A good guess: the fields of `metrics` come up into the row, and where a name is taken the new value
# replaces the old one, or the stream fails.
# What happens (airbyte-cdk 7.39.1): if any name is in both, nothing comes up: not the one, and not the
# others either; with `delete_origin_value: true` the object stays as well. It is decided row by row. So of
# two rows the first has `spend` as a column, and the second, whose metrics hold a `status` as the row does,
# has none. The sync ends without an error. With `key_transformation` and a prefix all names differ, and all
# rows are flattened.
# For a user: the columns of such rows are null, and sums are short by just the rows to which the API adds a
# field; a field that the API adds to all rows one day empties the columns from then on. Always give a
# prefix, and count rows with a null spend.
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
    {"id": "r1", "status": "on", "metrics": {"spend": 12.99, "clicks": 3}},
    {"id": "r2", "status": "on", "metrics": {"spend": 29.99, "clicks": 5, "status": "final"}},
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


flatten = {"type": "DpathFlattenFields", "field_path": ["metrics"], "delete_origin_value": True}
prefix = {"type": "KeyTransformation", "prefix": "metrics_"}
plain = synced(flatten)
prefixed = synced({**flatten, "key_transformation": prefix})
for name, rows in (("plain", plain), ("with a prefix", prefixed)):
    for row in rows:
        print(f"{name}:", row)
stated = plain == [
    {"id": "r1", "status": "on", "spend": 12.99, "clicks": 3},
    ROWS[1],
] and [row.get("metrics_spend") for row in prefixed] == [12.99, 29.99]
server.shutdown()
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
