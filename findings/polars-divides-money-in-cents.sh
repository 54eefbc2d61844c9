#!/usr/bin/env bash
# polars divides exact money in whole cents: 1.00 for 3 clicks is 0.33 a click, 2.00 for 7 is 0.29.
#
# A good guess: a quotient of decimals has more digits than its parts, as in Postgres, or is a
# float; two ways to write the same ratio in one library give the same number.
# What happens (polars 2.1.0): `spend / clicks` keeps the digits of the wider side: of a DECIMAL(38,2) by a
# whole number two digits, rounded. A product does so too: a CPM of 1.25 with two digits times 0.92 is 1.15.
# The same division by polars' own SQL has eight digits, a mean is a float, and after a factor that is a
# float the column is one: 1000 * spend / impressions of 0.07 and 12,345 is 0.01 in decimals, and
# 0.00567… with 1000.0.
# For a user: CPC, CPM and conversion rates by money from NUMERIC(12,2) columns (databases, other people's
# Parquet files) are off by up to half a cent each, which is most of a small price. Cast first:
# `pl.col("spend").cast(pl.Decimal(38, 18)) / …`, or to Float64 for a ratio. Our tables' DECIMAL(38,18)
# keeps eighteen digits.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import polars as pl

print("polars", pl.__version__)
rows = {
    "spend": pl.Series([Decimal("1.00"), Decimal("2.00"), Decimal("0.07")], dtype=pl.Decimal(38, 2)),
    "clicks": [3, 7, 12345],
}
frame = pl.DataFrame(rows)
spend, clicks = pl.col("spend"), pl.col("clicks")


def column(expression, of=frame):
    return [str(value) for value in of.select(expression).to_series()]


rate = pl.Series([Decimal("0.92")], dtype=pl.Decimal(38, 2))
price = pl.DataFrame({"cpm": pl.Series([Decimal("1.25")], dtype=pl.Decimal(38, 2)), "rate": rate})
by_sql = pl.SQLContext(t=frame).execute("SELECT spend / clicks AS cpc FROM t", eager=True)
checks = {
    "spend / clicks": (column(spend / clicks), ["0.33", "0.29", "0.00"]),
    "sum / sum": (column(spend.sum() / clicks.sum()), ["0.00"]),
    "the same by pl.SQLContext": (column("cpc", by_sql), ["0.33333333", "0.28571429", "0.00000567"]),
    "cpm * rate": (column(pl.col("cpm") * pl.col("rate"), price), ["1.15"]),
    "1000 * spend / clicks": (column(1000 * spend / clicks)[2:], ["0.01"]),
    "1000.0 * spend / clicks": ([column(1000.0 * spend / clicks)[2][:7]], ["0.00567"]),
    "cast to 18 digits first": (
        column(spend.cast(pl.Decimal(38, 18)) / clicks)[:2],
        ["0.333333333333333333", "0.285714285714285714"],
    ),
}
for name, (seen, _) in checks.items():
    print(f"{name}: {', '.join(seen)}")
stated = all(seen == expected for seen, expected in checks.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
