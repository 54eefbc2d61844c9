#!/usr/bin/env bash
# A tap of the Singer SDK writes true where the API sent "false", "0", "N" or "".
#
# A good guess: under `type: boolean` the SDK passes values on and the target refuses text, or it
# reads "false" as false.
# What happens (singer-sdk 0.54.9): before a record is written, its values are made to conform to
# the schema; under `boolean` everything that isn't equal to the number 0 becomes true. "false",
# "0", "N", "no" and the empty text are true, 0 is false, null stays null. Nothing is logged. Under
# `integer` and `string` values are passed on as they are: 1.9 is written as 1.9.
# For a user: APIs that send flags as text (CSV reports, XML) have every campaign paused, or every
# row a test, once the tap's schema says boolean. Of a new tap count the values of each flag: a
# column with true only is a warning. Ours read the platforms' texts themselves.
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
from importlib.metadata import version

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

print("singer-sdk", version("singer-sdk"))
said = io.StringIO()
logging.basicConfig(stream=said, level=logging.WARNING, force=True)
SENT = ["false", "0", "N", "no", "", 0, 1, False, None, "true"]


class Campaigns(Stream):
    name = "campaigns"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.NumberType), th.Property("paused", th.BooleanType)
    ).to_dict()

    def get_records(self, context):
        yield from ({"id": number, "paused": value} for number, value in enumerate(SENT))


class Demo(Tap):
    name = "tap-demo"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Campaigns(self)]


out = io.StringIO()
with redirect_stdout(out):
    Demo(config={}).sync_all()
messages = [json.loads(line) for line in out.getvalue().splitlines()]
written = [message["record"]["paused"] for message in messages if message["type"] == "RECORD"]
for sent, value in zip(SENT, written, strict=True):
    print(f"{sent!r} is written as {value!r}")
stated = [True, True, True, True, True, False, True, False, None, True]
as_stated = written == stated and "boolean" not in said.getvalue()
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
