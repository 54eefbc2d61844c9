#!/usr/bin/env bash
# polars' str.to_decimal() rounds every amount to the digits of the first hundred.
#
# A good guess: a function that turns text into exact decimals looks at all of it, or raises at a
# value that doesn't fit, as a strict cast does.
# What happens (polars 2.1.0): the digits behind the point are taken from the first 100 values
# (`inference_length`), and what comes later is rounded to them: after 150 times "1.5" the text
# "0.12345" becomes 0.1 and "0.04" becomes 0. No error, no null. `scale=18`, or cast(pl.Decimal(38,
# 18)), keeps all.
# For a user: money that arrives as text (our JSON Lines, loaders that don't know the decimal format)
# loses its cents where the first hundred amounts happen to be rounder. Always name the scale.
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
texts = pl.Series(["1.5"] * 150 + ["0.12345", "0.04"])
exact = [Decimal("0.12345"), Decimal("0.04")]
seen = {
    "str.to_decimal()": texts.str.to_decimal(),
    "str.to_decimal(inference_length=200)": texts.str.to_decimal(inference_length=200),
    "str.to_decimal(scale=18)": texts.str.to_decimal(scale=18),
    "cast(pl.Decimal(38, 18))": texts.cast(pl.Decimal(38, 18)),
}
for name, series in seen.items():
    print(f"{name}: {series.dtype}, the last two:", *series.tail(2).to_list())
results = [series.tail(2).to_list() for series in seen.values()]
stated = results == [[Decimal("0.1"), Decimal("0.0")], exact, exact, exact]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
