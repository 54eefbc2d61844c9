#!/usr/bin/env bash
# tap-appsflyer takes a refusal for a report without rows, and gives columns their names by place.
#
# A good guess: an answer of 401, 429 or 500 is retried or ends the run, as the tap has a list of
# errors for them; and the names of columns are those in the report's first line.
# What happens (tap-appsflyer 1.0.0): the request for a report is sent past the function that looks
# at the status. The body («You've reached your maximum number of reports …») is read as CSV: its
# only line is the heading, and the run ends well, with no rows and its state written. The first
# line of a real report is thrown away, and a list of 84 names in the tap is laid over the columns:
# a report whose cost columns come in another order has the currency in `af_cost_value`.
# For a user: a revoked token and a quota that is used up look like a day without installs. Alert on
# runs without rows, and compare the first line of a report with the tap's list after each change
# of the platform's. Our taps end with an error at every status they don't expect.
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


class Answer(BaseAdapter):
    """Give one body with one status, without a network."""

    def __init__(self, status, text):
        super().__init__()
        self.status, self.text = status, text

    def send(self, request, **_):
        body = io.BytesIO(self.text.encode())
        headers = HTTPHeaderDict()
        raw = HTTPResponse(body=body, headers=headers, status=self.status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


def run(status, text):
    """Return the rows of one run, or the name of its error."""
    config = {"app_id": "x", "api_token": "x"}
    catalog = discover()
    catalog.streams = [s for s in catalog.streams if s.tap_stream_id == "in_app_events"]
    selected = singer.metadata.to_map(catalog.streams[0].metadata)
    for breadcrumb in selected:
        singer.metadata.write(selected, breadcrumb, "selected", True)
    catalog.streams[0].metadata = singer.metadata.to_list(selected)
    abstracts.SESSION.mount("https://", Answer(status, text))
    with contextlib.redirect_stdout(io.StringIO()) as out, Client(config) as client:
        try:
            sync(client, config, catalog, {})
        except Exception as error:
            return type(error).__name__
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    return [line["record"] for line in lines if line["type"] == "RECORD"]


def report(names):
    """Return a report of one event, with its columns in this order."""
    text = io.StringIO()
    lines = csv.DictWriter(text, names)
    lines.writeheader()
    row = {"appsflyer_id": "a", "event_name": "buy", "event_time": NOW - dt.timedelta(days=1)}
    lines.writerow(row | {"af_cost_value": "1.25", "af_cost_currency": "EUR"})
    return text.getvalue()


swapped = list(abstracts.fieldnames)
value, currency = swapped.index("af_cost_value"), swapped.index("af_cost_currency")
swapped[value], swapped[currency] = swapped[currency], swapped[value]
refusals = {
    status: run(status, "You've reached your maximum number of reports for today\n")
    for status in (400, 401, 403, 429, 500)
}
for status, rows in refusals.items():
    print(f"{status}: rows {rows}")
costs = {}
for case, names in (("as listed", abstracts.fieldnames), ("swapped", swapped)):
    (row,) = run(200, report(names))
    costs[case] = row["af_cost_value"], row["af_cost_currency"]
    print(f"columns {case}: value {costs[case][0]!r}, currency {costs[case][1]!r}")
stated = (
    all(rows == [] for rows in refusals.values())
    and costs["swapped"] == ("EUR", "1.25")
    and costs["as listed"] != costs["swapped"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
