#!/usr/bin/env bash
# dlt's history (scd2) gets a new version of a row when 12.0 comes as 12, or 1.50 as 1.5.
#
# A good guess: `strategy: scd2` closes a row and opens another when a value changes; how the value
# was written is no matter, for it lands in the same typed column.
# What happens (dlt 1.31.0 into DuckDB 2.0.1): rows are compared by a digest of what the source
# yielded. 12 after 12.0, Decimal("1.5") after Decimal("1.50"), and a new field that is null each
# close the old version and open one that is equal in every column of the table. Two equal rows in
# one load stay two current rows.
# For a user: JSON writers drop the zeros of whole amounts, and a platform that adds a field gives
# every row a new version that day; "how often did the budget change" counts both. Bring values into
# one form before the load (`add_map`), and ask for versions that differ in the columns you mean.
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
from decimal import Decimal

import dlt
import duckdb

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
print("dlt", dlt.__version__, "duckdb", duckdb.__version__)


def versions(name, *loads):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)
    for rows in loads:

        @dlt.resource(write_disposition={"disposition": "merge", "strategy": "scd2"})
        def budgets(rows=tuple(rows)):
            yield list(rows)

        pipeline.run(budgets())
    with duckdb.connect(f"{name}.duckdb") as db:
        question = "count(*), count(*) FILTER (_dlt_valid_to IS NULL), count(DISTINCT (id, budget))"
        return db.execute(f"SELECT {question} FROM ads.budgets").fetchone()


def row(budget, **more):
    return {"id": 1, "budget": budget, **more}


cases = [
    ("12.0, then 12.0", [[row(12.0)], [row(12.0)]], (1, 1, 1)),
    ("12.0, then 13.0", [[row(12.0)], [row(13.0)]], (2, 1, 2)),
    ("12.0, then 12", [[row(12.0)], [row(12)]], (2, 1, 1)),
    ("1.50, then 1.5 (Decimal)", [[row(Decimal("1.50"))], [row(Decimal("1.5"))]], (2, 1, 1)),
    ("a null field more", [[row(12.0)], [row(12.0, note=None)]], (2, 1, 1)),
    ("twice in one load", [[row(12.0), row(12.0)]], (2, 2, 1)),
]
as_stated = True
for number, (case, loads, stated) in enumerate(cases):
    seen = versions(f"p{number}", *loads)
    print(f"{case}: {seen[0]} rows, {seen[1]} current, {seen[2]} different")
    as_stated = as_stated and seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
