#!/usr/bin/env bash
# In polars, day parts of six hours begin at 05:00, 11:00, 17:00 and 23:00 from the last Sunday of October
# on, if the frame begins before it.
#
# A good guess: `group_by_dynamic("hour", every="6h")` groups by what `dt.truncate("6h")` gives, 00:00,
# 06:00, 12:00 and 18:00 by the clock, in summer and winter.
# What happens (polars 2.1.0, a column in Europe/Berlin): truncate goes by the clock; group_by_dynamic
# counts on in time from the frame's first window. Of October 24 to 27 the windows of the 24th begin at
# 00:00, 06:00, 12:00 and 18:00, those of the 26th at 23:00 of the day before, 05:00, 11:00 and 17:00, and
# there are 17 in four days instead of 16. The 26th alone, in a frame of its own, has 00:00, 06:00, 12:00
# and 18:00. every="24h" begins at 23:00 as well, though every="1d" and truncate("24h") keep midnight.
# For a user: spend by day part has other borders each winter, and the same day has other numbers by the
# range that was read. Truncate, and group by that.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 tzdata==2026.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import datetime
from importlib.metadata import version

import polars as pl

print("polars", version("polars"))
hours = pl.datetime_range(
    datetime(2026, 10, 24), datetime(2026, 10, 27, 23), "1h", time_zone="Europe/Berlin", eager=True
)
frame = pl.DataFrame({"hour": hours, "spend": 1})


def dynamic(rows, every):
    groups = rows.group_by_dynamic("hour", every=every).agg(pl.col("spend").sum())
    return [f"{hour:%d.%H}h {spend}" for hour, spend in groups.rows()]


def truncated(rows, every):
    groups = rows.group_by(pl.col("hour").dt.truncate(every)).agg(pl.col("spend").sum())
    return [f"{hour:%d.%H}h {spend}" for hour, spend in groups.sort("hour").rows()]


one_day = frame.filter(pl.col("hour").dt.day() == 26)
seen = {
    "group_by_dynamic 6h": dynamic(frame, "6h"),
    "truncate 6h": truncated(frame, "6h"),
    "group_by_dynamic 6h, the 26th alone": dynamic(one_day, "6h"),
    "group_by_dynamic 24h": dynamic(frame, "24h"),
    "group_by_dynamic 1d": dynamic(frame, "1d"),
    "truncate 24h": truncated(frame, "24h"),
}
for name, windows in seen.items():
    print(f"{name}: {len(windows)} windows,", *windows)
days = ["24.00h 24", "25.00h 25", "26.00h 24", "27.00h 24"]
alone = ["26.00h 6", "26.06h 6", "26.12h 6", "26.18h 6"]
stated = (
    len(seen["group_by_dynamic 6h"]) == 17
    and seen["group_by_dynamic 6h"][8:12] == ["25.23h 6", "26.05h 6", "26.11h 6", "26.17h 6"]
    and len(seen["truncate 6h"]) == 16
    and seen["truncate 6h"][4] == "25.00h 7"
    and seen["truncate 6h"][8:12] == seen["group_by_dynamic 6h, the 26th alone"] == alone
    and seen["group_by_dynamic 24h"][:3] == ["24.00h 24", "25.00h 24", "25.23h 24"]
    and seen["group_by_dynamic 1d"] == seen["truncate 24h"] == days
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
