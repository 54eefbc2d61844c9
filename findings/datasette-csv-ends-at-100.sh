#!/usr/bin/env bash
# Datasette's CSV of a table has its first hundred rows, that of a query the first thousand.
#
# A good guess: /data/spend.csv is the table as CSV, whole, and paging is for people; or a file
# that ends early says so.
# What happens (datasette 0.65.5): of 2,500 rows the file has 100, with `_size=max` 1,000; a
# query's CSV has 1,000. The status is 200, and nothing in body or headers tells.
# `.json?_shape=array` gives 100 with a Link header to the next page, and of a query 1,000 without
# one. With `_stream=on` a table's CSV is whole; a query's is not.
# For a user: a script or a spreadsheet that reads the address loads a part that looks like the
# whole, and stays right as long as the table is small. `?_stream=on` for tables and views, made
# by a view where a query is wanted, or a larger `max_returned_rows` with `_size=max`.
set -euo pipefail
unset PYTHONPATH
packages=(datasette==0.65.5)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import asyncio
import sqlite3
import sys
from importlib.metadata import version

from datasette.app import Datasette

print("datasette", version("datasette"))
with sqlite3.connect("data.db") as con:
    con.execute("CREATE TABLE spend (id INTEGER PRIMARY KEY, spend REAL)")
    con.executemany("INSERT INTO spend VALUES (?, ?)", [(i, i / 100) for i in range(2500)])
    con.execute("CREATE VIEW dear AS SELECT * FROM spend WHERE spend >= 0")
con.close()
query = "sql=select+*+from+spend"
stated = {
    "/data/spend.csv": 100,
    "/data/spend.csv?_size=max": 1000,
    "/data/spend.csv?_stream=on": 2500,
    "/data/dear.csv?_stream=on": 2500,
    f"/data.csv?{query}": 1000,
    f"/data.csv?{query}&_size=max": 1000,
    f"/data.csv?{query}&_stream=on": 1000,
    "/data/spend.json?_shape=array": 100,
    f"/data.json?{query}&_shape=array": 1000,
}


async def rows():
    client = Datasette(["data.db"]).client
    for path in stated:
        answer = await client.get(path)
        kind = "csv" if ".csv" in path else "json"
        count = answer.text.count("\n") - 1 if kind == "csv" else len(answer.json())
        yield path, answer.status_code, count, "link" in answer.headers


async def all_rows():
    return [row async for row in rows()]


seen = asyncio.run(all_rows())
for path, status, count, link in seen:
    print(f"{path}: {status}, {count} of 2,500 rows", "with a link" if link else "")
as_stated = {path: count for path, _, count, _ in seen} == stated and {
    path for path, _, _, link in seen if link
} <= {"/data/spend.json?_shape=array", "/data/spend.csv", "/data/spend.csv?_size=max"}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
