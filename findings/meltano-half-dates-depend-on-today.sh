#!/usr/bin/env bash
# Meltano reads the start date "2026-01" as the 29th of January, if today is the 29th.
#
# A good guess: a setting of kind `date_iso8601` takes ISO 8601 dates: 2026-01 is the month, so
# January from its first day, and 2026-W05 the fifth week; what it doesn't know it refuses, or hands
# on as it is.
# What happens (Meltano 4.4.1): every text but a full date goes through a date parser that takes
# what is missing from today. "2026-01" becomes January at today's day of the month, "2026-W05" a
# day of May, "05.02.2026" the second of May although "13.02.2026" is in February, and "12" a day of
# this month or so. The tap is given a full, valid date and can't tell.
# For a user: a backfill configured by month leaves out up to 30 days at its beginning, and another
# number of them each day it is started. Write start_date as YYYY-MM-DD, and look at `meltano config
# print TAP` once.
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
    - {name: start_date, kind: date_iso8601}
YML
meltano --version
stated=0
look() { # look TEXT EXPECTED
  local got
  got=$(TAP_ANY_START_DATE="$1" meltano config print tap-any 2>/dev/null |
    sed -n 's/.*"start_date": "\(.*\)".*/\1/p')
  echo "start_date $1 -> $got (stated: $2)"
  [ "$got" = "$2" ] || stated=1
}
day=$(date +%d)
# January and May both have 31 days, so this holds on every day of a month.
look 2026-01 "2026-01-${day}T00:00:00"
look 2026-W05 "2026-05-${day}T00:00:00"
look 05.02.2026 2026-05-02T00:00:00
look 13.02.2026 2026-02-13T00:00:00
look 2026-01-01 2026-01-01
[ $stated = 0 ] && echo "as stated" || echo "NOT as stated any more"
exit $stated
