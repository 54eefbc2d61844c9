#!/usr/bin/env bash
# pyarrow and polars make one account of the folders account=007 and account=7.
#
# A good guess: a folder's name is text, so the partition column is text, or a number only where
# nothing is lost by it.
# What happens (pyarrow 26.0.1, polars 2.1.0, DuckDB 2.0.1): the two readers make a number of the
# column as soon as every name in the folder looks like one: 007 and 7 are both 7, and their rows
# one account's. One more folder, account=A-1, and all are text again: the same query finds 007
# one day and not the next. DuckDB keeps text where a zero stands in front. pandas 3.1.1 raises
# («Categorical categories must be unique»).
# For a user: spend of two accounts is added up, and joins by account id find nothing. Name the
# type: `ds.partitioning(pa.schema([("account", pa.string())]), flavor="hive")`,
# `hive_schema={"account": pl.String}`.
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
from importlib.metadata import version

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

print(*(f"{name} {version(name)}" for name in ("pyarrow", "polars", "duckdb", "pandas")))


def made(name, accounts):
    for account in accounts:
        os.makedirs(f"{name}/account={account}")
        pq.write_table(pa.table({"spend": [12.99]}), f"{name}/account={account}/part.parquet")
    return name


def by_duckdb(folder):
    rows = duckdb.sql(
        f"SELECT account FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true)"
    )
    return sorted(account for (account,) in rows.fetchall())


def by_pandas(folder):
    try:
        return sorted(pd.read_parquet(folder)["account"])
    except ValueError:
        return "refused"


numbers, mixed = made("numbers", ["007", "7"]), made("mixed", ["007", "7", "A-1"])
text = ds.partitioning(pa.schema([("account", pa.string())]), flavor="hive")
schema = {"account": pl.String}
as_text = ["007", "7"]
checks = {
    "pyarrow read_table": (pq.read_table(numbers)["account"].to_pylist(), [7, 7]),
    "pyarrow dataset": (
        ds.dataset(numbers, partitioning="hive").to_table()["account"].to_pylist(),
        [7, 7],
    ),
    "polars": (pl.read_parquet(numbers)["account"].to_list(), [7, 7]),
    "DuckDB": (by_duckdb(numbers), as_text),
    "pandas": (by_pandas(numbers), "refused"),
    "pyarrow, with A-1": (pq.read_table(mixed)["account"].to_pylist(), [*as_text, "A-1"]),
    "polars, with A-1": (pl.read_parquet(mixed)["account"].to_list(), [*as_text, "A-1"]),
    "pyarrow, type given": (
        ds.dataset(numbers, partitioning=text).to_table()["account"].to_pylist(),
        as_text,
    ),
    "polars, type given": (
        pl.read_parquet(f"{numbers}/", hive_schema=schema)["account"].to_list(),
        as_text,
    ),
}
for name, (seen, _) in checks.items():
    print(f"{name}: {seen}")
as_stated = all(seen == stated for seen, stated in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
