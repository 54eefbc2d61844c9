#!/usr/bin/env bash
# tap-spreadsheets cuts cents after 100 whole amounts, and reads all files by the first one's columns.
#
# A good guess: a column's type is guessed from the first 100 rows, and a later amount that does not fit it
# is refused or becomes null; each file of a folder is read by its own heading.
# What happens (tap-spreadsheets 1.1.2): a spend column that is whole in the first file's first 100 rows is
# an integer, and each later value goes through Python's int(): 12.99 becomes 12 and -0.99 becomes 0,
# without a word. Types and headings are those of the first file by name. In a file whose columns stand in
# another order, spend comes out as clicks and clicks as spend; with a column more in front, everything is
# moved by one.
# For a user: the sums are too small by the cents of all later rows, and a platform that adds a column to
# its export shifts each figure. Say types in `schema_overrides` (number for money), raise `sample_rows`
# above the longest file, and give each heading its own stream by a narrower path.
set -euo pipefail
unset PYTHONPATH
packages=(tap-spreadsheets==1.1.2 openpyxl==3.1.5)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import openpyxl

print("tap-spreadsheets", version("tap-spreadsheets"))
FILES = {
    "2026-01.xlsx": [
        ("day", "clicks", "spend"),
        *((f"whole {n}", 1, 10) for n in range(100)),
        ("late", 7, 12.99),
        ("credit", 0, -0.99),
    ],
    "2026-02.xlsx": [("day", "spend", "clicks"), ("other order", 30.5, 4)],
    "2026-03.xlsx": [("account", "day", "clicks", "spend"), ("A-1", "one more", 5, 40.25)],
}
Path("reports").mkdir()
for name, rows in FILES.items():
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.title = "Report"
    book.save(Path("reports", name))
config = {
    "files": [
        {
            "path": f"{Path.cwd()}/reports/*.xlsx",
            "format": "excel",
            "worksheet": "Report",
            "table_name": "report",
            "primary_keys": ["day"],
        }
    ]
}
Path("config.json").write_text(json.dumps(config))
run = subprocess.run(
    [Path(sys.executable).with_name("tap-spreadsheets"), "--config", "config.json"],
    capture_output=True,
    text=True,
)
messages = [json.loads(line) for line in run.stdout.splitlines()]
types = next(m for m in messages if m["type"] == "SCHEMA")["schema"]["properties"]
rows = [m["record"] for m in messages if m["type"] == "RECORD"]
seen = [(row["day"], row["clicks"], row["spend"]) for row in rows[100:]]
print("exit code", run.returncode, "type of spend", types["spend"]["type"], "rows", len(rows))
for row in seen:
    print("  day, clicks, spend:", *row)
stated = run.returncode == 0 and seen == [
    ("late", 7, 12),
    ("credit", 0, 0),
    ("other order", 30, 4),
    ("A-1", None, 5),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
