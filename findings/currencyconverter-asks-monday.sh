#!/usr/bin/env bash
# CurrencyConverter takes Saturday's rate partly from Monday, and roubles at the rate of March 1,
# 2022.
#
# A good guess: the European Central Bank publishes no rate on Saturdays, so a fallback takes
# Friday's, the last one known then; a currency that the bank left off years ago has no rate of
# today.
# What happens (currencyconverter 0.18.23): with `fallback_on_missing_rate=True` a missing day
# lies on the line between the day before and the day after: 100 US dollars of Saturday, January
# 6, 2024 are a third of the way from Friday's 91.57 euros to Monday's 91.36.
# `fallback_on_missing_rate_method="last_known"` takes Friday's. And `convert` without a date
# takes the newest rate of that very currency, however old: roubles at that of March 1, 2022,
# kunas at that of 2022, dollars at that of last month, without a word.
# For a user: what was converted on Sunday changes when Monday's rate is known, so that a reload
# finds other totals; sums in currencies that left the list are years out of date. Choose
# "last_known", and always give a date.
set -euo pipefail
unset PYTHONPATH
packages=(currencyconverter==0.18.23)
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

from currency_converter import CurrencyConverter, RateNotFoundError

print("currencyconverter", version("currencyconverter"))
plain = CurrencyConverter()
by_line = CurrencyConverter(fallback_on_missing_rate=True)
by_last = CurrencyConverter(
    fallback_on_missing_rate=True, fallback_on_missing_rate_method="last_known"
)
days = {"Friday": date(2024, 1, 5), "Saturday": date(2024, 1, 6), "Monday": date(2024, 1, 8)}
line = {name: round(by_line.convert(100, "USD", "EUR", day), 2) for name, day in days.items()}
last = {name: round(by_last.convert(100, "USD", "EUR", day), 2) for name, day in days.items()}
try:
    unasked = plain.convert(100, "USD", "EUR", days["Saturday"])
except RateNotFoundError:
    unasked = "refused"
print("by default:", unasked, "- on the line:", line, "- last known:", last)
newest = {code: plain.bounds[code].last_date for code in ("USD", "RUB", "HRK")}
roubles = plain.convert(100, "RUB", "EUR")
of_then = plain.convert(100, "RUB", "EUR", newest["RUB"])
print("newest rates:", {code: str(day) for code, day in newest.items()})
print("100 roubles without a date:", roubles)
as_stated = (
    unasked == "refused"
    and line == {"Friday": 91.57, "Saturday": 91.5, "Monday": 91.36}
    and last == {"Friday": 91.57, "Saturday": 91.57, "Monday": 91.36}
    and roubles == of_then
    and (newest["RUB"], newest["HRK"]) == (date(2022, 3, 1), date(2022, 12, 30))
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
