#!/usr/bin/env bash
# target-universal-file writes a stream's file anew for each batch, and its XLSX has no heading.
#
# A good guess: a stream's rows are one batch, which is what the loader aims at, so the file holds what the
# tap wrote; and an XLSX file has the names of the columns in its first line, as the CSV file has.
# What happens (target-universal-file 0.0.1, singer-sdk 0.45.12): a sink is also drained when the tap sends
# another schema of the stream (a column came in), and by the SDK itself every five minutes. Each time the
# file is opened anew and what it held is gone. In an XLSX file the first row of data is written into the
# line of the heading, so a reader takes it for the columns' names. The state is passed on in either case.
# For a user: of a long load, or of one in which a column appears, the last stretch is left; of every XLSX
# file a row is missing. Count the rows against the tap's own number; load files with target-jsonl instead.
set -euo pipefail
unset PYTHONPATH
packages=(target-universal-file==0.0.1 singer-sdk==0.45.12 openpyxl==3.1.5 'pandas==3.1.1')
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > read.py <<'PY'
import json
import subprocess
import sys
from importlib.metadata import version

import pandas as pd

for package in ("target-universal-file", "singer-sdk"):
    print(package, version(package))


def schema(*columns):
    kinds = {"id": "integer", "spend": "number", "note": "string"}
    properties = {name: {"type": kinds[name]} for name in columns}
    return {"type": "SCHEMA", "stream": "report", "key_properties": [], "schema": {"properties": properties}}


def rows(first, last, **more):
    records = [{"id": n, "spend": n + 0.5, **more} for n in range(first, last + 1)]
    return [{"type": "RECORD", "stream": "report", "record": record} for record in records]


def load(messages, kind):
    with open("config.json", "w") as file:
        json.dump({"protocol": "local", "path": kind, "file_type": kind}, file)
    text = "".join(json.dumps(message) + "\n" for message in messages)
    command = ["env/bin/target-universal-file", "--config", "config.json"]
    run = subprocess.run(command, input=text, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout.strip()


state = {"type": "STATE", "value": {"day": "2026-01-05"}}
widened = [schema("id", "spend"), *rows(1, 3), schema("id", "spend", "note"), *rows(4, 5, note="x"), state]
passed_on = load(widened, "jsonl")
with open("jsonl/report.jsonl") as file:
    kept = [json.loads(line)["id"] for line in file]
print("ids 1 to 5, with a column more from 4 on; in the file:", kept, "- state:", passed_on)
load([schema("id", "spend"), *rows(1, 3)], "xlsx")
frame = pd.read_excel("xlsx/report.xlsx")
print("ids 1 to 3 as xlsx: columns", list(frame.columns), "- rows", frame.values.tolist())
stated = (
    kept == [4, 5]
    and json.loads(passed_on) == state["value"]
    and list(frame.columns) == [1, 1.5]
    and len(frame) == 2
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore read.py
