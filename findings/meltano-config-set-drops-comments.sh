#!/usr/bin/env bash
# Setting one value of one plugin rewrites all included files, and takes comments out of them.
#
# A good guess: `meltano config set tap-any note x` changes one line of the file that defines tap-
# any; Meltano keeps comments, as its YAML library is one that can.
# What happens (Meltano 4.4.1): every file of `include_paths` is written anew, those of other
# plugins too. Comments above a plugin stay; a comment before the first entry of a nested list, and
# the quotes around values, are gone.
# For a user: the note why an account is left out, or why a lookback is 30 days, vanishes from files
# nobody meant to touch, and a review sees changes in all of them. Write settings by hand, or keep
# explanations above the plugin (this project's own plugin files are written in Meltano's form, so
# that only your change shows).
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
mkdir plugins
cat > meltano.yml <<'YML'
project_id: 4b5b1c4e-0000-4000-8000-00000000000a
include_paths: [plugins/*.yml]
YML
for name in any other; do
  cat > plugins/$name.yml <<YML
plugins:
  extractors:
  # Kept: why we have it.
  - name: tap-$name
    namespace: tap_$name
    executable: tap-$name
    settings:
    # Lost: agreed with finance.
    - name: note
    config:
      note: "quoted"
YML
done
cp -r plugins before
meltano --version
meltano config set tap-any note x >/dev/null 2>&1
diff -ru before plugins || true
if ! grep -q Lost plugins/any.yml && ! grep -q Lost plugins/other.yml &&
  grep -q Kept plugins/any.yml && grep -q Kept plugins/other.yml; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
