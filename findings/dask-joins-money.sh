#!/usr/bin/env bash
# dask adds up Decimals as texts: "12.99" and "29.99" make "12.9929.99".
#
# A good guess: a frame of dask is a pandas frame in parts, with the same columns; Decimals, which
# pandas keeps as objects, are summed exactly or refused.
# What happens (dask 2026.8.0, pandas 2.3.3, pyarrow 25.0.1): from_pandas() makes text of every
# column of Python objects, Decimals and dates included. sum() joins the texts, max() compares
# letters, so that 9.92 beats 29.99, groupby().sum() does both; mean() raises. compute() gives
# texts back. No warning. A decimal128 column of a Parquet file, and pandas' Arrow decimals, stay
# decimals. With `dask.config.set({"dataframe.convert-string": False})` Decimals stay what they
# are.
# For a user: rows from psycopg or from our Parquet files by to_pandas() hold Decimals; spend by
# campaign is a long row of digits, and a test with one row per group shows nothing. Set that
# option, or give the column Arrow's type first.
set -euo pipefail
unset PYTHONPATH
packages=('dask[dataframe]==2026.8.0' pandas==2.3.3 pyarrow==25.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import date
from decimal import Decimal
from importlib.metadata import version

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

print(*(f"{name} {version(name)}" for name in ("dask", "pandas", "pyarrow")))
amounts = [Decimal("12.99"), Decimal("9.92"), Decimal("29.99")]
frame = pd.DataFrame({"id": ["a", "b", "a"], "spend": amounts, "day": [date(2026, 1, 1)] * 3})


def seen_in(data):
    if isinstance(data, pd.DataFrame):
        data = dd.from_pandas(data, npartitions=1)
    spend = data["spend"]
    by_id = data.groupby("id")["spend"].sum().compute()
    return [
        str(spend.dtype),
        *(str(x) for x in (spend.sum().compute(), spend.max().compute(), by_id["a"])),
    ]


arrow = pd.ArrowDtype(pa.decimal128(38, 2))
pq.write_table(
    pa.table({"id": frame["id"], "spend": pa.array(amounts, pa.decimal128(38, 2))}), "t.parquet"
)
exact = ["52.90", "29.99", "42.98"]
checks = {
    "Decimals": (seen_in(frame), ["string", "12.999.9229.99", "9.92", "12.9929.99"]),
    "Arrow decimals": (
        seen_in(frame.astype({"spend": arrow})),
        ["decimal128(38, 2)[pyarrow]", *exact],
    ),
    "Parquet": (seen_in(dd.read_parquet("t.parquet")), ["decimal128(38, 2)[pyarrow]", *exact]),
}
day = str(dd.from_pandas(frame, npartitions=1)["day"].dtype)
with dask.config.set({"dataframe.convert-string": False}):
    checks["convert-string off"] = (seen_in(frame), ["object", *exact])
for name, (seen, _) in checks.items():
    print(f"{name}: {seen}")
print("a column of dates:", day)
as_stated = day == "string" and all(seen == stated for seen, stated in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
