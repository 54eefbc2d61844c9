#!/usr/bin/env bash
# MeltanoLabs' tap-facebook asks for windows that share a day, and for a day behind its end_date.
#
# A good guess: with `time_increment_days: 1` each day is asked for once, with 7 each week, and the last
# window ends at end_date.
# What happens (meltano-tap-facebook 0.9.0): a window's `until` is its `since` plus the increment, and
# Facebook takes both ends in. By day the windows are January 1 to 2, 2 to 3, and so on: each day but the
# first comes twice, and the last window reads the day behind end_date. By week they are eight days, January
# 1 to 8 and 8 to 15, which Facebook cuts into a week and a single day: of fourteen days sixteen are read,
# in four rows, two of which are one day long.
# For a user: twice the days in each report; in a table that only appends, twice the spend; and by week rows
# of a single day look like weak weeks. Sum by key after a merge, and leave weeks to SQL.
set -euo pipefail
unset PYTHONPATH
packages=(meltano-tap-facebook==0.9.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import json
import logging
import sys
from contextlib import redirect_stdout
from datetime import date, timedelta
from importlib.metadata import version

logging.disable(logging.CRITICAL)
from tap_facebook.streams import ad_insights
from tap_facebook.tap import TapFacebook

print("meltano-tap-facebook", version("meltano-tap-facebook"))
START = date.today() - timedelta(days=29)
asked = []


class Row(dict):
    def export_all_data(self):
        return dict(self)


class Job(dict):
    """A job that is done at once: the range cut by the increment, both of its ends taken in."""

    def __init__(self, params):
        super().__init__(id="1", async_status="Job Completed", async_percent_completion=100)
        self.ends = [date.fromisoformat(params["time_range"][end]) for end in ("since", "until")]
        self.step = params["time_increment"]
        asked.append(tuple((end - START).days for end in self.ends))

    def api_get(self):
        return self

    def get_result(self):
        first, last = self.ends
        while first <= last:
            stop = min(first + timedelta(days=self.step - 1), last)
            days = (stop - first).days + 1
            yield Row(
                date_start=str(first),
                date_stop=str(stop),
                account_id="7",
                ad_id="a1",
                spend=f"{days}.00",
            )
            first = stop + timedelta(days=1)


class Account:
    def __init__(self, fbid):
        self.fbid = fbid

    def api_get(self):
        return self

    def get_insights(self, params, is_async):
        return Job(params)


ad_insights.AdAccount = Account


def read(step, days):
    """Return the windows that are asked for, and the rows, counted in days from the first."""
    asked.clear()
    config = {
        "access_token": "t",
        "account_id": "7",
        "start_date": f"{START}T00:00:00Z",
        "end_date": f"{START + timedelta(days=days - 1)}T00:00:00Z",
        "insight_reports_list": [{"name": "own", "time_increment_days": step}],
    }
    catalog = TapFacebook(config=config).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = stream["tap_stream_id"] == "adsinsights_own"
    out = io.StringIO()
    with redirect_stdout(out):
        TapFacebook(config=config, catalog=catalog).sync_all()
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    rows = [m["record"] for m in messages if m["type"] == "RECORD"]
    spent = [((date.fromisoformat(r["date_start"]) - START).days, float(r["spend"])) for r in rows]
    return list(asked), spent


daily, weekly = read(1, 3), read(7, 14)
for name, (windows, rows) in (("three days by day", daily), ("fourteen days by week", weekly)):
    print(f"{name}: windows", *windows, "- rows", *rows, "- spend", sum(s for _, s in rows))
stated = daily == (
    [(0, 1), (1, 2), (2, 3)],
    [(0, 1.0), (1, 1.0), (1, 1.0), (2, 1.0), (2, 1.0), (3, 1.0)],
) and weekly == ([(0, 7), (7, 14)], [(0, 7.0), (7, 1.0), (7, 7.0), (14, 1.0)])
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
