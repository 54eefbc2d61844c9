#!/usr/bin/env bash
# jmespath's to_number makes 12 of the Decimal 12.99.
#
# A good guess: to_number gives a number as it is, or refuses a Decimal, as sum() does.
# What happens (jmespath 1.1.0): Python's Decimal is no number to it. `sum`, `avg`, `max` and
# `sort_by` raise; `to_number`, the way out that suggests itself, cuts to whole units: 12.99 is
# 12, 0.5 is 0, and `sum([].to_number(spend))` is short by all cents. Compared with a literal,
# `spend > `1`` works and `spend == `12.99`` finds nothing. A float or a text "12.99" stays 12.99.
# For a user: bodies read with `parse_float=Decimal`, and items that boto3 reads from DynamoDB,
# hold Decimals. Select with jmespath, and convert and add up in Python (`sum(row["spend"] for row
# in …)`).
set -euo pipefail
unset PYTHONPATH
packages=(jmespath==1.1.0)
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

import jmespath
from jmespath.exceptions import JMESPathTypeError

print("jmespath", jmespath.__version__)
text = '[{"id": 1, "spend": 12.99}, {"id": 2, "spend": 0.5}, {"id": 3, "spend": 5}]'


def found(path, **options):
    try:
        return jmespath.search(path, json.loads(text, **options))
    except JMESPathTypeError:
        return "refused"


stated = {
    "[].to_number(spend)": ([12.99, 0.5, 5], [12, 0, 5]),
    "sum([].to_number(spend))": (18.490000000000002, 17),
    "sum([].spend)": (18.490000000000002, "refused"),
    "[?spend > `1`].id": ([1, 3], [1, 3]),
    "[?spend == `12.99`].id": ([1], []),
}
seen = {path: (found(path), found(path, parse_float=Decimal)) for path in stated}
for path, (of_floats, of_decimals) in seen.items():
    print(f"{path}: {of_floats} of floats, {of_decimals} of Decimals")
as_stated = seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
