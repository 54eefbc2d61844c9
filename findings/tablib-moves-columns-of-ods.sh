#!/usr/bin/env bash
# tablib moves the columns of an ODS sheet to the left where two neighbours are equal.
#
# A good guess: a row of 7, 5, 5, 12.99 is read as 7, 5, 5, 12.99, whatever way the file keeps it.
# What happens (tablib 3.10.0, odfpy 1.4.1): the format writes equal cells once, with
# `number-columns-repeated="2"`, and LibreOffice does so. tablib reads each cell once: the row is 7, 5,
# 12.99, "", so that 12.99 of spend stands under conversions. Empty cells written that way are left out as
# well, and of rows that are the same (`number-rows-repeated`) one is read. pandas reads the same file
# right.
# For a user: a sheet that was saved by LibreOffice has its amounts under other headings, in some rows. Read
# it with pandas (`engine="odf"`), or save it as XLSX or CSV first.
set -euo pipefail
unset PYTHONPATH
packages=('tablib[ods]==3.10.0' odfpy==1.4.1 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
import tablib
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

print(*(f"{name} {version(name)}" for name in ("tablib", "odfpy", "pandas")))


def cell(value, times=1):
    """Return a cell as the format has it, once for all equal neighbours."""
    repeated = {"numbercolumnsrepeated": times} if times > 1 else {}
    if value is None:
        return TableCell(**repeated)
    if isinstance(value, str):
        made = TableCell(valuetype="string", **repeated)
    else:
        made = TableCell(valuetype="float", value=value, **repeated)
    made.addElement(P(text=str(value)))
    return made


def row(*cells, times=1):
    made = TableRow(**({"numberrowsrepeated": times} if times > 1 else {}))
    for one in cells:
        made.addElement(one)
    return made


document = OpenDocumentSpreadsheet()
sheet = Table(name="report")
for one in (
    row(*map(cell, ("account", "clicks", "conversions", "spend"))),
    row(cell(1), cell(6), cell(5), cell(12.99)),
    row(cell(2), cell(5, 2), cell(12.99)),
    row(cell(3), cell(None, 2), cell(12.99)),
    row(cell(4), cell(6), cell(4), cell(1.5), times=2),
):
    sheet.addElement(one)
document.spreadsheet.addElement(sheet)
document.save("report.ods")
with open("report.ods", "rb") as file:
    by_tablib = [tuple(values) for values in tablib.Dataset().load(file, format="ods")]
frame = pd.read_excel("report.ods", engine="odf")
by_pandas = [tuple(None if value != value else value for value in values) for values in frame.itertuples(index=False)]
print("tablib:", *by_tablib, sep="\n  ")
print("pandas:", *by_pandas, sep="\n  ")
stated = by_tablib == [
    (1, 6, 5, 12.99),
    (2, 5, 12.99, ""),
    (3, 12.99, "", ""),
    (4, 6, 4, 1.5),
] and by_pandas == [
    (1, 6, 5, 12.99),
    (2, 5, 5, 12.99),
    (3, None, None, 12.99),
    (4, 6, 4, 1.5),
    (4, 6, 4, 1.5),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
