#!/usr/bin/env bash
# dictdiffer sees no difference between the ids 23851234567890123 and 23851234567890124.
#
# A good guess: whole numbers are compared as whole numbers; a tolerance is for floats, and is off
# until it is asked for.
# What happens (dictdiffer 0.10.0): numbers are equal if they are closer than one part in some 4.5
# quadrillions, and that is the default. Ids of 17 digits that differ in the last are no change,
# nor are micro amounts of that size; true and 1 are none either. Floats further apart, Decimals
# and ids as text are compared as they are. `tolerance=0` finds the micros, and still not the ids,
# since both become one float. deepdiff 9.1.0 finds each of them.
# For a user: a check that compares yesterday's list of ads with today's says "nothing changed"
# when an ad was replaced by the one made right behind it. Give ids as text.
set -euo pipefail
unset PYTHONPATH
packages=(dictdiffer==0.10.0 deepdiff==9.1.0)
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

from deepdiff import DeepDiff
from dictdiffer import diff

print(*(f"{name} {version(name)}" for name in ("dictdiffer", "deepdiff")))
pairs = {
    "ids": (23851234567890123, 23851234567890124),
    "ids as text": ("23851234567890123", "23851234567890124"),
    "micros": (5000000000000001, 5000000000000002),
    "true and 1": (True, 1),
    "floats": (12345678.12, 12345678.13),
    "Decimals": (Decimal("12.990000000000000001"), Decimal("12.99")),
}
seen = {}
for name, (old, new) in pairs.items():
    old, new = {"v": old}, {"v": new}
    seen[name] = (
        bool(list(diff(old, new))),
        bool(list(diff(old, new, tolerance=0))),
        bool(DeepDiff(old, new)),
    )
    print(
        f"{name}: dictdiffer {seen[name][0]}, tolerance=0 {seen[name][1]}, deepdiff {seen[name][2]}"
    )
as_stated = seen == {
    "ids": (False, False, True),
    "ids as text": (True, True, True),
    "micros": (False, True, True),
    "true and 1": (False, False, True),
    "floats": (True, True, True),
    "Decimals": (True, True, True),
}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
