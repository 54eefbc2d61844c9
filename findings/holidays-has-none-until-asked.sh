#!/usr/bin/env bash
# A calendar of the package holidays has no holidays, until it is asked about a day.
#
# A good guess: `holidays.country_holidays("DE")` is a dict of Germany's holidays, so `day in it`
# and `days.isin(it)` say the same.
# What happens (holidays 0.109, pandas 3.1.1): the dict fills itself year by year, when a single
# day is looked up. Fresh, its length is 0, and pandas' isin() says False to every day, Christmas
# too. After one `in` it has the days of that year, so the column is right for 2026 and all False
# for 2025. With `years=[2025, 2026]` it is filled at once.
# For a user: a holiday column that is False throughout, or right for one year only, depending on
# what ran before it. Name the years, or map each day (`days.map(lambda day: day in calendar)`).
set -euo pipefail
unset PYTHONPATH
packages=(holidays==0.109 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import date
from importlib.metadata import version

import holidays
import pandas as pd

print(*(f"{name} {version(name)}" for name in ("holidays", "pandas")))
days = pd.Series([date(2025, 12, 25), date(2026, 12, 25), date(2026, 12, 24)])
calendar = holidays.country_holidays("DE")
filled = holidays.country_holidays("DE", years=[2025, 2026])
checks = {
    "length": (len(calendar), 0),
    "isin": (days.isin(calendar).tolist(), [False, False, False]),
    "Christmas 2026 in it": (date(2026, 12, 25) in calendar, True),
    "length after that": (len(calendar), 9),
    "isin after that": (days.isin(calendar).tolist(), [False, True, False]),
    "isin, years named": (days.isin(filled).tolist(), [True, True, False]),
    "map": (days.map(lambda day: day in calendar).tolist(), [True, True, False]),
}
for name, (seen, _) in checks.items():
    print(f"{name}: {seen}")
as_stated = all(seen == stated for seen, stated in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
