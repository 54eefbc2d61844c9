#!/usr/bin/env bash
# pandas' to_markdown writes 12345678.99 as 1.23457e+07, also where it is a Decimal.
#
# A good guess: a table made for people shows amounts as print() does, with their cents; at worst
# floats get fewer digits, and Decimals, made to be exact, stay.
# What happens (tabulate 0.10.0, pandas 3.1.1): a column of numbers is formatted with "g", six
# digits in all: 1234567.89 is 1.23457e+06, 123456.78 is 123457, and Decimals too. A column of
# texts is taken for numbers if all of them look like some: the codes "1e5" and "2e5" are 100000
# and 200000. Whole numbers and ids stay. print() of the same frame shows every cent.
# For a user: daily reports in a chat or a merge request lose the cents from ten thousand on, and
# units from a million on. `to_markdown(floatfmt=".2f")` keeps all cents, of Decimals as well;
# `disable_numparse=True` leaves texts as they are.
set -euo pipefail
unset PYTHONPATH
packages=(tabulate==0.10.0 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

import pandas as pd

print(*(f"{name} {version(name)}" for name in ("tabulate", "pandas")))
frame = pd.DataFrame(
    {
        "float": [12345678.99, 123456.78, 12345.67],
        "decimal": [Decimal("12345678.99"), Decimal("123456.78"), Decimal("12345.67")],
        "code": ["1e5", "2e5", "3e5"],
        "id": [23851234567890123, 23851234567890124, 7],
    }
)


def columns(**options):
    lines = frame.to_markdown(index=False, **options).splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return dict(zip(frame, map(list, zip(*cells, strict=True)), strict=True))


plain, two_digits, as_text = columns(), columns(floatfmt=".2f"), columns(disable_numparse=True)
for name, cells in plain.items():
    print(f"{name}: {cells}; with floatfmt {two_digits[name]}")
cut, cents = ["1.23457e+07", "123457", "12345.7"], ["12345678.99", "123456.78", "12345.67"]
as_stated = (
    plain["float"] == plain["decimal"] == cut
    and two_digits["float"] == two_digits["decimal"] == cents
    and plain["code"] == ["100000", "200000", "300000"]
    and as_text["code"] == ["1e5", "2e5", "3e5"]
    and plain["id"] == ["23851234567890123", "23851234567890124", "7"]
    and "12345678.99" in str(frame["float"])
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
