#!/usr/bin/env bash
# dlt splits one money column in two when the first amount happens to be a whole number.
#
# A good guess: an API that writes 1 and later 2.5 gives one numeric column, as it does in any JSON
# reader; a loader that evolves schemas widens BIGINT to DOUBLE.
# What happens (dlt 1.31.0 into DuckDB 2.0.1, nothing configured): the first value seen decides. 1
# then 2.5 gives `spend BIGINT` and a second column `spend__v_double`; each row fills one of the
# two. 2.5 then 1 gives one column DOUBLE. The load succeeds, and nothing is said.
# For a user: SUM(spend) holds the whole-numbered amounts only, and which those are depends on the
# order of the first answer. When you compare dlt's tables with ours, look for columns with `__v_`
# first, and give money a type hint (`columns={"spend": {"data_type": "decimal"}}`) before the first
# load.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb]==1.31.0' duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys

import dlt
import duckdb

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"


def loaded(name, rows, **hints):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name).run(
        rows, table_name="spend_daily", **hints
    )
    with duckdb.connect(f"{name}.duckdb") as db:
        table = db.table("ads.spend_daily")
        types = {c: str(t) for c, t in zip(table.columns, table.types) if c.startswith("spend")}
        return types, float(db.sql("SELECT sum(spend) FROM ads.spend_daily").fetchall()[0][0])


print("dlt", dlt.__version__, "duckdb", duckdb.__version__)
seen = [
    loaded("whole_first", [{"spend": 1}, {"spend": 2.5}]),
    loaded("broken_first", [{"spend": 2.5}, {"spend": 1}]),
    loaded("hint", [{"spend": 1}, {"spend": 2.5}], columns={"spend": {"data_type": "decimal"}}),
]
for order, (types, total) in zip(("1, 2.5", "2.5, 1", "1, 2.5 with a hint"), seen):
    print(f"{order}: {types}, sum(spend) = {total}")
stated = seen == [
    ({"spend": "BIGINT", "spend__v_double": "DOUBLE"}, 1.0),
    ({"spend": "DOUBLE"}, 3.5),
    ({"spend": "DECIMAL(38,9)"}, 3.5),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
