#!/usr/bin/env bash
# ClickHouse's JSON type leaves the whole amounts out of a sum of floats, and reads nothing where a space
# stands.
#
# A good guess: `sum(j.spend.:Float64)` of 12 and 12.99 is 24.99, as 12 is a number like any other;
# simpleJSONExtractFloat reads {"spend": 12} as 12.
# What happens (chdb 4.4.0 with ClickHouse 26.9): each row keeps the type that its text had, 12 an Int64 and
# 12.99 a Float64, and `.:Float64` is null for all values of another type. The sum is 12.99, that of
# `.:Int64` 12, and nobody adds the two. Amounts that came as text ("5") are in neither. A cast
# (`j.spend::Float64`) takes all three: 29.99. The functions simpleJSONExtract… expect no space behind the
# colon, which Python's json.dumps writes: they answer 0.
# For a user: of a platform's JSON all amounts without cents are missing from the sum, and a table of zeros
# looks like a day without spend. Cast, `toDecimal128(j.spend::String, 18)`, or name the type in the column:
# `JSON(spend Decimal(38, 18))`.
set -euo pipefail
unset PYTHONPATH
packages=(chdb==4.4.0)
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

import chdb

ROWS = [{"spend": 12}, {"spend": 12.99}, {"spend": "5"}]
lines = ", ".join(f"'{json.dumps(row)}'" for row in ROWS)
TABLE = f"(select arrayJoin([{lines}])::JSON as j)"


def ask(question):
    return str(chdb.query(question, "TSV")).strip()


print(f"chdb {version('chdb')}, ClickHouse {ask('select version()')}")
QUESTIONS = {
    f"select sum(j.spend.:Float64), sum(j.spend.:Int64) from {TABLE}": "12.99\t12",
    f"select round(sum(j.spend::Float64), 2) from {TABLE}": "29.99",
    f"select sum(toDecimal128(j.spend::String, 18)) from {TABLE}": "29.99",
    f"select sum(j.spend) from {TABLE.replace('JSON', 'JSON(spend Decimal(38, 18))')}": "29.99",
    f"select arrayStringConcat(groupArray(dynamicType(j.spend)), ' ') from {TABLE}": (
        "Int64 Float64 String"
    ),
    f"select simpleJSONExtractFloat('{json.dumps(ROWS[1])}', 'spend')": "0",
    f"select JSONExtractFloat('{json.dumps(ROWS[1])}', 'spend')": "12.99",
}
stated = True
for question, expected in QUESTIONS.items():
    found = ask(question)
    stated &= found == expected
    print(f"{question}\n  {found}")
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
