#!/usr/bin/env bash
# mixpanel-utils moves the events of the first day by five hours, those of the second by 750 days.
#
# A good guess: `timezone_offset=-5` moves the time of every exported event by five hours, however many
# requests the export is made of; the documentation says that it converts «from project time to UTC».
# What happens (mixpanel-utils 2.2.7): with `request_per_day=True` the offset is multiplied by 3,600 once
# for each day instead of once. Events of the first day are moved by 5 hours, those of the second by 18,000
# hours (750 days), those of the third by 2,700,000 days. No error, and each day's file has all its events.
# Without request_per_day all are moved by five hours.
# For a user: an export by day, as is usual for more than a few days, has one day that is right, and it is
# the first one that is looked at. Leave `timezone_offset` away, and add the hours yourself; or ask for each
# day by a call of its own.
set -euo pipefail
unset PYTHONPATH
packages=(mixpanel-utils==2.2.7)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import http.server
import json
import sys
import threading
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from urllib.parse import parse_qs, urlparse

from mixpanel_utils import MixpanelUtils

print("mixpanel-utils", version("mixpanel-utils"))
DAYS = ["2026-01-05", "2026-01-06", "2026-01-07"]


def noon(day):
    return int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = parse_qs(urlparse(self.path).query)
        first, last = query["from_date"][0], query["to_date"][0]
        events = [
            {"event": "install", "properties": {"time": noon(day), "distinct_id": day}}
            for day in DAYS
            if first <= day <= last
        ]
        body = "\n".join(map(json.dumps, events)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = MixpanelUtils("secret", token="token")
client.raw_api = f"http://127.0.0.1:{server.server_port}/api"
whole = {"from_date": DAYS[0], "to_date": DAYS[-1]}


def moved(file):
    with open(file) as opened:
        events = json.load(opened)
    return {
        event["properties"]["distinct_id"]: timedelta(
            seconds=event["properties"]["time"] - noon(event["properties"]["distinct_id"])
        )
        for event in events
    }


client.export_events("all.json", whole, timezone_offset=-5)
client.export_events("day.json", whole, timezone_offset=-5, request_per_day=True)
at_once = moved("all.json")
by_day = {}
for day in DAYS:
    by_day |= moved(f"day_{day}.json")
print("asked for at once, moved by:", {day: str(by) for day, by in at_once.items()})
print("asked for by day, moved by:", {day: str(by) for day, by in by_day.items()})
stated = set(at_once.values()) == {timedelta(hours=5)} and list(by_day.values()) == [
    timedelta(hours=5),
    timedelta(days=750),
    timedelta(days=2_700_000),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
