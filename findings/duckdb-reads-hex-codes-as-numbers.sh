#!/usr/bin/env bash
# DuckDB reads codes such as 0x1F from CSV as numbers, and passes over underscores where text meets a number.
#
# A good guess: text that isn't digits alone is no number: a CSV column of codes such as 0x1F stays text, and
# a join of a text id with a numeric one fails or finds nothing.
# What happens (DuckDB 2.0.1 and 1.4.4): a column whose codes all begin with 0x becomes whole numbers,
# without a word: 0x1F is 31, and 0x001F as well; codes beyond a BIGINT are HUGEINT in 2.0.1, text in 1.4.4.
# An address of forty digits stays text, and so does a column in which one code lacks the 0x. Text with an
# underscore between digits stays text in read_csv, but equals the number without it: '1234567_7654321' joins
# 12345677654321, and '2026_01' cast to an integer is 202601.
# For a user: codes that differ in their zeros become one, a file's other codes decide whether 0x1F is text,
# and a join by a page's post id finds rows of another id. Name the types of id columns,
# `types = {'code': 'VARCHAR'}`, and cast both sides of a join to text.
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
ADDRESSES = ["0x" + "0123456789" * 4, "0x" + "abcdef0123" * 4]
lines = ["code,long,address,mixed,post_id,period"]
lines.append(f"0x1F,0x89c25a1b2f3e4d5c,{ADDRESSES[0]},0x1F,1234567_7654321,2026_01")
lines.append(f"0x001F,0x89c25a1b2f3e4d5d,{ADDRESSES[1]},1F,1234567_7654322,2026_02")
Path("codes.csv").write_text("\n".join(lines) + "\n")
READ = "FROM read_csv('codes.csv'"
told = "types = {'code': 'VARCHAR'}"
read = duckdb.sql(f"SELECT code {READ})").fetchall()
described = duckdb.sql(f"DESCRIBE {READ})").fetchall()
kinds = {name: kind for name, kind, *_ in described}
named = duckdb.sql(f"SELECT code {READ}, {told})").fetchall()
duckdb.sql("CREATE TABLE posts AS SELECT '1234567_7654321' AS id, 12.99 AS spend")
duckdb.sql("CREATE TABLE pages AS SELECT 12345677654321 AS id, 'another page' AS name")
joined = duckdb.sql("SELECT name FROM posts JOIN pages ON posts.id = pages.id").fetchall()
text = duckdb.sql("SELECT name FROM posts JOIN pages ON posts.id = pages.id::VARCHAR").fetchall()
cast = duckdb.sql("SELECT '2026_01'::INTEGER").fetchall()
print("read_csv:", *read, kinds)
print("with types:", *named)
print("join:", *joined, "- join by text:", len(text), "rows - '2026_01' is", cast[0][0])
stated = (
    read == [(31,)] * 2
    and kinds["code"] == "BIGINT"
    and kinds["long"] == ("VARCHAR" if duckdb.__version__ < "2" else "HUGEINT")
    and {kinds[name] for name in ("address", "mixed", "post_id", "period")} == {"VARCHAR"}
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
