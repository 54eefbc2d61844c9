#!/usr/bin/env bash
# datacompy finds no difference between 12.990000000000000001 and 12.99, nor between two long ids.
#
# A good guess: with its tolerances at 0, the default, values are equal if they are equal:
# Decimals digit by digit, whole numbers as whole numbers.
# What happens (datacompy 1.1.0, pandas 2.3.3, polars 1.44.2): PandasCompare and PolarsCompare
# compare numbers by way of floats. Decimals that differ behind the 16th digit match, whole
# numbers of 17 digits that differ in the last match, and in pandas true matches 1; `matches()` is
# True and the report has no unequal value. Floats are compared exactly: 0.1 + 0.2 doesn't match
# 0.3. As key a column of long ids is told apart, as value it isn't.
# For a user: a comparison of two loads, or of a table before and after a migration, passes while
# ids of ads and small shares differ. Compare ids as text, and money as text or by SQL (EXCEPT).
set -euo pipefail
unset PYTHONPATH
packages=(datacompy==1.1.0 pandas==2.3.3 polars==1.44.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

import pandas as pd
import polars as pl
from datacompy import PandasCompare, PolarsCompare

print(*(f"{name} {version(name)}" for name in ("datacompy", "pandas", "polars")))
pairs = {
    "Decimals": (Decimal("12.990000000000000001"), Decimal("12.99")),
    "Decimals, cents": (Decimal("12.99"), Decimal("12.98")),
    "ids": (23851234567890123, 23851234567890124),
    "ids as text": ("23851234567890123", "23851234567890124"),
    "floats": (0.1 + 0.2, 0.3),
}


def match(compare, frame, old, new):
    old, new = frame({"key": [1], "v": [old]}), frame({"key": [1], "v": [new]})
    return compare(old, new, join_columns="key").matches()


def matched_keys(compare, frame):
    old, new = frame({"id": [23851234567890123]}), frame({"id": [23851234567890124]})
    return compare(old, new, join_columns="id").matches()


seen = {
    name: (match(PandasCompare, pd.DataFrame, *pair), match(PolarsCompare, pl.DataFrame, *pair))
    for name, pair in pairs.items()
}
for name, (by_pandas, by_polars) in seen.items():
    old, new = pairs[name]
    print(f"{name}: {old} and {new} match: pandas {by_pandas}, polars {by_polars}")
keys = (matched_keys(PandasCompare, pd.DataFrame), matched_keys(PolarsCompare, pl.DataFrame))
flag = match(PandasCompare, pd.DataFrame, True, 1)
print("ids as keys:", keys, "- true and 1:", flag)
as_stated = (seen, keys, flag) == (
    {
        "Decimals": (True, True),
        "Decimals, cents": (False, False),
        "ids": (True, True),
        "ids as text": (False, False),
        "floats": (False, False),
    },
    (False, False),
    True,
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
