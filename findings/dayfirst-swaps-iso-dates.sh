#!/usr/bin/env bash
# dayfirst=True makes April 3 of 2026-03-04, in dateutil and in pandas.
#
# A good guess: dayfirst settles what is in doubt, 03/04/2026; a date that begins with a year of
# four digits is ISO 8601 and never in doubt.
# What happens (python-dateutil 2.9.0.post0, pandas 3.1.1): after a leading year the two others are
# taken as day and month: 2026-03-04 is April 3, with a time and an offset behind it too. Where that
# is no date (day 13 and later) month and day are taken in their order, so twelve days of each month
# are swapped and the others are right: 2026-03-13 is March 13. pandas' to_datetime(text,
# dayfirst=True) does the same. dateparser (DATE_ORDER="DMY") reads ISO dates as ISO dates.
# For a user: one parser for a European export and the API's own dates, set to dayfirst for the
# export's sake, moves spend to other months. `datetime.fromisoformat` (or dateutil's `isoparse`)
# for ISO dates, the loose parser for nothing else.
set -euo pipefail
unset PYTHONPATH
packages=(python-dateutil==2.9.0.post0 dateparser==1.5.0 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
import dateparser
import pandas as pd
from dateutil import parser

print(*(f"{name} {version(name)}" for name in ("python-dateutil", "dateparser", "pandas")))
texts = ["2026-03-04", "2026-03-13", "2026-03-04T05:06:07+00:00", "03/04/2026"]
seen = {
    "dateutil": [parser.parse(text, dayfirst=True) for text in texts],
    "dateparser": [dateparser.parse(text, settings={"DATE_ORDER": "DMY"}) for text in texts],
    "pandas": [pd.to_datetime(text, dayfirst=True) for text in texts],
}
print("written: ", *texts)
for name, dates in seen.items():
    print(f"{name}:", *(f"{date:%Y-%m-%d}" for date in dates))
days = [[f"{date:%m-%d}" for date in dates] for dates in seen.values()]
swapped, right = ["04-03", "03-13", "04-03", "04-03"], ["03-04", "03-13", "03-04", "04-03"]
stated = days == [swapped, right, swapped]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
