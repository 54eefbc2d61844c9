#!/usr/bin/env bash
# A cast to a date gives the day in UTC in polars and pandas, and the day of the column's zone
# beside it.
#
# A good guess: a column has a zone so that its day is that of the zone; cast(pl.Date) and dt.date()
# mean the same.
# What happens (polars 2.1.0, pandas 3.1.1, pyarrow 26.0.1): 22:00 on January 1 in New York is 03:00
# UTC on January 2. polars: dt.date() says January 1, cast(pl.Date) January 2. pandas: .dt.date says
# January 1, astype to pyarrow's date32 January 2. pyarrow itself casts the same column to January
# 1. Nothing in the printed columns tells the two apart.
# For a user: spend by day moves to the next day for all hours after 19:00 or 20:00 in New York, and
# to the day before for the early hours east of Greenwich; totals of a month are right but for its
# edges. Use .dt.date() everywhere, and never a cast.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import UTC, date, datetime

import pandas as pd
import polars as pl
import pyarrow as pa

print("polars", pl.__version__, "pandas", pd.__version__, "pyarrow", pa.__version__)
evening = datetime(2026, 1, 2, 3, tzinfo=UTC)
of_polars = pl.Series([evening]).dt.convert_time_zone("America/New_York")
of_pandas = pd.Series([evening]).dt.tz_convert("America/New_York")
of_pyarrow = pa.array([evening], pa.timestamp("us", tz="America/New_York"))
print("the moment:", of_polars[0], "|", of_pandas[0], "|", of_pyarrow[0])
local, utc = date(2026, 1, 1), date(2026, 1, 2)
cases = {
    "polars dt.date()": (of_polars.dt.date().to_list(), local),
    "polars cast(pl.Date)": (of_polars.cast(pl.Date).to_list(), utc),
    "pandas .dt.date": (of_pandas.dt.date.tolist(), local),
    "pandas astype(date32[pyarrow])": (of_pandas.astype(pd.ArrowDtype(pa.date32())).tolist(), utc),
    "pyarrow cast(date32)": (of_pyarrow.cast(pa.date32()).to_pylist(), local),
}
for call, (seen, _) in cases.items():
    print(f"{call}:", *seen)
stated = all(seen == [expected] for seen, expected in cases.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
