#!/usr/bin/env bash
# Babel says that forints, Colombian pesos, rupiahs and Iraqi dinars have no cents, where ISO 4217
# gives two or three digits.
#
# A good guess: how many digits a currency has stands in ISO 4217, and libraries agree: 0 for JPY, 2
# for HUF, COP and IDR, 3 for KWD and IQD.
# What happens: Babel 2.19.0 (`get_currency_precision`, and `format_currency` by it) takes CLDR's
# table of how prices are shown: 0 for HUF, COP, IDR and IQD. py-moneyed 3.0 (`sub_unit`) takes
# ISO's: 100, 100, 100 and 1000. So format_currency(Decimal("12.99"), "HUF") is HUF13, while an API
# that counts in minor units sends 1299 for it. And 0.125 is shown as $0.12: Babel rounds halves to
# even.
# For a user: amounts in minor units, divided by `10 ** get_currency_precision(…)`, are a hundred or
# a thousand times too large for these accounts; totals made of shown prices miss the cents. Take
# the divisor from the platform's own documentation, and Babel's digits for showing only
# (`currency_digits=False` with a format of your own).
set -euo pipefail
unset PYTHONPATH
packages=(babel==2.19.0 py-moneyed==3.0)
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

import moneyed
from babel.numbers import format_currency, get_currency_precision

print(*(f"{name} {version(name)}" for name in ("babel", "py-moneyed")))
stated = {
    "JPY": (0, 1, "¥13"),
    "EUR": (2, 100, "€12.99"),
    "KWD": (3, 1000, "KWD12.990"),
    "HUF": (0, 100, "HUF13"),
    "COP": (0, 100, "COP13"),
    "IDR": (0, 100, "IDR13"),
    "IQD": (0, 1000, "IQD13"),
}
seen = {}
for code in stated:
    shown = format_currency(Decimal("12.99"), code, locale="en_US").replace("\xa0", "")
    seen[code] = (get_currency_precision(code), moneyed.get_currency(code).sub_unit, shown)
    digits, unit, _ = seen[code]
    print(f"{code}: Babel {digits} digits, py-moneyed {unit} minor units; 12.99 is {shown}")
half = format_currency(Decimal("0.125"), "USD", locale="en_US")
print("0.125 USD is", half)
as_stated = seen == stated and half == "$0.12"
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
