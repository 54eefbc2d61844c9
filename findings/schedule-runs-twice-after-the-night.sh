#!/usr/bin/env bash
# schedule runs a daily job twice on the day after clocks go forward, once an hour early.
#
# A good guess: `every().day.at("02:30", "Europe/Berlin")` runs once a day, at 02:30 by Berlin's
# clocks; only on March 29, 2026, when there is no 02:30, it may be 03:00 or 03:30.
# What happens (schedule 1.2.2, on a machine in UTC): on March 29 it runs at 03:30, and on March 30
# at 01:30 and again at 02:30. In autumn it runs once a day.
# For a user: a run at 01:30 that reads "yesterday" finds a day that some platforms haven't closed
# yet, and the second run reads it again: twice in an append. Schedule in UTC (`at("00:30",
# "UTC")`), or leave it to cron, systemd or the orchestrator.
set -euo pipefail
unset PYTHONPATH
packages=(schedule==1.2.2 pytz==2026.6 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import datetime as dt
import os
import sys
import time
from importlib.metadata import version
from zoneinfo import ZoneInfo

os.environ["TZ"] = "UTC"
time.tzset()
import schedule

print("schedule", version("schedule"))
BERLIN = ZoneInfo("Europe/Berlin")


class Clock(dt.datetime):
    """A clock that the loop below turns on."""

    seconds = 0.0

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(cls.seconds, tz)


schedule.datetime.datetime = Clock


def runs(start, days):
    """Return the job's runs in so many days, looked for every quarter of an hour."""
    found = []
    Clock.seconds = start.timestamp()
    schedule.clear()
    job = schedule.every().day.at("02:30", "Europe/Berlin")
    job.do(lambda: found.append(f"{dt.datetime.fromtimestamp(Clock.seconds, BERLIN):%d. %H:%M}"))
    for _ in range(days * 96):
        schedule.run_pending()
        Clock.seconds += 900
    return found


spring = runs(dt.datetime(2026, 3, 28, tzinfo=BERLIN), 5)
autumn = runs(dt.datetime(2026, 10, 24, tzinfo=BERLIN), 4)
print("March:", ", ".join(spring))
print("October:", ", ".join(autumn))
stated = (
    spring == ["28. 02:30", "29. 03:30", "30. 01:30", "30. 02:30", "31. 02:30", "01. 02:30"]
    and autumn == ["24. 02:30", "25. 02:30", "26. 02:30", "27. 02:30"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
