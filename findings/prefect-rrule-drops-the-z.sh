#!/usr/bin/env bash
# Prefect runs a calendar rule that begins at 06:00 UTC at six in the morning in New York.
#
# A good guess: DTSTART:20260101T060000Z in an RRule is a moment in UTC, as the calendar standard says; the
# schedule's `timezone` is how the runs are shown.
# What happens (Prefect 3.9.1): dateutil reads the Z, and Prefect then writes its own time zone over it.
# With timezone="America/New_York" the runs are at 06:00 in New York, five hours later; the end, UNTIL=…Z,
# moves along, and so do EXDATEs: an excluded 06:00Z excludes six o'clock in New York. Without a timezone
# (UTC) all is right. An hourly rule has 24 runs on November 1, a day of 25 hours: the second 01:00 is left
# out.
# For a user: loads run hours later than the calendar that the rule was taken from, and the report for them
# is not there. Write DTSTART without a Z in the schedule's own zone, or leave the timezone out.
set -euo pipefail
unset PYTHONPATH
packages=(prefect==3.9.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export PREFECT_HOME="$dir/home" PREFECT_LOGGING_LEVEL=CRITICAL PREFECT_SERVER_ANALYTICS_ENABLED=false
export DO_NOT_TRACK=1
cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import asyncio
import sys
from datetime import datetime, timezone
from importlib.metadata import version

from dateutil.rrule import rrulestr
from prefect.server.schemas.schedules import RRuleSchedule

print("prefect", version("prefect"))
first = datetime(2026, 1, 5, tzinfo=timezone.utc)
daily = "DTSTART:20260101T060000Z\nRRULE:FREQ=DAILY;UNTIL=20260107T060000Z"
skipping = f"{daily}\nEXDATE:20260106T060000Z"
hourly = "DTSTART:20261101T000000\nRRULE:FREQ=HOURLY"


def runs(rule, start, end, zone=None):
    """Return the runs from start to end, as moments in UTC."""
    schedule = RRuleSchedule(rrule=rule, **({"timezone": zone} if zone else {}))
    dates = asyncio.run(schedule.get_dates(n=60, start=start, end=end))
    return [f"{date.astimezone(timezone.utc):%d.%H:%M}" for date in dates]


last = datetime(2026, 1, 9, tzinfo=timezone.utc)
seen = {
    "dateutil": [f"{date:%d.%H:%M}" for date in rrulestr(daily).between(first, last, inc=True)],
    "Prefect": runs(daily, first, last),
    "Prefect, New York": runs(daily, first, last, "America/New_York"),
    "Prefect, New York, without January 6": runs(skipping, first, last, "America/New_York"),
}
for name, dates in seen.items():
    print(f"{name}: runs in UTC", *dates)
night = datetime(2026, 11, 1, 4, tzinfo=timezone.utc), datetime(2026, 11, 2, 4, 59, tzinfo=timezone.utc)
hours = runs(hourly, *night, "America/New_York")
print("hourly on November 1 in New York:", len(hours), "runs,", *hours[:4])
utc, moved = ["05.06:00", "06.06:00", "07.06:00"], ["05.11:00", "06.11:00", "07.11:00"]
stated = (
    seen["dateutil"] == seen["Prefect"] == utc
    and seen["Prefect, New York"] == moved
    and seen["Prefect, New York, without January 6"] == [moved[0], moved[2]]
    and len(hours) == 24
    and hours[:3] == ["01.04:00", "01.05:00", "01.07:00"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
