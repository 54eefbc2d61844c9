#!/usr/bin/env bash
# A unit test of SQLMesh passes with an expected spend that is nine units off, if the spend is a million.
#
# A good guess: a test compares the model's output with the expected rows exactly, above all for a DECIMAL
# column.
# What happens (SQLMesh 0.236.4, DuckDB 1.4.4): the rows of both sides become pandas frames and are compared
# by assert_frame_equal with its own tolerance, a hundred-thousandth of the value. A DECIMAL(38,2) comes out
# of DuckDB as a float. Expected 1000009.00 for 1000000.00 passes, 1000011.00 fails; for amounts of 10 the
# tolerance is a hundredth of a cent. Whole numbers (BIGINT) are compared exactly.
# For a user: tests on totals, the ones that are written to find doubled and dropped rows, find neither if
# the row is small beside the total. Test small amounts, or cast to text in a model of its own:
# `spend::VARCHAR`.
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
mkdir -p "$dir/project/models" "$dir/project/tests" && cd "$dir/project"
cat > config.yaml <<'YML'
gateways: {local: {connection: {type: duckdb, database: w.db}}}
default_gateway: local
model_defaults: {dialect: duckdb, start: 2026-01-01}
YML
cat > models/total.sql <<'SQL'
MODEL (name ads.total, kind FULL, columns (spend DECIMAL(38,2), clicks BIGINT, shown TEXT));
SELECT sum(spend)::DECIMAL(38,2) AS spend, sum(clicks)::BIGINT AS clicks,
       sum(spend)::DECIMAL(38,2)::TEXT AS shown
FROM ads.raw
SQL
cat > models/raw.sql <<'SQL'
MODEL (name ads.raw, kind VIEW, columns (spend DECIMAL(38,2), clicks BIGINT));
SELECT 1.00::DECIMAL(38,2) AS spend, 1::BIGINT AS clicks
SQL
"$dir/env/bin/python" -c 'import importlib.metadata as m; print("SQLMesh", m.version("sqlmesh"), "DuckDB", m.version("duckdb"))'
tried() { # column, expected value: does the test pass?
  cat > tests/test_total.yaml <<YML
test_total:
  model: ads.total
  inputs:
    ads.raw:
      rows:
        - {spend: '600000.00', clicks: 600000}
        - {spend: '400000.00', clicks: 400000}
  outputs:
    partial: true
    query:
      rows:
        - {$1: $2}
YML
  if "$dir/env/bin/sqlmesh" test > log.txt 2>&1; then echo "$1 $2: passes"; else echo "$1 $2: fails"; fi
}
{
  tried spend "'1000000.00'"
  tried spend "'1000009.00'"
  tried spend "'1000011.00'"
  tried clicks 1000009
  tried shown "'1000009.00'"
} | tee seen.txt
if [ "$(cat seen.txt)" = "spend '1000000.00': passes
spend '1000009.00': passes
spend '1000011.00': fails
clicks 1000009: fails
shown '1000009.00': fails" ]; then
  echo "as stated"
else
  cat log.txt
  echo "NOT as stated any more"
  exit 1
fi
