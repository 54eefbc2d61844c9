#!/usr/bin/env bash
# polars 2.1.0 is an hour off in Vancouver, Edmonton, Winnipeg, Havana and Casablanca from the
# autumn of 2026 on.
#
# A good guess: engines take the time zones from the machine or from the package tzdata; who keeps
# these up to date has the right hours everywhere, and a release of this autumn knows what was
# decided this year.
# What happens (polars 2.1.0, tzdata 2026.6, DuckDB 2.0.1): polars has a database of its own
# compiled in, an older one, and reads neither the machine's nor the package's. For December 2026 it
# says -08:00 for Vancouver where tzdata 2026f and DuckDB say -07:00; Edmonton, Winnipeg and Havana
# are an hour off too, and Casablanca from October on. So dt.hour() of a column says 4 where the
# same moment in Python says 5. No newer polars was to be had on November 29, 2026. (zoneinfo itself
# takes the machine's database before the package: Debian 12's tzdata 2025b has the old hours as
# well, and so has pyarrow there.)
# For a user: hours, days and windows of accounts in these zones differ by an hour between engines,
# in polars for everybody, in Python and pyarrow by machine. Group by what the platform sent (a day
# or an hour in the account's zone) or in UTC; look at `datetime(2026, 12, 15,
# tzinfo=ZoneInfo("America/Vancouver")).utcoffset()` on the machine that runs the taps (it is -7
# hours), or set PYTHONTZPATH="" so that the package is used.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 tzdata==2026.6 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import tzdata

zoneinfo.reset_tzpath([])  # the package, whatever the machine has
print("polars", pl.__version__, "tzdata", tzdata.IANA_VERSION, "duckdb", duckdb.__version__)
noon = datetime(2026, 12, 15, 12, tzinfo=UTC)
hour = timedelta(hours=1)
stated = {
    "America/Vancouver": (-7, -8),
    "America/Edmonton": (-6, -7),
    "America/Winnipeg": (-5, -6),
    "America/Havana": (-4, -5),
    "Africa/Casablanca": (0, 1),
    "America/New_York": (-5, -5),
}
seen = {}
for zone in stated:
    local = pl.Series([noon]).dt.convert_time_zone(zone).dt.replace_time_zone(None)[0]
    of_polars = (local - noon.replace(tzinfo=None)) / hour
    of_package = noon.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset() / hour
    wall = duckdb.execute("SELECT ?::TIMESTAMPTZ AT TIME ZONE ?", [noon, zone]).fetchone()[0]
    of_duckdb = (wall - noon.replace(tzinfo=None)) / hour
    seen[zone] = (of_package, of_polars)
    print(f"{zone}: tzdata {of_package:+.0f}, DuckDB {of_duckdb:+.0f}, polars {of_polars:+.0f}")
    if of_duckdb != of_package:
        seen[zone] = (of_package, of_duckdb, of_polars)
column = pl.Series([noon]).dt.convert_time_zone("America/Vancouver")
hours = (column.dt.hour()[0], noon.astimezone(zoneinfo.ZoneInfo("America/Vancouver")).hour)
print("noon UTC in Vancouver: dt.hour()", hours[0], "- Python", hours[1])
as_stated = seen == stated and hours == (4, 5)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
