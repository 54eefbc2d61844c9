#!/usr/bin/env bash
# A dbt model that is given more digits rounds every new row to the old ones, with on_schema_change
# set.
#
# A good guess: on_schema_change is there to notice that a model's columns changed;
# `append_new_columns` keeps old rows as they are and new rows as they come, and a type that doesn't
# fit is an error.
# What happens (dbt-core 1.11.16, dbt-duckdb 1.11.1): a column that goes from decimal(18,2) to
# decimal(38,18) is no new column. With `ignore` (the default) and `append_new_columns` the insert
# rounds to the table's two digits: 0.0049 arrives as 0.00, the run is green. `sync_all_columns`
# alters the column, and `fail` fails.
# For a user: the day a mart is changed from cents to exact amounts, its incremental tables go on in
# cents. Run it once with --full-refresh, or use sync_all_columns.
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
mkdir -p "$dir/project/models" && cd "$dir/project"
cat > dbt_project.yml <<YML
{name: p, profile: p, version: "1.0", flags: {send_anonymous_usage_stats: false}}
YML
cat > profiles.yml <<'YML'
p: {target: d, outputs: {d: {type: duckdb, path: w.duckdb}}}
YML
for choice in ignore append_new_columns sync_all_columns fail; do
  cat > models/spend_$choice.sql <<SQL
{{ config(materialized='incremental', unique_key='id', on_schema_change='$choice') }}
{% if var('exact', false) %} select 2 as id, cast(0.0049 as decimal(38,18)) as spend
{% else %} select 1 as id, cast(12.99 as decimal(18,2)) as spend {% endif %}
SQL
done
"$dir/env/bin/dbt" run --profiles-dir . > log.txt 2>&1 || cat log.txt
"$dir/env/bin/dbt" run --profiles-dir . --vars '{exact: true}' > log.txt 2>&1 || true
"$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import duckdb

print(*(f"{p} {version(p)}" for p in ("dbt-core", "dbt-duckdb", "duckdb")))
db = duckdb.connect("w.duckdb")
expected = {
    "ignore": ("DECIMAL(18,2)", ["12.99", "0.00"]),
    "append_new_columns": ("DECIMAL(18,2)", ["12.99", "0.00"]),
    "sync_all_columns": ("DECIMAL(38,18)", ["12.990000000000000000", "0.004900000000000000"]),
    "fail": ("DECIMAL(18,2)", ["12.99"]),
}
stated = True
for choice, state in expected.items():
    table = db.sql(f"SELECT spend FROM spend_{choice} ORDER BY id")
    seen = (str(table.types[0]), [str(row[0]) for row in table.fetchall()])
    print(f"{choice}: {seen[0]}", *seen[1])
    stated = stated and seen == state
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
