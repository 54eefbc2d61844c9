#!/usr/bin/env bash
# Meltano's `auto_install: false` changes nothing: `meltano invoke` installs what is missing.
#
# A good guess: with `auto_install: false` in meltano.yml a plugin that is not installed is an error
# of `meltano invoke`, and nothing is fetched where jobs run.
# What happens (Meltano 4.4.1): the setting is shown as false, and the plugin is installed all the
# same; so is one whose `pip_url` has changed since. Only --no-install is heeded.
# For a user: a job on a machine that may reach a package index takes what the index has today for
# every version that pip_url leaves open. Install when the image is built, and give --no-install
# where jobs run; name versions in pip_url.
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
project_id: 4b5b1c4e-0000-4000-8000-00000000000b
auto_install: false
plugins:
  utilities:
  - name: any
    namespace: any
    pip_url: six==1.17.0
    executable: python
YML
meltano --version
setting=$(meltano config list meltano 2>/dev/null | grep '^auto_install ')
echo "$setting"
refused=$(meltano invoke --no-install any -c 'import six' 2>&1 >/dev/null) && code=0 || code=$?
echo "with --no-install: exit $code"
meltano invoke any -c 'import six; print("six", six.__version__)' > said 2> log
cat said
grep Install log
sed -i.bak 's/six==1.17.0/six==1.16.0/' meltano.yml
meltano invoke any -c 'import six; print("six", six.__version__)' 2>/dev/null | tee -a said
if [ "$code" != 0 ] && [[ $setting == *"False"* || $setting == *"false"* ]] && [ "$(grep six said | tr '\n' ' ')" = "six 1.17.0 six 1.16.0 " ]; then
  echo "as stated"
else
  echo "$refused"
  echo "NOT as stated any more"
  exit 1
fi
