#!/usr/bin/env bash
# mixpanel-utils fills the columns that a CSV row lacks with the row's last value.
#
# A good guess: a row with fewer fields than the heading (many writers leave out the empty ones at its end)
# has no value for the others, as with Python's own csv.DictReader.
# What happens (mixpanel-utils 2.2.7): import_events() of a CSV file takes the last field of such a row for
# every column behind it. A row that ends with the amount 12.99 is sent with a coupon of 12.99 and 12.99
# clicks. Values are read as JSON, if they are: the code 1e5 is sent as 100000.0, and a campaign of the name
# true as true; 007 stays as it is.
# For a user: the project has amounts in columns where the file has nothing, and sums of them. Pad each row
# to the heading's length before the import, or hand over a list of events made by `csv.DictReader`.
set -euo pipefail
unset PYTHONPATH
packages=(mixpanel-utils==2.2.7)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > events.csv <<'CSV'
event,distinct_id,time,campaign,spend,coupon,clicks
click,u1,1767225600,007,12.99,SPRING,5
click,u2,1767225600,1e5,12.99
click,u3,1767225600,true,12.99,,
CSV
"$dir/env/bin/python" -W ignore - <<'PY'
import csv
import http.server
import json
import sys
import threading
from importlib.metadata import version

from mixpanel_utils import MixpanelUtils

print("mixpanel-utils", version("mixpanel-utils"))
sent = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        sent.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = b'{"code": 200, "status": "OK"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = MixpanelUtils("secret", token="token")
client.import_api = f"http://127.0.0.1:{server.server_port}"


def columns(event):
    names = ("campaign", "spend", "coupon", "clicks")
    return {name: event["properties"][name] for name in names if name in event["properties"]}


client.import_events("events.csv", timezone_offset=0)
seen = {event["properties"]["distinct_id"]: columns(event) for event in sent}
for user, properties in seen.items():
    print(user, properties)
sent.clear()
with open("events.csv") as file:
    rows = list(csv.DictReader(file))
events = [
    {"event": row.pop("event"), "properties": {name: value for name, value in row.items() if value}}
    for row in rows
]
for event in events:
    event["properties"]["time"] = int(event["properties"]["time"])
client.import_events(events, timezone_offset=0)
by_hand = {event["properties"]["distinct_id"]: columns(event) for event in sent}
print("by csv.DictReader, u2:", by_hand["u2"])
stated = seen == {
    "u1": {"campaign": "007", "spend": 12.99, "coupon": "SPRING", "clicks": 5},
    "u2": {"campaign": 100000.0, "spend": 12.99, "coupon": 12.99, "clicks": 12.99},
    "u3": {"campaign": True, "spend": 12.99},
} and by_hand["u2"] == {"campaign": "1e5", "spend": "12.99"}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
