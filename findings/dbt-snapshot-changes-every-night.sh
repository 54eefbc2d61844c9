#!/usr/bin/env bash
# A dbt snapshot makes a new version of an unchanged row in every run, once a value has more digits
# than the first ones had.
#
# A good guess: the strategy `check` compares the source's value with the snapshot's, and a row that
# didn't change gets no new version; if a column's type grows, dbt widens the snapshot's column or
# stops.
# What happens (dbt-core 1.11.16, dbt-duckdb 1.11.1, DuckDB 2.0.1): the snapshot's table keeps the
# type of its first run. If that was decimal(10,1) and the source is decimal(10,3) now, 7.005 is
# stored as 7.0 without a word, and 7.005 against 7.0 is a change in the next run, and in each one
# after it.
# For a user: "how often was this budget changed" counts nights, the history grows by every row of
# every run, and its values are rounded. Cast what a snapshot reads to one wide type from the start
# (decimal(38,18)), and look at `max(versions)` a row.
set -euo pipefail
unset PYTHONPATH
packages=(dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export DBT_SEND_ANONYMOUS_USAGE_STATS=false PYTHONWARNINGS=ignore
mkdir -p "$dir/project/models" "$dir/project/snapshots" && cd "$dir/project"
cat > dbt_project.yml <<'YML'
{name: p, profile: p, version: "1.0", flags: {send_anonymous_usage_stats: false}}
YML
cat > profiles.yml <<'YML'
p: {target: d, outputs: {d: {type: duckdb, path: w.duckdb}}}
YML
cat > models/budgets.sql <<'SQL'
select 1 as id, cast({{ var('budget') }} as {{ var('type') }}) as budget
SQL
cat > snapshots/history.yml <<'YML'
snapshots:
- name: history
  relation: ref('budgets')
  config: {unique_key: id, strategy: check, check_cols: [budget]}
YML
"$dir/env/bin/python" - <<'PY'
from importlib.metadata import version
print(*(f"{p} {version(p)}" for p in ("dbt-core", "dbt-duckdb", "duckdb")))
PY
: > seen.txt
for vars in '{budget: 5.0, type: "decimal(10,1)"}' '{budget: 5.0, type: "decimal(10,1)"}' \
  '{budget: 7.005, type: "decimal(10,3)"}' '{budget: 7.005, type: "decimal(10,3)"}' \
  '{budget: 7.005, type: "decimal(10,3)"}'; do
  "$dir/env/bin/dbt" --no-use-colors build --profiles-dir . --vars "$vars" > log.txt 2>&1
  "$dir/env/bin/python" - "$vars" <<'PY' | tee -a seen.txt
import sys
import duckdb
with duckdb.connect("w.duckdb") as db:
    rows = db.execute("SELECT budget FROM history ORDER BY dbt_valid_from").fetchall()
print(f"{sys.argv[1]}: {len(rows)} versions, {' '.join(str(row[0]) for row in rows)}")
PY
done
if [ "$(sed 's/.*: \([0-9]* versions\)/\1/' seen.txt | tr '\n' ';')" = \
  "1 versions, 5.0;1 versions, 5.0;2 versions, 5.0 7.0;3 versions, 5.0 7.0 7.0;4 versions, 5.0 7.0 7.0 7.0;" ]
then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
