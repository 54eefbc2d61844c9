#!/usr/bin/env bash
# datacompy says that ids match which differ in their last digit, and amounts that differ by a cent.
#
# A good guess: with its tolerances of 0 a comparison of two loads is exact: whole numbers as whole
# numbers, Decimals as Decimals.
# What happens (datacompy 1.1.0): numbers of every kind are compared as floats. 12345678901234567 and
# 12345678901234568 match, in a frame of pandas and of polars, and so do 12345678901234567.01 and
# .02 as Decimals; `matches()` is true and the report says that all values are equal. As the column
# to join by the same ids are told apart, and as text too. A float of 0.1 matches Decimal("0.1"),
# 0.1 + 0.2 doesn't match 0.3.
# For a user: the check that is to prove a new loader passes although it cuts ids (that is what goes
# through a float, too) and large totals. Cast ids and Decimals to text before the comparison.
set -euo pipefail
unset PYTHONPATH
packages=(datacompy==1.1.0 pandas==3.0.6 polars==1.44.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from decimal import Decimal
from importlib.metadata import version

import datacompy
import pandas as pd
import polars as pl

logging.disable()
print(*(f"{p} {version(p)}" for p in ("datacompy", "pandas", "polars")))
CASES = {
    "ids": (12345678901234567, 12345678901234568),
    "ids as text": ("12345678901234567", "12345678901234568"),
    "Decimals": (Decimal("12345678901234567.01"), Decimal("12345678901234567.02")),
    "small Decimals": (Decimal("1.123456789012345678"), Decimal("1.123456789012345679")),
    "floats": (0.1 + 0.2, 0.3),
}


def match(frame, compare, pair):
    old, new = (frame({"key": [1], "value": [value]}) for value in pair)
    return compare(old, new, join_columns="key").matches()


seen = {}
for case, pair in CASES.items():
    seen[case] = (
        match(pd.DataFrame, datacompy.PandasCompare, pair),
        match(pl.DataFrame, datacompy.PolarsCompare, pair),
    )
    print(f"{case}: {pair[0]} and {pair[1]} match in pandas {seen[case][0]}, polars {seen[case][1]}")
frames = (pd.DataFrame({"key": [key], "value": [1]}) for key in CASES["ids"])
joined = datacompy.PandasCompare(*frames, join_columns="key").matches()
print("ids to join by match:", joined)
stated = (
    seen
    == {
        "ids": (True, True),
        "ids as text": (False, False),
        "Decimals": (True, True),
        "small Decimals": (True, True),
        "floats": (False, False),
    }
    and not joined
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
