#!/usr/bin/env bash
# tap-google-search-console never asks for the thirty days that follow thirty empty ones.
#
# A good guess: the days since the start date are cut into windows of thirty days, and each window is
# asked for, whether the one before it held rows or not.
# What happens (tap-google-search-console 1.1.2): an empty answer moves the window on, and the end of
# the loop moves it on once more. After a window without rows the next one is passed over: a site that
# rested for a month lacks the month after it. So does one whose window holds 10,000 rows exactly (or
# a multiple of it), since the page after a full one is asked for and is empty. The bookmark moves on
# with the rows of later windows, and the next run begins there.
# For a user: a month of clicks is missing for good, with exit code 0. Compare the days that are there
# with the platform's own page, and read a gap again with a state that was set back to its first day.
# Our taps write each window that was read into `sync_windows`, an empty one as well, and the windows
# tile.
set -euo pipefail
unset PYTHONPATH
packages=(tap-google-search-console==1.1.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import json
import os
from datetime import date, timedelta

import requests
import requests.adapters
import tap_google_search_console as tap

FIRST = date.fromisoformat(os.environ["FIRST"])
FULL = os.environ["CASE"] == "full"


def clicked(day):
    """Say whether anybody clicked on that day: the site rests for a month in one of the cases."""
    return day > 30 if FULL else day < 30 or day > 60


def answer(request):
    if "oauth2" in request.url:
        return {"access_token": "x", "expires_in": 3600}
    asked = json.loads(request.body)
    if asked.get("type") != "web":
        return {"responseAggregationType": "byProperty"}
    start, end = ((date.fromisoformat(asked[key]) - FIRST).days for key in ("startDate", "endDate"))
    keys = [[str(FIRST + timedelta(day))] for day in range(start, end + 1) if clicked(day)]
    if FULL:
        keys = [[*key, "https://example.com/"] for key in keys]
        if start <= 5 <= end:
            keys += [[str(FIRST + timedelta(5)), f"https://example.com/{n}"] for n in range(10_000)]
    page = keys[asked["startRow"] : asked["startRow"] + asked["rowLimit"]]
    if asked["startRow"] == 0:
        with open("asked.txt", "a") as file:
            print(start, end, file=file)
    rows = [{"keys": key, "clicks": 1, "impressions": 1, "ctr": 1, "position": 1} for key in page]
    return {"rows": rows} if rows else {"responseAggregationType": "byProperty"}


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
from datetime import date, timedelta
from importlib.metadata import version

print("tap-google-search-console", version("tap-google-search-console"))
first = date.today() - timedelta(150)
config = dict.fromkeys(("client_id", "client_secret", "refresh_token", "user_agent"), "x")
config.update(site_urls="https://example.com/", start_date=f"{first}T00:00:00Z")


def tap(case, *options):
    command = [sys.executable, "run.py", "--config", "config.json", *options]
    env = {**os.environ, "CASE": case, "FIRST": str(first)}
    return subprocess.run(command, env=env, capture_output=True, check=True, text=True).stdout


def save(name, data):
    with open(name, "w") as file:
        json.dump(data, file)


def run(case, stream, *options):
    """Return the windows that one run asks for, and the days of its rows, counted from the first."""
    catalog = json.loads(tap(case, "--discover"))
    for entry in catalog["streams"]:
        for field in entry["metadata"]:
            field["metadata"]["selected"] = entry["stream"] == stream
    save("catalog.json", catalog)
    open("asked.txt", "w").close()
    lines = map(json.loads, tap(case, "--catalog", "catalog.json", *options).splitlines())
    days = set()
    for line in lines:
        if line["type"] == "RECORD":
            days.add((date.fromisoformat(line["record"]["date"][:10]) - first).days)
        elif line["type"] == "STATE":
            save("state.json", line["value"])
    with open("asked.txt") as file:
        return [tuple(map(int, line.split())) for line in file], days


save("config.json", config)
windows, days = run("rest", "performance_report_date")
lost = sorted(set(range(61, 148)) - days)
print("clicks on the days 0 to 29 and from 61 on; windows asked for:", *windows[:4])
print(f"days without a row: {lost[0]} to {lost[-1]}, {len(lost)} days")
again, _ = run("rest", "performance_report_date", "--state", "state.json")
print("the next run asks for:", *again)
full, written = run("full", "performance_report_page")
gone = sorted(set(range(31, 148)) - written)
print("10,000 rows in the first window; windows asked for:", *full[:3])
print(f"days without a row: {gone[0]} to {gone[-1]}, {len(gone)} days")
stated = (
    windows[:3] == [(0, 30), (30, 60), (90, 120)]
    and lost == list(range(61, 90))
    and again[0][0] > 140
    and full[:2] == [(0, 30), (60, 90)]
    and gone == list(range(31, 60))
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore read.py
