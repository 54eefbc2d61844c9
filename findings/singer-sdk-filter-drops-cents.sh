#!/usr/bin/env bash
# A filter in `records_jsonpath` of a Singer SDK tap keeps the rows with whole amounts and drops
# those with cents.
#
# A good guess: `$.rows[?(@.spend > 0)]` leaves out the rows without spend, as the same path does
# in jsonpath-ng alone.
# What happens (singer-sdk 0.54.9, jsonpath-ng 1.16.0): the SDK reads a body with Decimals, so
# that no digit is lost, and only int and float have an order in jsonpath-ng's filters: a Decimal
# is never above or below anything, and `>=` and `<=` find it only where the two are equal. 5 is
# kept, 12.99 and 0.5 are dropped, without a word. `!= 0` does what it says.
# For a user: the rows that a filter was to keep are missing, most of them, as most amounts have
# cents; a test with whole numbers shows nothing. Leave the path without a condition on numbers
# (`$.rows[*]`) and drop rows in `post_process`, which sees the Decimals and compares them right.
set -euo pipefail
unset PYTHONPATH
packages=(singer-sdk==0.54.9 jsonpath-ng==1.16.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import json
import sys
import threading
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO

import jsonpath_ng.ext
from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.streams import RESTStream

print(*(f"{name} {version(name)}" for name in ("singer-sdk", "jsonpath-ng")))
body = b'{"rows": [{"id": 1, "spend": 12.99}, {"id": 2, "spend": 5}, {"id": 3, "spend": 0},\
 {"id": 4, "spend": 0.5}, {"id": 5, "spend": 0.0}]}'


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()


class Rows(RESTStream):
    name = "rows"
    path = "/rows"
    url_base = f"http://127.0.0.1:{server.server_port}"
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType), th.Property("spend", th.NumberType)
    ).to_dict()


class Dropping(Rows):
    records_jsonpath = "$.rows[*]"

    def post_process(self, row, context=None):
        return row if row["spend"] > 0 else None


def ids(base, path=None):
    stream = type("Rows", (base,), {"records_jsonpath": path} if path else {})

    class Any(Tap):
        name = "tap-any"
        config_jsonschema = th.PropertiesList().to_dict()

        def discover_streams(self):
            return [stream(tap=self)]

    text = StringIO()
    with redirect_stdout(text):
        Any(config={}).sync_all()
    lines = map(json.loads, text.getvalue().splitlines())
    return [line["record"]["id"] for line in lines if line["type"] == "RECORD"]


stated = {
    "$.rows[?(@.spend > 0)]": ([2], [1, 2, 4]),
    "$.rows[?(@.spend >= 0.5)]": ([2, 4], [1, 2, 4]),
    "$.rows[?(@.spend < 100)]": ([2, 3], [1, 2, 3, 4, 5]),
    "$.rows[?(@.spend != 0)]": ([1, 2, 4], [1, 2, 4]),
}
seen = {}
for path in stated:
    alone = [m.value["id"] for m in jsonpath_ng.ext.parse(path).find(json.loads(body))]
    seen[path] = (ids(Rows, path), alone)
    print(f"{path}: the tap sends {seen[path][0]}, jsonpath-ng alone finds {alone}")
processed = ids(Dropping)
print("with post_process:", processed)
as_stated = seen == stated and processed == [1, 2, 4]
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
