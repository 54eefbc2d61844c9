#!/usr/bin/env bash
# price-parser reads 0.123 as 123 and -5.00 as 5.00.
#
# A good guess: a library for amounts in texts has to guess at "1.234", and knows that 0.123 can't
# have a thousands separator; a sign is part of the number.
# What happens (price-parser 0.5.1): a point or a comma before exactly three last digits is a
# thousands separator, after a zero too: 0.123 is 123, "12.990 €" is 12990; 0.12 and 0.1234 are
# right. The sign is dropped, and so are the brackets of bookkeepers: -5.00 and (5.00) are 5.00. An
# exponent is cut off: 1e-5 is 1.
# For a user: CPMs and bids with three digits behind the point are a thousand times too high, and
# refunds become spend. Name the separator (`decimal_separator="."`), which settles the first, and
# look at the sign; an API's numbers need no such parser, Decimal reads them.
set -euo pipefail
unset PYTHONPATH
packages=(price-parser==0.5.1)
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

from price_parser import Price

print("price-parser", version("price-parser"))
stated = {
    "0.12": "0.12",
    "0.123": "123",
    "0.1234": "0.1234",
    "12.990 €": "12990",
    "-5.00": "5.00",
    "(5.00)": "5.00",
    "1e-5": "1",
}
seen = {text: Price.fromstring(text).amount for text in stated}
for text, amount in seen.items():
    print(f"{text!r}: {amount}")
named = Price.fromstring("0.123", decimal_separator=".").amount
print("0.123 with decimal_separator='.':", named)
as_stated = named == Decimal("0.123") and all(
    seen[text] == Decimal(amount) for text, amount in stated.items()
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
