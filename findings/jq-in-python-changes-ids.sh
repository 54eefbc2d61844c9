#!/usr/bin/env bash
# The jq package of Python gives three different ids out as one, and forgets the offsets of times.
#
# A good guess: since version 1.7 jq keeps the digits of a number that it passes on, so `.` and
# `.[].id` give long ids as they came; a time with an offset is that moment.
# What happens (jq 1.13.0 from PyPI): inside the program the ids 23851234567890123, …124 and …125
# are told apart (`unique`, `group_by`, `==`), and `tostring` and `@text` give every digit; but
# what comes out as a number, by first(), all() or text(), is 23851234567890124 for all three, and
# 0.123456789012345678 ends in …568. `strptime` with %z reads "2026-01-01T00:00:00+0500" as
# midnight UTC, and "2026-02-30" as March 2.
# For a user: rows that went through a jq program join the wrong ads, and counts of different ids
# are right inside it and wrong behind it. `map(.id |= tostring)` first. Convert times in Python.
set -euo pipefail
unset PYTHONPATH
packages=(jq==1.13.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import sys
from importlib.metadata import version

import jq

print("jq", version("jq"))
rows = '[{"id": 23851234567890123}, {"id": 23851234567890124}, {"id": 23851234567890125}]'
ids = "23851234567890123", "23851234567890124", "23851234567890125"
one = 23851234567890124
time = 'strptime("%Y-%m-%dT%H:%M:%S%z") | mktime | todate'
cases = {
    "[.[].id]": (rows, [one] * 3),
    "map(.id) | unique | length": (rows, 3),
    "map(select(.id == 23851234567890123)) | length": (rows, 1),
    "[.[].id | tostring]": (rows, list(ids)),
    "map(.id |= tostring) | [.[].id]": (rows, list(ids)),
    ".": ("0.123456789012345678", 0.12345678901234568),
    "tostring": ("0.123456789012345678", "0.123456789012345678"),
    time: ('"2026-01-01T00:00:00+0500"', "2026-01-01T00:00:00Z"),
    'strptime("%Y-%m-%d") | mktime | todate': ('"2026-02-30"', "2026-03-02T00:00:00Z"),
}
as_stated = True
for program, (given, stated) in cases.items():
    compiled = jq.compile(program).input_text(given)
    seen = compiled.first()
    as_stated &= seen == stated and json.loads(compiled.text()) == stated
    print(f"{program}: {seen}")
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
