#!/usr/bin/env bash
# dlt deletes all rows whose column `deleted` is 0, "N" or empty text.
#
# A good guess: a column marked `hard_delete` says which rows to delete: 1, "Y" or true; 0, "N",
# false, "" and null say that the row is to stay.
# What happens (dlt 1.31.0 into DuckDB 2.0.1): that is so for a boolean column only. In a column of
# any other type every value but null means "delete": 0 as well as 1, "N" as well as "Y", and "".
# The load ends well, and the table is empty, also the first time.
# For a user: databases and CSV exports send flags as 0 and 1 or as letters, so marking `is_deleted`
# removes the rows that live. Give the column `data_type: bool` beside `hard_delete` (0 and 1 are
# then read as false and true), or make null of what doesn't mean "deleted".
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

import dlt
import duckdb

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
print("dlt", dlt.__version__, "duckdb", duckdb.__version__)


def left(name, values, **hints):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns={"deleted": {"hard_delete": True, **hints}},
    )
    def campaigns():
        yield [{"id": number, "deleted": value} for number, value in enumerate(values)]

    pipeline.run(campaigns())
    with duckdb.connect(f"{name}.duckdb") as db:
        kept = [row[0] for row in db.execute("SELECT id FROM ads.campaigns ORDER BY id").fetchall()]
    return [values[number] for number in kept]


cases = [
    ([False, True], {}, [False]),
    ([0, 1], {}, []),
    (["N", "Y", "", None], {}, [None]),
    ([0, 1], {"data_type": "bool"}, [0]),
]
as_stated = True
for number, (values, hints, stated) in enumerate(cases):
    seen = left(f"p{number}", values, **hints)
    print(f"deleted is one of {values} {hints or ''}: left are those with {seen}")
    as_stated = as_stated and seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
