#!/usr/bin/env bash
# One narwhals expression makes 12 of 12.99 on polars, 13 on DuckDB, and is refused by pyarrow; halves are
# rounded in two ways.
#
# A good guess: narwhals is there so that one expression means the same on each kind of frame; where
# libraries differ, it evens them out, as it does for `//` of negative numbers and for division by zero.
# What happens (narwhals 2.29.0): `cast(nw.Int64)` of 12.99 is 12 on polars and pandas, 13 on DuckDB, and
# an error on pyarrow and on pandas with Arrow types. The documentation of `cast` says nothing of it. `round(0)`
# of 2.5 is 2 on polars and pandas, 3 on pyarrow and DuckDB. That halves differ is in the documentation of
# `round`; but it says that polars rounds them away from zero, which polars 2.1.0 does not.
# For a user: a package built on narwhals (checks, tables, plots) counts or rounds money differently by the
# frame that it is given; a test with polars says nothing of production with DuckDB. Spell it out:
# `floor()` before a cast (amounts below zero go down: -12.99 becomes -13), and sums before rounding.
set -euo pipefail
unset PYTHONPATH
packages=(narwhals==2.29.0 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

print(*(f"{name} {version(name)}" for name in ("narwhals", "polars", "pandas", "pyarrow", "duckdb")))
data = {"spend": [12.99, 2.5, -12.99], "clicks": [7, -7, 3]}
table = pa.table(data)
frames = {
    "polars": pl.DataFrame(data),
    "pandas": pd.DataFrame(data),
    "pandas with Arrow types": pd.DataFrame(data).convert_dtypes(dtype_backend="pyarrow"),
    "pyarrow": table,
    "duckdb": duckdb.from_arrow(table),
}
spend, clicks = nw.col("spend"), nw.col("clicks")
expressions = {"cast": spend.cast(nw.Int64), "round": spend.round(0), "//": clicks // 2}


def values(frame, expression):
    try:
        lazy = nw.from_native(frame).lazy().select(x=expression)
        return lazy.collect("pyarrow").to_native()["x"].to_pylist()
    except pa.ArrowInvalid:
        return "refused"


half_to_even, half_up = [13, 2, -13], [13, 3, -13]
stated = {
    "polars": ([12, 2, -12], half_to_even),
    "pandas": ([12, 2, -12], half_to_even),
    "pandas with Arrow types": ("refused", half_to_even),
    "pyarrow": ("refused", half_up),
    "duckdb": ([13, 2, -13], half_up),
}
as_stated = True
for name, frame in frames.items():
    seen = [values(frame, expression) for expression in expressions.values()]
    print(name, "-", ", ".join(f"{key}: {value}" for key, value in zip(expressions, seen)))
    as_stated &= (*seen,) == (*stated[name], [3, -4, 1])
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
