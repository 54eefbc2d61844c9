#!/usr/bin/env bash
# atomx's own client asks for another window than the one it is given, and for another one on each
# machine.
#
# A good guess: a datetime with a zone is converted to the report's time zone (UTC by default), and
# "until now" means now.
# What happens (atomx 1.7): the client writes the wall clock of whatever it is given and leaves out
# the zone: midnight in Berlin is sent as midnight UTC, an hour or two off. Minutes are cut. The
# default end is the local wall clock of the machine, sent as UTC: in New York the last four or five
# hours are missing, in Tokyo nine hours of the future are asked for.
# For a user: a script on this client that moves to another server, or is run from a laptop, returns
# other totals for "the last seven days". Our tap asks for whole days in the account's time zone.
# Before comparing the two, give the client naive datetimes in the report's zone, for both ends, on
# full hours.
set -euo pipefail
unset PYTHONPATH
packages=(atomx==1.7 requests==2.34.2)
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
import time
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

from atomx import Atomx

asked = []


class Stand(http.server.BaseHTTPRequestHandler):
    """Enough of the API to log in and to take a report's request."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/login"):
            user = {"id": 1, "networks": [1], "publishers": [], "advertisers": []}
            answer = {"auth_token": "x", "user": user}
        else:
            asked.append((body["from"], body["to"], body["timezone"]))
            answer = {"report": {"id": "r"}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Stand)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Atomx("a@example.com", "p", api_endpoint=f"http://127.0.0.1:{server.server_port}/")
print("atomx", version("atomx"))
berlin = datetime(2026, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
client.report(scope="advertiser", metrics=["cost"], from_=berlin, to=berlin + timedelta(days=1))
ends = {}
for zone in ("America/New_York", "Asia/Tokyo"):
    os.environ["TZ"] = zone
    time.tzset()
    client.report(scope="advertiser", metrics=["cost"], from_=berlin)
    end = datetime.fromisoformat(asked[-1][1]).replace(tzinfo=timezone.utc)
    ends[zone] = round((end - datetime.now(timezone.utc)) / timedelta(hours=1) + 0.49)
server.shutdown()
print("given:", berlin, "that is", berlin.astimezone(timezone.utc))
print("asked for:", *asked[0])
print("default end, in hours from now:", ends)
stated = asked[0] == ("2026-07-01 00:00:00", "2026-07-02 00:00:00", "UTC") and (
    ends["America/New_York"] in (-5, -4) and ends["Asia/Tokyo"] == 9
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
