#!/usr/bin/env bash
# One row dated later than the window that was asked for moves Airbyte's bookmark past days that
# were never read.
#
# A good guess: the state is the end of what was asked for, or the newest row within it; a row
# outside of its window is dropped, or at least doesn't count.
# What happens (airbyte-cdk 7.39.1, DatetimeBasedCursor): the newest cursor value of all rows
# becomes the state, whatever the window was. Asked up to 2026-05-15 the server sends a row dated
# 2026-06-20 too (a booking ahead, another time zone, a filter it passes over): the state is
# 2026-06-20, and the next run, up to 2026-07-31, begins there; May 16 to June 19 are in no request.
# With `is_client_side_incremental: true` such rows are dropped, and the state is right. A cursor
# value in another format than the declared one moves nothing: the bookmark stays at the start for
# ever, without a word.
# For a user: a hole in the middle of a stream whose syncs all succeed. Set
# `is_client_side_incremental`, and compare states with the day of the sync.
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
from airbyte_cdk.test.state_builder import StateBuilder

print("airbyte-cdk", version("airbyte-cdk"))
asked = []
ROWS = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = parse_qs(urlparse(self.path).query)
        asked.append((query["from"][0], query["to"][0]))
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


def moment(day):
    return {"type": "MinMaxDatetime", "datetime": day, "datetime_format": "%Y-%m-%d"}


def synced(rows, state=None, end="2026-05-15", **options):
    ROWS[:] = rows

    def parameter(name):
        return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}

    cursor = {
        "type": "DatetimeBasedCursor",
        "cursor_field": "day",
        "datetime_format": "%Y-%m-%d",
        "start_datetime": moment("2026-02-01"),
        "end_datetime": moment(end),
        "start_time_option": parameter("from"),
        "end_time_option": parameter("to"),
        **options,
    }
    stream = {
        "type": "DeclarativeStream",
        "name": "report",
        "primary_key": ["id"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"properties": {}}},
        "incremental_sync": cursor,
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
        "spec": {"type": "Spec", "connection_specification": {"type": "object"}},
        "streams": [stream],
    }
    catalog = CatalogBuilder().with_stream("report", SyncMode.incremental).build()
    before = StateBuilder().with_stream_state("report", state).build() if state else []
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config={}, state=before, source_config=manifest
    )
    asked.clear()
    output = read(source, config={}, catalog=catalog, state=before)
    assert not output.errors
    after = output.state_messages[-1].state.stream.stream_state.__dict__["day"]
    return sorted(asked), [record.record.data["day"] for record in output.records], after


STRAY = [{"id": 1, "day": "2026-05-14"}, {"id": 2, "day": "2026-06-20"}]
first = synced(STRAY)
second = synced([], {"day": first[2]}, "2026-07-31")
dropped = synced(STRAY, is_client_side_incremental=True)
other = synced([{"id": 1, "day": "2026-05-14T10:00:00Z"}])
server.shutdown()
print(f"asked {first[0]}, got {first[1]}: state {first[2]}")
print(f"the next run asks {second[0]}")
print(f"with is_client_side_incremental: rows {dropped[1]}, state {dropped[2]}")
print(f"a day with a time, {other[1]}: state {other[2]}")
stated = (
    first == ([("2026-02-01", "2026-05-15")], ["2026-05-14", "2026-06-20"], "2026-06-20")
    and second[0] == [("2026-06-20", "2026-07-31")]
    and dropped[1:] == (["2026-05-14"], "2026-05-14")
    and other[2] == "2026-02-01"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
