#!/usr/bin/env bash
# agate, and csvkit with it, adds dollars, euros and yen to one sum, and makes 10 of 10%.
#
# A good guess: a column with $12.99 and €5.00 stays text, or loses its signs only if they are all the same;
# and a share of 10% is 0.1, as in a spreadsheet.
# What happens (agate 1.14.2, csvkit 2.2.0): the signs of currencies and % are dropped before the number is
# read, whatever stands in the other rows. $12.99, €5.00 and ¥500 are 12.99, 5 and 500, and their sum is
# 517.99; csvstat shows the same column as Number with that sum. The cent is one of the signs: 99¢ is 99.
# 10% is 10, so that a column with 10% and 0.1 has both. With a code instead of a sign, "12.99 USD", the
# column is text. A minus before or behind the sign, -$5 and $-5, is read.
# For a user: reports that are formatted for the account's currency, put together from several accounts,
# have a total that is no amount of money. Look for signs before the load: `csvgrep -c spend -r
# '[^0-9.,-]'`, or read the column as text (`csvstat --no-inference`).
set -euo pipefail
unset PYTHONPATH
packages=(agate==1.14.2 csvkit==2.2.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import subprocess
import sys
from pathlib import Path
from importlib.metadata import version

import agate

print(*(f"{name} {version(name)}" for name in ("agate", "csvkit")))
FILES = {
    "signs": "spend\n$12.99\n€5.00\n¥500\n",
    "one sign": "spend\n$12.99\n-$5\n$-5\n",
    "cents": "spend\n99¢\n$1.50\n",
    "shares": "share\n10%\n0.1\n",
    "codes": "spend\n12.99 USD\n5.00 EUR\n",
}


def read(text):
    with open("report.csv", "w", encoding="utf-8") as file:
        file.write(text)
    column = agate.Table.from_csv("report.csv").columns[0]
    return type(column.data_type).__name__, [str(value) for value in column.values()]


seen = {name: read(text) for name, text in FILES.items()}
for name, (kind, values) in seen.items():
    print(f"{name}: {kind}", *values)
read(FILES["signs"])
command = [str(Path(sys.executable).with_name("csvstat")), "--json", "report.csv"]
shown = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[0]
print("csvstat:", shown["type"], shown["sum"])
stated = (
    seen
    == {
        "signs": ("Number", ["12.99", "5.00", "500"]),
        "one sign": ("Number", ["12.99", "-5", "-5"]),
        "cents": ("Number", ["99", "1.50"]),
        "shares": ("Number", ["10", "0.1"]),
        "codes": ("Text", ["12.99 USD", "5.00 EUR"]),
    }
    and shown["type"] == "Number"
    and float(shown["sum"]) == 517.99
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
