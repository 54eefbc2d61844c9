#!/usr/bin/env bash
# DuckDB loses digits of a JSON number exactly where it is read as text, and keeps them where it is
# cast.
#
# A good guess: reading a number as text (`->>`, or VARCHAR in read_json's columns) is the safe way
# to keep every digit, and casting it at once is where a float may come in.
# What happens (DuckDB 2.0.1, and 1.4.4): the other way round. `->>`, `json_extract` and a VARCHAR
# or JSON column of read_json go through a DOUBLE: 0.123456789012345678 becomes 0.12345678901234568,
# 12345678901234567.12 becomes 12345678901234568.0. A column declared DECIMAL(38,18), and
# json_transform with that type, read the digits themselves. Whole numbers of any length stay whole.
# For a user: of our tables this touches the JSON columns (`_extra` and nested values of entities)
# and JSON Lines files: read money out of them with `json_transform(_extra, '{"fee":
# "DECIMAL(38,18)"}').fee`, not with `_extra->>'fee'`, and declare money as DECIMAL, not VARCHAR, in
# read_json.
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
from pathlib import Path

import duckdb

print("duckdb", duckdb.__version__)
line = '{"fee": 0.123456789012345678, "total": 12345678901234567.12}'
Path("lines.jsonl").write_text(line + "\n")
duckdb.execute("CREATE TABLE t (extra JSON)")
duckdb.execute("INSERT INTO t VALUES (?)", [line])
queries = [
    "SELECT extra->>'fee', extra->>'total' FROM t",
    "SELECT (extra->'fee')::DECIMAL(38,18), (extra->'total')::DECIMAL(38,18) FROM t",
    "SELECT fee, total FROM read_json('lines.jsonl', columns={fee: 'VARCHAR', total: 'VARCHAR'})",
    "SELECT fee, total FROM read_json('lines.jsonl', columns={fee: 'DECIMAL(38,18)', "
    "total: 'DECIMAL(38,18)'})",
    "SELECT unnest(json_transform(extra, "
    '\'{"fee": "DECIMAL(38,18)", "total": "DECIMAL(38,18)"}\')) FROM t',
]
seen = []
for query in queries:
    seen.append([str(value) for value in duckdb.sql(query).fetchall()[0]])
    print(query, "->", *seen[-1])
text = ["0.12345678901234568", "12345678901234568.0"]
cast = ["0.123456789012345680", "12345678901234568.000000000000000000"]
exact = ["0.123456789012345678", "12345678901234567.120000000000000000"]
column = [text[0], "1.2345678901234568e+16"]
stated = seen == [text, cast, column, exact, exact]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
