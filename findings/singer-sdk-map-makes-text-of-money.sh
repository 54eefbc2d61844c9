#!/usr/bin/env bash
# A stream map like `eur: spend * 0.92154` declares a text column and fills it with numbers.
#
# A good guess: the type of a mapped column follows from its expression: number times number is a
# number, a comparison is true or false.
# What happens (singer-sdk 0.54.9): only a bare column name keeps its type, and calls of float(…),
# int(…), bool(…) and str(…) have theirs. `spend * 2`, `spend / 2`, `-spend`, `clicks + 1` and
# `spend > 0` are all declared as text, while the record holds the number. Targets that hold records
# against the schema stop; others make a text column, in which max() compares letters. `float(spend)
# * 2` is declared a number and has lost digits. A map that overwrites its own column (`spend: spend
# * 100`) keeps the type.
# For a user: converting currency in a map costs a failed load, or a column that sorts 9.92 above
# 29.99. Overwrite the column with the exact expression, or compute in SQL.
set -euo pipefail
unset PYTHONPATH
packages=(singer-sdk==0.54.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import io
import json
import logging
import sys
from contextlib import redirect_stdout
from decimal import Decimal
from importlib.metadata import version

import jsonschema
from singer_sdk import Stream, Tap
from singer_sdk import typing as th

logging.disable(logging.CRITICAL)
print("singer-sdk", version("singer-sdk"))
MAP = {
    "eur": "spend * 2",
    "minus": "-spend",
    "more": "clicks + 1",
    "paid": "spend > 0",
    "rough": "float(spend) * 2",
    "same": "spend",
    "spend": "spend * 100",
}


class Report(Stream):
    name = "report"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType),
        th.Property("clicks", th.IntegerType),
        th.Property("spend", th.NumberType),
    ).to_dict()

    def get_records(self, context):
        yield {"id": 1, "clicks": 3, "spend": Decimal("0.1234567890123456789")}


class Demo(Tap):
    name = "tap-demo"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Report(self)]


out = io.StringIO()
with redirect_stdout(out):
    Demo(config={"stream_maps": {"report": MAP}}).sync_all()
messages = [json.loads(line, parse_float=Decimal) for line in out.getvalue().splitlines()]
schema = next(message["schema"] for message in messages if message["type"] == "SCHEMA")
record = next(message["record"] for message in messages if message["type"] == "RECORD")
types = {name: schema["properties"][name]["type"][0] for name in MAP}
for name, expression in MAP.items():
    print(f"{name}: {expression} - declared {types[name]}, sent {record[name]}")
faults = [error.path[0] for error in jsonschema.Draft7Validator(schema).iter_errors(record)]
print("not valid by its own schema:", ", ".join(sorted(faults)))
stated = dict.fromkeys(MAP, "string") | {"rough": "number", "same": "number", "spend": "number"}
as_stated = (
    types == stated
    and sorted(faults) == ["eur", "minus", "more", "paid"]
    and record["rough"] != record["eur"]
    and record["spend"] == Decimal("12.34567890123456789")
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
