#!/usr/bin/env bash
# A SQLMesh model by unique key has a key twice after its first run, and after the second one only
# the older row.
#
# A good guess: INCREMENTAL_BY_UNIQUE_KEY means one row for each key, from the first run on, and the
# row that wins is the last one, or the query fails.
# What happens (SQLMesh 0.236.4 on DuckDB): the first run makes the table of the query as it is; two
# readings of a day are both in it and are summed. The next run, over the same source, leaves one row
# a key: the first one that the query returned, here the older reading.
# For a user: a table that was just built (or rebuilt by a change of the model) says more than one
# that ran for a night, and where readings of a day stand in the source (an append-only load, two
# accounts with one key) the correction is dropped. Take one row a key in the query itself
# (`QUALIFY row_number() OVER (PARTITION BY day ORDER BY _synced_at DESC) = 1`), and give the model
# the audit `unique_combination_of_columns`.
set -euo pipefail
unset PYTHONPATH
packages=(sqlmesh==0.236.4 duckdb==1.4.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export SQLMESH__DISABLE_ANONYMIZED_ANALYTICS=1 NO_COLOR=1 COLUMNS=160
mkdir -p "$dir/project/models" && cd "$dir/project"
cat > config.yaml <<'YML'
gateways: {local: {connection: {type: duckdb, database: w.db}}}
default_gateway: local
model_defaults: {dialect: duckdb, start: 2026-01-01}
YML
cat > models/daily.sql <<'SQL'
MODEL (name ads.daily, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key day), cron '@daily');
SELECT day, spend, reading
FROM (VALUES (DATE '2026-01-01', 1.5, 'first'), (DATE '2026-01-01', 2.5, 'corrected'))
AS v (day, spend, reading)
SQL
"$dir/env/bin/python" -c 'import importlib.metadata as m; print("SQLMesh", m.version("sqlmesh"))'
show() {
  "$dir/env/bin/python" -c 'import duckdb, sys
con = duckdb.connect("w.db", read_only=True)
rows = con.execute("SELECT spend, reading FROM ads.daily ORDER BY spend").fetchall()
print(*(f"{spend} {reading}" for spend, reading in rows), sep=", ")'
}
plan() {
  "$dir/env/bin/sqlmesh" plan "$@" --auto-apply --no-prompts > log.txt 2>&1 || { cat log.txt; exit 1; }
}
plan --execution-time 2026-01-03
echo "after the first run: $(show)" | tee seen.txt
plan --run --execution-time 2026-01-04
echo "after the second run: $(show)" | tee -a seen.txt
if [ "$(cat seen.txt)" = "after the first run: 1.5 first, 2.5 corrected
after the second run: 1.5 first" ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
