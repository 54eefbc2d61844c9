#!/usr/bin/env bash
# `//` divides whole numbers in DuckDB, and does not cut anything when one side is a DECIMAL.
#
# A good guess: DuckDB documents `//` as integer division, and in Python and polars `//` cuts for
# every type, decimals included: 10.00 // 3 is 3.
# What happens (DuckDB 2.0.1, and 1.4.4): only for integer columns. With a DECIMAL or DOUBLE on
# either side it is the same as `/`: 10::DECIMAL(38,18) // 3 is the DOUBLE 3.3333333333333335. No
# error, no warning. polars' `//` on the same column gives 3.
# For a user: `spend // 1000 AS thousands` or `clicks // packs` works until a metric becomes a
# decimal (a platform that starts to send 10.0, or our own DECIMAL columns), and then buckets have
# fractions and a GROUP BY makes one group a row. Write `floor(a / b)`, and cast to BIGINT.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1 polars==2.1.0)
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
import polars as pl

print("duckdb", duckdb.__version__, "polars", pl.__version__)
queries = {
    "10 // 3": ("INTEGER", 3),
    "10::DECIMAL(38,18) // 3": ("DOUBLE", 10 / 3),
    "10 // 3::DECIMAL(38,18)": ("DOUBLE", 10 / 3),
    "10.5::DOUBLE // 3": ("DOUBLE", 3.5),
}
stated = True
for text, expected in queries.items():
    result = duckdb.sql(f"SELECT {text}")
    seen = (str(result.types[0]), result.fetchall()[0][0])
    print(text, "=", *seen)
    stated = stated and seen == expected
frame = pl.DataFrame({"x": [Decimal(10)]}, schema={"x": pl.Decimal(38, 18)})
cut = frame.select(pl.col("x") // 3).item()
print("polars, DECIMAL(38,18) // 3 =", cut)
stated = stated and cut == 3
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
