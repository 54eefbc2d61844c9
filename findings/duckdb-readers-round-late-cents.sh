#!/usr/bin/env bash
# DuckDB reads 12.99 as 13, if the first lines of a file were whole numbers.
#
# A good guess: read_csv and read_json look at a sample; a later value that doesn't fit stops the
# reading with an error that names the line, as a text or a date does.
# What happens (DuckDB 2.0.1): the sample is 20,480 lines. After so many whole numbers the column is
# BIGINT, and an amount with cents "fits", because a cast to BIGINT rounds: 12.99 is 13, 0.49 is 0.
# No error, nothing in the rejects, with strict_mode too. 1.4.4 does so in CSV (issue 25824 of
# duckdb/duckdb, open) and reads JSON right; in 2.0.1 JSON rounds as well. COPY into a table whose
# column is BIGINT does the same. Of many JSON files the first 32 are looked at
# (`maximum_sample_files`), with both versions: one file a day and whole amounts in the first month
# is enough.
# For a user: metrics that are whole numbers for a long while (conversions, revenue of a new app)
# lose their digits later. `sample_size = -1`, for many files also `maximum_sample_files = -1`, or
# the types written out (`columns = {…}`).
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


def write(kind, number, amounts):
    name = f"{kind}{number:03}.{kind}"
    lines = [f"1,{x}" for x in amounts] if kind == "csv" else [f'{{"id":1,"spend":{x}}}' for x in amounts]
    Path(name).write_text("\n".join((["id,spend"] if kind == "csv" else []) + lines) + "\n")


def read(call):
    query = f"SELECT max(spend), any_value(typeof(spend)) FROM {call}"
    return duckdb.execute(query).fetchone()


for kind in ("csv", "json"):
    write(kind, 0, [5] * 20_480 + [12.99])
for day in range(1, 41):
    write("json", day, [5 if day < 40 else 12.99])
Path("text.csv").write_text("id,spend\n" + "1,5\n" * 20_480 + "1,n/a\n")
duckdb.sql("CREATE TABLE t (id BIGINT, spend BIGINT)")
duckdb.sql("COPY t FROM 'csv000.csv'")
days = [f"json{day:03}.json" for day in range(1, 41)]
seen = {
    "read_csv": read("read_csv('csv000.csv')"),
    "read_csv, strict_mode, store_rejects": read("read_csv('csv000.csv', strict_mode=true, store_rejects=true)"),
    "read_csv, sample_size = -1": read("read_csv('csv000.csv', sample_size=-1)"),
    "COPY": read("t"),
    "read_json": read("read_json('json000.json')"),
    "read_json, sample_size = -1": read("read_json('json000.json', sample_size=-1)"),
    "40 files of JSON": read(f"read_json({days})"),
    "40 files of JSON, both = -1": read(f"read_json({days}, sample_size=-1, maximum_sample_files=-1)"),
}
for call, row in seen.items():
    print(f"{call}: 12.99 is", *row)
try:
    read("read_csv('text.csv')")
    refused = False
except duckdb.ConversionException as error:
    refused = True
    print("a text in its place:", "refused,", type(error).__name__)
whole, exact = (13, "BIGINT"), (12.99, "DOUBLE")
stated = refused and list(seen.values()) == [
    whole, whole, exact, whole, whole, exact, whole, exact
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
