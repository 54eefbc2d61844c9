#!/usr/bin/env bash
# A condition `equals: 0` of pipelinewise-transform-field holds for no row, and beside another
# condition for every row.
#
# A good guess: of several conditions under `when` all must hold, as its documentation says;
# `equals: 0`, `equals: false` and `equals: ""` compare like any other value.
# What happens (pipelinewise-transform-field 2.3.0): a value that Python takes for false counts as no
# condition. Alone it leaves all rows as they are; after a condition that holds it is passed over.
# SET-NULL on spend, where account is "test" and clicks is 0, makes null of all spend of that account.
# For a user: amounts are gone without a message, or what was to be removed stays. Put 0, false and
# empty text into a `regex_match` on a text column, or do it in SQL, and count nulls behind it.
set -euo pipefail
unset PYTHONPATH
packages=(pipelinewise-transform-field==2.3.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > rows.jsonl <<'JSON'
{"type": "SCHEMA", "stream": "ads", "key_properties": ["id"], "schema": {"type": "object", "properties": {"id": {"type": "integer"}, "account": {"type": "string"}, "clicks": {"type": "integer"}, "spend": {"type": ["null", "number"]}}}}
{"type": "RECORD", "stream": "ads", "record": {"id": 1, "account": "test", "clicks": 0, "spend": 5.5}}
{"type": "RECORD", "stream": "ads", "record": {"id": 2, "account": "test", "clicks": 9, "spend": 6.5}}
{"type": "RECORD", "stream": "ads", "record": {"id": 3, "account": "shop", "clicks": 9, "spend": 7.5}}
JSON
env/bin/python -c 'import importlib.metadata as m; print("transform-field", m.version("pipelinewise-transform-field"))'
run() {
  echo '{"transformations": [{"tap_stream_name": "ads", "field_id": "spend", "type": "SET-NULL",
    "when": ['"$2"']}]}' > config.json
  env/bin/transform-field --config config.json < rows.jsonl > out.jsonl 2> log.txt || { cat log.txt; exit 1; }
  echo "$1: $(sed -n 's/.*"spend": \([0-9.a-z]*\)}.*/\1/p' out.jsonl | tr '\n' ' ')"
}
test='{"column": "account", "equals": "test"}'
{
  run "clicks 0" '{"column": "clicks", "equals": 0}'
  run "test" "$test"
  run "test and clicks 0" "$test, {\"column\": \"clicks\", \"equals\": 0}"
  run "test and clicks 9" "$test, {\"column\": \"clicks\", \"equals\": 9}"
} | sed 's/ $//' | tee seen.txt
cat > stated.txt <<'TXT'
clicks 0: 5.5 6.5 7.5
test: null null 7.5
test and clicks 0: null null 7.5
test and clicks 9: 5.5 null 7.5
TXT
if cmp -s seen.txt stated.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
