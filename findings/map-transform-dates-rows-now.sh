#!/usr/bin/env bash
# Rows that pass through meltano-map-transform were read now, whenever the tap read them.
#
# A good guess: a mapper passes on what it isn't told to change: a record's `time_extracted`, a schema's
# `bookmark_properties`.
# What happens (meltano-map-transform 0.12.3): each record gets the time at which the mapper handles it as
# its time_extracted, also in streams that no map names, and targets write that into `_sdc_extracted_at`.
# bookmark_properties are left out, as the mapper looks for them under another name (bookmark_keys).
# For a user: messages that were kept in a file and are loaded later, or again, count as the newest reading;
# a query that takes the newest row of a key by `_sdc_extracted_at` takes the old one. Put the time of
# reading into a column of its own (our rows have `_synced_at`), and compare by that.
set -euo pipefail
unset PYTHONPATH
packages=(meltano-map-transform==0.12.3 singer-sdk==0.54.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > config.json <<'JSON'
{"stream_maps": {"report": {"double": "spend * 2"}}}
JSON
cat > messages.jsonl <<'JSONL'
{"type": "SCHEMA", "stream": "report", "schema": {"properties": {"day": {"type": "string"}, "spend": {"type": "number"}}}, "key_properties": ["day"], "bookmark_properties": ["day"]}
{"type": "RECORD", "stream": "report", "record": {"day": "2026-01-05", "spend": 12.99}, "time_extracted": "2026-01-06T04:00:00Z"}
{"type": "SCHEMA", "stream": "other", "schema": {"properties": {"id": {"type": "string"}}}, "key_properties": ["id"], "bookmark_properties": ["id"]}
{"type": "RECORD", "stream": "other", "record": {"id": "a"}, "time_extracted": "2026-01-06T04:00:00Z"}
JSONL
"$dir/env/bin/meltano-map-transform" --config config.json < messages.jsonl > out.jsonl 2> log.txt
"$dir/env/bin/python" - <<'PY'
import json
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

print(*(f"{name} {version(name)}" for name in ("meltano-map-transform", "singer-sdk")))
with open("out.jsonl") as lines:
    messages = [json.loads(line) for line in lines]
records = {m["stream"]: m for m in messages if m["type"] == "RECORD"}
schemas = {m["stream"]: m for m in messages if m["type"] == "SCHEMA"}
ages, kept = {}, {}
for name, message in records.items():
    extracted = datetime.fromisoformat(message["time_extracted"])
    ages[name] = datetime.now(timezone.utc) - extracted
    kept[name] = schemas[name].get("bookmark_properties") or []
    new = "less than an hour ago" if ages[name] < timedelta(hours=1) else str(extracted)
    print(f"{name}: record {message['record']}, extracted {new}, bookmark_properties {kept[name]}")
stated = (
    set(records) == {"report", "other"}
    and all(age < timedelta(hours=1) for age in ages.values())
    and not any(kept.values())
    and float(records["report"]["record"]["double"]) == 25.98
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
