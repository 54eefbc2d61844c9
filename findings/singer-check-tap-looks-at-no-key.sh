#!/usr/bin/env bash
# singer-check-tap calls rows valid that have no key, and a tap that writes no state.
#
# A good guess: the tool that «verifies that a Tap conforms to the Singer specification» looks
# whether each row has its stream's key, as the targets do that upsert by it.
# What happens (singer-tools 0.4.1): rows are held against the types of the schema, and moments must
# be moments. That the key's fields are there, are not null and differ between rows is not looked
# at, nor whether a STATE comes at all: «The output is valid», exit code 0.
# For a user: a tap that passes it in CI can still end a load, or collapse all rows whose account is
# null into one. Load its output into a table with that primary key, and count. For taps on our core
# the contract suite (docs/add-a-platform.md) looks at keys and states.
set -euo pipefail
unset PYTHONPATH
packages=(singer-tools==0.4.1 singer-python==6.8.0 jsonschema==2.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir"
schema='{"type": "SCHEMA", "stream": "ads", "key_properties": ["day", "account"], "schema": {"type":
  "object", "properties": {"day": {"type": "string", "format": "date-time"}, "account": {"type":
  ["null", "string"]}, "spend": {"type": "number"}}}}'
check() {
  code=0
  { echo "$schema" | tr -d '\n'; echo; for row in "${@:2}"; do
      echo '{"type": "RECORD", "stream": "ads", "record": {'"$row"', "spend": 5.5}}'; done
  } | env/bin/singer-check-tap > out.txt 2>&1 || code=$?
  echo "$1: exit code $code: $(grep -o 'The output is valid' out.txt || tail -n 1 out.txt | cut -c-40)"
}
env/bin/python -c 'import importlib.metadata as m; print("singer-tools", m.version("singer-tools"))'
day='"day": "2026-01-01T00:00:00Z"'
{
  check "key missing" '"account": "a"'
  check "key null" "$day, \"account\": null" "$day, \"account\": null"
  check "key twice" "$day, \"account\": \"a\"" "$day, \"account\": \"a\""
  check "wrong type" "$day, \"account\": 1"
} | tee seen.txt
if [ "$(grep -c 'exit code 0: The output is valid' seen.txt)" = 3 ] &&
  grep -q '^wrong type: exit code 1' seen.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
