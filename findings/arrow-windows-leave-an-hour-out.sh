#!/usr/bin/env bash
# arrow's hourly windows leave out an hour in the night when clocks go back, and have one twice in the night
# when they go forward.
#
# A good guess: `Arrow.span_range("hour", start, end)` in a zone tiles the day, 25 windows on October 25,
# 2026 in Berlin and 23 on March 29, each an hour long.
# What happens (arrow 1.4.0): hours are counted on the clock, not in time. On October 25 there are 24
# windows, and the second 02:00 (+01:00) is in none. On March 29 the window that begins at 01:00 ends at
# 03:59:59.999999, two hours long, and the next one begins at 03:00, so that the hour from 03:00 to 04:00 is
# in two. `shift(hours=1)` from 02:30+02:00 is 03:30+01:00, two hours later. python-dateutil's HOURLY rule
# has 24 hours as well; pendulum has 25 and 23. `Arrow.interval("hour", start, end, 6)` counts the end in:
# midnight to midnight makes a fifth window that begins on the next day.
# For a user: an hour of spend is never asked for once a year, and another is read twice. Make hourly
# windows in UTC, and convert the ends.
set -euo pipefail
unset PYTHONPATH
packages=(arrow==1.4.0 pendulum==3.3.0 python-dateutil==2.9.0.post0 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import datetime
from importlib.metadata import version

import arrow
import pendulum
from dateutil import rrule, tz

print(*(f"{name} {version(name)}" for name in ("arrow", "pendulum", "python-dateutil")))
zone = "Europe/Berlin"


def windows(month, day):
    """Return the hourly spans of a day, as texts of start and end."""
    first, last = (arrow.get(2026, month, day, hour, tzinfo=zone) for hour in (0, 23))
    return [(a.isoformat(), b.isoformat()) for a, b in arrow.Arrow.span_range("hour", first, last)]


def others(month, day):
    """Return how many hours the day has for dateutil and for pendulum."""
    first, last = (datetime(2026, month, day, hour, tzinfo=tz.gettz(zone)) for hour in (0, 23))
    ends = [pendulum.datetime(2026, month, day, hour, tz=zone) for hour in (0, 23)]
    return (
        rrule.rrule(rrule.HOURLY, dtstart=first, until=last).count(),
        len(list(pendulum.interval(*ends).range("hours"))),
    )


autumn, spring = windows(10, 25), windows(3, 29)
print("October 25:", len(autumn), "windows;", *autumn[2:4])
print("March 29:", len(spring), "windows;", *spring[1:3])
hours = others(10, 25), others(3, 29)
print("hours by dateutil and pendulum:", *hours)
shifted = arrow.get("2026-10-25T02:30:00+02:00").to(zone).shift(hours=1).isoformat()
print("02:30+02:00 and an hour:", shifted)
day = [arrow.get(2026, 10, date, tzinfo=zone) for date in (25, 26)]
parts = [a.isoformat() for a, _ in arrow.Arrow.interval("hour", *day, 6)]
print("six hours each, midnight to midnight:", *parts)
stated = (
    len(autumn) == 24
    and autumn[2] == ("2026-10-25T02:00:00+02:00", "2026-10-25T02:59:59.999999+02:00")
    and autumn[3][0] == "2026-10-25T03:00:00+01:00"
    and len(spring) == 23
    and spring[1] == ("2026-03-29T01:00:00+01:00", "2026-03-29T03:59:59.999999+02:00")
    and spring[2] == ("2026-03-29T03:00:00+02:00", "2026-03-29T03:59:59.999999+02:00")
    and hours[0] == (24, 25)
    and hours[1][1] == 23
    and shifted == "2026-10-25T03:30:00+01:00"
    and len(parts) == 5
    and parts[-1] == "2026-10-26T00:00:00+01:00"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
