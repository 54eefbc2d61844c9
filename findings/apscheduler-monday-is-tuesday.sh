#!/usr/bin/env bash
# APScheduler's `from_crontab` runs "0 6 * * 1-5" from Tuesday to Saturday.
#
# A good guess: a method called from_crontab reads what crontab reads: 0 and 7 are Sunday, 1 is
# Monday, and a day of the month beside a day of the week means either of them.
# What happens (apscheduler 3.11.3): 0 is Monday and 6 Sunday, so "1-5" is Tuesday to Saturday and
# "1" is Tuesday; 7 is refused. Of "0 6 1 * mon" both parts must hold: it runs on June 1, 2026 next,
# not each Monday and each first. croniter 7.0.0 reads both as crontab does.
# For a user: Monday's load, with Friday's corrections and the weekend's rows, doesn't run,
# Saturday's does. Write names (`mon-fri`), which mean the same everywhere.
set -euo pipefail
unset PYTHONPATH
packages=(apscheduler==3.11.3 croniter==7.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import UTC, datetime
from importlib.metadata import version

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter

print(*(f"{name} {version(name)}" for name in ("apscheduler", "croniter")))
START = datetime(2026, 2, 2, 12, tzinfo=UTC)  # a Monday


def of_apscheduler(line, count):
    trigger = CronTrigger.from_crontab(line, timezone=UTC)
    moments = [START]
    for _ in range(count):
        moments.append(trigger.get_next_fire_time(moments[-1], moments[-1]))
    return moments[1:]


def of_croniter(line, count):
    steps = croniter(line, START, ret_type=datetime)
    return [steps.get_next() for _ in range(count)]


def shown(moments):
    return " ".join(f"{moment:%a-%m-%d}" for moment in moments)


cases = [
    ("0 6 * * 1-5", 5, "Tue-02-03 Wed-02-04 Thu-02-05 Fri-02-06 Sat-02-07",
     "Tue-02-03 Wed-02-04 Thu-02-05 Fri-02-06 Mon-02-09"),
    ("0 6 * * 0", 1, "Mon-02-09", "Sun-02-08"),
    ("0 6 * * mon-fri", 5, "Tue-02-03 Wed-02-04 Thu-02-05 Fri-02-06 Mon-02-09",
     "Tue-02-03 Wed-02-04 Thu-02-05 Fri-02-06 Mon-02-09"),
    ("0 6 1 * mon", 2, "Mon-06-01 Mon-02-01", "Mon-02-09 Mon-02-16"),
]
as_stated = True
for line, count, *stated in cases:
    seen = [shown(of_apscheduler(line, count)), shown(of_croniter(line, count))]
    print(f"{line}: apscheduler {seen[0]} - croniter {seen[1]}")
    as_stated = as_stated and seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
