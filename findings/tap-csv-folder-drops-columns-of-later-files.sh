#!/usr/bin/env bash
# tap-csv-folder reads unchanged files again in each run, and leaves out columns that the first file lacks.
#
# A good guess: a file that has not changed since its bookmark is skipped, and a column that the second file
# brings is in the stream's schema.
# What happens (tap-csv-folder 0.0.1a1, singer-sdk 0.41.0): the bookmark of a file is its own time of
# change, and only older ones are skipped, so each file is read again in each run. With `read_mode: merge`
# the columns are those of the first file in the list: the currency of the second one is in no record and in
# no schema.
# For a user: a target that appends doubles all rows each night, and amounts in two currencies look like
# one. The key (file and line) makes an upsert right. Put files of other columns into a folder and stream of
# their own.
set -euo pipefail
unset PYTHONPATH
packages=(tap-csv-folder==0.0.1a1 singer-sdk==0.41.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

mkdir "$dir/in" && cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import json
import logging
import sys
from importlib.metadata import version
from pathlib import Path

from tap_csv_folder.tap import TapCSVFolder

logging.disable(logging.CRITICAL)
print(*(f"{name} {version(name)}" for name in ("tap-csv-folder", "singer-sdk")))
CONFIG = {"path": "in", "read_mode": "merge", "stream_name": "report", "filesystem": "local"}
Path("in/a.csv").write_bytes(b"day,spend\r\n2026-01-05,12.99\r\n")
Path("in/b.csv").write_bytes(b"day,spend,currency\r\n2026-01-06,10,EUR\r\n")


def run(state=None):
    """Return the records, the schema's names, and the state."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        TapCSVFolder(config=CONFIG, state=state).sync_all()
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    names = {name for m in messages if m["type"] == "SCHEMA" for name in m["schema"]["properties"]}
    rows = [m["record"] for m in messages if m["type"] == "RECORD"]
    kept = [{name: row[name] for name in row if not name.startswith("_sdc")} for row in rows]
    return kept, names, [m["value"] for m in messages if m["type"] == "STATE"][-1]


first, names, state = run()
second, _, after = run(state)
print("first run:", *first)
print("second run, nothing changed:", *second)
rows = [{"day": "2026-01-05", "spend": "12.99"}, {"day": "2026-01-06", "spend": "10"}]
stated = first == second == rows and "currency" not in names and state == after
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
