#!/usr/bin/env bash
# In pendulum a timedelta of one day isn't the day that `add(days=1)` adds.
#
# A good guess: pendulum's DateTime stands in for Python's, so `+ timedelta(days=1)` gives the same
# time of the next day, as Python does, and is short for `add(days=1)`.
# What happens (pendulum 3.3.0): a timedelta is 24 hours of real time. From March 28, 2026, 12:00 in
# Berlin it leads to 13:00 on March 29, `add(days=1)` and `+ pendulum.duration(days=1)` to 12:00, as
# a plain datetime with ZoneInfo does. From midnight on October 25 it leads to 23:00 on the same
# day.
# For a user: code that walks days by timedelta meets October 25 twice and has windows that begin at
# 23:00 from then on; the change from datetime to pendulum, meant to be harmless, changes them. Use
# `add(days=1)`, or walk dates instead of moments.
set -euo pipefail
unset PYTHONPATH
packages=(pendulum==3.3.0 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import pendulum

print("pendulum", version("pendulum"))
ZONE = "Europe/Berlin"
stated = {
    (2026, 3, 28, 12): ["29. 12:00", "29. 13:00", "29. 12:00", "29. 12:00"],
    (2026, 10, 25, 0): ["26. 00:00", "25. 23:00", "26. 00:00", "26. 00:00"],
}
seen = {}
for start in stated:
    moment = pendulum.datetime(*start, tz=ZONE)
    steps = {
        "datetime + timedelta": datetime(*start, tzinfo=ZoneInfo(ZONE)) + timedelta(days=1),
        "pendulum + timedelta": moment + timedelta(days=1),
        "pendulum.add(days=1)": moment.add(days=1),
        "pendulum + duration": moment + pendulum.duration(days=1),
    }
    seen[start] = [f"{step:%d. %H:%M}" for step in steps.values()]
    print(moment, dict(zip(steps, seen[start], strict=True)))
days, moment = [], pendulum.datetime(2026, 10, 24, tz=ZONE)
for _ in range(4):
    days.append(moment.to_date_string()[-2:])
    moment += timedelta(days=1)
print("days walked by timedelta:", " ".join(days))
as_stated = seen == stated and days == ["24", "25", "25", "26"]
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
