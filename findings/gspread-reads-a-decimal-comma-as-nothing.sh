#!/usr/bin/env bash
# gspread reads "12,99" of a European sheet as 1299.
#
# A good guess: get_all_records() gives numbers as numbers and leaves as text what is no number in
# its eyes, "12,99" with a decimal comma among them.
# What happens (gspread 6.2.1): every comma is deleted before the conversion, wherever it stands:
# "12,99" is 1299, "-5,5" is -55, "1.234,50" is 1.2345. The id "007" is 7 and "1e5" 100000.0,
# while "1_000" and "12%" stay text. The sheet's language decides how an amount is written, so the
# same code is right on the colleague's sheet. `numericise_ignore=["all"]` leaves all as text.
# For a user: budgets kept in a German or French sheet come out a hundred times too large, where
# they have two digits behind the comma. Ask for what is stored instead of what is shown
# (`value_render_option="UNFORMATTED_VALUE"`), or convert by yourself.
set -euo pipefail
unset PYTHONPATH
packages=(gspread==6.2.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from gspread.utils import numericise_all, to_records

print("gspread", version("gspread"))
shown = ["12,99", "-5,5", "1.234,50", "1,234.50", "007", "1e5", "1_000", "12%", "2026-01-01"]
# What Worksheet.get_all_records() does with the values of a row.
read = numericise_all(shown)
for text, value in zip(shown, read, strict=True):
    print(f"{text!r}: {value!r}")
records = to_records(["id", "spend"], [numericise_all(["007", "12,99"])])
print(records)
left = numericise_all(shown, ignore=list(range(1, len(shown) + 1)))
as_stated = (
    read == [1299, -55, 1.2345, 1234.5, 7, 100000.0, "1_000", "12%", "2026-01-01"]
    and records == [{"id": 7, "spend": 1299}]
    and left == shown
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
