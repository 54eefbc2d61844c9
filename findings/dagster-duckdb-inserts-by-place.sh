#!/usr/bin/env bash
# Dagster's DuckDB I/O manager writes a frame by the place of its columns, so that spend of the second day
# stands under clicks.
#
# A good guess: a DataFrame has names, and an asset's frame is written by them; what doesn't fit the table
# is an error.
# What happens (dagster-duckdb-pandas 0.29.27, dagster 1.13.27): the first partition makes the table, each
# later one is inserted by place. A frame with the columns day, spend, clicks into a table of day, clicks,
# spend: 3 clicks are a spend of 3.0, and a spend of 12.99 is 13 clicks, as the table's column takes whole
# numbers. The same holds for types: if the first day had whole amounts only, 12.99 of the second is 13,
# whatever its place.
# For a user: whoever builds the frame from an API's rows (whose order of keys is not promised) has a table
# of which the first day alone is right. Write `frame[COLUMNS]`, with types, or insert BY NAME in a resource
# of your own.
set -euo pipefail
unset PYTHONPATH
packages=(dagster==1.13.27 dagster-duckdb==0.29.27 dagster-duckdb-pandas==0.29.27 duckdb==2.0.1 pandas==2.3.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

unset DAGSTER_HOME
export DAGSTER_DISABLE_TELEMETRY=yes
cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import os
import sys
from importlib.metadata import version

import dagster as dg
import duckdb
import pandas as pd
from dagster_duckdb_pandas import DuckDBPandasIOManager

logging.disable(logging.CRITICAL)
names = ("dagster", "dagster-duckdb-pandas", "duckdb", "pandas")
print(*(f"{name} {version(name)}" for name in names))
days = dg.DailyPartitionsDefinition("2026-01-05")
frames = {
    "2026-01-05": pd.DataFrame({"day": ["2026-01-05"], "clicks": [2], "spend": [10.5]}),
    "2026-01-06": pd.DataFrame({"day": ["2026-01-06"], "spend": [12.99], "clicks": [3]}),
    "2026-01-07": pd.DataFrame({"day": ["2026-01-07"], "clicks": [4], "spend": [7.25]}),
}


def asset(name, rename):
    @dg.asset(name=name, partitions_def=days, metadata={"partition_expr": "day::TIMESTAMP"})
    def report(context) -> pd.DataFrame:
        return rename(frames[context.partition_key])

    return report


def loaded(name, rename):
    """Return the table's rows after three days, by column name."""
    manager = DuckDBPandasIOManager(database=os.path.abspath(f"{name}.duckdb"), schema="raw")
    for key in frames:
        result = dg.materialize(
            [asset(name, rename)], partition_key=key, resources={"io_manager": manager}
        )
        assert result.success
    with duckdb.connect(f"{name}.duckdb") as connection:
        return connection.sql(f"SELECT day, clicks, spend FROM raw.{name} ORDER BY 1").fetchall()


seen = loaded("report", lambda frame: frame)
whole = loaded("whole", lambda frame: frame[["day", "clicks", "spend"]].assign(
    spend=lambda f: f["spend"].astype(int) if f["day"][0] == "2026-01-05" else f["spend"]
))
for name, rows in (("columns in two orders", seen), ("first day in whole amounts", whole)):
    print(f"{name}:", *rows)
stated = seen == [
    ("2026-01-05", 2, 10.5),
    ("2026-01-06", 13, 3.0),
    ("2026-01-07", 4, 7.25),
] and whole == [("2026-01-05", 2, 10), ("2026-01-06", 3, 13), ("2026-01-07", 4, 7)]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
