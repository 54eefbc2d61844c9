#!/usr/bin/env bash
# Meltano's select neither takes nor leaves out a field whose name has a dot, with the backslash or without.
#
# A good guess: `report.metrics\.spend` names the field "metrics.spend" of the stream report, as a dot in a
# stream's name is written; and `!report.metrics.spend` leaves it out.
# What happens (Meltano 4.4.1): the backslash is known for streams only. A field's name is cut at each dot
# into levels, so that both patterns mean a field spend within an object metrics, which doesn't exist; no
# pattern matches, and nothing is said. Selected by name the field isn't extracted; excluded by name it is.
# Brackets are a set of letters: "cost [EUR]" matches neither. A question mark in the dot's place works:
# `report.metrics?spend`.
# For a user: headings of CSV and Excel files, and flattened names, have such dots; an amount that was asked
# for is missing, and a personal field that was excluded is loaded. Look at `meltano invoke --dump=catalog`,
# and write ? for each dot and bracket.
set -euo pipefail
unset PYTHONPATH
packages=(meltano==4.4.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export UV_COMPILE_BYTECODE=1
export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false MELTANO_CLI_DISABLE_VERSION_CHECK=true NO_COLOR=1
export PATH="$dir/env/bin:$PATH"
mkdir "$dir/project" && cd "$dir/project"
cat > tap <<'SH'
#!/bin/sh
cat <<'JSON'
{"streams": [{"tap_stream_id": "report", "stream": "report",
  "schema": {"properties": {"day": {"type": "string"}, "metrics.spend": {"type": "number"},
    "cost [EUR]": {"type": "number"}}},
  "metadata": [
    {"breadcrumb": [], "metadata": {"inclusion": "available"}},
    {"breadcrumb": ["properties", "day"], "metadata": {"inclusion": "available"}},
    {"breadcrumb": ["properties", "metrics.spend"], "metadata": {"inclusion": "available"}},
    {"breadcrumb": ["properties", "cost [EUR]"], "metadata": {"inclusion": "available"}}]}]}
JSON
SH
chmod +x tap
meltano --version
fields() { # patterns: which fields does the catalog select that the tap is given?
  cat > meltano.yml <<YML
project_id: 4b5b1c4e-0000-4000-8000-00000000000a
plugins:
  extractors:
  - name: tap-any
    namespace: tap_any
    executable: ./tap
    capabilities: [catalog, discover]
    select: [$1]
YML
  meltano invoke --no-install --dump=catalog tap-any 2>/dev/null | python -c 'import json, sys
names = [e["breadcrumb"][1] for s in json.load(sys.stdin)["streams"] for e in s["metadata"]
         if e["breadcrumb"] and e["metadata"].get("selected")]
print(*names, sep=", ")'
}
{
  echo "by name: $(fields "report.day, report.metrics.spend, 'report.cost [EUR]'")"
  echo "with a backslash: $(fields 'report.day, "report.metrics\\.spend"')"
  echo "excluded: $(fields "'report.*', '!report.metrics.spend'")"
  echo "excluded with a backslash: $(fields '"report.*", "!report.metrics\\.spend"')"
  echo "question marks: $(fields "report.day, report.metrics?spend, 'report.cost ?EUR?'")"
  echo "excluded with one: $(fields "'report.*', '!report.metrics?spend'")"
} | tee seen.txt
if [ "$(cat seen.txt)" = "by name: day
with a backslash: day
excluded: day, metrics.spend, cost [EUR]
excluded with a backslash: day, metrics.spend, cost [EUR]
question marks: day, metrics.spend, cost [EUR]
excluded with one: day, cost [EUR]" ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
