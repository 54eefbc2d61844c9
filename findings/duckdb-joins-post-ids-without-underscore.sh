#!/usr/bin/env bash
# DuckDB takes the post id 1234567_7654321 for the number 12345677654321 in joins, and reads 0x1F from CSV
# as 31.
#
# A good guess: text that isn't digits alone is no number: a join of a text id with a numeric one fails or
# finds nothing, and a CSV column of codes such as 0x1F stays text.
# What happens (DuckDB 2.0.1 and 1.4.4): underscores between digits are passed over, so the text
# '1234567_7654321' equals 12345677654321 in a comparison and in a join, and '2026_01' cast to an integer is
# 202601; the sniffer of read_csv leaves both as text. Codes that begin with 0x it makes whole numbers of,
# without a word: 0x1F is 31, and 0x001F as well.
# For a user: a join by a page's post id finds rows of another id, and codes or wallet addresses of one
# length or another become one number. Cast both sides of a join to text, and name the types of id columns:
# `types = {'code': 'VARCHAR'}`.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/old" && VIRTUAL_ENV="$dir/old" uv pip install -q duckdb==1.4.4
else
  python3 -m venv "$dir/old" && "$dir/old/bin/pip" install -q duckdb==1.4.4
fi
cat > "$dir/run.py" <<'PY'
import sys
from pathlib import Path

import duckdb

print("duckdb", duckdb.__version__)
Path("codes.csv").write_text("code,post_id,period\n0x1F,1234567_7654321,2026_01\n0x001F,1234567_7654322,2026_02\n")
READ = "FROM read_csv('codes.csv'"
told = "types = {'code': 'VARCHAR'}"
read = duckdb.sql(f"SELECT typeof(code), code, typeof(post_id), typeof(period) {READ})").fetchall()
named = duckdb.sql(f"SELECT code {READ}, {told})").fetchall()
duckdb.sql("CREATE TABLE posts AS SELECT '1234567_7654321' AS id, 12.99 AS spend")
duckdb.sql("CREATE TABLE pages AS SELECT 12345677654321 AS id, 'another page' AS name")
joined = duckdb.sql("SELECT name FROM posts JOIN pages ON posts.id = pages.id").fetchall()
text = duckdb.sql("SELECT name FROM posts JOIN pages ON posts.id = pages.id::VARCHAR").fetchall()
cast = duckdb.sql("SELECT '2026_01'::INTEGER").fetchall()
print("read_csv:", *read)
print("with types:", *named)
print("join:", *joined, "- join by text:", len(text), "rows - '2026_01' is", cast[0][0])
stated = (
    read == [("BIGINT", 31, "VARCHAR", "VARCHAR")] * 2
    and named == [("0x1F",), ("0x001F",)]
    and joined == [("another page",)]
    and text == []
    and cast == [(202601,)]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
cd "$dir"
for env in env old; do "$dir/$env/bin/python" -W ignore run.py; done
