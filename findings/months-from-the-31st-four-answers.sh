#!/usr/bin/env bash
# Monthly windows that begin on the 31st drift to the 28th in pandas and DuckDB, leave out February in
# dateutil, and leave days between them in arrow.
#
# A good guess: from January 31 in steps of a month the windows begin on the last days of February, March
# and April, and there is no day between two of them.
# What happens: polars 2.1.0 and pendulum 3.3.0 do that. pandas 3.1.1
# (`date_range(freq=DateOffset(months=1))`) and DuckDB 2.0.1 (`generate_series(…, INTERVAL 1 MONTH)`) add a
# month to the one before, and from February 28 on each begins on the 28th. python-dateutil 2.9.0.post0
# (`rrule(MONTHLY)`) leaves out the months without a 31st: January, March, May. arrow 1.4.0
# (`span_range("month", …, exact=True)`) begins as polars does, but each window ends a month after its own
# beginning: one ends on March 27, and the next begins on March 31, so that the 28th to the 30th are in
# none.
# For a user: reports by billing month that begin on the 29th to 31st have three days too few in spring, or
# another border than the platform's. Walk from the first day of a month, or take both ends from one list of
# beginnings.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 polars==2.1.0 duckdb==2.0.1 pendulum==3.3.0 arrow==1.4.0 python-dateutil==2.9.0.post0)
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

import arrow
import duckdb
import pandas as pd
import pendulum
import polars as pl
from dateutil import rrule

names = ("pandas", "polars", "duckdb", "pendulum", "arrow", "python-dateutil")
print(*(f"{name} {version(name)}" for name in names))
first, last = "2026-01-31", "2026-05-31"
series = f"FROM generate_series(DATE '{first}', DATE '{last}', INTERVAL 1 MONTH) t(d)"
ends = pendulum.interval(pendulum.date(2026, 1, 31), pendulum.date(2026, 5, 31))
spans = list(
    arrow.Arrow.span_range("month", datetime(2026, 1, 31), datetime(2026, 5, 31), exact=True)
)
begins = {
    "polars": pl.date_range(date(2026, 1, 31), date(2026, 5, 31), "1mo", eager=True),
    "pendulum": ends.range("months"),
    "pandas": pd.date_range(first, last, freq=pd.DateOffset(months=1)),
    "DuckDB": [day for (day,) in duckdb.sql(f"SELECT d {series}").fetchall()],
    "dateutil": rrule.rrule(
        rrule.MONTHLY, dtstart=datetime(2026, 1, 31), until=datetime(2026, 5, 31)
    ),
    "arrow": [begin.datetime for begin, _ in spans],
}
seen = {name: [f"{day:%m-%d}" for day in days] for name, days in begins.items()}
for name, days in seen.items():
    print(f"{name}:", *days)
gap = f"{spans[1][1].datetime:%m-%d} {spans[2][0].datetime:%m-%d}"
print("arrow, end of the second window and beginning of the third:", gap)
good = ["01-31", "02-28", "03-31", "04-30", "05-31"]
drift = ["01-31", "02-28", "03-28", "04-28", "05-28"]
stated = (
    seen["polars"] == seen["pendulum"] == good
    and seen["pandas"] == seen["DuckDB"] == drift
    and seen["dateutil"] == ["01-31", "03-31", "05-31"]
    and seen["arrow"] == good[:4]
    and gap == "03-27 03-31"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
