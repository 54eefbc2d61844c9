#!/usr/bin/env bash
# A second run of one day's partition takes the first hour of the next day out of DuckDB, and doubles its
# own, if the partitions have a time zone.
#
# A good guess: partitions of Berlin's days and a column of moments (TIMESTAMPTZ) go together; running a
# partition again replaces exactly its own rows.
# What happens (dagster-duckdb-pandas 0.29.27, dagster 1.13.27): what is deleted before the insert is chosen
# by the partition's bounds as text without a zone, '2026-01-06 00:00:00' to '2026-01-07 00:00:00', which
# DuckDB reads in the session's zone. In UTC that is an hour later than Berlin's day. So the first hour of
# January 6 stays and is inserted once more, and the first hour of January 7, loaded before, is gone.
# For a user: nothing is wrong after the first run; each backfill or look-back moves an hour of spend out of
# one day and doubles another. Keep the day itself in a column of its own (a date, or text), and name it in
# `partition_expr`; or make partitions in UTC.
set -euo pipefail
unset PYTHONPATH
packages=(dagster==1.13.27 dagster-duckdb==0.29.27 dagster-duckdb-pandas==0.29.27 duckdb==2.0.1 pandas==2.3.3 pytz==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export TZ=UTC
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
print(*(f"{name} {version(name)}" for name in ("dagster", "dagster-duckdb-pandas", "duckdb")))
days = dg.DailyPartitionsDefinition("2026-01-05", timezone="Europe/Berlin")


def asset(name, expression):
    @dg.asset(name=name, partitions_def=days, metadata={"partition_expr": expression})
    def report(context) -> pd.DataFrame:
        hours = pd.date_range(
            context.partition_key, periods=24, freq="h", tz="Europe/Berlin"
        )
        return pd.DataFrame({"hour": hours, "day": context.partition_key, "spend": 1.0})

    return report


def totals(name, expression):
    """Return rows by Berlin's day after three runs: January 6, January 7, January 6 again."""
    path = os.path.abspath(f"{name}.duckdb")
    manager = DuckDBPandasIOManager(database=path, schema="raw")
    for key in ("2026-01-06", "2026-01-07", "2026-01-06"):
        result = dg.materialize(
            [asset(name, expression)], partition_key=key, resources={"io_manager": manager}
        )
        assert result.success
    with duckdb.connect(path) as connection:
        return dict(
            connection.sql(
                f"SELECT day, count(*) FROM raw.{name} GROUP BY 1 ORDER BY 1"
            ).fetchall()
        )


moments = totals("moments", "hour")
dates = totals("dates", "day::TIMESTAMP")
print("rows by day, partition_expr hour:", moments)
print("rows by day, partition_expr day:", dates)
stated = moments == {"2026-01-06": 25, "2026-01-07": 23} and dates == {
    "2026-01-06": 24,
    "2026-01-07": 24,
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
