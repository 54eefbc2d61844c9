#!/usr/bin/env bash
# A query translated from DuckDB to ClickHouse by sqlglot says 0.31 where DuckDB says 0.3167.
#
# A good guess: sqlglot knows that division differs between databases and writes casts where it
# must; at the strictest level it names what it can't translate.
# What happens (sqlglot 30.30.0, DuckDB 2.0.1, ClickHouse 26.9.2 as chdb 4.4.0): `sum(spend) /
# sum(clicks)` stays as it is. DuckDB divides a decimal as a float; in ClickHouse the quotient has
# the digits of the left side, and the rest is cut off: a CPC of 0.3167 is 0.31, and of 0.025 it is
# 0.02. CAST(2.5 AS INTEGER) and round(2.5) are 3 in DuckDB, 2 in ClickHouse. date_diff('week')
# counts whole weeks in DuckDB, Mondays in ClickHouse: the day before the start is week -1, not 0.
# Nothing is said at ErrorLevel.RAISE.
# For a user: small rates of columns with two digits lose up to a fifth of their value and more, in
# the same model on two databases. CAST(sum(spend) AS DOUBLE) / sum(clicks) means the same in both.
set -euo pipefail
unset PYTHONPATH
packages=(sqlglot==30.30.0 duckdb==2.0.1 chdb==4.4.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys

import chdb
import duckdb
import sqlglot

version = str(chdb.query("SELECT version()", "TSV")).strip()
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__, "ClickHouse", version)
rows = (
    "(SELECT CAST(s AS DECIMAL(10, 2)) AS spend, c AS clicks FROM"
    " (VALUES (1.50, 7), (2.25, 3), (0.05, 2)) AS v(s, c)) AS t"
)
queries = {
    f"SELECT sum(spend) / sum(clicks) FROM {rows}": (0.3166667, 0.31),
    f"SELECT spend / clicks FROM {rows} WHERE clicks = 2": (0.025, 0.02),
    f"SELECT CAST(sum(spend) AS DOUBLE) / sum(clicks) FROM {rows}": (0.3166667, 0.3166667),
    "SELECT CAST(2.5 AS INTEGER)": (3, 2),
    "SELECT round(2.5)": (3, 2),
    "SELECT date_diff('week', DATE '2026-11-02', DATE '2026-11-01')": (0, -1),
}
stated = True
for query, expected in queries.items():
    raised = sqlglot.ErrorLevel.RAISE
    written = sqlglot.transpile(query, read="duckdb", write="clickhouse", unsupported_level=raised)[0]
    ours = round(float(duckdb.execute(query).fetchone()[0]), 7)
    theirs = round(float(str(chdb.query(written, "TSV")).strip()), 7)
    print(query.split(" FROM")[0], "- DuckDB", ours, "- ClickHouse", theirs)
    stated = stated and (ours, theirs) == expected
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
