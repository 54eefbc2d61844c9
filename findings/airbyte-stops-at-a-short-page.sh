#!/usr/bin/env bash
# Airbyte reads ten rows of 25, if an API gives ten at most where the manifest asks for twenty.
#
# A good guess: PageIncrement and OffsetIncrement go on until a page is empty, or by the total that
# the answer names; a page that is shorter than asked for doesn't end the list, as every API has a
# largest page.
# What happens (airbyte-cdk 7.39.1): with a `page_size` the first page that has fewer rows ends the
# stream. A server that answers a limit of 20 with ten rows, and says that there are 25, is asked
# once, the sync succeeds. Without `page_size` PageIncrement reads on until an empty page, and all
# 25.
# For a user: an API that lowers its largest page cuts every list to one page from that day on. Give
# a page_size well below the API's largest, or none, and compare the number of records with the
# total.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-cdk==7.39.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import json
import logging
import sys
import threading
from importlib.metadata import version
from urllib.parse import parse_qs, urlparse

logging.disable(logging.CRITICAL)
from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import read

print("airbyte-cdk", version("airbyte-cdk"))
ROWS = [{"id": number} for number in range(25)]
asked = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(urlparse(self.path).query)
        query = {key: int(values[0]) for key, values in parse_qs(asked[-1]).items()}
        start = query.get("offset", (query.get("page", 1) - 1) * 10)
        size = min(10, query.get("limit", 10))
        body = json.dumps({"data": ROWS[start : start + size], "total": len(ROWS)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


def parameter(name):
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}


def synced(token, strategy):
    paginator = {
        "type": "DefaultPaginator",
        "pagination_strategy": strategy,
        "page_token_option": parameter(token),
    }
    if "page_size" in strategy:
        paginator["page_size_option"] = parameter("limit")
    stream = {
        "type": "DeclarativeStream",
        "name": "report",
        "primary_key": ["id"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"properties": {}}},
        "retriever": {
            "type": "SimpleRetriever",
            "paginator": paginator,
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
        "spec": {"type": "Spec", "connection_specification": {"type": "object"}},
        "streams": [stream],
    }
    catalog = CatalogBuilder().with_stream("report", SyncMode.full_refresh).build()
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config={}, state=[], source_config=manifest
    )
    asked.clear()
    output = read(source, config={}, catalog=catalog, state=[])
    assert not output.errors
    return len(output.records), list(asked)


pages = {"type": "PageIncrement", "start_from_page": 1}
cases = [
    ("PageIncrement, page_size 20", synced("page", {**pages, "page_size": 20}), 10),
    ("PageIncrement, page_size 10", synced("page", {**pages, "page_size": 10}), 25),
    ("PageIncrement, no page_size", synced("page", pages), 25),
    (
        "OffsetIncrement, page_size 20",
        synced("offset", {"type": "OffsetIncrement", "page_size": 20}),
        10,
    ),
]
server.shutdown()
for name, (count, queries), _ in cases:
    print(f"{name}: {count} of 25 rows, asked {queries}")
stated = all(count == right for _, (count, _), right in cases)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
