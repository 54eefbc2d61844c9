#!/usr/bin/env bash
# A SQLMesh seed whose column is declared as text has 7 where the file has 007.
#
# A good guess: with `columns (id varchar, rate decimal(38,18))` the file's cells are read as text
# and cast to these types, as dbt's `column_types` does.
# What happens (SQLMesh 0.236.4 on DuckDB): pandas reads the file first and guesses, then the
# guesses are cast: 007 is '7' in the varchar column, the country NA is null, and
# 0.12345678901234567890 has gone through a float and lost its digits behind the sixteenth. Without
# declared columns the same values are BIGINT and DOUBLE.
# For a user: a mapping of account or campaign ids joins nothing where ids begin with a zero,
# Namibia is missing, and exchange rates aren't those of the file. Put letters into such ids, or
# load the mapping as a table of the warehouse's own CSV reader.
set -euo pipefail
unset PYTHONPATH
packages=(sqlmesh==0.236.4 duckdb==1.4.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

mkdir -p "$dir/project/models" "$dir/project/seeds" && cd "$dir/project"
export SQLMESH__DISABLE_ANONYMIZED_ANALYTICS=true
cat > config.yaml <<'YML'
gateways: {d: {connection: {type: duckdb, database: w.duckdb}}}
default_gateway: d
model_defaults: {dialect: duckdb}
disable_anonymized_analytics: true
YML
printf 'id,country,rate\n007,NA,12.10\n010,US,0.12345678901234567890\n' > seeds/m.csv
cat > models/m.sql <<'SQL'
MODEL (
  name ads.m,
  kind SEED (path '../seeds/m.csv'),
  columns (id varchar, country varchar, rate decimal(38,18))
);
SQL
"$dir/env/bin/sqlmesh" plan --auto-apply --no-prompts > log.txt 2>&1
"$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import duckdb

print("sqlmesh", version("sqlmesh"), "duckdb", version("duckdb"))
with duckdb.connect("w.duckdb") as db:
    relation = db.sql("SELECT id, country, rate::varchar FROM ads.m ORDER BY rate DESC")
    rows = relation.fetchall()
    types = [row[1] for row in db.sql("DESCRIBE ads.m").fetchall()]
print("types:", *types)
print("007,NA,12.10 is", rows[0])
print("010,US,0.12345678901234567890 is", rows[1])
stated = (
    types == ["VARCHAR", "VARCHAR", "DECIMAL(38,18)"]
    and rows[0][:2] == ("7", None)
    and rows[1][:2] == ("10", "US")
    and rows[1][2].startswith("0.1234567890123456")
    and rows[1][2] != "0.123456789012345679"
    and rows[1][2] != "0.123456789012345678"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
