#!/usr/bin/env bash
# backoff.runtime waits some time between nothing and Retry-After, half of it on average.
#
# A good guess: `backoff.runtime(value=lambda r: int(r.headers["Retry-After"]))` waits as long as
# the server says; jitter, if any, is added to it.
# What happens (python-backoff 3.0.0, the package that singer-sdk brings): the default jitter,
# `full_jitter`, takes a random time between 0 and the value for every kind of wait, the one told by
# the server too. Of 200 waits for a Retry-After of 60 seconds about half were below 30 seconds, and
# none reached 60.
# For a user: each try comes too early and counts against the quota, so five tries are gone before
# the quota is there again, and platforms that lengthen the ban at each early request keep doing so.
# `jitter=None` waits as told, `jitter=backoff.random_jitter` adds up to a second.
set -euo pipefail
unset PYTHONPATH
packages=(python-backoff==3.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import time
from importlib.metadata import version

import backoff

print("python-backoff", version("python-backoff"))
waits = []
time.sleep = waits.append


class Answer:
    headers = {"Retry-After": "60"}


def waited(**options):
    waits.clear()

    @backoff.on_predicate(
        backoff.runtime,
        predicate=lambda answer: True,
        value=lambda answer: int(answer.headers["Retry-After"]),
        max_tries=201,
        **options,
    )
    def get():
        return Answer()

    get()
    return sorted(waits)


plain, exact, later = waited(), waited(jitter=None), waited(jitter=backoff.random_jitter)
for name, all_waits in (("default", plain), ("None", exact), ("random_jitter", later)):
    span = f"{all_waits[0]:.1f} to {all_waits[-1]:.1f} s, the middle one {all_waits[100]:.1f} s"
    print(f"jitter {name}: {len(all_waits)} waits of {span}")
stated = (
    plain[-1] < 60
    and 20 < plain[100] < 40
    and set(exact) == {60}
    and 60 <= later[0]
    and later[-1] <= 61
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
