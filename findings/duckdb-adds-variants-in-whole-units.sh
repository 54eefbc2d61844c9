#!/usr/bin/env bash
# DuckDB's new type VARIANT is added up in whole units: 12 and 12.99 are 25.
#
# A good guess: the sum of amounts that are kept as VARIANT is exact, or a float, or refused as it is for
# JSON («add explicit type casts»); the largest of 0.4, 12.99 and "7.5" is 12.99.
# What happens (DuckDB 2.0.1): sum, avg and median take a VARIANT for a whole number and round each value
# before. 12 and 12.99 have the sum 25, the average 12.5 and the median 12; `spend + 0` is 13, spend * 2 is
# 26, round(spend, 1) 13. Comparison and order go by the kind of value first: all integers and decimals,
# then floats, then text. So 0.4 stands behind 12, the text "7.5" is the maximum, and a filter `> 12` finds
# both. 12 as a float and 12 as an integer are two groups.
# For a user: sums over a column of JSON that was loaded or cast as VARIANT look right and lack up to half a
# unit a row, up or down. Cast every value before anything else: `(j.spend)::DECIMAL(38,18)`.
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

import duckdb

print("DuckDB", duckdb.__version__)
connection = duckdb.connect()
connection.execute(
    """
    CREATE TABLE report AS SELECT * FROM (VALUES
      ('a', '{"spend": 12}'), ('a', '{"spend": 12.99}'), ('b', '{"spend": "7.5"}'),
      ('b', '{"spend": 0.4}')) t(account, line)
    """
)
connection.execute("CREATE VIEW v AS SELECT account, (line::JSON::VARIANT).spend AS spend FROM report")
A = "FROM v WHERE account = 'a'"
STATED = {
    f"SELECT sum(spend), avg(spend), median(spend) {A}": [(25, 12.5, 12)],
    f"SELECT sum(spend::DECIMAL(38,2))::VARCHAR {A}": [("24.99",)],
    f"SELECT spend + 0, spend * 2 {A} ORDER BY 1": [(12, 24), (13, 26)],
    f"SELECT round(spend, 1) {A} ORDER BY 1": [(12,), (13,)],
    "SELECT count(*) FROM (VALUES ('12'), ('12.0')) t(text) GROUP BY text::JSON::VARIANT": [(1,), (1,)],
    "SELECT spend::VARCHAR FROM v ORDER BY spend": [("12",), ("0.4",), ("12.99",), ("7.5",)],
    "SELECT max(spend)::VARCHAR FROM v": [("7.5",)],
    "SELECT spend::VARCHAR FROM v WHERE spend > 12 ORDER BY 1": [("0.4",), ("12.99",), ("7.5",)],
}
stated = True
for question, expected in STATED.items():
    found = connection.execute(question).fetchall()
    stated &= found == expected
    print(f"{question}\n  {found}")
try:
    connection.execute("SELECT sum(line::JSON->'spend') FROM report")
    refused = False
except duckdb.BinderException:
    refused = True
print("the sum of JSON is refused:", refused)
stated &= refused
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
