#!/usr/bin/env bash
# petl leaves out columns that first appear after a thousand rows, and makes None of what it can't
# convert.
#
# A good guess: all keys of all rows become columns, as in a reader of JSON Lines that reads the
# whole file; `convert("clicks", int)` raises on "12.99".
# What happens (petl 1.7.30): fromdicts and fromjson take the columns from the first 1,000 rows; a
# metric that begins in row 1,001 isn't there, without a word, though the rows are. convert() puts
# None where the function raises. Selections compare across types: `selectlt(…, "spend", 3)` finds
# rows whose spend is None, as None is less than every number.
# For a user: a column that a platform added in the middle of a backfill is lost, and sums of
# converted columns are too small. `header=` or `sample=` with a number above the rows,
# `failonerror=True`.
set -euo pipefail
unset PYTHONPATH
packages=(petl==1.7.30)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import sys
from importlib.metadata import version
from pathlib import Path

import petl

print("petl", version("petl"))
rows = [{"day": n} for n in range(1000)] + [{"day": 1000, "reach": 5}]
Path("rows.json").write_text(json.dumps(rows))
headers = {
    "fromdicts": petl.header(petl.fromdicts(rows)),
    "fromjson": petl.header(petl.fromjson("rows.json")),
    "fromdicts, sample=2000": petl.header(petl.fromdicts(rows, sample=2000)),
}
for way, header in headers.items():
    print(f"{way}: columns {header}")
table = [["clicks"], ["7"], ["12.99"]]
converted = petl.values(petl.convert(table, "clicks", int), "clicks").list()
print("convert to int of 7 and 12.99:", converted)
try:
    petl.convert(table, "clicks", int, failonerror=True).list()
    raised = "nothing"
except ValueError:
    raised = "ValueError"
print("with failonerror=True:", raised)
small = petl.values(petl.selectlt([["spend"], [None], [2], [5]], "spend", 3), "spend").list()
print("spend less than 3, of None, 2 and 5:", small)
stated = (
    list(headers.values()) == [("day",), ("day",), ("day", "reach")]
    and converted == [7, None]
    and raised == "ValueError"
    and small == [None, 2]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
