#!/usr/bin/env bash
# PyExcelerate writes days as numbers when a sheet is made from rows.
#
# A good guess: `new_sheet(name, data=rows)`, the quick way of its docs, writes the same cells as
# `set_cell_value` for each value: a date is a date in Excel.
# What happens (PyExcelerate 0.13.0): only values set cell by cell or by a range get a date's format. Of
# `data=` a date is the number 46053 with the format General: Excel shows 46053, and openpyxl and pandas
# read an integer or a float. Set by cell, 31 January 2026, 18:30 is shown as 2026-01-31, its hour hidden.
# For a user: days of a report are five-digit numbers, and joins with real dates find nothing. Give the
# column a style with a format (`ws.set_col_style(1, Style(format=Format("yyyy-mm-dd")))`), which the script
# checks, or write days as ISO text.
set -euo pipefail
unset PYTHONPATH
packages=(pyexcelerate==0.13.0 openpyxl==3.1.5 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import datetime as dt
import sys
from importlib.metadata import version

import openpyxl
import pandas as pd
from pyexcelerate import Format, Style, Workbook

print("PyExcelerate", version("pyexcelerate"), "openpyxl", openpyxl.__version__, "pandas", pd.__version__)
day, moment = dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, 18, 30)
rows = [["day", "moment"], [day, moment]]
book = Workbook()
book.new_sheet("rows", data=rows)
cells = book.new_sheet("cells")
area = book.new_sheet("area")
styled = book.new_sheet("styled", data=rows)
for number, row in enumerate(rows, 1):
    for column, value in enumerate(row, 1):
        cells.set_cell_value(number, column, value)
area.range("A1", "B2").value = rows
for column in (1, 2):
    styled.set_col_style(column, Style(format=Format("yyyy-mm-dd hh:mm")))
book.save("report.xlsx")

seen = {}
for sheet in openpyxl.load_workbook("report.xlsx"):
    seen[sheet.title] = [(cell.value, cell.number_format) for cell in sheet[2]]
    print(f"{sheet.title}:", *(f"{value} ({style})" for value, style in seen[sheet.title]))
frames = pd.read_excel("report.xlsx", sheet_name=None, engine="openpyxl")
kinds = {name: frame["day"].dtype.kind for name, frame in frames.items()}
print("the column day in pandas:", kinds)
midnight = dt.datetime(2026, 1, 31)
dates = [(midnight, "yyyy-mm-dd"), (moment, "yyyy-mm-dd")]
stated = (
    seen["rows"] == [(46053, "General"), (46053 + 18.5 / 24, "General")]
    and seen["cells"] == seen["area"] == dates
    and [value for value, _ in seen["styled"]] == [midnight, moment]
    and kinds == {"rows": kinds["rows"], "cells": "M", "area": "M", "styled": "M"}
    and kinds["rows"] in "if"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
