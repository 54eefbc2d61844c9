#!/usr/bin/env bash
# dateutil's isoparse reads 20260728121240 as 21:24, as it takes any one character for the T.
#
# A good guess: a moment written without separators, as in 202607281212 (Google Analytics' dateHourMinute)
# or 20260728121240, is read as 12:12, or refused because ISO 8601 wants a T between date and time.
# What happens (python-dateutil 2.9.0.post0): isoparse's default separator is any single character, a
# digit as well. So the first digit of the hour is passed over and the rest is read one place too early:
# 12:12:40 becomes 21:24:00, 10:15:00 becomes 01:50:00, and 00:00:00 is right by chance. 09:15:00 is
# refused, as the hour would be 91. dateutil's own `parse` reads all of them right. 4.0.0 (November 2026)
# refuses them in isoparse; but botocore, and so everything that installs boto3, keeps python-dateutil
# below 3.
# For a user: of the 24 full hours of a day eight are stored as another hour and one as itself; the hours
# 3 to 9, 13 to 19 and 23 raise, so that the fault looks like a few bad rows. 02:40, 12:40 and 22:40 are
# midnight of the next day. Say the separator (`isoparser(sep="T")`), or read such columns with `strptime`
# and their format.
set -euo pipefail
unset PYTHONPATH
packages=(python-dateutil==2.9.0.post0 botocore==1.44.5)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

newer="$dir/newer"
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$newer" && VIRTUAL_ENV="$newer" uv pip install -q python-dateutil==4.0.0
else
  python3 -m venv "$newer" && "$newer/bin/pip" install -q python-dateutil==4.0.0
fi
cat > "$dir/read.py" <<'PY'
import json
from importlib.metadata import PackageNotFoundError, requires, version

from dateutil.parser import isoparse, isoparser, parse

MOMENTS = ["20260728121240", "202607281212", "20260728101500", "20260728000000", "20260728091500"]
seen = {"version": version("python-dateutil"), "moments": []}
try:
    seen["botocore"] = next(n for n in requires("botocore") if n.startswith("python-dateutil"))
except PackageNotFoundError:
    pass
for text in MOMENTS:
    row = [text]
    for read in (isoparse, isoparser(sep="T").isoparse, parse):
        try:
            row.append(read(text).isoformat(" "))
        except ValueError:
            row.append("refused")
    seen["moments"].append(row)


def read(clock):
    try:
        return isoparse(f"20260728{clock}00").isoformat(" ")
    except ValueError:
        return None


seen["full hours"] = [read(f"{hour:02}00") for hour in range(24)]
seen["12:40"] = [read(f"{hour}40") for hour in ("02", "12", "22")]
print(json.dumps(seen))
PY
cd "$dir" && "$dir/env/bin/python" - "$("$dir/env/bin/python" read.py)" "$("$newer/bin/python" read.py)" <<'PY'
import json
import sys

older, newer = map(json.loads, sys.argv[1:])
print(f"botocore asks for {older['botocore']}")
for seen in (older, newer):
    print("python-dateutil", seen["version"])
    for text, loose, strict, free in seen["moments"]:
        print(f"  {text}: isoparse {loose}; with sep=T {strict}; parse {free}")
right = ["12:12:40", "12:12:00", "10:15:00", "00:00:00", "09:15:00"]
shifted = ["21:24:00", "21:02:00", "01:50:00", "00:00:00", None]


def times(seen, column):
    return [None if row[column] == "refused" else row[column][11:] for row in seen["moments"]]


stated = (
    times(older, 1) == shifted
    and times(newer, 1) == [None] * 5
    and times(older, 2) == times(newer, 2) == [None] * 5
    and times(older, 3) == times(newer, 3) == right
    and [hour for hour, text in enumerate(older["full hours"]) if not text]
    == [*range(3, 10), *range(13, 20), 23]
    and [text for hour, text in enumerate(older["full hours"]) if text and int(text[11:13]) == hour]
    == ["2026-07-28 00:00:00"]
    and older["12:40"] == ["2026-07-29 00:00:00"] * 3
    and "<3" in older["botocore"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
