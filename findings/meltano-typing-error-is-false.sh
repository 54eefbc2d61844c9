#!/usr/bin/env bash
# Meltano takes "ture", "y", "t" and "enabled" for false, and says nothing.
#
# A good guess: what is no boolean is refused, as 12.99 is for a setting of kind integer; and if
# "yes" is true, then so are "y" and "t", as in YAML 1.1 and Postgres.
# What happens (Meltano 4.4.1): true, yes, on and 1 in any case are true; every other word, number
# or typing error is false. The tap is handed a JSON false and can't know.
# For a user: a safety switch set to "ture" is off. Our taps have several (`control_totals`, …);
# they also read the project's .env and the environment themselves and refuse a wrong word there,
# but what stands in meltano.yml reaches them as false. Write true and false only, and check with
# `meltano config print TAP`.
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
cat > meltano.yml <<'YML'
project_id: 4b5b1c4e-0000-4000-8000-00000000000a
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors:
  - name: tap-any
    namespace: tap_any
    executable: tap-any
    settings:
    - {name: strict, kind: boolean}
    - {name: days, kind: integer}
YML
meltano --version
stated=0
look() { # look WORD EXPECTED
  local got
  got=$(TAP_ANY_STRICT="$1" meltano config print tap-any 2>/dev/null |
    sed -n 's/.*"strict": \([a-z]*\).*/\1/p')
  echo "strict $1 -> $got (stated: $2)"
  [ "$got" = "$2" ] || stated=1
}
look yes true
look y false
look enabled false
look ture false
if TAP_ANY_DAYS=12.99 meltano config print tap-any >/dev/null 2>&1; then
  echo "days 12.99 -> accepted (stated: refused)"
  stated=1
else
  echo "days 12.99 -> refused (stated: refused)"
fi
[ $stated = 0 ] && echo "as stated" || echo "NOT as stated any more"
exit $stated
