#!/usr/bin/env bash
# dlt's rest_api loads the warnings of an answer instead of its rows, or nothing.
#
# A good guess: without a `data_selector` dlt looks for the rows: the key it knows (data, items,
# results), or the largest list; where it can't tell, it says so.
# What happens (dlt 1.31.0): the first list of the answer is taken, whatever it is called and holds.
# {"warnings": [{…}], "campaigns": [{…}, {…}]} loads one row, the warning. {"errors": [],
# "campaigns": […]} loads nothing and ends well, so that the stream is empty as long as all is well
# with the request. A single object {"id": 1, "tags": ["a", "b"]} loads the tags. Known names help
# where there are any: `data` goes before `warnings`.
# For a user: an empty or foreign table, and an exit code 0. Write `data_selector` for every
# resource, `"$"` for an object that is itself the row.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb]==1.31.0' duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import json
import os
import sys
import threading

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
import dlt
from dlt.sources.rest_api import rest_api_source

print("dlt", dlt.__version__)
answer = {}


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(answer["body"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


def loaded(body, **endpoint):
    answer["body"] = body
    source = rest_api_source(
        {
            "client": {
                "base_url": f"http://127.0.0.1:{server.server_port}/",
                "paginator": "single_page",
            },
            "resources": [{"name": "r", "endpoint": {"path": "r", **endpoint}}],
        }
    )
    return list(source.resources["r"])


ROWS = [{"id": 1}, {"id": 2}]
NOTE = {"note": "one currency was left out"}
cases = [
    ({"warnings": [NOTE], "campaigns": ROWS}, {}, [NOTE]),
    ({"errors": [], "campaigns": ROWS}, {}, []),
    ({"id": 1, "tags": ["a", "b"]}, {}, ["a", "b"]),
    ({"warnings": [NOTE], "data": ROWS}, {}, ROWS),
    ({"errors": [], "campaigns": ROWS}, {"data_selector": "campaigns"}, ROWS),
    ({"id": 1, "tags": ["a", "b"]}, {"data_selector": "$"}, [{"id": 1, "tags": ["a", "b"]}]),
]
as_stated = True
for body, endpoint, stated in cases:
    seen = loaded(body, **endpoint)
    print(f"{json.dumps(body)} {endpoint or ''}: {seen}")
    as_stated = as_stated and seen == stated
server.shutdown()
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
