#!/usr/bin/env bash
# retryhttp leaves whole days out of a wait that is told as a date; of one above two minutes, told as seconds,
# it makes one second.
#
# A good guess: the longer a server asks for, the longer one waits, whether it is written as seconds or as a
# date; what is longer than the longest allowed is handled alike in both.
# What happens (retryhttp 1.5.0, tenacity 9.2.1): a Retry-After with a date a day and a minute ahead is a
# minute, as the part that is below a day is all that is read of the difference. In seconds, a wait above
# wait_max (120, a default that retry() has no option for) counts as if there were none, as the docstring of
# the wait says, and tenacity's exponential wait takes its place: 1, 2, 4 seconds. Told 120 it waits 120, told
# 121 one second. Three attempts, the default, are over within three seconds.
# For a user: a daily quota that is used up is asked for again at once, each time a failed request, and the
# run ends long before the quota is back (`findings/long-retry-after-is-cut.sh` has clients that wait too
# short). `wait_rate_limited=wait_retry_after(wait_max=None)` waits as told where seconds are sent; for dates
# read the header oneself.
set -euo pipefail
unset PYTHONPATH
packages=(retryhttp==1.5.0 tenacity==9.2.1 requests==2.34.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from importlib.metadata import version

import requests
import tenacity
from retryhttp import retry, wait_retry_after

print(*(f"{name} {version(name)}" for name in ("retryhttp", "tenacity")))


def waits(told, **options):
    """Return the waits between three attempts that are all told to wait."""
    slept = []

    @retry(sleep=slept.append, **options)
    def ask():
        response = requests.Response()
        response.status_code, response.headers["Retry-After"] = 429, str(told)
        response.raise_for_status()

    try:
        ask()
    except tenacity.RetryError:
        return slept


as_told = {"wait_rate_limited": wait_retry_after(wait_max=None)}
seen = [waits(120), waits(121), waits(86400), waits(86400, **as_told)]
for told, slept in zip(("120", "121", "86400", "86400, wait_max=None"), seen):
    print(f"told {told}: waits {slept}")
ahead = datetime.now(timezone.utc) + timedelta(days=1, seconds=62)
by_date = waits(format_datetime(ahead, usegmt=True))
print("told a date a day and a minute ahead: waits", by_date)
stated = all(50 < wait < 63 for wait in by_date) and seen == [[120, 120], [1, 2], [1, 2], [86400, 86400]]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
