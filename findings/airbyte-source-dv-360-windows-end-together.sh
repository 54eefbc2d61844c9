#!/usr/bin/env bash
# Airbyte's source for Display & Video 360 asks for the newest days once in each of its windows.
#
# A good guess: a report from January to June is asked for in windows of thirty days that follow each other.
# What happens (airbyte-source-dv-360 0.1.0, airbyte-cdk 0.90.0): each window begins thirty days after the one before, and all
# of them end on the last day. Six months make six reports, and the newest days are in each of them: 636
# days are asked for where the period has 181. The stream has no primary key.
# For a user: each row of the newest days is appended six times, those of the first month once. Keep one row
# for each dimension of a report and day, or set the start date to the last thirty days.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-dv-360==0.1.0 airbyte-cdk==0.90.0 setuptools==75.3.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from collections import Counter
from datetime import date, timedelta
from importlib.metadata import version

from source_dv_360 import streams

logging.disable(logging.CRITICAL)
print(*(f"{name} {version(name)}" for name in ("airbyte-source-dv-360", "airbyte-cdk")))
streams.build = lambda *_, **__: None
stream = streams.Standard(None, "partner-1", [], "2026-01-01", "2026-06-30")
windows = list(stream.stream_slices(stream_state={}))
days = Counter()
for window in windows:
    print(window["start_date"], window["end_date"])
    day, end = (date.fromisoformat(window[name]) for name in ("start_date", "end_date"))
    while day <= end:
        days[day] += 1
        day += timedelta(days=1)
print("days asked for:", sum(days.values()), "of a period of", len(days))
print("January 15:", days[date(2026, 1, 15)], "- June 29:", days[date(2026, 6, 29)], "- key:", stream.primary_key)
stated = (
    len(windows) == 6
    and {window["end_date"] for window in windows} == {"2026-06-30"}
    and (sum(days.values()), len(days)) == (636, 181)
    and days[date(2026, 1, 15)] == 1
    and days[date(2026, 6, 29)] == 6
    and stream.primary_key is None
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
