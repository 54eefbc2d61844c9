#!/usr/bin/env bash
# dlt loads "cost ($)" and "cost (€)" into one column, and one of the two amounts is gone.
#
# A good guess: names are made safe for SQL, and where two become the same, one gets a number or the
# load stops.
# What happens (dlt 1.31.0 into DuckDB 2.0.1): each of $, €, %, ( and ) is an underscore, and those
# at the end are an "x": "cost ($)", "cost (€)" and "cost %" are all `costx`, which holds the value
# that came last. So do "CPM€" and "CPM£" (`cpmx`), and "campaignId" and "campaign_id". A column
# named in Greek, Cyrillic or Chinese letters is `x`, so of three such columns one is left. Nothing
# is logged, also at the level WARNING; the row count is right.
# For a user: of a report with one column for each currency, or with headings in the user's
# language, one column is loaded under a name that doesn't tell which. Rename fields before the load
# (`add_map`), and compare the number of columns with that of the report.
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
import io
import logging
import os
import sys

import dlt
import duckdb

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "WARNING"
print("dlt", dlt.__version__, "duckdb", duckdb.__version__)
said = io.StringIO()


def loaded(name, row):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)
    logging.getLogger("dlt").addHandler(logging.StreamHandler(said))
    pipeline.run([row], table_name="t")
    with duckdb.connect(f"{name}.duckdb") as db:
        rows = db.execute("SELECT * EXCLUDE (_dlt_id, _dlt_load_id) FROM ads.t")
        return dict(zip([column[0] for column in rows.description], rows.fetchone(), strict=True))


cases = [
    ({"cost ($)": 1.5, "cost (€)": 2.5, "cost %": 3.5}, {"costx": 3.5}),
    ({"CPM€": 1.5, "CPM£": 2.5}, {"cpmx": 2.5}),
    ({"campaignId": 1, "campaign_id": 2}, {"campaign_id": 2}),
    ({"затраты": 1.5, "клики": 2, "показы": 3}, {"x": 3.0}),
]
as_stated = True
for number, (row, stated) in enumerate(cases):
    seen = loaded(f"p{number}", row)
    print(f"{row} is loaded as {seen}")
    as_stated = as_stated and seen == stated
print("warned:", repr(said.getvalue()))
as_stated = as_stated and not said.getvalue()
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
