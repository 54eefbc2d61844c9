#!/usr/bin/env bash
# sqlglot leaves out the time zone of a day, makes months of quarters, and keeps weekday numbers that mean
# other days.
#
# A good guess: what sqlglot can't say in the other dialect is refused with `unsupported_level=RAISE`, or
# logged, as it is for weeks that begin on Sunday; what it translates gives the same value there.
# What happens (sqlglot 30.30.0, DuckDB 2.0.1), without an error or a warning: BigQuery's
# `FORMAT_TIMESTAMP('%Y-%m-%d', ts, 'America/New_York')` loses the zone for DuckDB, Snowflake and Postgres,
# so that 03:00 UTC on 5 January is that day and not the 4th; `TIMESTAMP_TRUNC(ts, DAY, zone)` loses it for
# Snowflake and Spark. `LAST_DAY(d, WEEK)` and `LAST_DAY(d, QUARTER)` are the last day of the month in
# Postgres. Spark's and BigQuery's day of the week counts Sunday as 1 and keeps its name for DuckDB, where
# Sunday is 0: Monday was 2 and is 1.
# For a user: models that were moved, or tests of a warehouse's SQL that run on DuckDB by way of sqlglot,
# put evenings of New York into the next day and Sunday's numbers under Monday, and are green. Convert zones
# by hand before a format, write week and quarter ends by DATE_TRUNC, and weekdays by name or ISODOW.
set -euo pipefail
unset PYTHONPATH
packages=(sqlglot==30.30.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import logging
import sys
from importlib.metadata import version

import duckdb
import sqlglot
from sqlglot.errors import ErrorLevel, UnsupportedError

print("sqlglot", version("sqlglot"), "duckdb", version("duckdb"))
logged = []
logging.getLogger("sqlglot").addHandler(
    type("Keep", (logging.Handler,), {"emit": lambda _, record: logged.append(record)})()
)
NIGHT = "TIMESTAMP '2026-01-05 03:00:00+00'"
ZONE = "'America/New_York'"
END_OF_MONTH = "CAST(DATE_TRUNC('MONTH', d) + INTERVAL '1 MONTH' - INTERVAL '1 DAY' AS DATE)"
WRITTEN = {
    ("bigquery", f"FORMAT_TIMESTAMP('%Y-%m-%d', ts, {ZONE})"): {
        "duckdb": "STRFTIME(CAST(ts AS TIMESTAMP), '%Y-%m-%d')",
        "snowflake": "TO_CHAR(CAST(ts AS TIMESTAMP), 'yyyy-mm-DD')",
        "postgres": "TO_CHAR(CAST(ts AS TIMESTAMP), 'YYYY-MM-DD')",
    },
    ("bigquery", f"TIMESTAMP_TRUNC(ts, DAY, {ZONE})"): {
        "snowflake": "DATE_TRUNC('DAY', ts)",
        "spark": "DATE_TRUNC('DAY', ts)",
    },
    ("bigquery", "LAST_DAY(d, QUARTER)"): {"postgres": END_OF_MONTH},
    ("bigquery", "LAST_DAY(d, WEEK)"): {"postgres": END_OF_MONTH},
}
# The first value is the one of the dialect that it was written in, as its documentation says.
RUN = {
    ("bigquery", f"FORMAT_TIMESTAMP('%Y-%m-%d', {NIGHT}, {ZONE})"): ("2026-01-04", "2026-01-05"),
    ("bigquery", "EXTRACT(DAYOFWEEK FROM DATE '2026-01-05')"): (2, 1),
    ("spark", "dayofweek(DATE '2026-01-05')"): (2, 1),
}


def translate(read, sql, write):
    return sqlglot.transpile(
        f"SELECT {sql}", read=read, write=write, unsupported_level=ErrorLevel.RAISE
    )[0]


stated = True
for (read, sql), targets in WRITTEN.items():
    for write, expected in targets.items():
        written = translate(read, sql, write)
        stated &= written == f"SELECT {expected}"
        print(f"{read} {sql}\n  {write}: {written}")
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
for (read, sql), (meant, expected) in RUN.items():
    found = connection.execute(translate(read, sql, "duckdb")).fetchone()[0]
    stated &= found == expected
    print(f"{read} {sql}: {meant} there, {found} on DuckDB")
try:
    translate("bigquery", "DATE_TRUNC(d, WEEK(SUNDAY))", "snowflake")
    refused = False
except UnsupportedError:
    refused = True
print("lines of log:", len(logged), "a week from Sunday for Snowflake is refused:", refused)
stated &= not logged and refused
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
