#!/usr/bin/env bash
# One rounded branch rounds the whole column in DuckDB: 12.995 becomes 13.00 in rows that nobody
# rounded.
#
# A good guess: CASE, COALESCE and UNION ALL find a type that holds every branch, as they do for
# BIGINT beside DOUBLE, and as Postgres' numeric does; DECIMAL(38,18) beside DECIMAL(38,2) keeps 18
# digits.
# What happens (DuckDB 2.0.1, and 1.4.4): the sum of the digits needed is 54, more than 38, so the
# digits behind the point are given up: the column is DECIMAL(38,2), and round(), trunc(), floor()
# and ceil() return just such types, DECIMAL(38,2) and DECIMAL(38,0). `coalesce(spend, trunc(fee))`
# makes whole units of every spend. A literal 0 or 0.00 does no harm, as it is narrow.
# For a user: a fee rule for one network ("round to cents there") changes the spend of all others by
# up to half a cent a row, or of half a unit with trunc(). Cast every branch back: `round(x,
# 2)::DECIMAL(38,18)`.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import duckdb

print("duckdb", duckdb.__version__)
duckdb.sql("CREATE TABLE t AS SELECT 12.995::DECIMAL(38,18) AS spend, 1.5::DECIMAL(38,18) AS fee")
expressions = {
    "CASE WHEN true THEN spend ELSE round(fee, 2) END": ("DECIMAL(38,2)", "13.00"),
    "coalesce(spend, trunc(fee))": ("DECIMAL(38,0)", "13"),
    "greatest(spend, floor(fee))": ("DECIMAL(38,0)", "13"),
    "CASE WHEN true THEN spend ELSE 0.00 END": ("DECIMAL(38,18)", "12.995"),
    "CASE WHEN true THEN spend ELSE round(fee, 2)::DECIMAL(38,18) END": (
        "DECIMAL(38,18)",
        "12.995",
    ),
}
queries = {f"SELECT {text} FROM t": result for text, result in expressions.items()}
union = "SELECT max(x) FROM (SELECT spend AS x FROM t UNION ALL SELECT round(fee, 2) FROM t)"
queries[union] = ("DECIMAL(38,2)", "13.00")
stated = True
for query, (kind, value) in queries.items():
    result = duckdb.sql(query)
    seen = (str(result.types[0]), result.fetchall()[0][0])
    print(f"{query}: {seen[0]} {seen[1]}")
    stated = stated and seen == (kind, Decimal(value))
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
