#!/usr/bin/env bash
# With singer-python the order of two type names decides whether 12.99 keeps its cents.
#
# A good guess: ["integer", "number"] and ["number", "integer"] are one set of types, as JSON Schema
# defines it, so 12.99 stays 12.99 under both; at worst a value that is no integer falls through to
# the next type.
# What happens (singer-python 6.8.0): types are tried in the order written, and "integer" accepts any
# number by cutting it: 12.99 becomes 12. The text "12.99" is not cut (it falls through), so the same
# column is right where the API quotes its numbers and short where it does not. `anyOf` is the same.
# For a user: nothing is logged and the row is valid. Schemas inferred from samples ("saw 5, then
# 5.5") have exactly this form. Never let "integer" stand beside "number" in a schema that such a tap
# reads; jsonschema itself accepts the value, so no validation in a loader finds it.
set -euo pipefail
unset PYTHONPATH
packages=(singer-python==6.8.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

"$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import jsonschema
from singer import transform

print("singer-python", version("singer-python"))
schemas = [
    {"type": ["null", "integer", "number"]},
    {"type": ["null", "number", "integer"]},
    {"anyOf": [{"type": "integer"}, {"type": "number"}]},
]
seen = []
for schema in schemas:
    jsonschema.validate(12.99, schema)  # the value is valid as it is
    whole = {"type": "object", "properties": {"spend": schema}}
    number, text = (transform({"spend": value}, whole)["spend"] for value in (12.99, "12.99"))
    print(f"{schema}: 12.99 -> {number!r}, '12.99' -> {text!r}")
    seen.append((number, text))
stated = seen == [(12, 12.99), (12.99, 12.99), (12, 12.99)]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
