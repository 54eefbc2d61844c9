#!/usr/bin/env bash
# Luigi's RangeDaily over a year of missing days runs fifty of the last hundred, and says that all
# went well.
#
# A good guess: RangeDaily(start=…, stop=…) makes a contiguous range complete, as its description
# says; what it can't do in one go it leaves for the next run, or it fails.
# What happens (luigi 3.8.1): `days_back` (100) moves the start to a hundred days before today, also
# if a start was given, and `task_limit` (50) takes the first fifty missing days. The run is a success
# ("This progress looks :) because there were no failed tasks"), the task counts as complete. A second
# run does the other 49, a third one nothing: the 266 days before are never asked for.
# For a user: a backfill that a scheduler shows as done left three quarters of a year out. Give
# `days_back` and `task_limit` above the number of days, and count what is there afterwards.
set -euo pipefail
unset PYTHONPATH
packages=(luigi==3.8.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import os
import sys
from datetime import date, timedelta
from importlib.metadata import version

import luigi
from luigi.tools.range import RangeDaily

logging.disable()
print("luigi", version("luigi"))
TODAY = date.today()


class Load(luigi.Task):
    """Load one day: a file for each."""

    day = luigi.DateParameter()

    def output(self):
        return luigi.LocalTarget(f"days/{self.day}")

    def run(self):
        with self.output().open("w") as file:
            file.write("loaded")


def run(**options):
    """Run the range of the last 365 days; return whether it succeeded, and what is there then."""
    luigi.task_register.Register.clear_instance_cache()  # as in a new process
    task = RangeDaily(of=Load, start=TODAY - timedelta(365), stop=TODAY, **options)
    result = luigi.build([task], local_scheduler=True, detailed_summary=True, log_level="CRITICAL")
    days = sorted((TODAY - date.fromisoformat(day)).days for day in os.listdir("days"))
    return result.status.name, len(days), days[-1]


seen = [run() for _ in range(3)]
for number, (status, count, oldest) in enumerate(seen, 1):
    print(f"run {number}: {status}, days there: {count} of 365, the oldest {oldest} days ago")
whole = run(days_back=400, task_limit=400)
print(f"with days_back=400, task_limit=400: {whole[0]}, days there: {whole[1]}")
stated = (
    [status for status, *_ in seen] == ["SUCCESS"] * 3
    and [count for _, count, _ in seen] == [50, 99, 99]
    and whole[:2] == ("SUCCESS", 365)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
