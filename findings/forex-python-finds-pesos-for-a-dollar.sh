#!/usr/bin/env bash
# forex-python takes "$" for Argentine pesos and "£" for Egyptian pounds.
#
# A good guess: `get_currency_code_from_symbol("$")` is USD, "£" GBP; a sign that several currencies share
# is refused, or gives the best known.
# What happens (forex-python 1.9.2): the first currency in the package's list that has the sign is given,
# and the list goes by the alphabet: "$" is ARS, "£" EGP, "kr" ISK, "C$" NIO (Nicaragua's, not Canada's).
# "¥" is CNY, so yen is never found. `get_symbol` gives the signs back: USD and CAD both have "$". "₺" and
# "US$" give None.
# For a user: spend that is converted by the sign of an export is turned at the rate of another country,
# without an error. Use the report's currency code; where there are only signs, keep a table of your own for
# each account.
set -euo pipefail
unset PYTHONPATH
packages=(forex-python==1.9.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from forex_python.converter import CurrencyCodes

print("forex-python", version("forex-python"))
codes = CurrencyCodes()
found = {sign: codes.get_currency_code_from_symbol(sign) for sign in "$ £ € ¥ kr C$ US$ ₺".split()}
signs = {code: codes.get_symbol(code) for code in ("USD", "CAD", "ARS", "GBP", "EGP", "JPY", "CNY")}
print(*(f"{sign} is {code}" for sign, code in found.items()), sep=", ")
print(*(f"{code} has {sign}" for code, sign in signs.items()), sep=", ")
stated = found == {
    "$": "ARS", "£": "EGP", "€": "EUR", "¥": "CNY", "kr": "ISK", "C$": "NIO", "US$": None, "₺": None,
} and signs["USD"] == signs["CAD"] == signs["ARS"] == "$" and signs["JPY"] == "¥"
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
