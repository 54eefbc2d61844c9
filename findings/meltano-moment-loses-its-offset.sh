#!/usr/bin/env bash
# Meltano hands on 2026-01-05T10:00:00+02:00 of meltano.yml as 2026-01-05T10:00:00: the offset is gone.
#
# A good guess: a date-time in meltano.yml reaches the plugin as it stands there, or as the same moment in UTC with
# a Z behind it. The same value as a variable does.
# What happens (Meltano 4.4.1): without quotes it is a timestamp to YAML, and what Meltano writes into the plugin's
# config is that timestamp's clock time, without its Z or offset. In quotes, or as a variable, it stays.
# For a user: a plugin that reads such a start as UTC, or in a zone of its own, begins some hours early or late, and nothing says so. Put
# date-times in quotes, and look at `meltano config print TAP` once.
set -euo pipefail
unset PYTHONPATH
export UV_COMPILE_BYTECODE=1 # Meltano starts many times
packages=(meltano==4.4.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false MELTANO_CLI_DISABLE_VERSION_CHECK=true NO_COLOR=1
export PATH="$dir/env/bin:$PATH"
mkdir "$dir/project" && cd "$dir/project"
meltano --version
stated=0
look() { # look KIND VALUE EXPECTED
  cat > meltano.yml <<YML
project_id: 4b5b1c4e-0000-4000-8000-00000000000d
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors:
  - name: tap-any
    namespace: tap_any
    executable: tap-any
    settings:
    - {name: start, kind: $1}
    config:
      start: $2
YML
  local got
  got=$(meltano config print tap-any 2>/dev/null | sed -n 's/.*"start": "\(.*\)".*/\1/p')
  echo "kind $1, start: $2 -> $got (stated: $3)"
  [ "$got" = "$3" ] || stated=1
}
look string 2026-01-05T10:00:00+02:00 2026-01-05T10:00:00
look date_iso8601 2026-01-05T10:00:00+02:00 2026-01-05T10:00:00
look string 2026-01-05T10:00:00Z 2026-01-05T10:00:00
look string "'2026-01-05T10:00:00+02:00'" 2026-01-05T10:00:00+02:00
[ $stated = 0 ] && echo "as stated" || echo "NOT as stated any more"
exit $stated
