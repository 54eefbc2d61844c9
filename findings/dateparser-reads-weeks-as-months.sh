#!/usr/bin/env bash
# dateparser makes a day in May of the ISO week 2026-W05, and Israel's time of IST.
#
# A good guess: dateparser reads ISO 8601, or returns None for what it doesn't know; a month that
# can't be (2026-13-04) is refused, and IST is India's time, or refused as ambiguous.
# What happens (dateparser 1.5.0, base November 29, 2026): "2026-W05" is May 29, "2026-W12" December
# 29, "2026-W13" November 13, "2026-W40" None, "Q1 2026" February 28, "2026-13-04" April 13, and
# "2026-07-01 12:00 IST" is at +02:00. "2026" is November 29: what is missing comes from today. With
# STRICT_PARSING all of these are None but 2026-13-04, and IST stays +02:00.
# For a user: weekly reports land on days of other months, and from some week on nowhere; India's
# are off by three and a half hours. Give `date_formats`, and `settings={"STRICT_PARSING": True}`;
# for ISO weeks `datetime.fromisoformat("2026-W05")` is right (January 26).
set -euo pipefail
unset PYTHONPATH
packages=(dateparser==1.5.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import warnings
from datetime import datetime
from importlib.metadata import version

warnings.simplefilter("ignore")
import dateparser

print("dateparser", version("dateparser"))
BASE = {"RELATIVE_BASE": datetime(2026, 11, 29)}
stated = {
    "2026-W01": "2026-01-29",
    "2026-W05": "2026-05-29",
    "2026-W12": "2026-12-29",
    "2026-W13": "2026-11-13",
    "2026-W40": "None",
    "Q1 2026": "2026-02-28",
    "2026-13-04": "2026-04-13",
    "2026": "2026-11-29",
}
seen = {text: str(dateparser.parse(text, settings=BASE))[:10] for text in stated}
for text, day in seen.items():
    print(f"{text}: {day}")
strict = {**BASE, "STRICT_PARSING": True}
refused = [text for text in stated if dateparser.parse(text, settings=strict) is None]
print("None with STRICT_PARSING:", ", ".join(refused))
noon = dateparser.parse("2026-07-01 12:00 IST").isoformat()
week = datetime.fromisoformat("2026-W05")
print(f"12:00 IST: {noon}; fromisoformat of 2026-W05: {week:%Y-%m-%d}")
as_stated = seen == stated and noon.endswith("+02:00") and f"{week:%m-%d}" == "01-26"
as_stated = as_stated and set(stated) - set(refused) == {"2026-13-04"}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
