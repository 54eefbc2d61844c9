#!/usr/bin/env bash
# Seven days and a week are two things in polars and ClickHouse, and one in DuckDB.
#
# A good guess: to round dates down to "7d" is the same as to "1w", as both are seven days long; or seven
# days are counted from the first date.
# What happens (polars 2.1.0, chdb 4.4.0 with ClickHouse 26.9, DuckDB 2.0.1, pandas 3.1.1): polars' truncate
# and group_by_dynamic with "7d", and ClickHouse's toStartOfInterval with INTERVAL 7 DAY, count sevens of
# days from 1 January 1970, a Thursday: their weeks run from Thursday to Wednesday. With "1w" and INTERVAL 1
# WEEK they begin on Monday. DuckDB's time_bucket begins on Monday with either. pandas' floor("7D") begins
# on Thursday, resample("7D") on the day of the first row, which is another one for each frame, and
# resample("W") on Monday, named by its Sunday.
# For a user: weekly spend of two engines, or of two loads, has the same number of rows and other sums, and
# nothing is named Thursday anywhere. Write weeks as weeks (`1w`, `date_trunc('week', …)`), and look at the
# weekday of the labels.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 chdb==4.4.0 duckdb==2.0.1 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import date, datetime
from importlib.metadata import version

import chdb
import duckdb
import pandas as pd
import polars as pl

clickhouse = str(chdb.query("select version()", "TSV")).strip()
print(f"polars {pl.__version__}, chdb {version('chdb')} (ClickHouse {clickhouse}),", end=" ")
print(f"DuckDB {duckdb.__version__}, pandas {pd.__version__}")
FRIDAY = "2026-01-09"


def weekday(text):
    return date.fromisoformat(str(text)[:10]).strftime("%a")


def by_chdb(interval):
    return str(
        chdb.query(f"select toString(toStartOfInterval(toDate('{FRIDAY}'), INTERVAL {interval}))", "TSV")
    )


moments = pl.Series([datetime.fromisoformat(FRIDAY)])
series = pd.Series(1, index=pd.to_datetime([FRIDAY, "2026-01-20"]))
grouped = pl.DataFrame({"day": moments}).group_by_dynamic("day", every="7d").agg(pl.len())
begin = {
    "polars truncate 7d": moments.dt.truncate("7d")[0],
    "polars truncate 1w": moments.dt.truncate("1w")[0],
    "polars group_by_dynamic 7d": grouped["day"][0],
    "ClickHouse INTERVAL 7 DAY": by_chdb("7 DAY"),
    "ClickHouse INTERVAL 1 WEEK": by_chdb("1 WEEK"),
    "DuckDB time_bucket 7 days": duckdb.sql(
        f"select time_bucket(interval '7 days', date '{FRIDAY}')"
    ).fetchall()[0][0],
    "DuckDB time_bucket 1 week": duckdb.sql(
        f"select time_bucket(interval '1 week', date '{FRIDAY}')"
    ).fetchall()[0][0],
    "pandas floor 7D": series.index.floor("7D")[0],
    "pandas resample 7D": series.resample("7D").sum().index[0],
    "pandas resample W": series.resample("W").sum().index[0],
}
seen = {name: weekday(str(text).strip()) for name, text in begin.items()}
for name, day in seen.items():
    print(f"{name}: {day} {str(begin[name]).strip()[:10]}")
stated = list(seen.values()) == ["Thu", "Mon", "Thu", "Thu", "Mon", "Mon", "Mon", "Thu", "Fri", "Sun"]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
