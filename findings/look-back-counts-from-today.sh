#!/usr/bin/env bash
# The look-back of tap-adroll and tap-bing-ads is counted from today, so that after a pause the days
# before the bookmark are never read again.
#
# A good guess: a look-back of seven days reads the seven days before the bookmark again, since they
# were not final when they were read; tap-linkedin-ads 2.8.0 does so, and so do our taps.
# What happens (tap-adroll 1.2.1, tap-bing-ads 2.3.3): a run begins at the earlier one of the
# bookmark and today less the look-back. Run daily the two are the same. When the loader stood still
# for longer than the look-back (10 and 40 days here), the run begins at the bookmark itself: the
# days before it stay as they were when they were youngest. tap-adroll's windows also keep the time
# of day of the run, so that with an `end_date` of midnight that day is left out.
# For a user: an outage of the loader longer than the look-back leaves a week (or a month) with
# conversions missing and clicks not yet taken back, for ever. After an outage set the bookmark back
# by the look-back yourself.
set -euo pipefail
unset PYTHONPATH
adroll=(tap-adroll==1.2.1 singer-python==6.3.0)
bing=(tap-bing-ads==2.3.3 bingads==13.0.11.1 singer-python==6.0.1 arrow==0.17.0 "setuptools<81")
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/adroll" && VIRTUAL_ENV="$dir/adroll" uv pip install -q "${adroll[@]}"
  uv venv -q -p python3 "$dir/bing" && VIRTUAL_ENV="$dir/bing" uv pip install -q "${bing[@]}"
else
  python3 -m venv "$dir/adroll" && "$dir/adroll/bin/pip" install -q "${adroll[@]}"
  python3 -m venv "$dir/bing" && "$dir/bing/bin/pip" install -q "${bing[@]}"
fi

cd "$dir" && cat > adroll.py <<'PY'
from datetime import timedelta
from importlib.metadata import version

from singer import utils
from tap_adroll.streams import AdReports

print("tap-adroll", version("tap-adroll"), "with a look-back of 7 days")
now = utils.now()


def ago(days):
    return f"{(now - timedelta(days)).date()}T00:00:00Z"


def window(bookmark, end=None):
    """Return the first and the last day that are asked for, as days ago."""
    config = {"start_date": "2020-01-01T00:00:00Z", "lookback_window": 7, "end_date": end}
    state = {"bookmarks": {"ad_reports": {"date": ago(bookmark)}}}
    days = list(AdReports(None, config, state).generate_daily_date_windows())
    return [(now.date() - day.date()).days for day in (days[0], days[-1])]


for days in (1, 10):
    print(f"bookmark {days} days ago: from {window(days)[0]} days ago")
print(f"end_date 1 day ago: to {window(1, ago(1))[1]} days ago")
PY
cat > bing.py <<'PY'
from importlib.metadata import version

import arrow
import tap_bing_ads as tap

print("tap-bing-ads", version("tap-bing-ads"), "with a look-back of 30 days")
today = arrow.get().floor("day")
tap.CONFIG.update(start_date="2020-01-01T00:00:00Z", end_date=today.isoformat())
for days in (1, 40):
    bookmark = today.shift(days=-days).isoformat()
    tap.STATE.update(bookmarks={"1_report": {"date": bookmark}})
    start, _ = tap.get_report_interval("1_report")
    print(f"bookmark {days} days ago: from {(today - start).days} days ago")
PY
for tap in adroll bing; do "$dir/$tap/bin/python" -W ignore $tap.py 2>/dev/null; done | tee seen.txt
cat > stated.txt <<'TXT'
tap-adroll 1.2.1 with a look-back of 7 days
bookmark 1 days ago: from 7 days ago
bookmark 10 days ago: from 10 days ago
end_date 1 day ago: to 2 days ago
tap-bing-ads 2.3.3 with a look-back of 30 days
bookmark 1 days ago: from 30 days ago
bookmark 40 days ago: from 39 days ago
TXT
if cmp -s seen.txt stated.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
