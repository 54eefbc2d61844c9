#!/usr/bin/env bash
# dinero cuts the results of all Decimal arithmetic in the thread to ten digits, from the first price that it
# shows on.
#
# A good guess: a library for money computes with digits to spare, in a context of its own; what it does
# concerns its own objects.
# What happens (dinero 0.4.0): raw_amount, format(), a sum or a comparison sets `decimal.getcontext().prec` of
# the thread to the currency's number base, 10, and leaves it there. From then on 1234567890123.45 + 0 is
# 1.234567890E+12, in code that knows nothing of dinero, and 0.123456789012345678 * 1 is 0.1234567890. Its own
# amounts of a hundred million and more, 123456789.01, raise InvalidOperation.
# For a user: one line of a report that shows a price makes all sums behind it wrong from the tenth digit on,
# which for totals in yen or rupiah is in front of the point; a test of the sum alone is right. Put each use
# of it in `with decimal.localcontext():`, or round and format with Decimal itself.
set -euo pipefail
unset PYTHONPATH
packages=(dinero==0.4.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal, InvalidOperation, getcontext, localcontext
from importlib.metadata import version

from dinero import Dinero
from dinero.currencies import USD

print("dinero", version("dinero"))


def sums():
    return [str(Decimal(text) + 0) for text in ("1234567890123.45", "0.123456789012345678")]


before = getcontext().prec, sums()
with localcontext():
    shown = Dinero("12.99", USD).format()
kept = getcontext().prec, sums()
Dinero("12.99", USD).format()
after = getcontext().prec, sums()
try:
    large = str(Dinero("123456789.01", USD).raw_amount)
except InvalidOperation:
    large = "InvalidOperation"
print("at first:", *before)
print(f"after showing {shown} in a local context:", *kept)
print(f"after showing {shown}:", *after)
print("123456789.01 USD:", large)
stated = (
    before == kept == (28, ["1234567890123.45", "0.123456789012345678"])
    and after == (10, ["1.234567890E+12", "0.1234567890"])
    and large == "InvalidOperation"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
