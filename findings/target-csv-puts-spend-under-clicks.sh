#!/usr/bin/env bash
# target-csv writes spend into the column of clicks, when a record leaves a field out or names its
# fields in another order.
#
# A good guess: the first record makes the heading, and all others are written under it by name, with
# nothing where a field is missing; that is what the csv library's DictWriter is for.
# What happens (target-csv 0.3.0 of singer-io): the heading is made by the first record, but each
# record is written by its own names in its own order. Of {day, spend, revenue} under the heading
# day, clicks, spend, revenue the spend stands under clicks and the revenue under spend. Exit code 0,
# and the record did pass the schema.
# For a user: platforms leave out what is null or zero, and sums of such a file are wrong by columns
# without looking odd. meltanolabs-target-csv 0.5.0 writes by the names of the schema, as long as a
# run has one for each stream (findings/meltanolabs-target-csv-mixes-two-headings.sh).
set -euo pipefail
unset PYTHONPATH
packages=(target-csv==0.3.0 singer-python==2.1.4 jsonschema==2.6.0 "setuptools<81")
old= # the loader does not start on Python 3.10 and newer
for python in python3.9 python3.8 "$HOME"/.pyenv/versions/3.[89].*/bin/python; do
  if "$python" -c 'import ssl' 2>/dev/null; then old=$python && break; fi
done
if [ -z "$old" ]; then
  echo "skipped: needs Python 3.8 or 3.9"
  exit 0
fi
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p "$old" "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  "$old" -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export PYTHONWARNINGS=ignore
cd "$dir"
echo '{"disable_collection": true, "delimiter": ",", "quotechar": "\""}' > config.json
cat > rows.jsonl <<'JSON'
{"type": "SCHEMA", "stream": "ads", "key_properties": ["day"], "schema": {"type": "object", "properties": {"day": {"type": "string"}, "clicks": {"type": "integer"}, "spend": {"type": "number"}, "revenue": {"type": "number"}}}}
{"type": "RECORD", "stream": "ads", "record": {"day": "2026-01-01", "clicks": 10, "spend": 5.5, "revenue": 1.25}}
{"type": "RECORD", "stream": "ads", "record": {"day": "2026-01-02", "spend": 7.5, "revenue": 2.25}}
{"type": "RECORD", "stream": "ads", "record": {"revenue": 3.25, "spend": 8.5, "clicks": 20, "day": "2026-01-03"}}
JSON
env/bin/python -c 'import importlib.metadata as m; print("target-csv", m.version("target-csv"))'
env/bin/target-csv -c config.json < rows.jsonl 2> log.txt || { cat log.txt; exit 1; }
tr -d '\r' < "$(ls ads-*.csv)" | tee seen.txt
cat > stated.txt <<'TXT'
day,clicks,spend,revenue
2026-01-01,10,5.5,1.25
2026-01-02,7.5,2.25
3.25,8.5,20,2026-01-03
TXT
if cmp -s seen.txt stated.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
