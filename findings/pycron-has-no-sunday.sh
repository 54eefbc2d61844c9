#!/usr/bin/env bash
# pycron never runs on Sundays that are written as 7, nor on the Sunday of "sat-sun".
#
# A good guess: "0 6 * * 7" is Sunday, as in every cron for decades, and "sat-sun" the weekend.
# What happens (pycron 3.3.0): days of the week go from 0 to 6, and whatever is above matches nothing.
# "0 6 * * 7" is never true, "5-7" is Friday and Saturday, "1,7" Monday alone. Names become numbers first, so
# that "sat-sun" (6-0) is Saturday alone and "fri-mon" (5-1) Friday and Saturday. croniter 7.0.0 runs all the
# Sundays.
# For a user: a weekly load that was moved from a crontab is never started, and nothing says so, as
# has_been() says no as well. Write 0 or "sun", and lists ("sat,sun") instead of ranges over Sunday; print the
# next month's runs of a new line before it is used.
set -euo pipefail
unset PYTHONPATH
packages=(pycron==3.3.0 croniter==7.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import datetime, timedelta
from importlib.metadata import version

import pycron
from croniter import croniter

print(*(f"{name} {version(name)}" for name in ("pycron", "croniter")))
hours = [datetime(2026, 1, 5) + timedelta(hours=n) for n in range(7 * 24)]
stated = {
    "0 6 * * 0": "Sun",
    "0 6 * * 7": "",
    "0 6 * * 1,7": "Mon",
    "0 6 * * 5-7": "Fri Sat",
    "0 6 * * sat-sun": "Sat",
    "0 6 * * fri-mon": "Fri Sat",
    "0 6 * * sat,sun": "Sat Sun",
}
as_stated = True
for line, days in stated.items():
    seen = " ".join(f"{hour:%a}" for hour in hours if pycron.is_now(line, hour))
    other = " ".join(f"{hour:%a}" for hour in hours if croniter.match(line, hour))
    print(f"{line}: {seen or 'never'} - croniter: {other}")
    as_stated &= seen == days and "Sun" in other
since, until = datetime(2026, 1, 1), datetime(2026, 2, 1)
been = pycron.has_been("0 6 * * 7", since, until)
print("has_been in January of Sunday as 7:", been)
as_stated &= been is False
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
