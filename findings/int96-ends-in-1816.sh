#!/usr/bin/env bash
# pyarrow and pandas read a campaign that ends on December 31, 9999 as one that ended in 1816.
#
# A good guess: a date beyond what nanoseconds can hold (the year 2262) is read in microseconds,
# as the same column in its newer form is, or raises, as pandas does elsewhere.
# What happens (pyarrow 26.0.1, pandas 3.1.1, fastparquet 2026.9.0): in Parquet files whose
# timestamps are INT96, as Impala, Hive and older Spark jobs write them, 9999-12-31 is 1816-03-29
# 05:56:08.066277376 to all three, without a word. DuckDB 2.0.1 and polars 2.1.0 read 9999-12-31.
# `pq.read_table(…, coerce_int96_timestamp_unit="us")` does too.
# For a user: "no end" is a common date in lists of campaigns and flights; a filter for what runs
# today leaves them all out. Give that option wherever files of such jobs are read, and look for
# years before 1900.
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1 pandas==3.1.1 fastparquet==2026.9.0 polars==2.1.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import datetime
from importlib.metadata import version

import duckdb
import fastparquet
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

names = ("pyarrow", "pandas", "fastparquet", "polars", "duckdb")
print(*(f"{name} {version(name)}" for name in names))
ends = pa.array([datetime(9999, 12, 31), datetime(2026, 1, 1, 23)], pa.timestamp("us"))
pq.write_table(pa.table({"ends": ends}), "old.parquet", use_deprecated_int96_timestamps=True)
pq.write_table(pa.table({"ends": ends}), "new.parquet")
seen = {
    "pyarrow": pq.read_table("old.parquet")["ends"].to_pylist(),
    "pandas": pd.read_parquet("old.parquet")["ends"].tolist(),
    "fastparquet": fastparquet.ParquetFile("old.parquet").to_pandas()["ends"].tolist(),
    "polars": pl.read_parquet("old.parquet")["ends"].to_list(),
    "DuckDB": [end for (end,) in duckdb.sql("SELECT ends FROM 'old.parquet'").fetchall()],
    "pyarrow, us": pq.read_table("old.parquet", coerce_int96_timestamp_unit="us")[
        "ends"
    ].to_pylist(),
    "pyarrow, not INT96": pq.read_table("new.parquet")["ends"].to_pylist(),
}
for name, values in seen.items():
    print(f"{name}:", *values)
wrong = ["1816-03-29 05:56:08.066277376", "2026-01-01 23:00:00"]
right = ["9999-12-31 00:00:00", "2026-01-01 23:00:00"]
as_stated = [list(map(str, values)) for values in seen.values()] == [wrong] * 3 + [right] * 4
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
