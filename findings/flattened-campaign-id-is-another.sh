#!/usr/bin/env bash
# Flattened with "_", a row that has both `campaign_id` and `campaign: {id: …}` keeps one of the two, and
# pandas, polars and flatten_json don't say so.
#
# A good guess: two fields that would get one name are an error, as with singer-sdk and flatten-dict, or the
# row's own field stays.
# What happens: pandas 3.1.1 (`json_normalize(sep="_")`) and polars 2.1.0 (`json_normalize(separator="_")`)
# give the nested value, wherever it stands in the row. flatten-json 0.1.14, whose separator is "_" unless
# told, gives the one that comes later in the row, so two rows of one answer can differ. flatten-dict 0.5.0
# raises ValueError, and so does singer-sdk 0.54.9; polars' `unnest` raises DuplicateError.
# For a user: where the row's own id and the nested object's differ (an ad's `campaign_id` beside the
# group's `campaign`, a `currency_code` beside a `currency` with the account's), joins go to the other
# object, and the sums still add up. Flatten with a separator that no field has, such as "__".
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 polars==2.1.0 flatten-json==0.1.14 flatten-dict==0.5.0 singer-sdk==0.54.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import flatten_dict
import flatten_json
import pandas as pd
import polars as pl
from singer_sdk.helpers._flattening import flatten_schema

names = ("pandas", "polars", "flatten-json", "flatten-dict", "singer-sdk")
print(*(f"{name} {version(name)}" for name in names))
nested = {"campaign": {"id": 2, "name": "Spring"}}
rows = {"own id first": {"campaign_id": 1, **nested}, "own id last": {**nested, "campaign_id": 1}}


def tried(run):
    """Return the flattened campaign_id, or the error's name."""
    try:
        return run()["campaign_id"]
    except Exception as error:
        return type(error).__name__


integer = {"type": "integer"}
schema = {
    "properties": {
        "campaign_id": integer,
        "campaign": {"type": "object", "properties": {"id": integer}},
    }
}
ways = {
    "pandas": lambda row: pd.json_normalize([row], sep="_").to_dict("records")[0],
    "polars": lambda row: pl.json_normalize([row], separator="_").to_dicts()[0],
    "polars unnest": lambda row: pl.DataFrame([row]).unnest("campaign", separator="_").to_dicts()[0],
    "flatten_json": flatten_json.flatten,
    "flatten_dict": lambda row: flatten_dict.flatten(row, reducer="underscore"),
    "singer-sdk": lambda row: flatten_schema(schema, max_level=1, separator="_"),
}
seen = {name: [tried(lambda: run(row)) for row in rows.values()] for name, run in ways.items()}
print("campaign_id where it comes first, and last:")
for name, values in seen.items():
    print(f"{name}:", *values)
stated = seen == {
    "pandas": [2, 2],
    "polars": [2, 2],
    "polars unnest": ["DuplicateError"] * 2,
    "flatten_json": [2, 1],
    "flatten_dict": ["ValueError"] * 2,
    "singer-sdk": ["ValueError"] * 2,
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
