#!/usr/bin/env bash
# The mean of a decimal column is rounded to the column's own digits by pyarrow, and so by pandas.
#
# A good guess: an average has more digits than what it is the average of, so the result is wider
# (as in Postgres) or a float (as in DuckDB and polars).
# What happens (pyarrow 26.0.1, pandas 3.1.1 with Arrow types): the mean keeps the type. The mean of
# 0.01 and 0.02 as DECIMAL(10,2) is 0.02, a third of 2.00 is 0.67, the mean of 1 and 2 as
# DECIMAL(10,0) is 2; alone, in group_by, and in pandas' mean() of such a column. Two prices a cent
# apart become equal.
# For a user: our columns have 18 digits, so nothing is lost as they come. It happens after a cast
# to DECIMAL(…,2), or on columns of other sources: cost per click of 0.4 cents becomes 0 or 1 cent.
# Sum, count, and divide as floats, or cast to more digits before the mean.
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1 pandas==3.1.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

print("pyarrow", pa.__version__, "pandas", pd.__version__, "duckdb", duckdb.__version__)
cents = pa.decimal128(10, 2)
table = pa.table({
    "k": ["a", "a", "b", "b", "b"],
    "cpc": pa.array([Decimal(x) for x in ("0.01", "0.02", "1.00", "1.00", "0.00")], cents),
})
frame = table.to_pandas(types_mapper=pd.ArrowDtype)
seen = {
    "pyarrow mean of 0.01, 0.02": pc.mean(table["cpc"].slice(0, 2)).as_py(),
    "pyarrow group_by": table.group_by("k").aggregate([("cpc", "mean")])["cpc_mean"].to_pylist(),
    "pandas mean": frame["cpc"].iloc[:2].mean(),
    "pandas groupby": frame.groupby("k")["cpc"].mean().tolist(),
    "DuckDB avg": [
        row[0] for row in duckdb.sql("SELECT avg(cpc) FROM frame GROUP BY k ORDER BY k").fetchall()
    ],
}
for name, value in seen.items():
    print(f"{name}: {value}")
cut = [Decimal("0.02"), Decimal("0.67")]
stated = list(seen.values()) == [cut[0], cut, cut[0], cut, [0.015, 2 / 3]]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
