#!/usr/bin/env bash
# openpyxl writes the id 23851234567890123 as 23851234567890120, and the last second of a day as the
# next day.
#
# A good guess: Excel shows 15 digits, but a whole number of Python is written into the file as it
# is, and read back by openpyxl or any other reader as it was.
# What happens (openpyxl 3.1.5): numbers are written with 16 digits, so whole numbers of 17 and
# more, such as long ids of ads, come back as another id, and as float; two ids that differ in the
# last digit become one. 0.1 + 0.2 comes back as 0.3. A moment is rounded to milliseconds:
# 23:59:59.999999 on January 1 is read as January 2. pandas' to_excel with openpyxl (pandas 3.1.1)
# does the same.
# For a user: a sheet with ids is joined to the wrong ads, or to none. Write ids as text (`str(id)`,
# `.astype(str)`), and days as dates.
set -euo pipefail
unset PYTHONPATH
packages=(openpyxl==3.1.5 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import datetime

import openpyxl
import pandas as pd

print("openpyxl", openpyxl.__version__, "pandas", pd.__version__)
IDS = [23851234567890123, 23851234567890121, 1234567890123456]
END = datetime(2026, 1, 1, 23, 59, 59, 999999)
book = openpyxl.Workbook()
for value in (*IDS, 0.1 + 0.2, END):
    book.active.append([value])
book.save("a.xlsx")
seen = [row[0] for row in openpyxl.load_workbook("a.xlsx").active.iter_rows(values_only=True)]
for sent, read in zip((*IDS, 0.1 + 0.2, END), seen, strict=True):
    print(f"written {sent}, read {read:.0f}" if isinstance(sent, int) else f"{sent}: {read}")
pd.DataFrame({"id": IDS[:2]}).to_excel("b.xlsx", index=False)
distinct = pd.read_excel("b.xlsx")["id"].nunique()
print("two ids by pandas are", distinct)
as_stated = (
    [f"{value:.0f}" for value in seen[:2]] == ["23851234567890120"] * 2
    and seen[2] == IDS[2]
    and seen[3] == 0.3
    and seen[4] == datetime(2026, 1, 2)
    and distinct == 1
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
