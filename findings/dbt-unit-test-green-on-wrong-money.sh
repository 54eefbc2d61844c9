#!/usr/bin/env bash
# A dbt unit test that expects 1.78 too much passes, until the numbers are put in quotes.
#
# A good guess: a unit test compares what the model returns with what is written, to the last digit;
# both are DECIMAL(38,18) in the model.
# What happens (dbt-core 1.11.16, dbt-duckdb 1.11.1): a number in the YAML of `given` or `expect` is
# read as a Python float before it reaches SQL, so 17 digits count. 12345678901234567.12 in `given`
# and 12345678901234568.9 in `expect` are the same float, and the test is green. The same two in
# quotes fail, as they should.
# For a user: tests of large totals and of small fractions prove less than they say. Write money in
# unit tests as text: `spend: "12345678901234567.12"`.
set -euo pipefail
unset PYTHONPATH
packages=(dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export DBT_SEND_ANONYMOUS_USAGE_STATS=false
mkdir -p "$dir/project/models" && cd "$dir/project"
cat > dbt_project.yml <<'YML'
{name: p, profile: p, version: '1.0', flags: {send_anonymous_usage_stats: false}}
YML
cat > profiles.yml <<'YML'
p: {target: d, outputs: {d: {type: duckdb, path: w.duckdb}}}
YML
cat > models/raw.sql <<'SQL'
select 1 as id, cast(1 as decimal(38,18)) as spend
SQL
cat > models/total.sql <<'SQL'
select id, spend from {{ ref('raw') }}
SQL
cat > models/tests.yml <<'YML'
unit_tests:
- name: bare_numbers
  model: total
  given:
  - input: ref('raw')
    rows: [{id: 1, spend: 12345678901234567.12}]
  expect:
    rows: [{id: 1, spend: 12345678901234568.9}]
- name: quoted_numbers
  model: total
  given:
  - input: ref('raw')
    rows: [{id: 1, spend: "12345678901234567.12"}]
  expect:
    rows: [{id: 1, spend: "12345678901234568.9"}]
YML
"$dir/env/bin/python" -c "from importlib.metadata import version; print(*(f'{p} {version(p)}' for p in ('dbt-core', 'dbt-duckdb')))"
"$dir/env/bin/dbt" --no-use-colors run --profiles-dir . > log.txt 2>&1 || cat log.txt
"$dir/env/bin/dbt" --no-use-colors test --profiles-dir . > log.txt 2>&1 || true
grep -E '(PASS|FAIL).* total::' log.txt || cat log.txt
if grep -q 'PASS total::bare_numbers' log.txt && grep -q 'FAIL 1 total::quoted_numbers' log.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
