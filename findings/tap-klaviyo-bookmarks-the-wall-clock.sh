#!/usr/bin/env bash
# tap-klaviyo writes the wall clock of the machine into its bookmark and calls it Z: a state that is
# carried to another machine loses hours.
#
# A good guess: a bookmark that ends in Z is UTC, as the start date is; where the tap runs doesn't matter.
# What happens (tap-klaviyo 1.1.5): both are read and written as times of the machine's own zone. In
# Berlin the start date 2026-06-01T00:00:00Z asks for events from 22:00 UTC of May 31 on, in New York
# from 04:00 UTC of June 1 on: the first four hours are not read. An event at 10:00 UTC leaves the
# bookmark 11:59:59Z in Berlin; a server in UTC begins there, and two hours of events are never asked
# for. In the night clocks go back an hour of the bookmark stands for two.
# For a user: try a tap out on a laptop, then hand its state to the server, and hours are missing; a
# container that gets a TZ does the same. Run it with TZ=UTC everywhere, and set the bookmark back by a
# day when it moves.
set -euo pipefail
unset PYTHONPATH
packages=(tap-klaviyo==1.1.5)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import json
import re
from urllib.parse import parse_qs, urlsplit

import requests
import requests.adapters
import tap_klaviyo as tap

EVENTS = [1780279200 + hour * 3600 for hour in range(36)]  # one each hour from June 1, 02:00 UTC, on


def answer(request):
    url = urlsplit(request.url)
    if url.path.endswith("/metrics"):
        return {"data": [{"id": "M1", "attributes": {"name": "Opened Email"}}], "links": {}}
    since = int(re.search(r"timestamp,(\d+)", parse_qs(url.query)["filter"][0]).group(1))
    with open("asked.txt", "a") as file:
        print(since, file=file)
    rows = [
        {"id": str(moment), "timestamp": moment, "attributes": {"timestamp": moment}}
        for moment in EVENTS
        if since <= moment <= 1780308000  # until 10:00 UTC
    ]
    return {"data": rows, "links": {}}


def send(self, request, **_):
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    response._content, response._content_consumed = json.dumps(answer(request)).encode(), True
    return response


requests.adapters.HTTPAdapter.send = send
tap.main()
PY
cat > read.py <<'PY'
import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import version

print("tap-klaviyo", version("tap-klaviyo"))


def save(name, data):
    with open(name, "w") as file:
        json.dump(data, file)


def tap(zone, *options):
    command = [sys.executable, "-W", "ignore", "run.py", "--config", "config.json", *options]
    env = {**os.environ, "TZ": zone}
    ended = subprocess.run(command, env=env, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(ended.stderr)
    return ended.stdout


def run(zone, *options):
    """Return the moment from which a run in that time zone asks, and the bookmark that it leaves."""
    mark = None
    for line in map(json.loads, tap(zone, "--catalog", "catalog.json", *options).splitlines()):
        if line["type"] == "STATE":
            save("state.json", line["value"])
            mark = next(iter(line["value"]["bookmarks"].values()))["since"]
    with open("asked.txt") as file:
        since = int(file.read().split()[-1])
    return f"{datetime.fromtimestamp(since, timezone.utc):%m-%d %H:%M}", mark


save("config.json", {"api_key": "x", "start_date": "2026-06-01T00:00:00Z"})
catalog = json.loads(tap("UTC", "--discover"))
for entry in catalog["streams"]:
    for part in entry["metadata"]:
        if not part["breadcrumb"]:
            part["metadata"]["selected"] = entry["stream"] == "open"
save("catalog.json", catalog)
utc, york, berlin = run("UTC"), run("America/New_York"), run("Europe/Berlin")
for zone, seen in (("UTC", utc), ("New York", york), ("Berlin", berlin)):
    print(f"{zone}: asks from {seen[0]} UTC, the last event is of 10:00 UTC, bookmark {seen[1]}")
moved = run("UTC", "--state", "state.json")
print("Berlin's state in UTC: asks from", moved[0], "UTC")
stated = (
    (utc[0], york[0], berlin[0]) == ("06-01 00:00", "06-01 04:00", "05-31 22:00")
    and berlin[1] == "2026-06-01T11:59:59Z"
    and moved[0] == "06-01 11:59"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore read.py
