#!/usr/bin/env bash
# gluestick's drop_redundant drops rows whose numbers changed, as if nothing had changed.
#
# A good guess: a row is redundant if a row with the same key and the same values was there before;
# the hash over all columns changes when any of them does.
# What happens (gluestick 3.0.21): the hash is made of the values written one after the other, without
# anything between them. A row whose clicks and conversions went from 1 and 12 to 11 and 2 is "112" both
# times, and is dropped; with `updated_flag` it isn't there to be flagged.
# For a user: corrections of small numbers, the common ones in daily reports, don't reach the warehouse,
# where the row stays as it was first loaded. Compare columns yourself, or put a column of fixed text
# between two numbers before.
set -euo pipefail
unset PYTHONPATH
packages=(gluestick==3.0.21)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import os
import sys
from importlib.metadata import version

import gluestick
import pandas as pd

print("gluestick", version("gluestick"), "pandas", version("pandas"))


def sent(name, before, after):
    """Return how many rows drop_redundant leaves of each of two days."""
    os.makedirs(name)
    frames = [pd.DataFrame([{"id": 7, **values}]) for values in (before, after)]
    return [len(gluestick.drop_redundant(frame, "actions", name, pk=["id"])) for frame in frames]


cases = {
    "named": ({"ad": "sale 1", "clicks": 23}, {"ad": "sale 12", "clicks": 3}),
    "counts": ({"clicks": 1, "conversions": 12}, {"clicks": 11, "conversions": 2}),
    "same": ({"clicks": 1, "conversions": 12}, {"clicks": 1, "conversions": 12}),
    "other": ({"clicks": 1, "conversions": 12}, {"clicks": 2, "conversions": 12}),
}
seen = {}
for name, (before, after) in cases.items():
    seen[name] = sent(name, before, after)
    print(f"{before} then {after}: rows left {seen[name]}")
stated = seen == {"named": [1, 0], "counts": [1, 0], "same": [1, 0], "other": [1, 1]}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
