#!/usr/bin/env bash
# The median of two amounts in cents has no half cents in DuckDB: of 0.01 and 0.02 it is 0.01, though the
# median of the integers 1 and 2 is 1.5.
#
# A good guess: a median between two values is their mean, and its type is wide enough for it, as that of
# avg is.
# What happens (DuckDB 2.0.1): median() and quantile_cont() of a DECIMAL(10,2) are DECIMAL(10,2), and what
# lies between is cut off, not rounded: 0.01 of 0.01 and 0.02, and the ninth tenth of four amounts is 0.04
# where it is 0.047. mad() is in whole cents too. avg() is a DOUBLE, 0.015, and so is the median of BIGINT.
# polars 2.1.0 gives 0.015. ClickHouse's median of a Decimal(9, 2) is one as well, 0.01 (chdb 4.4.0).
# For a user: a median cost per click, or a ninth tenth of bids, is up to a cent too low, always too low,
# and by more in an amount without digits (JPY). Cast to DECIMAL(38,18) or DOUBLE inside:
# `median(cpc::DOUBLE)`.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1 polars==2.1.0 chdb==4.4.0 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import sys
from decimal import Decimal
from importlib.metadata import version

import chdb
import duckdb
import polars as pl

print(*(f"{name} {version(name)}" for name in ("duckdb", "polars", "chdb")))
two = "(VALUES (0.01::DECIMAL(10,2)), (0.02))"
four = "(VALUES (0.01::DECIMAL(10,2)), (0.02), (0.04), (0.05))"
seen = duckdb.sql(f"""
    SELECT median(x), typeof(median(x)), avg(x), mad(x), median(x::DOUBLE),
           (SELECT quantile_cont(y, 0.9) FROM {four} t(y)),
           (SELECT quantile_cont(y::DOUBLE, 0.9) FROM {four} t(y)),
           (SELECT median(n) FROM (VALUES (1), (2)) t(n))
    FROM {two} t(x)
""").fetchall()[0]
names = "median, type, avg, mad, median of DOUBLE, ninth tenth, of DOUBLE, median of 1 and 2"
for name, value in zip(names.split(", "), seen):
    print(f"DuckDB {name}: {value}")
column = pl.Series([Decimal("0.01"), Decimal("0.02")], dtype=pl.Decimal(10, 2))
print("polars median:", column.median())
house = json.loads(
    str(
        chdb.query(
            "SELECT toString(median(x)) m, toTypeName(median(x)) t, toString(avg(x)) a"
            " FROM (SELECT arrayJoin([toDecimal32('0.01', 2), toDecimal32('0.02', 2)]) x)",
            "JSONEachRow",
        )
    )
)
print("ClickHouse:", *house.values())
stated = (
    (*seen[:3], *seen[4:6], seen[7])
    == (Decimal("0.01"), "DECIMAL(10,2)", 0.015, 0.015, Decimal("0.04"), 1.5)
    and seen[3] == Decimal("0.00")
    and round(seen[6], 6) == 0.047
    and float(column.median()) == 0.015
    and house == {"m": "0.01", "t": "Decimal(9, 2)", "a": "0.015"}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
