#!/usr/bin/env bash
# pandas.read_json makes one id of two, and a date of a metric whose name ends in _time.
#
# A good guess: JSON has types, so what stands in quotes stays text and what is a number stays a
# number; guessing is for CSV.
# What happens (pandas 3.1.1): each column is guessed again. Texts that look like numbers become
# numbers: "00123" is 123, "1_000" is 1000, "1e5" is 100000.0, and two ids of 20 digits that differ
# in the last become the same float. Whole numbers in a column named like …_time, …_at, date… or
# modified… become timestamps as soon as all are larger than 31,536,000: `watch_time` 40000000 is
# April 1971, and 200 stays 200. Texts like "12.990000000000000001" become floats.
# For a user: reading the JSON Lines of target-jsonl this way merges campaigns, breaks joins on ids,
# and turns sums of a metric into dates from a certain size on. Use `read_json(…, lines=True,
# dtype=False)`, or DuckDB's read_json with columns.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import io
import json
import sys

import pandas as pd

print("pandas", pd.__version__)


def read(column, values, **options):
    lines = "\n".join(json.dumps({column: value}) for value in values)
    return pd.read_json(io.StringIO(lines), lines=True, **options)[column].tolist()


long_ids = ["12345678901234567891", "12345678901234567892"]
seen = {
    "ids '00123', '1_000'": read("campaign_id", ["00123", "1_000"]),
    "ids '1e5', '7'": read("campaign_id", ["1e5", "7"]),
    "two ids of 20 digits": read("campaign_id", long_ids),
    "the two ids, dtype=False": read("campaign_id", long_ids, dtype=False),
    "watch_time 100, 200": read("watch_time", [100, 200]),
    "watch_time 40000000, 40000001": read("watch_time", [40000000, 40000001]),
    "watch_time, dtype=False": read("watch_time", [40000000, 40000001], dtype=False),
}
for case, values in seen.items():
    print(f"{case}:", *values)
first, second = seen.pop("two ids of 20 digits")
dates = seen.pop("watch_time 40000000, 40000001")
stated = (
    first == second
    and [str(date)[:7] for date in dates] == ["1971-04", "1971-04"]
    and list(seen.values()) == [
        [123, 1000], [100000.0, 7.0], long_ids, [100, 200], [40000000, 40000001]
    ]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
