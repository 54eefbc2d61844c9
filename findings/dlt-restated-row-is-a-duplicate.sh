#!/usr/bin/env bash
# dlt drops the corrected row of the newest day, if the resource has an incremental cursor and a
# primary key.
#
# A good guess: with `write_disposition="merge"` and a primary key, a row that comes again with
# other numbers replaces the old one; the incremental cursor only leaves out rows before its last
# value.
# What happens (dlt 1.31.0 into DuckDB 2.0.1): the cursor remembers the keys of the rows at its last
# value, and rows with the same key and the same cursor value are dropped as duplicates before the
# merge, whatever their other columns say. A day that was loaded with 2.00 at noon and comes with
# 5.00 in the evening stays 2.00; the rows of other campaigns of that day do come in. Without a
# primary key the whole row is compared, and the corrected row gets through.
# For a user: the newest day, the one that platforms restate most, keeps its first numbers for ever.
# Give the cursor no key of its own: `dlt.sources.incremental("day", primary_key=())`, or a `lag`,
# both load 5.00.
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
print("dlt", dlt.__version__, "duckdb", duckdb.__version__)
NOON = [{"day": "2026-01-01", "campaign": "a", "spend": 1.0}]
NOON += [{"day": "2026-01-02", "campaign": "a", "spend": 2.0}]
EVENING = [{"day": "2026-01-02", "campaign": "a", "spend": 5.0}]
EVENING += [{"day": "2026-01-02", "campaign": "b", "spend": 7.0}]


def loaded(name, **options):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)
    for rows in (NOON, EVENING):

        @dlt.resource(
            name="report", primary_key=("day", "campaign"), write_disposition="merge"
        )
        def report(day=dlt.sources.incremental("day", **options), rows=tuple(rows)):
            yield list(rows)

        pipeline.run(report())
    with duckdb.connect(f"{name}.duckdb") as db:
        return db.execute("SELECT day, campaign, spend FROM ads.report ORDER BY ALL").fetchall()


first = ("2026-01-01", "a", 1.0)
other = ("2026-01-02", "b", 7.0)
stated = {
    "incremental('day')": [first, ("2026-01-02", "a", 2.0), other],
    "incremental('day', primary_key=())": [first, ("2026-01-02", "a", 5.0), other],
    "incremental('day', lag=1)": [first, ("2026-01-02", "a", 5.0), other],
}
seen = {
    "incremental('day')": loaded("a"),
    "incremental('day', primary_key=())": loaded("b", primary_key=()),
    "incremental('day', lag=1)": loaded("c", lag=1),
}
for cursor, rows in seen.items():
    print(f"{cursor}: {rows[1:]}")
print("as stated" if seen == stated else "NOT as stated any more")
sys.exit(seen != stated)
PY
