#!/usr/bin/env bash
# Renaming a DuckDB file changes what its queries read: tap_adjust.spend may become another table.
#
# A good guess: the name of the file is nothing that SQL sees; a copy named tap_adjust.duckdb
# answers like ads.duckdb did.
# What happens (DuckDB 2.0.1, and 1.4.4): the file's name is the name of the catalog. If a schema is
# called the same, `tap_adjust.spend` is refused as ambiguous when the file is opened. When it is
# attached from elsewhere nothing is refused: `tap_adjust.spend` is then the table `spend` of schema
# main, if there is one, and the tap's own table is only found as `tap_adjust.tap_adjust.spend`.
# For a user: don't name a file after a schema (ours are tap_adjust, tap_atomx, …); name catalog,
# schema and table in full in what attaches several files (docs/warehouses.md).
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import shutil
import sys

import duckdb

print("duckdb", duckdb.__version__)
with duckdb.connect("ads.duckdb") as db:
    db.execute("CREATE SCHEMA tap_adjust")
    db.execute("CREATE TABLE tap_adjust.spend AS SELECT 'of the tap' AS origin")
    db.execute("CREATE TABLE spend AS SELECT 'an old copy in main' AS origin")
shutil.copy("ads.duckdb", "tap_adjust.duckdb")
query = "FROM tap_adjust.spend"


def answer(db, text=query):
    try:
        return db.execute(text).fetchall()[0][0]
    except duckdb.BinderException as error:
        return str(error).splitlines()[0].split(" - ")[0]


seen = {}
with duckdb.connect("ads.duckdb") as db:
    seen["ads.duckdb, opened"] = answer(db)
with duckdb.connect("tap_adjust.duckdb") as db:
    seen["tap_adjust.duckdb, opened"] = answer(db)
with duckdb.connect() as db:
    db.execute("ATTACH 'tap_adjust.duckdb'")
    seen["tap_adjust.duckdb, attached"] = answer(db)
    seen["attached, in full"] = answer(db, "FROM tap_adjust.tap_adjust.spend")
for case, value in seen.items():
    print(f"{case}: {value}")
stated = list(seen.values()) == [
    "of the tap",
    'Binder Error: Ambiguous reference to catalog or schema "tap_adjust"',
    "an old copy in main",
    "of the tap",
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
