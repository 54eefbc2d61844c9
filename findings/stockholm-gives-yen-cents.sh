#!/usr/bin/env bash
# stockholm makes 12.99 dinars of 1299 fils, where its own currency says 1.299.
#
# A good guess: Money.from_sub_units(1299, "KWD") knows the currency as well as Money(…, KWD)
# does, since both name it, are equal and print alike.
# What happens (stockholm 0.5.7): a currency given as text, "KWD" or "JPY", has a hundred sub
# units whatever it is; the one of `stockholm.currency` has those of ISO 4217. 1299 sub units are
# 12.99 KWD by text and 1.299 by KWD, 12.99 JPY by text and 1299 by JPY. sub_units of 12 yen is
# 1200 or 12, and the two are equal. Every amount and rate is rounded to nine digits behind the
# point: a rate of 0.0065123456789 is 0.006512346, and 0.0000000004 is 0.
# For a user: yen and forints come out a hundred times too small, dinars ten times too large, for
# currency codes come from APIs as text. Look the class up first (`getattr(stockholm.currency,
# code)`), and do not multiply prices of single impressions with it.
set -euo pipefail
unset PYTHONPATH
packages=(stockholm==0.5.7)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from stockholm import Money, Rate
from stockholm.currency import JPY, KWD

print("stockholm", version("stockholm"))
checks = {
    "1299 fils, text": (str(Money.from_sub_units(1299, "KWD")), "12.99 KWD"),
    "1299 fils, class": (str(Money.from_sub_units(1299, KWD)), "1.299 KWD"),
    "1299 yen, text": (str(Money.from_sub_units(1299, "JPY")), "12.99 JPY"),
    "1299 yen, class": (str(Money.from_sub_units(1299, JPY)), "1299 JPY"),
    "sub units of 12 yen, text": (int(Money("12 JPY").sub_units), 1200),
    "sub units of 12 yen, class": (int(Money(12, JPY).sub_units), 12),
    "they are equal": (Money("12 JPY") == Money(12, JPY), True),
    "a rate": (str(Rate("0.0065123456789")), "0.006512346"),
    "a small price": (str(Money("0.0000000004", "EUR")), "0.00 EUR"),
}
for name, (seen, _) in checks.items():
    print(f"{name}: {seen}")
as_stated = all(seen == stated for seen, stated in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
