#!/usr/bin/env bash
# dlt's merge keeps the first row of a key within one load, and the last one across loads.
#
# A good guess: "merge" by primary key means that the later row wins, as in every Singer target that
# upserts; whether two readings of a row come in one load or in two changes nothing.
# What happens (dlt 1.31.0 into DuckDB 2.0.1, 200 keys): two rows of one key in the same load: the
# FIRST stays. The same two rows in two loads: the second one stays. Only the column hint
# `dedup_sort` makes the later one win in both.
# For a user: an API that restates a row while its pages are being read, or a resource that yields a
# window twice, leaves the old number when dlt loads it and the new one when a Singer target does.
# Set `dedup_sort: desc` on a column like our `_synced_at` before comparing the two, or before
# sending our JSON Lines (which may hold a row twice) through dlt.
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
old = [{"id": n, "version": "old", "read_at": 1} for n in range(200)]
new = [{"id": n, "version": "new", "read_at": 2} for n in range(200)]


def kept(name, *loads, **hints):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)
    for rows in loads:
        pipeline.run(
            rows, table_name="t", write_disposition="merge", primary_key="id", **hints
        )
    with duckdb.connect(f"{name}.duckdb") as db:
        return db.sql("SELECT version, count(*) FROM ads.t GROUP BY ALL").fetchall()


print("dlt", dlt.__version__, "duckdb", duckdb.__version__)
seen = {
    "one load": kept("one", old + new),
    "two loads": kept("two", old, new),
    "one load, dedup_sort": kept(
        "sorted", old + new, columns={"read_at": {"dedup_sort": "desc", "data_type": "bigint"}}
    ),
}
for how, rows in seen.items():
    print(f"{how}: {rows}")
stated = list(seen.values()) == [[("old", 200)], [("new", 200)], [("new", 200)]]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
