#!/usr/bin/env bash
# SQLMesh's table_diff says that every price per click matches, where 0.0121 became 0.0124.
#
# A good guess: a comparison of two tables shows each amount that differs; if something is rounded,
# floats only, as the option's help says («when comparing floating point columns»).
# What happens (SQLMesh 0.236.4 on DuckDB): DECIMAL columns are rounded too, to three digits, before
# they are compared: 100.0 % match, and no sample of a difference. With `--decimals 18` there is one.
# For a user: money per click, impression or event lies below a cent, and a change of 2.5 % in all of
# it passes the check that a change of a model goes through. Give --decimals 18, or write the check
# as a query.
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
echo "MODEL (name ads.any, kind VIEW); SELECT 1 AS id" > models/any.sql # a project needs one
"$dir/env/bin/python" - <<'PY'
from importlib.metadata import version

import duckdb

print("SQLMesh", version("sqlmesh"), "DuckDB", version("duckdb"))
with duckdb.connect("w.db") as con:
    con.execute("CREATE SCHEMA ads")
    for table, cpc in (("before", "0.0121"), ("after", "0.0124")):
        con.execute(f"CREATE TABLE ads.{table} AS SELECT 1 AS id, {cpc}::DECIMAL(38, 18) AS cpc")
PY
for digits in 3 18; do
  "$dir/env/bin/sqlmesh" table_diff w.ads.before:w.ads.after -o id --decimals $digits --show-sample \
    > out.txt 2> log.txt || { cat log.txt; exit 1; }
  echo "--decimals $digits: $(grep -E '^ *cpc +[0-9.]+ *$' out.txt | tr -s ' ') % match"
done | tee seen.txt
"$dir/env/bin/sqlmesh" table_diff w.ads.before:w.ads.after -o id > out.txt 2> log.txt
echo "without: $(grep -E '^ *cpc +[0-9.]+ *$' out.txt | tr -s ' ') % match" | tee -a seen.txt
if [ "$(tr -d ' ' < seen.txt | tr '\n' ' ')" = "--decimals3:cpc100.0%match --decimals18:cpc0.0%match without:cpc100.0%match " ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
