#!/usr/bin/env bash
# dlt puts a day that an API sends as a local midnight into the day before.
#
# A good guess: "2026-01-06T00:00:00+02:00" in a column declared `date` is January 6, as it is written, and
# as DuckDB casts it.
# What happens (dlt 1.31.0): the moment is brought to UTC first, and its date there is taken: January 5.
# West of Greenwich the evening belongs to the next day: "2026-01-05T23:30:00-05:00" is January 6. A text
# without an offset, or a date alone, stays what it is; a datetime with a zone moves as its text does.
# For a user: all rows of a platform that writes its days with the account's offset are loaded a day early,
# evenly, so that nothing looks wrong until a day is compared with the platform's own page; with `merge` by
# day they meet other rows. Cut the text to its first ten characters before the load, or declare it `text`.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb]==1.31.0' duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export RUNTIME__DLTHUB_TELEMETRY=false DLT_DATA_DIR="$dir/data"
cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo

import dlt
import duckdb

print("dlt", version("dlt"), "duckdb", version("duckdb"))
written = {
    "midnight in Helsinki": "2026-01-06T00:00:00+02:00",
    "evening in New York": "2026-01-05T23:30:00-05:00",
    "no offset": "2026-01-06T00:00:00",
    "a date": "2026-01-06",
    "a datetime": datetime(2026, 1, 6, tzinfo=ZoneInfo("Europe/Helsinki")),
}
rows = [{"name": name, "day": day} for name, day in written.items()]
pipeline = dlt.pipeline(
    "days", destination=dlt.destinations.duckdb("days.duckdb"), dataset_name="raw"
)
pipeline.run(rows, table_name="report", columns={"day": {"data_type": "date"}})
with duckdb.connect("days.duckdb") as connection:
    seen = dict(connection.sql("SELECT name, day::VARCHAR FROM raw.report").fetchall())
    cast = connection.sql("SELECT '2026-01-06T00:00:00+02:00'::DATE::VARCHAR").fetchall()[0][0]
for name, day in seen.items():
    print(f"{name}, {written[name]}: {day}")
print("DuckDB's own cast of the first:", cast)
stated = cast == "2026-01-06" and seen == {
    "midnight in Helsinki": "2026-01-05",
    "evening in New York": "2026-01-06",
    "no offset": "2026-01-06",
    "a date": "2026-01-06",
    "a datetime": "2026-01-05",
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
