#!/usr/bin/env bash
# An account that is added to an Airbyte manifest later begins where the other accounts are, not at
# the start date.
#
# A good guess: with a cursor per partition each account has a state of its own, and one without a
# state (it was added to the settings today) is read from `start_datetime` on.
# What happens (airbyte-cdk 7.39.1): beside the states of the partitions a run keeps a global one, the
# newest day of all, and a partition without a state begins there (less the seconds that the last run
# took). Account "b", added after a run until 10 May, is asked for from 10 May; its days since 1 April
# are never asked for. Only a state that holds no `state` key lets it begin at the start date.
# For a user: a new client's spend begins on the day it was connected, though the manifest names a
# start date and the sync is green. Clear the stream's state (all accounts are read anew), or take the
# key `state` out of the saved state before the first sync with the new account. In our taps an
# account without a bookmark begins at `start_date`.
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


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = {key: value[0] for key, value in parse_qs(urlparse(self.path).query).items()}
        asked.append((query["account"], query["from"], query["to"]))
        rows = [{"account": query["account"], "day": query["to"]}]
        body = json.dumps({"data": rows}).encode()
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


def parameter(name):
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}


def synced(accounts, end, state=None):
    """Sync these accounts from April 1 to `end`; return what was asked for and the new state."""
    stream = {
        "type": "DeclarativeStream",
        "name": "report",
        "primary_key": ["account", "day"],
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"properties": {}}},
        "incremental_sync": {
            "type": "DatetimeBasedCursor",
            "cursor_field": "day",
            "datetime_format": "%Y-%m-%d",
            "start_datetime": moment("2026-04-01"),
            "end_datetime": moment(end),
            "start_time_option": parameter("from"),
            "end_time_option": parameter("to"),
        },
        "retriever": {
            "type": "SimpleRetriever",
            "partition_router": {
                "type": "ListPartitionRouter",
                "values": accounts,
                "cursor_field": "account",
                "request_option": parameter("account"),
            },
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
    return sorted(asked), dict(output.state_messages[-1].state.stream.stream_state.__dict__)


first, state = synced(["a"], "2026-05-10")
added, _ = synced(["a", "b"], "2026-05-12", state)
without, _ = synced(["a", "b"], "2026-05-12", {k: v for k, v in state.items() if k != "state"})
server.shutdown()
print("first run, account a:", *first)
print("its state:", json.dumps(state))
print("second run, with account b:", *added)
print("the same, with `state` taken out of the state:", *without)
A = ("a", "2026-05-10", "2026-05-12")
stated = (
    first == [("a", "2026-04-01", "2026-05-10")]
    and added[0] == A
    and added[1][1] in ("2026-05-09", "2026-05-10")  # less the seconds that the first run took
    and without == [A, ("b", "2026-04-01", "2026-05-12")]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
