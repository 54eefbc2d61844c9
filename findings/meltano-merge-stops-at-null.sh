#!/usr/bin/env bash
# Meltano can't merge a state into one that holds null where the newer one has an object.
#
# A good guess: a key that a tap wrote as null is as good as absent; `meltano state merge`, and what
# `meltano run --full-refresh` or `--merge-state` do behind the scenes, puts the newer object there.
# What happens (meltano 4.4.1): the merge itself is written down and said to have gone well; whoever
# reads that state afterwards, the next `meltano run` or `meltano state get`, breaks off with
# "'NoneType' object does not support item assignment". Null over an object goes well, a list over
# null too.
# For a user: a tap that clears a part of its state with null (the only way to have it gone from a
# merged state, where a key that is left out comes back) and fills it again as an object leaves a
# state behind that Meltano can't read, after one full refresh that broke off. What comes and goes is
# better kept in a list, which is replaced whole.
set -euo pipefail
unset PYTHONPATH
packages=(meltano==4.4.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false NO_COLOR=1
meltano="$dir/env/bin/meltano"
cd "$dir" && "$meltano" --version && "$meltano" init project --no-usage-stats >/dev/null 2>&1 && cd project
state() { "$meltano" state set --force "$1" "{\"singer_state\": {\"bookmarks\": {\"orders\": {\"job\": $2}}}}" >/dev/null 2>&1; }
merge() { "$meltano" state merge --from-state-id "$1" "$2" >/dev/null 2>&1; }
get() { "$meltano" state get "$1" 2>/dev/null | tail -n 1; }

state object '{"id": 7}' && state list '[{"id": 7}]' && state nothing 'null'
state one 'null' && state two 'null' && state three '{"id": 6}'
merge object one && echo "an object over null: said to be merged"
if "$meltano" state get one >"$dir/said" 2>&1; then echo "and read: $(tail -n 1 "$dir/said")"; exit 1; fi
echo "and can't be read: $(grep -m1 -o "'NoneType' object does not support item assignment" "$dir/said")"
merge list two && said=$(get two) && echo "a list over null: $said" && [[ $said == *'"job":[{"id":7}]'* ]]
merge nothing three && said=$(get three) && echo "null over an object: $said" && [[ $said == *'"job":null'* ]]
