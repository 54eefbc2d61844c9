#!/usr/bin/env bash
# The first Parquet file of a folder decides how many digits DuckDB keeps of all the others.
#
# A good guess: files whose decimals differ in precision are refused, or read with the wider type;
# and pandas writes the same type for the same column every day.
# What happens (pandas 3.1.1 with pyarrow 26.0.1, DuckDB 2.0.1): pandas gives each file the digits
# that its own values need: DECIMAL(4,2) for 12.99, DECIMAL(5,5) for 0.00512. DuckDB takes the type
# of the file that comes first by name and casts the rest: 0.00512 becomes 0.01, 0.00487 becomes
# 0.00, without a word; only a value too large for it is an error. pyarrow refuses the folder.
# `union_by_name = true` makes DuckDB read the wider type.
# For a user: a folder of daily exports in which one cheap campaign appears late is rounded from
# then on, or until the first file is deleted. Give the column a type when writing (pyarrow schema,
# decimal128(38, 18)); files of our own loader all have that type.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1)
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
import pyarrow.parquet as pq

print("pandas", pd.__version__, "pyarrow", pa.__version__, "duckdb", duckdb.__version__)
days = {"2026-11-01": ["12.99", "1.50"], "2026-11-02": ["0.00512", "0.00487"]}
for day, amounts in days.items():
    frame = pd.DataFrame({"day": day, "cpm": [Decimal(amount) for amount in amounts]})
    frame.to_parquet(f"day-{day}.parquet")
    print(day, *amounts, pq.read_schema(f"day-{day}.parquet").field("cpm").type)


def read(options=""):
    table = duckdb.sql(f"SELECT cpm FROM read_parquet('day-*.parquet'{options}) ORDER BY cpm")
    return str(table.types[0]), [row[0] for row in table.fetchall()]


try:
    pq.read_table(sorted(f"day-{day}.parquet" for day in days))
    refused = False
except pa.ArrowInvalid:
    refused = True
plain, wide = read(), read(", union_by_name = true")
print("DuckDB:", plain[0], *plain[1])
print("DuckDB, union_by_name:", wide[0], *wide[1])
print("pyarrow refuses:", refused)
exact = [Decimal(x) for x in ("0.00487", "0.00512", "1.50", "12.99")]
rounded = [Decimal(x) for x in ("0.00", "0.01", "1.50", "12.99")]
stated = plain == ("DECIMAL(4,2)", rounded) and wide[1] == exact and refused
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
