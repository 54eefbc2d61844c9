#!/usr/bin/env bash
# Airbyte's FlattenFields names a column by what else is in the row: `id` is an ad's in one row, a
# campaign's in the next.
#
# A good guess: nested fields get one name in all rows, with their parents in it (`campaign.id`), or at
# least the same name wherever they stand alike.
# What happens (airbyte-cdk 7.39.1): a field gets its bare name unless the row has used that one already,
# and rows are gone through from their last field to their first. With `campaign: {id}` and `ad: {id}` the
# ad's is `id` and the campaign's `campaign.id`; in a row without an ad the campaign's is `id`. A list that
# isn't empty gives all fields in front of it the long name: with a tag 12.99 is in `metrics.spend`, without
# one in `spend`. A field `id` in front of them is written over the nested one of the same name, which is
# lost.
# For a user: one column holds ids of two kinds, and a sum of `spend` lacks the rows with a tag. Take the
# fields out by AddFields, with a path of one's own each (`value_type: string` for ids), and drop the nested
# ones.
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
CAMPAIGN, SPEND = {"id": "c1", "name": "Spring"}, {"spend": 12.99}
ROWS = {
    "an ad, no tag": {"campaign": CAMPAIGN, "ad": {"id": "a1"}, "metrics": SPEND, "tags": []},
    "no ad": {"campaign": CAMPAIGN, "metrics": SPEND, "tags": []},
    "a tag": {"campaign": CAMPAIGN, "ad": {"id": "a1"}, "metrics": SPEND, "tags": ["brand"]},
    "an id of its own": {"id": "r1", "campaign": CAMPAIGN, "metrics": SPEND},
}
STATED = {
    "an ad, no tag": {"spend": 12.99, "id": "a1", "name": "Spring", "campaign.id": "c1"},
    "no ad": {"spend": 12.99, "id": "c1", "name": "Spring"},
    "a tag": {
        "tags.0": "brand",
        "metrics.spend": 12.99,
        "ad.id": "a1",
        "campaign.id": "c1",
        "campaign.name": "Spring",
    },
    "an id of its own": {"spend": 12.99, "id": "r1", "name": "Spring"},
}


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"data": list(ROWS.values())}).encode()
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


seen = dict(zip(ROWS, synced({"type": "FlattenFields"})))
for name, columns in seen.items():
    print(f"{name}: {columns}")
path = {"path": ["campaign_id"], "value": "{{ record['campaign']['id'] }}", "value_type": "string"}
added = synced({"type": "AddFields", "fields": [{"type": "AddedFieldDefinition", **path}]})
print("with AddFields:", [row["campaign_id"] for row in added])
stated = seen == STATED and all(row["campaign_id"] == "c1" for row in added)
server.shutdown()
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
