#!/usr/bin/env bash
# tap-twitter-ads writes the days after clocks change under another start, so that the next run writes
# them a second time.
#
# A good guess: a day of a report begins at midnight of the account's time zone, and has the same key
# in every run that reads it.
# What happens (tap-twitter-ads 1.0.0): the first day of a request begins at midnight, and each further
# one 24 hours later. In a request that spans the night of March 8 all days behind it begin at 01:00 in
# New York (05:00Z). The next run, whose look-back of 14 days begins behind that night, reads the same
# days with 04:00Z. The key is a hash over the start: thirteen days are there twice, and the spend of
# these weeks is counted twice. In autumn it is the same the other way round.
# For a user: twice a year the last two weeks are doubled, for accounts in zones that change clocks.
# Keep one row for each local date: `qualify row_number() over (partition by entity_id, … , day order
# by time_extracted desc) = 1` with the day taken from start_time plus a few hours.
set -euo pipefail
unset PYTHONPATH
packages=(tap-twitter-ads==1.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import gzip
import io
import json
import os
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import requests
import requests.adapters
import tap_twitter_ads as tap
from tap_twitter_ads import streams

NOW = datetime.fromisoformat(os.environ["NOW"]).replace(tzinfo=timezone.utc)
streams.utils.now = lambda: NOW
streams.time.sleep = lambda seconds: None
jobs = {}


def stats(asked):
    """Return what the platform keeps for a finished job: an amount for each local day."""
    start, end = (datetime.strptime(asked[key], "%Y-%m-%dT%H:%M:%S%z") for key in ("start_time", "end_time"))
    zone = ZoneInfo("America/New_York")
    days = (end.astimezone(zone).date() - start.astimezone(zone).date()).days
    params = {"entity": asked["entity"], "granularity": "DAY", "placement": asked["placement"]}
    params["start_time"] = f"{start.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    row = {"id": "18ce", "id_data": [{"segment": None, "metrics": {"impressions": [5] * days}}]}
    return {"time_series_length": days, "data": [row], "request": {"params": params}}


def answer(request):
    url = urlsplit(request.url)
    query = {key: value[0] for key, value in parse_qs(url.query).items()}
    if url.path.endswith("/accounts/18ce") and "/stats/" not in url.path:
        return {"data": {"id": "18ce", "timezone": "America/New_York"}}
    if request.method == "POST":
        jobs[str(len(jobs) + 1)] = query
        return {"data": {"id_str": str(len(jobs))}}
    if "/stats/jobs/" in url.path:
        done = query["job_ids"].split(",")
        return {"data": [{"id_str": job, "status": "SUCCESS", "url": f"https://t.co/{job}"} for job in done]}
    return {"data": []}


def send(self, request, **_):
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    job = urlsplit(request.url).path.strip("/")
    if job in jobs:
        response.headers["content-type"] = "application/gzip"
        response.raw = io.BytesIO(gzip.compress(json.dumps(stats(jobs[job])).encode()))
    else:
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
from datetime import datetime, timedelta
from importlib.metadata import version

from tap_twitter_ads.discover import discover

print("tap-twitter-ads", version("tap-twitter-ads"))
names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret", "user_agent")
config = dict.fromkeys(names, "x")
config.update(start_date="2026-03-01T00:00:00Z", account_ids="18ce", country_codes="US")
config["reports"] = [{"name": "report", "entity": "ACCOUNT", "segment": "NO_SEGMENT", "granularity": "DAY"}]


def save(name, data):
    with open(name, "w") as file:
        json.dump(data, file)


def run(now, *options):
    """Return the starts of the days that one run writes, by key, and leave its state in a file."""
    command = [sys.executable, "-W", "ignore", "run.py", "--config", "config.json"]
    ended = subprocess.run(
        [*command, "--catalog", "catalog.json", *options],
        env={**os.environ, "NOW": now}, capture_output=True, text=True,
    )
    if ended.returncode:
        sys.exit(ended.stderr)
    rows = {}
    for line in map(json.loads, ended.stdout.splitlines()):
        if line["type"] == "RECORD":
            row = line["record"]
            if row["dimensions"]["placement"] == "ALL_ON_TWITTER":
                rows[row["__sdc_dimensions_hash_key"]] = row["start_time"][:16]
        elif line["type"] == "STATE":
            save("state.json", line["value"])
    return rows


save("config.json", config)
catalog = discover(config["reports"]).to_dict()
for entry in catalog["streams"]:
    for part in entry["metadata"]:
        part["metadata"]["selected"] = entry["stream"] == "report"
save("catalog.json", catalog)
table = run("2026-03-20T12:00")
print("run of March 20, a day begins at:", *sorted(table.values())[6:11])
table.update(run("2026-03-25T12:00", "--state", "state.json"))
days = {}
for start in table.values():
    days.setdefault(str((datetime.fromisoformat(start) - timedelta(hours=4)).date()), []).append(start[11:])
twice = {day: sorted(starts) for day, starts in sorted(days.items()) if len(starts) > 1}
print("there twice after the run of March 25:", len(twice), "days,", *[f"{day} {twice[day]}" for day in list(twice)[:1]])
stated = len(twice) >= 10 and all(starts == ["04:00", "05:00"] for starts in twice.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore read.py
