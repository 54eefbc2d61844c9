#!/usr/bin/env bash
# polars.read_excel makes null of an id like "A-101", if the first hundred rows had numbers.
#
# A good guess: a sheet has a type in each cell, so nothing need be guessed; where polars guesses
# all the same, a text under numbers raises, as in read_csv, or makes the whole column text.
# What happens (polars 2.1.0 with fastexcel 0.21.0, its default engine): the type of a column comes
# from the first hundred rows; texts below them that are no number are null, and so are dates that
# stand there as texts. "12.99" as text becomes 12.99. No error, no warning. With
# `infer_schema_length=None` all is text and nothing is lost. fastexcel alone does the same after
# 1,000 rows. pandas.read_excel keeps each cell as it is.
# For a user: keys become null in exports where new campaigns have another form of id, and joins
# lose their spend. `infer_schema_length=None`, or `schema_overrides={"id": pl.String}`.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 fastexcel==0.21.0 openpyxl==3.1.5 pandas==3.1.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import logging
import sys
from datetime import date

import fastexcel
import openpyxl
import pandas as pd
import polars as pl

logging.disable()
print("polars", pl.__version__, "fastexcel", fastexcel.__version__, "pandas", pd.__version__)
book = openpyxl.Workbook()
book.active.append(["id", "day", "spend"])
for number in range(1, 1202):
    late = number > 1100
    row = [f"A-{number}", "2026-01-02", "12.99"] if late else [number, date(2026, 1, 1), 5.5]
    book.active.append(row)
book.save("export.xlsx")


def last(frame):
    return [str(value) for value in frame.row(-1)]


seen = {
    "polars": last(pl.read_excel("export.xlsx")),
    "polars, infer_schema_length=None": last(pl.read_excel("export.xlsx", infer_schema_length=None)),
    "polars, schema_overrides": last(pl.read_excel("export.xlsx", schema_overrides={"id": pl.String})),
    "fastexcel": last(pl.DataFrame(fastexcel.read_excel("export.xlsx").load_sheet(0))),
    "pandas": [str(value) for value in pd.read_excel("export.xlsx").iloc[-1]],
}
for reader, row in seen.items():
    print(f"{reader}:", *row)
whole = ["A-1201", "2026-01-02", "12.99"]
stated = list(seen.values()) == [
    ["None", "None", "12.99"],
    whole,
    ["A-1201", "None", "12.99"],
    ["None", "None", "12.99"],
    whole,
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
