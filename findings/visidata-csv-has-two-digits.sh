#!/usr/bin/env bash
# VisiData rounds a Parquet file's floats to two digits and its moments to days when it writes CSV.
#
# A good guess: `vd -b report.parquet -o report.csv` writes the values of the file, as any converter does;
# formats are for the screen.
# What happens (VisiData 3.4, pyarrow 26.0.1): CSV and TSV are written as the screen shows them. Columns
# that the file says are floats have two digits, `{:.02f}`: a cost per click of 0.0049 is 0.00, a rate of
# 0.92154 is 0.92. Moments are written as days, `%Y-%m-%d`: the hour is gone, in JSON Lines as well, where
# floats are whole. Of a CSV file itself nothing is rounded, as its columns have no type.
# For a user: sums over small amounts are zero or far off, and hourly rows of a day look the same. Say what
# is to be written: `--disp-float-fmt={:.18g} --disp-date-fmt=%Y-%m-%dT%H:%M:%S%z`, or let DuckDB write the
# file.
set -euo pipefail
unset PYTHONPATH
packages=(visidata==3.4 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.parquet as pq

seen = datetime(2026, 1, 5, 23, 30, tzinfo=timezone.utc)
table = {"campaign": ["007", "1e5"], "cpc": [0.0049, 0.92154], "clicks": [12, 3], "seen_at": [seen, seen]}
pq.write_table(pa.table(table), "report.parquet")
PY
printf 'campaign,cpc\n007,0.0049\n' > plain.csv
export HOME="$dir" XDG_CONFIG_HOME="$dir"
vd() { "$dir/env/bin/vd" --batch "$@" </dev/null >>log.txt 2>&1 || { cat log.txt; exit 1; }; }
vd report.parquet -o report.csv
vd report.parquet -o report.tsv
vd report.parquet -o report.jsonl
vd plain.csv -o again.csv
vd '--disp-float-fmt={:.18g}' '--disp-date-fmt=%Y-%m-%dT%H:%M:%S%z' report.parquet -o whole.csv
"$dir/env/bin/python" - <<'PY'
import csv
import json
import sys
from importlib.metadata import version

print(*(f"{name} {version(name)}" for name in ("visidata", "pyarrow")))


def rows(file, **options):
    with open(file, newline="") as opened:
        return list(csv.DictReader(opened, **options))


with open("report.jsonl") as opened:
    lines = [json.loads(line) for line in opened]
print("in the file: 0.0049 and 0.92154, 2026-01-05T23:30:00+00:00")
print("CSV:", rows("report.csv"))
print("JSON Lines:", lines)
print("CSV from CSV:", rows("again.csv"))
print("with formats:", rows("whole.csv"))
stated = (
    [(row["cpc"], row["seen_at"]) for row in rows("report.csv")]
    == [("0.00", "2026-01-05"), ("0.92", "2026-01-05")]
    and rows("report.tsv", delimiter="\t") == rows("report.csv")
    and [(row["cpc"], row["seen_at"]) for row in lines]
    == [(0.0049, "2026-01-05"), (0.92154, "2026-01-05")]
    and rows("again.csv") == [{"campaign": "007", "cpc": "0.0049"}]
    and [row["seen_at"][:16] for row in rows("whole.csv")] == ["2026-01-05T23:30"] * 2
    and [float(row["cpc"]) for row in rows("whole.csv")] == [0.0049, 0.92154]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
