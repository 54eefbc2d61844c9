#!/usr/bin/env bash
# Batches of singer-sdk in Parquet have the columns of their first record: a field that it lacks is dropped
# from all others.
#
# A good guess: a batch file has the columns of the stream's schema; that is what the SCHEMA message before
# it promises.
# What happens (singer-sdk 0.54.9, pyarrow 26.0.1): each file is made by `Table.from_pylist`, without a
# schema. A record that leaves out what it doesn't have, as most APIs' rows do, takes the column along for
# the whole file: of three rows with clicks, of which the first has no spend, no spend is written. The next
# file, whose first row has it, has the column. Types follow each file's values too: whole amounts make
# integers. JSON Lines batches keep all of it.
# For a user: spend by day is missing in blocks of `batch_size` rows (10,000 unless set), with no error in
# the tap. Use the format jsonl, or fill each record in `post_process`. Our taps write no batches.
set -euo pipefail
unset PYTHONPATH
packages=(singer-sdk==0.54.9 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import gzip
import io
import json
import logging
import os
import sys
from contextlib import redirect_stdout
from importlib.metadata import version

import pyarrow.parquet as pq
from singer_sdk import Stream, Tap
from singer_sdk import typing as th

logging.disable(logging.CRITICAL)
print("singer-sdk", version("singer-sdk"), "pyarrow", version("pyarrow"))
ROWS = [
    {"id": 1, "clicks": 3},
    {"id": 2, "clicks": 5, "spend": 12.99},
    {"id": 3, "clicks": 8, "spend": 29.99},
    {"id": 4, "clicks": 1, "spend": 7},
    {"id": 5, "clicks": 2, "spend": 9},
]


class Report(Stream):
    name = "report"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType),
        th.Property("clicks", th.IntegerType),
        th.Property("spend", th.NumberType),
    ).to_dict()

    def get_records(self, context):
        yield from ROWS


class Demo(Tap):
    name = "tap-demo"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Report(self)]


def files(kind):
    """Return the paths of the batch files that one run announces."""
    folder = os.path.abspath(kind)
    os.makedirs(folder)
    batch = {
        "encoding": {"format": kind, "compression": "gzip" if kind == "jsonl" else "none"},
        "storage": {"root": f"file://{folder}"},
        "batch_size": 3,
    }
    out = io.StringIO()
    with redirect_stdout(out):
        Demo(config={"batch_config": batch}).sync_all()
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    announced = [m["manifest"] for m in messages if m["type"] == "BATCH"]
    return [path.removeprefix("file://") for manifest in announced for path in manifest]


parquet = [pq.read_table(path) for path in files("parquet")]
lines = [json.loads(line) for path in files("jsonl") for line in gzip.open(path)]
for number, table in enumerate(parquet, 1):
    print(f"Parquet file {number}:", {f.name: str(f.type) for f in table.schema}, table.to_pylist())
spend = [row.get("spend") for row in lines]
print("spend in JSON Lines:", spend)
stated = (
    [table.column_names for table in parquet] == [["id", "clicks"], ["id", "clicks", "spend"]]
    and str(parquet[1].schema.field("spend").type) == "int64"
    and spend == [None, 12.99, 29.99, 7, 9]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
