#!/usr/bin/env bash
# garf, Google's tool for reports, makes other ids of ids in what it reads from DuckDB, pandas or Polars.
#
# A good guess: `SELECT campaign_id, cost` from a DuckDB file gives the ids of the file.
# What happens (garf-core 1.4.1, garf-executors 1.7.0.post1, DuckDB 1.5.4): a report is made by way of one
# array for all columns. Beside a column of floats each integer is a float, so 120210000000000123 is
# 120210000000000128.0, and is written so. With a column of text in the query the ids are whole.
# For a user: whether a join finds its rows depends on which other columns are selected. Cast ids to text
# in the query.
set -euo pipefail
unset PYTHONPATH
packages=(garf-core==1.4.1 garf-executors==1.7.0.post1 duckdb==1.5.4 pandas polars smart-open)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && HOME="$dir" "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import duckdb
import polars
from garf.core.report import GarfReport
from garf.executors import duckdb_executor

for package in ("garf-core", "garf-executors", "duckdb"):
    print(package, version(package))
SQL = "SELECT 120210000000000123 AS id, 12.5::DOUBLE AS cost"
executor = duckdb_executor.DuckDBExecutor()
seen = {
    "DuckDB, id and cost": executor._execute(SQL, "x", None).to_list(row_type="dict")[0]["id"],
    "DuckDB, id, cost and a name": executor._execute(SQL + ", 'x' AS name", "x", None).to_list(row_type="dict")[0]["id"],
    "pandas": GarfReport.from_pandas(duckdb.sql(SQL).df()).to_list(row_type="dict")[0]["id"],
    "Polars": GarfReport.from_polars(polars.DataFrame({"id": [120210000000000123], "cost": [12.5]})).to_list(row_type="dict")[0]["id"],
}
for way, number in seen.items():
    print(f"{way}: {number!r}", f"that is {int(number)}")
stated = list(map(repr, seen.values())) == [
    "1.2021000000000013e+17", "120210000000000123", "1.2021000000000013e+17", "1.2021000000000013e+17"
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
