#!/usr/bin/env bash
# pyarrow refuses `spend > 0` as a filter on exact money, and takes `spend > 0.0`.
#
# A good guess: a whole number is the safe thing to compare a decimal with, and a float the risky
# one; and what pc.greater() does with a column, the same comparison in a filter does too.
# What happens (pyarrow 26.0.1): in a filter (Table.filter, dataset.to_table) the 0 is made a
# DECIMAL(19,0) and brought to the column's scale, which takes 37 digits that it has not:
# "Precision is not great enough for the result". `> 0.0` works, as both sides become floats;
# `> Decimal(0)` works exactly; pc.greater(column, 0) works, too.
# For a user: all money of our tables is DECIMAL(38,18), so each filter with a whole number fails.
# Write Decimal(0). With 0.0 amounts are compared as floats: all right for a sign, not for equality.
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

print("pyarrow", pa.__version__)
money = pa.array([Decimal("12.99"), Decimal("-1"), None], pa.decimal128(38, 18))
table = pa.table({"spend": money})
stated = True
for text, other, expected in (("0", 0, None), ("0.0", 0.0, 1), ("Decimal(0)", Decimal(0), 1)):
    try:
        seen = table.filter(pc.field("spend") > other).num_rows
    except pa.ArrowInvalid as error:
        seen = None
        print(f"filter(spend > {text}): {error}")
    else:
        print(f"filter(spend > {text}): {seen} row")
    stated = stated and seen == expected
plain = pc.greater(money, 0).to_pylist()
print("pc.greater(spend, 0):", plain)
stated = stated and plain == [True, False, None]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
