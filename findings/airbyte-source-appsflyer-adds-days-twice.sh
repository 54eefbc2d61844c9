#!/usr/bin/env bash
# Airbyte's AppsFlyer connector writes a day twice wherever two windows or two runs meet, and gives
# its rows no key to tell.
#
# A good guess: windows follow each other day by day; or if a day is read again, rows have a primary
# key, so that the destination keeps the newer one.
# What happens (airbyte-source-appsflyer 0.3.3, airbyte-cdk 7.39.1): windows of aggregated reports
# are 60 days long with both ends included, and the next one begins with the day that the last one
# ended with. A run begins with the newest day of the state, which is the day of the run before,
# unfinished then. No stream has a primary key: «append and deduplicate» can't be chosen. After a
# first run over 80 days and one run the next day two of 82 days are there twice, one of them once as
# it was at noon.
# For a user: with a run each night every day is there twice, once of that night and once whole; sums
# of spend, clicks and installs come near to double. Take the rows of the newest `_airbyte_extracted_at`
# of each date before anything is summed, or load each date anew.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-appsflyer==0.3.3 airbyte-cdk==7.39.1 pendulum==3.3.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import logging
import sys
from collections import Counter
from datetime import date, timedelta
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

import pendulum
from airbyte_cdk.models import SyncMode
from requests.adapters import BaseAdapter, HTTPAdapter
from source_appsflyer.source import SourceAppsflyer
from urllib3 import HTTPHeaderDict, HTTPResponse

logging.disable()
print(*(f"{name} {version(name)}" for name in ("airbyte-source-appsflyer", "airbyte-cdk")))


class Report(BaseAdapter):
    """Give a row for each day asked for, as CSV, without a network."""

    def send(self, request, **_):
        query = parse_qs(urlsplit(request.url).query)
        day, last = (date.fromisoformat(query[end][0]) for end in ("from", "to"))
        lines = ["Date,Clicks"]
        while day <= last:
            lines.append(f"{day},100")
            day += timedelta(1)
        body = io.BytesIO("\n".join(lines).encode())
        raw = HTTPResponse(body=body, headers=HTTPHeaderDict(), status=200, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


def run(state, today):
    """Return the days of one run's rows and the state that it leaves."""
    config = {"app_id": "x", "api_token": "x", "start_date": str(FIRST.date())}
    streams = {stream.name: stream for stream in SourceAppsflyer().streams(config)}
    keys.update(stream.primary_key for stream in streams.values())
    stream = streams["daily_report"]
    stream.end_date = today
    stream._http_client._session.mount("https://", Report())
    days = []
    for window in stream.stream_slices(sync_mode=SyncMode.incremental, stream_state=state):
        rows = stream.read_records(SyncMode.incremental, stream_slice=window, stream_state=state)
        for row in rows:
            days.append(row["date"])
            state = stream.get_updated_state(state, row)
    return days, state


keys = set()
TODAY = pendulum.today("UTC")
FIRST = TODAY.subtract(days=80)
first, state = run({}, TODAY)
second, _ = run(state, TODAY.add(days=1))
twice = [day for day, count in Counter(first + second).items() if count > 1]
ago = sorted((TODAY.date() - date.fromisoformat(day)).days for day in twice)
print("rows:", len(first + second), "days:", len(set(first + second)), "keys:", *keys)
print("there twice, days before the first run:", *ago)
stated = ago == [0, 20] and keys == {None} and len(set(first + second)) == 82
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
