#!/usr/bin/env bash
# A dollar in a Meltano setting: an unset variable is empty text, and doubling the dollar doesn't
# help.
#
# A good guess: a variable that isn't set is an error or stays as it is written, and $$ is the way
# to write one dollar, as in Compose, Make and most templates.
# What happens (Meltano 4.4.1): in meltano.yml `${UNSET}` and `$UNSET` vanish without a warning, and
# a name is as many capitals as follow the dollar: "pa$Word" is sent as "paord", while "pa$word" is
# left alone. A filter taken from a variable that cron doesn't have is empty. "$$SEEN" is a dollar
# and the value of SEEN. The same text in .env or the environment stays as it is.
# For a user: filters and secrets disappear only where the job runs. Put values with a dollar in
# .env or the environment, never in meltano.yml, and compare `meltano config print TAP` there with
# what you meant.
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
    executable: tap-any
    settings: [{name: phrase}, {name: filter}, {name: doubled}, {name: outside}]
    config:
      phrase: 'pa$Word'
      filter: 'accounts=${ADS_ACCOUNTS}'
      doubled: 'a$$SEEN'
YML
meltano --version
seen=$(SEEN=b TAP_ANY_OUTSIDE='pa$Word' meltano config print tap-any 2>/dev/null)
echo "$seen"
if [ "$(echo "$seen" | tr -d ' \n')" =   '{"phrase":"paord","filter":"accounts=","doubled":"a$b","outside":"pa$Word"}' ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
