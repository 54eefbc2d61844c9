#!/usr/bin/env bash
# meltanolabs-target-csv writes rows of before a new column under the heading of after it: spend
# stands under clicks.
#
# A good guess: when a tap sends a stream's schema again with one column more, the rows before it are
# written with nothing there, or a second file begins; at worst the run fails.
# What happens (meltanolabs-target-csv 0.5.0): all rows wait in memory, the file is made anew with the
# last heading, and then the rows before the change are written by the names of their own schema, in
# its order: {day, spend} under day, clicks, spend puts the amount under clicks. Exit code 0, the
# state is handed on.
# For a user: taps that send a schema for each account, or when a new field turns up, make files
# whose rows can't be told apart. Compare the number of fields of each line with the heading's, or
# load what comes from such a tap into a database (docs/warehouses.md).
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-target-csv==0.5.0 singer-sdk==0.54.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && echo '{}' > config.json
cat > rows.jsonl <<'JSON'
{"type": "SCHEMA", "stream": "ads", "key_properties": ["day"], "schema": {"type": "object", "properties": {"day": {"type": "string"}, "spend": {"type": "number"}}}}
{"type": "RECORD", "stream": "ads", "record": {"day": "2026-01-01", "spend": 5.5}}
{"type": "SCHEMA", "stream": "ads", "key_properties": ["day"], "schema": {"type": "object", "properties": {"day": {"type": "string"}, "clicks": {"type": "integer"}, "spend": {"type": "number"}}}}
{"type": "RECORD", "stream": "ads", "record": {"day": "2026-01-02", "clicks": 9, "spend": 6.5}}
{"type": "RECORD", "stream": "ads", "record": {"spend": 7.5, "day": "2026-01-03"}}
{"type": "STATE", "value": {"bookmarks": {"ads": "2026-01-03"}}}
JSON
env/bin/python -c 'import importlib.metadata as m; print("target-csv", m.version("meltanolabs-target-csv"))'
env/bin/target-csv --config config.json < rows.jsonl > state.json 2> log.txt || { cat log.txt; exit 1; }
tr -d '\r' < ads.csv | tee seen.txt
cat > stated.txt <<'TXT'
day,clicks,spend
2026-01-01,5.5
2026-01-02,9,6.5
2026-01-03,,7.5
TXT
if cmp -s seen.txt stated.txt && [ -s state.json ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
