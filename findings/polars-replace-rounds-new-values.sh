#!/usr/bin/env bash
# Replacing an amount in a polars column of decimals rounds the new amount to the column's digits: 0.005 put
# in for 0.01 is 0.00.
#
# A good guess: a new value that needs more digits widens the column, as fill_null does, or is refused.
# What happens (polars 2.1.0, a column of Decimal(10, 2)): fill_null(Decimal("0.005")) gives 0.005 in a
# wider column. replace({0.01: 0.005}) gives 0.00 and says nothing; clip(Decimal("0.015")) makes 0.02 of
# 0.01, above the bound that was asked for; interpolate() between 0.01 and 0.02 gives 0.01, and
# fill_null(strategy="mean") 0.01 where the mean is 0.015. product() of three times 0.50 is 0.12.
# For a user: rates that are replaced by corrected ones, floors under bids and filled gaps are off by up to
# a cent each, in a column that looks exact. Cast to Decimal(38, 18) before.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

import polars as pl

print("polars", version("polars"))
cents = pl.Decimal(10, 2)


def run(values, expression, dtype=cents):
    """Return the column after the expression, as texts."""
    frame = pl.DataFrame({"spend": values}, schema={"spend": dtype})
    return [str(value) for value in frame.select(expression).to_series()]


one, two, half = Decimal("0.01"), Decimal("0.02"), Decimal("0.005")
spend = pl.col("spend")
cases = {
    "fill_null(0.005)": ([one, None], spend.fill_null(half), ["0.010", "0.005"]),
    "replace 0.01 by 0.005": ([one, two], spend.replace({one: half}), ["0.00", "0.02"]),
    "clip at 0.015": ([one, two], spend.clip(Decimal("0.015")), ["0.02", "0.02"]),
    "interpolate": ([one, None, two], spend.interpolate(), ["0.01", "0.01", "0.02"]),
    "fill_null by the mean": (
        [one, None, two],
        spend.fill_null(strategy="mean"),
        ["0.01", "0.01", "0.02"],
    ),
}
stated = True
for name, (values, expression, expected) in cases.items():
    seen = run(values, expression)
    print(f"{name}:", *seen)
    stated = stated and seen == expected
wide = run([one, two], spend.replace({one: half}), pl.Decimal(38, 18))
print("replace in Decimal(38, 18):", *wide)
product = run([Decimal("0.50")] * 3, spend.product())
print("product of three times 0.50:", *product)
stated = stated and Decimal(wide[0]) == half and product == ["0.12"]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
