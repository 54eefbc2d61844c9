#!/usr/bin/env bash
# dlt's read_csv loads id 007 as 7 and country NA as null, and puts late cents into another column.
#
# A good guess: a loader of files keeps text as text, or finds one type for a column over the whole
# file.
# What happens (dlt 1.31.0, pandas 3.1.1, into DuckDB 2.0.1): read_csv of the filesystem source
# hands the file to pandas in chunks of 10,000 lines, each with types of its own. 007 is 7, the
# country NA is null, and "A-1" and 12.99 of the second chunk are in columns beside the first
# (`id__v_text`, `spend__v_double`), with null in the old ones. `read_csv(dtype=str,
# keep_default_na=False)` keeps ids and countries as they are written.
# For a user: joins by id find other rows or none, Namibia is missing, and sums of `spend` leave out
# the amounts with cents. Read as text, and give the amounts a type (`columns=…`) or cast in the
# warehouse.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb,filesystem]==1.31.0' duckdb==2.0.1 pandas==3.1.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
import dlt
import duckdb
import pandas as pd
from dlt.sources.filesystem import filesystem, read_csv

print("dlt", dlt.__version__, "pandas", pd.__version__, "duckdb", duckdb.__version__)
lines = "".join(f"{number:03d},NA,1\n" for number in range(15_000))
Path("late.csv").write_text(f"id,country,spend\n{lines}A-1,US,12.99\n")


def loaded(name, **options):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    pipeline = dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name)
    files = filesystem(bucket_url=Path.cwd().as_uri(), file_glob="late.csv")
    pipeline.run((files | read_csv(**options)).with_name("report"))
    with duckdb.connect(f"{name}.duckdb") as db:
        rows = db.execute("SELECT * FROM ads.report")
        columns = sorted(column[0] for column in rows.description if column[0][:4] != "_dlt")
        ids = db.execute("SELECT count(*) FILTER (id::text = '007') FROM ads.report").fetchone()[0]
        countries = db.execute("SELECT count(country) FROM ads.report").fetchone()[0]
        spend = db.execute("SELECT sum(spend::double) FROM ads.report").fetchone()[0]
    return columns, ids, countries, round(spend, 2)


seen = {
    "read_csv": loaded("plain"),
    "dtype=str": loaded("text", dtype=str, keep_default_na=False),
}
for way, (columns, ids, countries, spend) in seen.items():
    print(f"{way}: columns {columns}")
    print(f"  rows of id 007: {ids}, rows with a country: {countries}, spend {spend}")
stated = seen == {
    "read_csv": (["country", "id", "id__v_text", "spend", "spend__v_double"], 0, 1, 15_000.0),
    "dtype=str": (["country", "id", "spend"], 1, 15_001, 15_012.99),
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
