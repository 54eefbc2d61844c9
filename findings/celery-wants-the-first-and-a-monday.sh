#!/usr/bin/env bash
# "0 6 1 * 1", on the 1st and on Mondays, runs once in a year by Celery and huey, and one hour in October
# not at all.
#
# A good guess: crontab.from_string("0 6 1 * 1") means what cron means by it: where day of month and day of
# week are both given, either is enough. And what runs each hour runs 25 times on the day with 25 hours.
# What happens (celery 5.7.0, huey 3.5.4): both have to be true. In 2026 the only Monday that is a first of
# the month is June 1, so a load runs once where cron (and croniter 7.0.0) runs it 63 times. With
# Europe/Berlin as its zone, Celery's hourly job leaves out the second of the two hours that begin at 02:00
# on October 25; huey is asked by the clock alone.
# For a user: a line that was moved from a crontab all but stops, without an error. Write two entries for
# it, and read hours again that a look-back covers.
set -euo pipefail
unset PYTHONPATH
packages=(celery==5.7.0 huey==3.5.4 croniter==7.0.0 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

import huey
from celery import Celery
from celery.schedules import crontab
from croniter import croniter

for package in ("celery", "huey", "croniter"):
    print(package, version(package))
BERLIN = ZoneInfo("Europe/Berlin")
app = Celery("loads")
app.conf.timezone = "Europe/Berlin"


def celery_runs(schedule, start, end, step):
    """Ask as Celery's beat does, step by step; return when the schedule was due."""
    runs, now, last = [], start, start
    while now < end:
        schedule.nowfun = lambda: now
        if schedule.is_due(last)[0]:
            runs.append(now.astimezone(BERLIN))
            last = now
        now += step
    return runs


begin, end = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2027, 1, 1, tzinfo=timezone.utc)
hours = [datetime(2026, 1, 1) + timedelta(hours=n) for n in range(365 * 24)]
of_huey = huey.crontab(minute="0", hour="6", day="1", day_of_week="1")
days = {
    "cron, by croniter": [hour for hour in hours if croniter.match("0 6 1 * 1", hour)],
    "celery": celery_runs(crontab.from_string("0 6 1 * 1"), begin, end, timedelta(hours=1)),
    "huey": [hour for hour in hours if of_huey(hour)],
}
for name, runs in days.items():
    print(f'"0 6 1 * 1" in 2026, {name}: {len(runs)}', *(str(run)[:10] for run in runs[:3]))
night = celery_runs(
    crontab(minute=0, app=app),
    datetime(2026, 10, 24, 22, 30, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 4, 30, tzinfo=timezone.utc),
    timedelta(minutes=5),
)
night = [f"{run:%H:%M%z}" for run in night]
print("celery, each hour of October 25:", *night)
stated = (
    [len(runs) for runs in days.values()] == [63, 1, 1]
    and str(days["celery"][0])[:10] == str(days["huey"][0])[:10] == "2026-06-01"
    and night == ["01:00+0200", "02:00+0200", "03:00+0100", "04:00+0100", "05:00+0100"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
