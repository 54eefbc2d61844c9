#!/usr/bin/env bash
# Airbyte's default schema normalisation turns a missing value into the text "None".
#
# A good guess: a null in a column that the schema calls `string` stays null, or fails the record;
# in no case does it become a word.
# What happens (airbyte-cdk 7.39.1, `DefaultSchemaNormalization`, the transformer a manifest asks
# for by `schema_normalization: Default`): null under `"type": "string"` becomes "None"; under
# ["null", "string"] it stays null. 12.99 under "integer" becomes 12, while the text "12.99" stays
# text with a warning; "" under ["null", "number"] stays "" although null would be allowed.
# For a user: rows without a campaign get a campaign called None, which joins with nothing, counts
# as one in COUNT(DISTINCT …) and hides from `IS NULL`. Compare on `nullif(campaign, 'None')`, and
# write ["null", …] for every column of a manifest that an API may leave empty.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-cdk==7.39.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import logging
import sys
from importlib.metadata import version

from airbyte_cdk.sources.utils.transform import TransformConfig, TypeTransformer

print("airbyte-cdk", version("airbyte-cdk"))
logging.disable(logging.CRITICAL)
normalise = TypeTransformer(TransformConfig.DefaultSchemaNormalization)


def seen(value, kind):
    record = {"c": value}
    normalise.transform(record, {"type": "object", "properties": {"c": {"type": kind}}})
    return record["c"]


expected = [
    (None, "string", "None"),
    (None, ["null", "string"], None),
    (12.99, "integer", 12),
    ("12.99", "integer", "12.99"),
    ("", ["null", "number"], ""),
]
for value, kind, _ in expected:
    print(f"{value!r} as {kind}: {seen(value, kind)!r}")
stated = all(repr(seen(value, kind)) == repr(result) for value, kind, result in expected)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
