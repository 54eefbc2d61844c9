#!/usr/bin/env bash
# pyorc writes a time without a zone as if it were the machine's local time, and reads it as UTC.
#
# A good guess: ORC's type timestamp has no zone, so 23:30 is 23:30 on every machine, as pyarrow writes and
# reads it.
# What happens (pyorc 0.12.0, pyarrow 26.0.1): a naive datetime goes into the column by way of the machine's
# zone. Written in New York, July 5, 23:30 is July 6, 03:30 in the file, for pyarrow too; written in UTC it
# is 23:30. pyorc gives what it reads as UTC, with a zone, so a row that is read and written again is moved
# if the zone was taken off on the way. A datetime with a zone is stored as its moment in UTC, 21:30 for
# 23:30+02:00. pyarrow keeps the wall clock both ways.
# For a user: hours of a report are right on a server in UTC and moved on a laptop, and the evening belongs
# to the next day. Set TZ=UTC, give datetimes with the zone UTC, or write ORC by pyarrow.
set -euo pipefail
unset PYTHONPATH
packages=(pyorc==0.12.0 pyarrow==26.0.1 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir"
cat > write.py <<'PY'
import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.orc as orc
import pyorc

naive = datetime(2026, 7, 5, 23, 30)
aware = naive.replace(tzinfo=timezone(timedelta(hours=2)))
with open("pyorc.orc", "wb") as file, pyorc.Writer(file, "struct<hour:timestamp>") as writer:
    writer.writerows([(naive,), (aware,)])
orc.write_table(pa.table({"hour": pa.array([naive], pa.timestamp("us"))}), "pyarrow.orc")
for name in ("pyorc", "pyarrow"):
    with open(f"{name}.orc", "rb") as file:
        by_pyorc = [f"{hour:%d.%H:%M%z}" for (hour,) in pyorc.Reader(file)]
    by_pyarrow = [f"{hour:%d.%H:%M}" for hour in orc.read_table(f"{name}.orc")["hour"].to_pylist()]
    print(f"written by {name}: pyorc reads", *by_pyorc, "- pyarrow reads", *by_pyarrow)
PY
"$dir/env/bin/python" -c 'import importlib.metadata as m
print("pyorc", m.version("pyorc"), "pyarrow", m.version("pyarrow"))'
for zone in UTC America/New_York; do
  echo "in $zone:"
  TZ=$zone "$dir/env/bin/python" -W ignore write.py
done | tee seen.txt
if [ "$(cat seen.txt)" = "in UTC:
written by pyorc: pyorc reads 05.23:30+0000 05.21:30+0000 - pyarrow reads 05.23:30 05.21:30
written by pyarrow: pyorc reads 05.23:30+0000 - pyarrow reads 05.23:30
in America/New_York:
written by pyorc: pyorc reads 06.03:30+0000 05.21:30+0000 - pyarrow reads 06.03:30 05.21:30
written by pyarrow: pyorc reads 05.23:30+0000 - pyarrow reads 05.23:30" ]; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
