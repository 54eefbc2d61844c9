#!/usr/bin/env bash
# DuckDB makes 0.1 of Decimal("0.12345") in a pandas frame of 5,000 rows, and 13 of 12.99.
#
# A good guess: a frame is in memory, so its type is that of all values; a Decimal that doesn't fit
# raises, or stays exact.
# What happens (DuckDB 2.0.1, pandas 3.1.1): of a column of Python objects DuckDB looks at 1,000
# values (`pandas_analyze_sample`), spread over the frame. A Decimal with more digits behind the
# point than these is rounded to theirs, 0.12345 under amounts like 1.5 is 0.1 and 0.049 is 0.0; a
# float among whole numbers is rounded to whole units, 12.99 is 13. Only a value that has too many
# digits before the point raises. 1,000 rows or fewer are always right, so a test with a small frame
# shows nothing.
# For a user: frames of exact money (psycopg, our Parquet files read with to_pandas) lose digits of
# a few rows when they are queried with DuckDB. `SET pandas_analyze_sample = 1000000` (more than the
# frame has rows), or pass an Arrow table or pandas' Arrow decimals.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1 pandas==3.1.1 pyarrow==26.0.1)
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
import pandas as pd
import pyarrow as pa

print("duckdb", duckdb.__version__, "pandas", pd.__version__)


def smallest(rows, many, one, sample=None, kind=object):
    frame = pd.DataFrame({"spend": pd.Series([many] * rows, dtype=object)})
    frame.loc[rows // 2 + 1, "spend"] = one
    frame["spend"] = frame["spend"].astype(kind)
    with duckdb.connect() as db:
        if sample:
            db.execute(f"SET pandas_analyze_sample = {sample}")
        query = "SELECT typeof(spend), spend FROM frame WHERE spend IS DISTINCT FROM ?"
        found = db.execute(query, [many]).fetchall()
    return found[0] if found else None


amounts = Decimal("1.5"), Decimal("0.12345")
arrow = pd.ArrowDtype(pa.decimal128(38, 18))
seen = {
    "900 rows": smallest(900, *amounts),
    "5,000 rows": smallest(5_000, *amounts),
    "5,000 rows, all looked at": smallest(5_000, *amounts, sample=10_000),
    "5,000 rows of Arrow decimals": smallest(5_000, *amounts, kind=arrow),
    "5,000 rows, 5 … 12.99": smallest(5_000, 5, 12.99),
}
for case, row in seen.items():
    print(f"{case}:", *row)
stated = [row[1] for row in seen.values()] == [
    Decimal("0.12345"), Decimal("0.1"), Decimal("0.12345"), Decimal("0.12345"), 13
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
