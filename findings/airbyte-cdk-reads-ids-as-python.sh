#!/usr/bin/env bash
# In a declarative Airbyte connector an account id that looks like Python becomes another value.
#
# A good guess: `{{ config['account_id'] }}` puts the text of the setting there, as Jinja does
# everywhere else; a setting of type string stays a string.
# What happens (airbyte-cdk 7.39.1): what an interpolation made is handed to Python's literal
# reader. "1_000" becomes the number 1000, "1e5" 100000.0, "0x1F" 31, "1,2" a tuple, "12.990" 12.99
# and "None" nothing at all; "00123" stays, as it is no Python. With any text beside it in the same
# template ("id-{{ … }}") nothing of that happens.
# For a user: campaign and account keys like 12_345 or 1e5 (hex-like ids are common with trackers)
# ask for, or are stored under, somebody else's id, and only those. Anyone who ports one of our
# reports to a manifest should keep such values beside a letter, or compare the list of ids
# afterwards.
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

from airbyte_cdk.sources.declarative.interpolation.jinja import JinjaInterpolation

print("airbyte-cdk", version("airbyte-cdk"))
logging.disable(logging.CRITICAL)
expected = {
    "1_000": 1000,
    "1e5": 100000.0,
    "0x1F": 31,
    "1,2": (1, 2),
    "12.990": 12.99,
    "None": None,
    "00123": "00123",
    "12-34": "12-34",
}
read = JinjaInterpolation().eval
seen = {text: read("{{ config['account_id'] }}", {"account_id": text}) for text in expected}
beside = {text: read("id-{{ config['account_id'] }}", {"account_id": text}) for text in expected}
for text in expected:
    print(f"{text!r}: alone {seen[text]!r}, beside a text {beside[text]!r}")
stated = (
    [repr(value) for value in seen.values()] == [repr(value) for value in expected.values()]
    and beside == {text: f"id-{text}" for text in expected}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
