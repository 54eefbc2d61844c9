#!/usr/bin/env bash
# The same three, given to dlt as `lag`, are three days of "2026-01-10" and three seconds of
# "2026-01-10T00:00:00Z".
#
# A good guess: `incremental("day", lag=3)` over daily rows reads three days again; a day written as
# its midnight is the same day.
# What happens (dlt 1.31.0): the unit follows from how the cursor's value looks, text or not: days for
# a date, seconds for a date with a time. With the midnight the next run begins at
# 2026-01-09T23:59:57Z. Nothing is logged, and a lag of 259200 over dates is 710 years.
# For a user: of the restated days only the newest is read again, and not even it where the API asks
# by whole days that lie behind the start. Look at how the API writes a day, and at the first request
# of the second run; write lag=3*86400 for a date-time. It changes on the day the API adds a time.
set -euo pipefail
unset PYTHONPATH
packages=(dlt==1.31.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export RUNTIME__DLTHUB_TELEMETRY=false DLT_DATA_DIR="$dir/data"
cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import datetime as dt
import sys
from importlib.metadata import version

import dlt

print("dlt", version("dlt"))
LAST = dt.datetime(2026, 1, 10, tzinfo=dt.timezone.utc)
FORMS = {
    "date as text": "2026-01-{:02}".format,
    "midnight as text": "2026-01-{:02}T00:00:00Z".format,
    "date": lambda day: dt.date(2026, 1, day),
    "midnight": lambda day: dt.datetime(2026, 1, day, tzinfo=dt.timezone.utc),
}


def second_start(name, write):
    """Return where the second run begins, after rows up to January 10."""
    starts = []

    @dlt.resource(name=name, write_disposition="merge", primary_key="day")
    def rows(cursor=dlt.sources.incremental("day", initial_value=write(1), lag=3)):
        starts.append(cursor.start_value)
        yield [{"day": write(day), "spend": day} for day in range(1, 11)]

    destination = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=destination, dataset_name="ads")
    for _ in range(2):
        pipeline.run(rows())
    return str(starts[-1])


seen = {form: second_start(f"t{n}", write) for n, (form, write) in enumerate(FORMS.items())}
for form, start in seen.items():
    print(f"{form}: the second run begins at {start}")
stated = [start[8:10] + start[16:19] for start in seen.values()] == ["07", "09:57", "07", "09:57"]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
