#!/usr/bin/env bash
# A load at 02:30 runs twice in the night clocks go back, by croniter and APScheduler, or not at all
# in spring.
#
# A good guess: schedulers that know time zones do as cron does on Debian: a daily job runs once a
# day, also in the night an hour comes twice or is missing.
# What happens (Europe/Berlin, 2026): on October 25 croniter 7.0.0 and apscheduler's CronTrigger
# (3.11.3) run it at 02:30 summer time and again at 02:30 winter time, cronsim 2.8 once. On March
# 29, when 02:30 is missing, croniter and cronsim run at 03:00, CronTrigger at 03:30, and
# APScheduler's CalendarIntervalTrigger(days=1) leaves the day out. IntervalTrigger(days=1) runs
# each day, from then on an hour later by the clock.
# For a user: a run too many reads a day twice (harmless with keys, not with an append), and a run
# too few leaves the window of a load that reads "yesterday" empty. Schedule in UTC, or outside
# 01:00 to 03:59, and read from a bookmark instead of "yesterday".
set -euo pipefail
unset PYTHONPATH
packages=(croniter==7.0.0 cronsim==2.8 apscheduler==3.11.3 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from croniter import croniter
from cronsim import CronSim

print(*(f"{name} {version(name)}" for name in ("croniter", "cronsim", "apscheduler")))
BERLIN = ZoneInfo("Europe/Berlin")
LINE = "30 2 * * *"
DAY = timedelta(days=1)


def of_croniter(start):
    steps = croniter(LINE, start, ret_type=datetime)
    return iter(steps.get_next, None)


def of_trigger(trigger, start):
    moment = None
    while True:
        moment = trigger.get_next_fire_time(moment, moment or start)
        yield moment


def before(moments, end):
    found = []
    for moment in moments:
        if moment.timestamp() >= end.timestamp():
            return found
        wall = moment.astimezone(UTC).astimezone(BERLIN)  # 02:30 that doesn't exist is 03:30
        found.append(f"{wall:%d. %H:%M %Z}")
    return found


ways = {
    "croniter": of_croniter,
    "cronsim": lambda start: CronSim(LINE, start),
    "CronTrigger": lambda start: of_trigger(
        CronTrigger(hour=2, minute=30, timezone=BERLIN), start
    ),
    "CalendarIntervalTrigger": lambda start: of_trigger(
        CalendarIntervalTrigger(
            days=1, hour=2, minute=30, start_date=start.date() + DAY, timezone=BERLIN
        ),
        start,
    ),
    "IntervalTrigger": lambda start: of_trigger(
        IntervalTrigger(days=1, start_date=datetime(2026, 3, 28, 2, 30), timezone=BERLIN), start
    ),
}
nights = {"spring": datetime(2026, 3, 28, 12, tzinfo=BERLIN)}
nights["autumn"] = datetime(2026, 10, 24, 12, tzinfo=BERLIN)
seen = {}
for name, way in ways.items():
    for night, start in nights.items():
        end = start + 2 * DAY
        seen[name, night] = before(way(start), end)
        print(f"{night}, {name}: {', '.join(seen[name, night])}")
SPRING_30, AUTUMN_26 = "30. 02:30 CEST", "26. 02:30 CET"
TWICE = ["25. 02:30 CEST", "25. 02:30 CET", AUTUMN_26]
stated = {
    ("croniter", "spring"): ["29. 03:00 CEST", SPRING_30],
    ("croniter", "autumn"): TWICE,
    ("cronsim", "spring"): ["29. 03:00 CEST", SPRING_30],
    ("cronsim", "autumn"): ["25. 02:30 CEST", AUTUMN_26],
    ("CronTrigger", "spring"): ["29. 03:30 CEST", SPRING_30],
    ("CronTrigger", "autumn"): TWICE,
    ("CalendarIntervalTrigger", "spring"): [SPRING_30],
    ("CalendarIntervalTrigger", "autumn"): ["25. 02:30 CEST", AUTUMN_26],
    ("IntervalTrigger", "spring"): ["29. 03:30 CEST", "30. 03:30 CEST"],
    ("IntervalTrigger", "autumn"): ["25. 02:30 CET", AUTUMN_26],
}
as_stated = seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
