#!/usr/bin/env bash
# dlt loads the number 2 as true, if the first value of the column was true.
#
# A good guess: when the type of a value changes, dlt makes a column beside the old one
# (`v__v_double`), so nothing is lost; true after numbers gets such a column.
# What happens (dlt 1.31.0 into DuckDB 2.0.1): that is so only where dlt can't cast. Numbers after
# true are cast: 2 is true, 0 is false. A moment after a date loses its time of day. A whole number
# of 17 digits after 1.5 becomes a float and another number. True after a number does get its own
# column.
# For a user: a field that first comes as true or false and then as a count, or an id that comes
# after a float, is wrong in the table, and no column shows it. Give such columns a `data_type`.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb]==1.31.0' duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
from datetime import date, datetime

import dlt
import duckdb

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
print("dlt", dlt.__version__, "duckdb", duckdb.__version__)


def loaded(name, first, then):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)
    pipeline.run([{"id": 1, "v": first}, {"id": 2, "v": then}], table_name="t")
    with duckdb.connect(f"{name}.duckdb") as db:
        rows = db.execute("SELECT * EXCLUDE (id, _dlt_id, _dlt_load_id) FROM ads.t WHERE id = 2")
        return dict(zip([column[0] for column in rows.description], rows.fetchone(), strict=True))


seen = {
    "true, then 2": loaded("a", True, 2),
    "true, then 0": loaded("b", True, 0),
    "2, then true": loaded("c", 2, True),
    "a date, then a moment": loaded("d", date(2026, 1, 1), datetime(2026, 1, 2, 5)),
    "1.5, then 12345678901234567": loaded("e", 1.5, 12345678901234567),
}
for case, row in seen.items():
    print(f"{case}: {row}")
stated = list(seen.values()) == [
    {"v": True},
    {"v": False},
    {"v": None, "v__v_bool": True},
    {"v": date(2026, 1, 2)},
    {"v": 12345678901234568.0},
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
