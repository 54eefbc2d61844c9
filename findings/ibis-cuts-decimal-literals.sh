#!/usr/bin/env bash
# ibis cuts an exact exchange rate to three digits before it multiplies.
#
# A good guess: `spend * Decimal("0.92154")` is the careful way; a float would be the careless one.
# What happens (ibis 12.0.0 on DuckDB 2.0.1): a Decimal of unknown precision is written as CAST(… AS
# DECIMAL) without digits, which DuckDB reads as DECIMAL(18,3): the rate becomes 0.922, and 0.0004
# becomes 0. A float literal is written as it is and multiplies exactly. Adding such a literal gives
# a column of nine digits. Only `ibis.literal(rate, type="decimal(18,6)")` does what it says.
# For a user: money converted this way is off by up to 0.0005 for each unit of the rate (5 % at a
# rate of 0.01, yen to euro), the same on every row, so that ratios look right. Give every Decimal
# literal its type, or keep rates in a table.
set -euo pipefail
unset PYTHONPATH
packages=('ibis-framework[duckdb]==12.0.0' duckdb==2.0.1 pyarrow==26.0.1)
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
import ibis

print("ibis", ibis.__version__, "duckdb", duckdb.__version__)
con = ibis.duckdb.connect()
con.raw_sql("CREATE TABLE t AS SELECT 1000::DECIMAL(38,18) AS spend").fetchall()
spend = con.table("t").spend


def seen(expression):
    return con.to_pyarrow(expression).to_pylist()[0]


results = {
    "spend * Decimal('0.92154')": seen(spend * Decimal("0.92154")),
    "spend * Decimal('0.0059')": seen(spend * Decimal("0.0059")),
    "spend + Decimal('0.0004')": seen(spend + Decimal("0.0004")),
    "spend * 0.92154": seen(spend * 0.92154),
    "spend * literal of decimal(18,6)": seen(
        spend.cast("decimal(38,9)") * ibis.literal(Decimal("0.92154"), type="decimal(18,6)")
    ),
}
for name, value in results.items():
    print(f"{name}: {value}")
print(" ".join(str(ibis.to_sql(spend * Decimal("0.92154"))).split()))
stated = list(results.values()) == [
    Decimal("922"), Decimal("6"), Decimal("1000"), Decimal("921.54"), Decimal("921.54")
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
