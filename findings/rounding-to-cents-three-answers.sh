#!/usr/bin/env bash
# Rounding the same exact amounts to cents gives three results in DuckDB, polars and pyarrow.
#
# A good guess: with floats rounding differs, everybody knows; with decimals 1.005 is exactly 1.005
# and becomes 1.01 everywhere.
# What happens (DuckDB 2.0.1, polars 2.1.0, pyarrow 26.0.1): DuckDB rounds halves away from zero, in
# round() and in a cast. polars and pyarrow round halves to the even digit in round(): 1.005 becomes
# 1.00, 1.015 becomes 1.02. pyarrow's cast (safe=False, without which it refuses) rounds nothing:
# 1.009 becomes 1.00.
# For a user: an invoice made in SQL and a check made in a data frame differ by a cent on every
# half, and CPM prices have many. Decide once where money is rounded, in the warehouse, and compare
# unrounded columns elsewhere (in polars `round(2, mode="half_away_from_zero")`, in pyarrow
# `round_mode="half_towards_infinity"`).
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 pandas==3.1.1)
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
import pyarrow as pa
import pyarrow.compute as pc

print("duckdb", duckdb.__version__, "polars", pl.__version__, "pyarrow", pa.__version__)
amounts = [Decimal(x) for x in ("1.005", "1.015", "1.009", "-1.005")]
arrow = pa.array(amounts, pa.decimal128(38, 18))
series = pl.Series("x", amounts, dtype=pl.Decimal(38, 18))
sql = "SELECT round(x, 2), x::DECIMAL(38,2) FROM table_ ORDER BY n"
table_ = pa.table({"x": arrow, "n": list(range(len(amounts)))})
rows = duckdb.sql(sql).fetchall()
seen = {
    "DuckDB round": [row[0] for row in rows],
    "DuckDB cast": [row[1] for row in rows],
    "polars round": series.round(2).to_list(),
    "polars cast": series.cast(pl.Decimal(38, 2)).to_list(),
    "polars half_away_from_zero": series.round(2, mode="half_away_from_zero").to_list(),
    "pyarrow round": pc.round(arrow, 2).to_pylist(),
    "pyarrow half_towards_infinity": pc.round(
        arrow, 2, round_mode="half_towards_infinity"
    ).to_pylist(),
    "pyarrow cast, safe=False": pc.cast(arrow, pa.decimal128(38, 2), safe=False).to_pylist(),
}
print("amounts:", *amounts)
cents = {name: [f"{value:.2f}" for value in values] for name, values in seen.items()}
for name, values in cents.items():
    print(f"{name}:", *values)
away, even = ["1.01", "1.02", "1.01", "-1.01"], ["1.00", "1.02", "1.01", "-1.00"]
stated = list(cents.values()) == [
    away, away, even, even, away, even, away, ["1.00", "1.01", "1.00", "-1.00"]
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
