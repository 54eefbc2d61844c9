#!/usr/bin/env bash
# awin-py's reports count the day at which two of its windows meet in both.
#
# A good guess: a range of three months is cut into windows that follow each other, so that the totals of all
# windows are those of the range, as the client itself sees to for transactions (it adds a second).
# What happens (awin-py 0.0.3): for reports, which are asked for by date, a window ends 31 days after its
# beginning, both days included (32 days), and the next one begins with that last day. January 1 to March 31
# is asked for as January 1 to February 1, February 1 to March 4 and March 4 to March 31. Windows are counted
# so that of 972 days the last one has 42, where the client's own comment says that 31 is the most.
# For a user: clicks, sales and commission of each 31st day are in the sum twice, three per cent too much
# over a year, and no row tells, since a window's rows are totals by publisher. Ask for 31 days at a time,
# from a first to a last day of one's own.
set -euo pipefail
unset PYTHONPATH
packages=(awin-py==0.0.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import sys
import time
from datetime import date, datetime
from importlib.metadata import version

import requests
from awin_py import advertiser_api

print("awin-py", version("awin-py"))
asked = []


def answer(method, url, headers, params):
    begin, end = (date.fromisoformat(params[name]) for name in ("startDate", "endDate"))
    asked.append((begin, end))
    response = requests.Response()
    response.status_code, response.url = 200, url
    response._content = json.dumps([{"publisherId": 7, "clicks": 100 * ((end - begin).days + 1)}]).encode()
    return response


requests.request = answer
time.sleep = lambda seconds: None
client = advertiser_api.Awin(client_id="1", client_secret="x")
first, last = datetime(2026, 1, 1), datetime(2026, 3, 31)
rows = client.get_reports_agg_by_publisher(start_date=first, end_date=last)
clicks = sum(row["clicks"] for row in rows)
for begin, end in asked:
    print("asked for", begin, "to", end, "-", (end - begin).days + 1, "days")
days = (last - first).days + 1
print(f"clicks, 100 a day on {days} days: {clicks}")
stated = clicks == 9200 and asked == [
    (date(2026, 1, 1), date(2026, 2, 1)),
    (date(2026, 2, 1), date(2026, 3, 4)),
    (date(2026, 3, 4), date(2026, 3, 31)),
]
asked.clear()
client._paginate_date_range("reports/publisher", datetime(2024, 1, 1), datetime(2026, 8, 29), True, {})
begin, end = asked[-1]
last_days = (end - begin).days + 1
print("972 days: the last window has", last_days, "days")
stated &= last_days == 42
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
