#!/usr/bin/env bash
# tap-mixpanel's project_timezone, which must be given, changes no event's time.
#
# A good guess: the platform exports the time of an event as seconds on the clock of the project's zone;
# the tap is told that zone and writes UTC: 00:00 in Los Angeles is 08:00Z in winter.
# What happens (tap-mixpanel 1.8.0): the seconds are added to the first second of 1970 in that zone, which
# is the first second of 1970 in any other, so that the zone cancels out. 1767225600 is
# 2026-01-01T00:00:00Z with US/Pacific, with Asia/Tokyo and with UTC. Only the dates of the requests
# follow the setting.
# For a user: events of projects that export local times are off by the zone's distance, and those at
# the edge of a day are in the wrong one, though the setting is there. Shift `time` in SQL
# (`timezone('America/Los_Angeles', time::timestamp)`), once, and leave the setting at the project's zone.
set -euo pipefail
unset PYTHONPATH
packages=(tap-mixpanel==1.8.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import json

import requests
import requests.adapters
import tap_mixpanel as tap


def send(self, request, **_):
    event = {"event": "install", "properties": {"time": 1767225600, "distinct_id": "a"}}
    answer = event if "/export" in request.url else {}
    if "/export" in request.url:
        with open("asked.txt", "w") as file:
            print(request.url.partition("?")[2], file=file)
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    response._content, response._content_consumed = json.dumps(answer).encode(), True
    return response


requests.adapters.HTTPAdapter.send = send
tap.main()
PY
cat > read.py <<'PY'
import json
import subprocess
import sys
from importlib.metadata import version

print("tap-mixpanel", version("tap-mixpanel"))


def save(name, data):
    with open(name, "w") as file:
        json.dump(data, file)


def tap(*options):
    command = [sys.executable, "-W", "ignore", "run.py", "--config", "config.json", *options]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(ended.stderr)
    return ended.stdout


def read(zone):
    """Return the time of the one event, as a run for a project of that zone writes it."""
    config = {"api_secret": "x", "user_agent": "x", "attribution_window": "5", "project_timezone": zone}
    config.update(start_date="2025-12-30T00:00:00Z", end_date="2026-01-03T00:00:00Z")
    save("config.json", config)
    catalog = json.loads(tap("--discover"))
    for entry in catalog["streams"]:
        for part in entry["metadata"]:
            part["metadata"]["selected"] = entry["stream"] == "export"
    save("catalog.json", catalog)
    lines = map(json.loads, tap("--catalog", "catalog.json").splitlines())
    [row] = [line["record"] for line in lines if line["type"] == "RECORD"]
    with open("asked.txt") as file:
        return row["time"], file.read().strip()


seen = {zone: read(zone) for zone in ("UTC", "US/Pacific", "Asia/Tokyo")}
for zone, (time, asked) in seen.items():
    print(f"{zone}: asked for {asked}, time 1767225600 is {time}")
stated = {time[:19] for time, _ in seen.values()} == {"2026-01-01T00:00:00"}
stated = stated and len({asked for _, asked in seen.values()}) > 1
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore read.py
