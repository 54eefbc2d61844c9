#!/usr/bin/env bash
# tap-google-sheets writes 1234.56 and «1.234.567,89» into one column of a German sheet.
#
# A good guess: the tap takes either what a cell holds (1234567.89) or what it shows («1.234.567,89»);
# it asks the platform for both, so a column of numbers is one of numbers.
# What happens (tap-google-sheets 3.1.2): what a cell holds is taken only if what it shows, less its
# commas, is a number to Python. «1.234,56» becomes 1.23456 that way and passes, so the cell's
# 1234.56 is written; «1.234.567,89» doesn't pass, and is written as it is shown. So are «12,5 %» and
# «(5,50)» in brackets. A column whose first row is formatted as a currency is text throughout, as
# shown: 12.3456 is «12,35 €». And some moments come a second early: 09:05:00 is 09:04:59.
# For a user: budgets and offline spend kept in a sheet lose their digits beyond cents, and the large
# ones fail a cast, or are null after a safe one. Format columns of money as a number without
# separators, and compare a column's count of numbers with its rows.
set -euo pipefail
unset PYTHONPATH
packages=(tap-google-sheets==3.1.2 singer-python==6.0.1 requests==2.32.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from importlib.metadata import version

import singer
from tap_google_sheets.schema import get_sheet_schema_columns
from tap_google_sheets.transform import transform_sheet_data

logging.disable()
print("tap-google-sheets", version("tap-google-sheets"))
DAY = 46023  # January 1, 2026, as sheets count days
# Each column: its format, and for each row what the cell shows and what it holds.
COLUMNS = {
    "spend": ("NUMBER", [("1.234,56", 1234.56), ("1.234.567,89", 1234567.89), ("(5,50)", -5.5)]),
    "rate": ("PERCENT", [("12,5 %", 0.125), ("100 %", 1), ("0,5 %", 0.005)]),
    "budget": ("CURRENCY", [("12,35 €", 12.3456), ("1.000,00 €", 1000), ("0,00 €", 0.0012)]),
    "at": (
        "DATE_TIME",
        [(f"01.01.2026 {h}:{m}:00", DAY + (60 * h + m) / 1440) for h, m in ((10, 20), (6, 0), (9, 5))],
    ),
}


def cell(shown, held, kind):
    """Return a cell as the platform describes it."""
    formats = {"numberFormat": {"type": kind}}
    return {"formattedValue": shown, "effectiveValue": {"numberValue": held}, "effectiveFormat": formats}


heading = [{"formattedValue": name} for name in COLUMNS]
first = [cell(*cells[0], kind) for kind, cells in COLUMNS.values()]
grid = {"rowData": [{"values": heading}, {"values": first}]}
sheet = {"properties": {"sheetId": 1, "title": "ads"}, "data": [grid]}
schema, columns = get_sheet_schema_columns(sheet)
shown, held = (
    [[cells[row][part] for _, cells in COLUMNS.values()] for row in range(3)] for part in (0, 1)
)
rows, _ = transform_sheet_data("x", 1, "ads", 2, columns, shown, held)
with singer.Transformer() as transformer:
    rows = [transformer.transform(row, schema) for row in rows]
seen = {name: [row[name] for row in rows] for name in COLUMNS}
for name, values in seen.items():
    print(f"{name}:", *(f"{value!r}" for value in values), sep="  ")
stated = (
    seen["spend"] == ["1234.56", "1.234.567,89", "(5,50)"]
    and seen["rate"] == ["12,5 %", "100 %", "0,5 %"]
    and seen["budget"] == ["12,35 €", "1.000,00 €", "0,00 €"]
    and [moment[11:19] for moment in seen["at"]] == ["10:20:00", "06:00:00", "09:04:59"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
