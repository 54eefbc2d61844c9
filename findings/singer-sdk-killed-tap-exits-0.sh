#!/usr/bin/env bash
# A tap on singer-sdk that is killed in the middle of its rows ends with exit code 0.
#
# A good guess: SIGTERM ends a program with 143, or with 1 after some cleaning up; a scheduler that
# stops a task sees that it did not finish.
# What happens (singer-sdk 0.54.9): the SDK writes a last STATE and exits with 0, at any row. The
# bookmark in it is sound, nothing is lost in the next run, but whoever looks at the exit code of
# this one takes half a day's rows for the day.
# For a user: an eviction, a deploy or a time-out marks the load as done, and what waits for it (a
# mart, a report) is built on a part. Our taps end with 143 then. With other taps let the downstream
# step look at the data (row counts, our `sync_windows`), not at the exit code alone.
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
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

Path("tap.py").write_text('''
import time
from singer_sdk import Stream, Tap
from singer_sdk import typing as th


class Numbers(Stream):
    name = "numbers"
    primary_keys = ("id",)
    schema = th.PropertiesList(th.Property("id", th.IntegerType)).to_dict()

    def get_records(self, context):
        for number in range(10_000):
            yield {"id": number}
            time.sleep(0.01)


class Demo(Tap):
    name = "tap-demo"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Numbers(self)]


Demo.cli()
''')
print("singer-sdk", version("singer-sdk"))
tap = subprocess.Popen(
    [sys.executable, "tap.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
rows = 0
for line in tap.stdout:
    rows += '"RECORD"' in line
    if rows == 20:
        tap.terminate()
        break
rest = tap.stdout.read().splitlines()
code = tap.wait(timeout=60)
rows += sum('"RECORD"' in line for line in rest)
print(f"rows before the end: {rows} of 10,000; last line: {rest[-1]}; exit code {code}")
stated = code == 0 and rows < 10_000
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
