#!/usr/bin/env bash
# tap-appsflyer never writes an install whose click is older than the newest click of the last run.
#
# A good guess: installs come in the order they are asked for, by the time of the install; the
# bookmark is that time, and an install of today is in today's run, whenever its ad was clicked.
# What happens (tap-appsflyer 1.0.0): the report is asked for by install time, and the bookmark is
# the newest `attributed_touch_time`, the click. Rows with an older click are dropped. Somebody who
# clicked on Monday and installed on Thursday is never written, if anybody clicked on Tuesday and
# installed at once; nor is, in the first run, who clicked before start_date. And a window is 30 days
# at most: after a month without installs each run asks for that empty month again, and what came
# later is read when it is sixty days old, by way of the tap's floor of 90 days.
# For a user: what is missing are the installs with the longest way from click to install, so that
# networks with long ways look worse than they are. Read with a state that is set back by the
# attribution window for each run, and a start_date earlier by as much; keys make it harmless. Our
# taps' bookmarks are days of the report itself.
set -euo pipefail
unset PYTHONPATH
packages=(tap-appsflyer==1.0.0 singer-python==6.1.0 pytz==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import csv
import datetime as dt
import io
import json
import logging
import sys
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

import singer
from requests.adapters import BaseAdapter, HTTPAdapter
from tap_appsflyer.client import Client
from tap_appsflyer.discover import discover
from tap_appsflyer.streams import abstracts
from tap_appsflyer.sync import sync
from urllib3 import HTTPHeaderDict, HTTPResponse

logging.disable()
print("tap-appsflyer", version("tap-appsflyer"))
NOW = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None, microsecond=0)


def ago(days):
    return NOW - dt.timedelta(days)


class Report(BaseAdapter):
    """Give the installs of the time asked for, as CSV, without a network."""

    def __init__(self, installs):
        super().__init__()
        self.installs, self.asked = installs, None

    def send(self, request, **_):
        query = parse_qs(urlsplit(request.url).query)
        first, last = (dt.datetime.fromisoformat(query[end][0]) for end in ("from", "to"))
        self.asked = (NOW - first).days, (NOW - last).days
        text = io.StringIO()
        lines = csv.DictWriter(text, abstracts.fieldnames)
        lines.writeheader()
        for name, click, install in self.installs:
            if first <= install <= last:
                row = {"appsflyer_id": name, "event_name": "install", "event_time": install}
                row |= {"attributed_touch_time": click, "install_time": install}
                lines.writerow(row)
        body = io.BytesIO(text.getvalue().encode())
        raw = HTTPResponse(body=body, headers=HTTPHeaderDict(), status=200, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


def run(installs, state, start):
    """Return the rows of one run, its last state and the days asked for, as days ago."""
    config = {"app_id": "x", "api_token": "x", "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
    catalog = discover()
    catalog.streams = [s for s in catalog.streams if s.tap_stream_id == "installs"]
    selected = singer.metadata.to_map(catalog.streams[0].metadata)
    singer.metadata.write(selected, (), "selected", True)
    catalog.streams[0].metadata = singer.metadata.to_list(selected)
    report = Report(installs)
    abstracts.SESSION.mount("https://", report)
    with contextlib.redirect_stdout(io.StringIO()) as out, Client(config) as client:
        sync(client, config, catalog, state)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    rows = [line["record"]["appsflyer_id"] for line in lines if line["type"] == "RECORD"]
    return rows, [line["value"] for line in lines if line["type"] == "STATE"][-1], report.asked


# Name, click and install. What is before the last two days is known to the first run.
installs = [
    ("before-start", ago(12), ago(9)),
    ("monday", ago(6), ago(5.9)),
    ("tuesday", ago(3), ago(2.9)),
    ("clicked-monday", ago(5), ago(1)),
    ("today", ago(0.2), ago(0.1)),
]
first, state, _ = run([row for row in installs if row[2] < ago(2)], {}, ago(10))
second, _, _ = run(installs, state, ago(10))
missing = [row[0] for row in installs if row[0] not in first + second]
print("run 1:", *first, "| run 2:", *second, "| never:", *missing)

season = [("summer", ago(60), ago(60)), ("autumn", ago(5), ago(5))]
state, seen = {}, []
for _ in range(4):
    rows, state, asked = run(season, state, ago(80))
    seen.append((rows, asked))
    print("after a pause:", *rows, "| asked for, in days ago:", *asked)
stated = missing == ["before-start", "clicked-monday"] and all(
    rows == ["summer"] and asked[1] >= 29 for rows, asked in seen
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
