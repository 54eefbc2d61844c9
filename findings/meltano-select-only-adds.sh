#!/usr/bin/env bash
# `meltano select TAP campaigns id` selects everything, if everything was selected before.
#
# A good guess: the command says what to select, in the default environment like `meltano run`;
# afterwards only that is extracted.
# What happens (Meltano 4.4.1): without --environment the command ignores `default_environment` (it
# says so in its log) and appends to the plugin's own list in meltano.yml. Patterns are joined by
# "or", so nothing becomes less: with "*.*" in the list every field stays selected. With
# `--environment=dev` the same words make a list of dev's own, which replaces the plugin's, and only
# campaigns.id is left. Run the two in turn, and dev and prod extract different things.
# For a user: a narrowing that isn't one costs requests and quota on platforms that bill or limit
# them. Name the environment, use --exclude, and check with `meltano select --list TAP`.
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
cat > meltano.yml <<'YML'
project_id: 4b5b1c4e-0000-4000-8000-00000000000a
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors:
  - name: tap-any
    namespace: tap_any
    executable: ./tap
    capabilities: [catalog, discover]
    select: ['*.*']
YML
cat > tap <<'SH'
#!/bin/sh
cat <<'JSON'
{"streams": [{"tap_stream_id": "campaigns", "stream": "campaigns",
  "schema": {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}},
  "metadata": [
    {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "available"}},
    {"breadcrumb": ["properties", "name"], "metadata": {"inclusion": "available"}}]}]}
JSON
SH
chmod +x tap
meltano --version
selected() {
  meltano --environment=dev select --list tap-any 2>/dev/null |
    sed -n 's/^\t\[.*\] //p' | tr '\n' ' '
}
meltano select tap-any campaigns id >/dev/null 2>&1
added=$(selected)
echo "select:                   $added"
meltano --environment=dev select tap-any campaigns id >/dev/null 2>&1
replaced=$(selected)
echo "--environment=dev select: $replaced"
cat meltano.yml
if [ "$added" = "campaigns.id campaigns.name " ] && [ "$replaced" = "campaigns.id " ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
