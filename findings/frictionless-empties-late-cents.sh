#!/usr/bin/env bash
# frictionless reads 12.99 as nothing, if the first hundred amounts are whole numbers.
#
# A good guess: a column's type is found from a sample, and what doesn't fit later is an error, or
# the column becomes a number.
# What happens (frictionless 5.21.0): 100 rows are looked at, and a later cell that doesn't fit is
# None in `extract()` and `read_rows()`: 12.99 among whole numbers, the id "A-101" among numbers. No
# exception, no log; only `row.valid`, or a `validate()` beside it, says so. Column types can
# surprise as well: amounts such as "1,2" and "3,4" are of type geopoint, and come out as [1.0,
# 2.0]; "007" is 7.
# For a user: the amounts with cents are missing from sums and the rows are there, so counts agree.
# Give a schema (`Schema` with `type: number`), and refuse rows that aren't `valid`.
set -euo pipefail
unset PYTHONPATH
packages=(frictionless==5.21.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

from frictionless import Resource, Schema, extract, validate

print("frictionless", version("frictionless"))
Path("late.csv").write_text("id,spend\n" + "".join(f"{n},{n}\n" for n in range(100, 220))
                            + "A-101,12.99\n")
Path("comma.csv").write_text('id,spend\n007,"1,2"\n010,"3,4"\n')

last = extract("late.csv")["late"][-1]
with Resource(path="late.csv") as resource:
    row = resource.read_rows()[-1]
    valid = row.valid
report = validate("late.csv").valid
fields = [{"name": "id", "type": "string"}, {"name": "spend", "type": "number"}]
typed = extract(Resource(path="late.csv", schema=Schema.from_descriptor({"fields": fields})))
comma = extract("comma.csv")["comma"]
print("the last row, A-101 with 12.99:", last, "- valid:", valid, "- validate():", report)
print("with a schema:", typed["late"][-1])
print('007 and "1,2":', comma[0])
stated = (
    last == {"id": None, "spend": None}
    and valid is False
    and report is False
    and str(typed["late"][-1]["spend"]) == "12.99"
    and comma[0]["id"] == 7
    and [float(part) for part in comma[0]["spend"]] == [1, 2]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
