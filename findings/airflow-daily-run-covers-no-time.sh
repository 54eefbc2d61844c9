#!/usr/bin/env bash
# In Airflow 3 the data interval of a daily run has no length: from and to are the same moment.
#
# A good guess: schedule="@daily" makes a run for each day with data_interval_start and
# data_interval_end a day apart, as in Airflow 2 and in most examples; timedelta(days=1) at the
# latest says how long.
# What happens (Airflow 3.3.2 with its defaults): "@daily", a cron line and timedelta(days=1) all
# become trigger timetables: data_interval_start == data_interval_end, and the first run is at the
# start date itself instead of a day later. Only CronDataIntervalTimetable (or the setting
# scheduler.create_cron_data_intervals) gives intervals.
# For a user: a backfill given `from: {{ data_interval_start }}`, `to: {{ data_interval_end }}`
# reads nothing and succeeds; `ds` is the day that just began, not the one that ended. With our
# taps, whose `backfill.to` is exclusive, use CronDataIntervalTimetable("@daily", timezone=…).
set -euo pipefail
unset PYTHONPATH
packages=(apache-airflow==3.3.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
from datetime import timedelta

os.environ["AIRFLOW_HOME"] = os.getcwd()
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"

import airflow
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

print("Airflow", airflow.__version__)
begin = pendulum.datetime(2026, 11, 1)
schedules = {
    "@daily": "@daily",
    "0 0 * * *": "0 0 * * *",
    "timedelta(days=1)": timedelta(days=1),
    "CronDataIntervalTimetable": CronDataIntervalTimetable("@daily", timezone="UTC"),
}
stated = True
for name, schedule in schedules.items():
    dag = DAG("d", schedule=schedule, start_date=begin)
    # What the scheduler works with is the DAG after a trip through the database.
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    run = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=begin, latest=None, catchup=True),
    )
    length = (run.data_interval.end - run.data_interval.start).total_seconds() / 3600
    print(f"{name}: {type(timetable).__name__}, {run.data_interval.start:%m-%d %H:%M} to "
          f"{run.data_interval.end:%m-%d %H:%M}, {length:g} hours, runs at {run.run_after:%m-%d}")
    wanted = 24 if name == "CronDataIntervalTimetable" else 0
    stated = stated and length == wanted
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
