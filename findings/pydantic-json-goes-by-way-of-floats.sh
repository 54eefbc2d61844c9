#!/usr/bin/env bash
# pydantic reads a JSON number for a Decimal field by way of a float: 12345678901234567.89 loses its cents.
#
# A good guess: a field of the type Decimal is there so that no digit is lost; the text of the number is at
# hand, and a number that doesn't fit `decimal_places` is refused.
# What happens (pydantic 2.14.4): model_validate_json() makes a float of each number first and a Decimal of
# that. 0.123456789012345678 is 0.12345678901234568, 12345678901234567.89 is 12345678901234568, and
# 12.990000000000000001 is 12.99. A number with nineteen digits behind the point passes decimal_places=18,
# since the float has none left. The same numbers in quotes are exact, and so is
# model_validate(json.loads(text, parse_float=Decimal)).
# For a user: answers with amounts as numbers of up to 18 digits (platforms of adtech send such) are not the
# amounts that were sent, though every model says Decimal; sums differ from the platform's in the last
# digits, and two ways into one model disagree. Parse with `parse_float=Decimal` and validate the result.
set -euo pipefail
unset PYTHONPATH
packages=(pydantic==2.14.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import sys
from decimal import Decimal
from importlib.metadata import version

from pydantic import BaseModel, Field

print("pydantic", version("pydantic"))


class Row(BaseModel):
    spend: Decimal


class Strict(BaseModel):
    spend: Decimal = Field(decimal_places=18)


stated = {
    "0.123456789012345678": "0.12345678901234568",
    "12345678901234567.89": "12345678901234568",
    "12.990000000000000001": "12.99",
}
as_stated = True
for sent, expected in stated.items():
    text = f'{{"spend": {sent}}}'
    number = Row.model_validate_json(text).spend
    quoted = Row.model_validate_json(f'{{"spend": "{sent}"}}').spend
    parsed = Row.model_validate(json.loads(text, parse_float=Decimal)).spend
    print(f"sent {sent}: as a number {number}, in quotes {quoted}, by parse_float {parsed}")
    as_stated &= str(number) == expected and str(quoted) == str(parsed) == sent
nineteen = "1.0000000000000000019"
passed = Strict.model_validate_json(f'{{"spend": {nineteen}}}').spend
try:
    Strict.model_validate_json(f'{{"spend": "{nineteen}"}}')
    refused = False
except ValueError:
    refused = True
print(f"{nineteen} with decimal_places=18: as a number {passed}, in quotes refused: {refused}")
as_stated &= str(passed) == "1" and refused
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
