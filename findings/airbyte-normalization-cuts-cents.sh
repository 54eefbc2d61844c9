#!/usr/bin/env bash
# Airbyte's normalization makes 12 of 12.99, and writes objects in Python's spelling.
#
# A good guess: `schema_normalization: Default` brings values into the schema's type where nothing is lost,
# and a nested object in a text column is JSON.
# What happens (airbyte-cdk 7.39.1): 12.99 under `integer` is 12, true is 1; the text "12.99" stays text.
# Under `string` an object is Python's text of it: {'bid': None, 'auto': True}, which no JSON parser reads,
# and 12.0 is "12.0", 1e21 "1e+21". Nothing is logged.
# For a user: a metric that was always whole and is declared so loses its cents from the day on which the
# platform sends some. Declare metrics as `number` and nested fields as `object`; compare a sum with the
# platform's page.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-cdk==7.39.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from importlib.metadata import version

from airbyte_cdk.sources.utils.transform import TransformConfig, TypeTransformer

logging.disable(logging.CRITICAL)
print("airbyte-cdk", version("airbyte-cdk"))
normalize = TypeTransformer(TransformConfig.DefaultSchemaNormalization)


def written(value, kind):
    """Return what becomes of a value under a type or null."""
    row = {"x": value}
    normalize.transform(row, {"type": "object", "properties": {"x": {"type": ["null", kind]}}})
    return row["x"]


cases = [(12.99, "integer"), (True, "integer"), ("12.99", "integer"), (12.99, "number")]
cases += [({"bid": None, "auto": True}, "string"), (12.0, "string"), (1e21, "string")]
seen = [written(value, kind) for value, kind in cases]
for (value, kind), result in zip(cases, seen, strict=True):
    print(f"{value!r} under {kind}: {result!r}")
stated = seen == [12, 1, "12.99", 12.99, "{'bid': None, 'auto': True}", "12.0", "1e+21"] and type(seen[0]) is int
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
