#!/usr/bin/env bash
# A retry around a generator repeats its rows (stamina) or does nothing (tenacity, backoff).
#
# A good guess: `@retry` on a function that yields pages asks for the failed page again; or the
# library refuses a generator, since it can't be retried.
# What happens: with stamina 26.1.0 the generator begins anew after an error in the middle, and its
# consumer sees the first rows again, as often as it is retried, without an error in the end.
# tenacity 9.2.1 and python-backoff 3.0.0 take the generator for the result: the first error ends
# the loop, nothing is retried, though the decorator stands there.
# For a user: rows counted twice where there is no key, or a nightly load that fails at the first
# 503 in spite of its five attempts. Put the retry on the function that fetches one page, never on
# the one that yields rows.
set -euo pipefail
unset PYTHONPATH
packages=(stamina==26.1.0 tenacity==9.2.1 python-backoff==3.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import logging
import sys
from importlib.metadata import version

import backoff
import stamina
import tenacity

logging.disable(logging.CRITICAL)
print(*(f"{name} {version(name)}" for name in ("stamina", "tenacity", "python-backoff")))
starts = []


def rows():
    """Yield three rows; the first two times the connection is lost before the third."""
    starts.append(1)
    yield "row 1"
    yield "row 2"
    if len(starts) < 3:
        raise ConnectionError("reset by peer")
    yield "row 3"


retries = {
    "stamina": stamina.retry(on=ConnectionError, attempts=5, wait_initial=0.01),
    "tenacity": tenacity.retry(stop=tenacity.stop_after_attempt(5)),
    "backoff": backoff.on_exception(backoff.constant, ConnectionError, max_tries=5, interval=0),
}
seen = {}
for name, retry in retries.items():
    starts.clear()
    read = []
    try:
        for row in retry(rows)():
            read.append(row[-1])
        end = "no error"
    except ConnectionError as error:
        end = repr(error)
    seen[name] = (read, len(starts), end)
    print(f"{name}: rows {', '.join(read)}; started {len(starts)} times; {end}")
lost = (["1", "2"], 1, "ConnectionError('reset by peer')")
stated = seen == {
    "stamina": (["1", "2", "1", "2", "1", "2", "3"], 3, "no error"),
    "tenacity": lost,
    "backoff": lost,
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
