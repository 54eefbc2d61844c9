#!/usr/bin/env bash
# calendra moves Germany's and France's holidays from a Saturday to the Monday behind; workalendar lacks
# Juneteenth.
#
# A good guess: calendra, which began as workalendar with holidays that move where a country moves them,
# says what workalendar says for countries that move none; both know holidays that are some years old.
# What happens (calendra 7.11.1, workalendar 17.0.0, holidays 0.109): in calendra a holiday on a weekend
# gives the Monday off where the law doesn't: October 5, 2026 in Germany, August 17 in France, November 2 in
# Poland. workalendar and holidays have all three as working days. workalendar in turn has June 19, 2026 as
# a working day in the United States (a federal holiday since 2021), November 20 in Brazil and December 24
# in Poland; holidays has all three free.
# For a user: pacing by working days, and «the last working day of the month» for an invoice, are a day off
# in some months and right in others. Take holidays with `years=`, and check next year's list once by hand.
set -euo pipefail
unset PYTHONPATH
packages=(calendra==7.11.1 workalendar==17.0.0 holidays==0.109)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import date
from importlib.metadata import version

import holidays
from calendra.registry import registry as calendra
from workalendar.registry import registry as workalendar

print(*(f"{name} {version(name)}" for name in ("calendra", "workalendar", "holidays")))


def works(country, day):
    """Return whether a weekday is a working day: by calendra, workalendar, holidays."""
    known = holidays.country_holidays(country, years=[day.year])
    calendars = (kind.get(country)() for kind in (calendra, workalendar))
    return [*(calendar.is_working_day(day) for calendar in calendars), day not in known]


moved = {("DE", date(2026, 10, 5)), ("FR", date(2026, 8, 17)), ("PL", date(2026, 11, 2))}
lacking = {("US", date(2026, 6, 19)), ("BR", date(2026, 11, 20)), ("PL", date(2026, 12, 24))}
seen = {place: works(*place) for place in sorted(moved | lacking)}
for (country, day), answers in seen.items():
    names = ("calendra", "workalendar", "holidays")
    told = (f"{name} {answer}" for name, answer in zip(names, answers, strict=True))
    print(f"{country} {day:%a %Y-%m-%d}, working day:", ", ".join(told))
stated = (
    all(day.weekday() < 5 for _, day in seen)
    and all(seen[place] == [False, True, True] for place in moved)
    and all(seen[place][1:] == [True, False] for place in lacking)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
