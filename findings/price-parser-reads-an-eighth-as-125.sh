#!/usr/bin/env bash
# price-parser and money-parser read 0.125 as 125, and lose signs and multiples.
#
# A good guess: three digits behind a point may be thousands in "1.299", but not behind a zero: "$0.125", a
# price for a click, is an eighth of a dollar. "-12.99", a refund, is below zero.
# What happens (price-parser 0.5.1, money-parser 0.0.1): three digits behind the last separator are
# thousands always, so 0.125 and "0,500" are 125 and 500 in both. Of price-parser's other readings: "-12.99"
# and "(12.99)" are 12.99, "1.2M" is 1.2, "1.5k" 1.5; money-parser keeps the sign of "-12.99". Told
# `decimal_separator="."` price-parser reads 0.125 right; the sign is lost with it, too.
# For a user: prices of clicks and of thousand impressions with three digits are the common case in ad
# reports, and each is a thousand times too large. Use `decimal.Decimal` on a platform's own numbers; where
# texts must be read, name the separator and look for the sign yourself.
set -euo pipefail
unset PYTHONPATH
packages=(price-parser==0.5.1 money-parser==0.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from decimal import Decimal as D
from importlib.metadata import version

from money_parser import price_dec
from price_parser import Price

print(*(f"{name} {version(name)}" for name in ("price-parser", "money-parser")))


def read(text, **options):
    return Price.fromstring(text, **options).amount


def second(text):
    return D(str(price_dec(text)))


texts = ["0.125", "$0.125", "0,500", "1.25", "-12.99", "(12.99)", "1.2M", "1.5k"]
prices = {text: read(text) for text in texts}
money = {text: second(text) for text in ("0.125", "0,500", "1.25", "-12.99")}
told = {text: read(text, decimal_separator=".") for text in ("0.125", "-12.99")}
for text, amount in prices.items():
    print(f"{text!r}: price-parser {amount}, money-parser {money.get(text, '-')}")
print("with decimal_separator '.':", *(f"{text!r} is {amount}" for text, amount in told.items()))
stated = (
    list(prices.values()) == [D(125), D(125), D(500), D("1.25")] + 2 * [D("12.99")] + [D("1.2"), D("1.5")]
    and list(money.values()) == [D(125), D(500), D("1.25"), D("-12.99")]
    and list(told.values()) == [D("0.125"), D("12.99")]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
