#!/usr/bin/env bash
# xlsx2csv writes what a cell shows: 12.99 for 12.9949, 12% for 0.1249, and days as the sheet
# spells them.
#
# A good guess: a converter writes the values that are stored, as openpyxl, pandas and fastexcel
# read them: 12.9949, 0.1249, and dates in one form, ISO or not.
# What happens (xlsx2csv 0.8.6): numbers and dates are formatted by the cell's own format. 12.9949
# shown with two digits is 12.99, a CTR of 0.1249 shown as percent 12%, March 4, 2026 is 04/03/26
# in a cell formatted dd/mm/yy and 03-04-26 in one formatted mm-dd-yy; 23:30 is gone where only
# the day is shown. Formats with a currency sign or thousands are passed over: 1234.567 stays.
# `ignore_formats=["float"]` leaves numbers as they are, and percentages shown.
# For a user: sums of the CSV differ from those of the sheet by what was rounded away, and two
# columns of one file spell a day in two ways. Read the .xlsx by a library that gives values.
set -euo pipefail
unset PYTHONPATH
packages=(xlsx2csv==0.8.6 openpyxl==3.1.5 xlsxwriter==3.3.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import io
import sys
from datetime import datetime
from importlib.metadata import version

import openpyxl
import xlsxwriter
from xlsx2csv import Xlsx2csv

print(*(f"{name} {version(name)}" for name in ("xlsx2csv", "openpyxl", "xlsxwriter")))
day = datetime(2026, 3, 4, 23, 30)
cells = [
    (12.9949, "0.00", "12.99"),
    (0.1249, "0%", "12%"),
    (day, "dd/mm/yy", "04/03/26"),
    (day, "mm-dd-yy", "03-04-26"),
    (day, "yyyy-mm-dd", "2026-03-04"),
    (1234.567, "€#,##0.00", "1234.567"),
    (1234.56, "#,##0", "1234.56"),
    (12.9949, "General", "12.9949"),
]
book = xlsxwriter.Workbook("report.xlsx")
sheet = book.add_worksheet()
for column, (value, how, _) in enumerate(cells):
    sheet.write(0, column, value, book.add_format({"num_format": how}))
book.close()


def converted(**options):
    text = io.StringIO()
    Xlsx2csv("report.xlsx", **options).convert(text)
    return text.getvalue().strip().split(",")


plain, unformatted = converted(), converted(ignore_formats=["float"])
stored = [cell.value for cell in openpyxl.load_workbook("report.xlsx").active[1]]
for (value, how, _), shown in zip(cells, plain, strict=True):
    print(f"{value} as {how}: {shown}")
print("ignore_formats:", unformatted[:2], "- openpyxl:", stored[:2])
as_stated = (
    plain == [shown for _, _, shown in cells]
    and unformatted[:2] == ["12.9949", "12%"]
    and stored == [value for value, _, _ in cells]
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
