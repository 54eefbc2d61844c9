#!/usr/bin/env bash
# Upserting the same rows twice doubles those with a null in their key, in three of four table libraries.
#
# A good guess: an upsert of the rows that are already there changes nothing; null in a key column (a
# device, a placement that the platform doesn't tell) is a value like others.
# What happens: deltalake 1.6.6 (`merge` on account and device) and lancedb 0.40.0 (`merge_insert`) insert
# the row with the null device once more at each run; a third run makes a third. DuckDB 2.0.1 does so with
# INSERT OR REPLACE on a UNIQUE index; a PRIMARY KEY refuses the null. pyiceberg 0.12.0 (`upsert`) refuses a
# null in the key of two columns with TypeError. Only DuckDB's MERGE and deltalake with `IS NOT DISTINCT
# FROM` written out in the condition keep one row.
# For a user: each look-back adds the spend of such rows again, and only theirs, while the total of new days
# is right. Make a key without nulls (our `_row_key` is one), or replace null by a word before the load.
set -euo pipefail
unset PYTHONPATH
packages=(deltalake==1.6.6 lancedb==0.40.0 'pyiceberg[pyarrow,sql-sqlite]==0.12.0' duckdb==2.0.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import os
import sys
from importlib.metadata import version

logging.disable()
import duckdb
import lancedb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

names = ("deltalake", "lancedb", "pyiceberg", "duckdb", "pyarrow")
print(*(f"{name} {version(name)}" for name in names))
kinds = pa.schema([("account", pa.string()), ("device", pa.string()), ("spend", pa.float64())])
rows = pa.Table.from_pylist(
    [
        {"account": "a", "device": None, "spend": 12.99},
        {"account": "a", "device": "ios", "spend": 29.99},
    ],
    schema=kinds,
)
KEY = ["account", "device"]


def delta(condition):
    path = f"delta{len(os.listdir())}"
    write_deltalake(path, rows)
    for _ in range(2):
        merge = DeltaTable(path).merge(rows, condition, source_alias="s", target_alias="t")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
    return DeltaTable(path).to_pyarrow_table().num_rows


def lance():
    table = lancedb.connect("lance").create_table("report", rows)
    for _ in range(2):
        merge = table.merge_insert(KEY)
        merge.when_matched_update_all().when_not_matched_insert_all().execute(rows)
    return table.count_rows()


def iceberg():
    here = os.getcwd()
    catalog = SqlCatalog("c", uri=f"sqlite:///{here}/c.db", warehouse=f"file://{here}/ice")
    catalog.create_namespace("ads")
    table = catalog.create_table("ads.report", schema=kinds)
    table.append(rows)
    try:
        table.upsert(rows, join_cols=KEY)
    except TypeError:
        return "TypeError"
    return table.scan().to_arrow().num_rows


def duck(constraint, statement):
    connection = duckdb.connect()
    connection.sql(
        "CREATE TABLE report (account TEXT, device TEXT, spend DOUBLE"
        f"{', ' if constraint else ''}{constraint})"
    )
    connection.register("rows", rows)
    try:
        for _ in range(3):
            connection.sql(statement)
    except duckdb.Error as error:
        return type(error).__name__
    return connection.sql("SELECT count(*) FROM report").fetchall()[0][0]


same = "s.account = t.account AND s.device "
replace = "INSERT OR REPLACE INTO report SELECT * FROM rows"
merge = (
    "MERGE INTO report t USING rows s ON s.account = t.account AND"
    " s.device IS NOT DISTINCT FROM t.device"
    " WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT"
)
seen = {
    "deltalake": delta(same + "= t.device"),
    "deltalake, IS NOT DISTINCT FROM": delta(same + "IS NOT DISTINCT FROM t.device"),
    "lancedb": lance(),
    "pyiceberg": iceberg(),
    "DuckDB, UNIQUE": duck("UNIQUE (account, device)", replace),
    "DuckDB, PRIMARY KEY": duck("PRIMARY KEY (account, device)", replace),
    "DuckDB, MERGE": duck("", merge),
}
print("rows after the same two rows were loaded three times:")
for name, count in seen.items():
    print(f"{name}: {count}")
stated = seen == {
    "deltalake": 4,
    "deltalake, IS NOT DISTINCT FROM": 2,
    "lancedb": 4,
    "pyiceberg": "TypeError",
    "DuckDB, UNIQUE": 4,
    "DuckDB, PRIMARY KEY": "ConstraintException",
    "DuckDB, MERGE": 2,
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
