#!/usr/bin/env bash
# Appending to a Delta table makes 10 of 10.9 and 7 of "007".
#
# A good guess: Delta tables enforce their schema: appending doubles to a column of whole numbers is
# refused, or, with schema_mode="merge", widens the column. Delta Lake's rules say so («If they
# don't match, an exception is raised», Databricks on schema validation), and deltalake 0.17 did
# («Cannot merge types long and double», issue 2464 of delta-io/delta-rs).
# What happens (deltalake 1.6.6): only the names of the columns, and the digits of decimals, are
# held against the table; values are cast. 10.9 lands in a `long` column as 10, the text "007" as 7;
# schema_mode="merge" does the same and leaves the column `long`. In MERGE
# (`when_not_matched_insert_all`) decimals are cast as well: 8.005 into DECIMAL(10,2) is 8.01,
# though an append of the same column is refused. And update({"s": "s * 0.92154"}) multiplies exact
# money by a float: 2.5 becomes 2.303850000000000256.
# For a user: a metric that turns from whole numbers to amounts is cut to whole units from that day
# on, and ids lose their zeros. Compare `DeltaTable(…).schema()` with the schema of the data before
# each append; write factors as CAST(0.92154 AS DECIMAL(9,6)).
set -euo pipefail
unset PYTHONPATH
packages=(deltalake==1.6.6 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import deltalake
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import SchemaMismatchError

print("deltalake", deltalake.__version__)
number = 0


def table(v, s, scale=2):
    return pa.table({"v": v, "s": pa.array(s).cast(pa.decimal128(38, scale))})


def made(scale=2):
    global number
    number += 1
    write_deltalake(f"t{number}", table(pa.array([1], pa.int64()), ["1.5"], scale))
    return f"t{number}"


def rows(path):
    found = DeltaTable(path).to_pyarrow_table().sort_by("v").to_pylist()
    return [(row["v"], row["s"]) for row in found]


def appended(data, **options):
    path = made()
    try:
        write_deltalake(path, data, mode="append", **options)
    except SchemaMismatchError:
        return "refused"
    return rows(path)[-1]


def merged(data):
    path = made()
    merge = DeltaTable(path).merge(data, "t.v = s.v", source_alias="s", target_alias="t")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()
    return rows(path)[-1]


def updated(factor):
    path = made(scale=18)
    write_deltalake(path, table(pa.array([2], pa.int64()), ["2.5"], 18), mode="append")
    DeltaTable(path).update({"s": f"s * {factor}"})
    return rows(path)[-1]


seen = {
    "append 10.9": appended(table([10.9], ["1"])),
    "append 10.9, schema_mode=merge": appended(table([10.9], ["1"]), schema_mode="merge"),
    "append '007'": appended(table(["007"], ["1"])),
    "append DECIMAL(38,3)": appended(table([7], ["8.005"], 3)),
    "MERGE DECIMAL(38,3)": merged(table([7], ["8.005"], 3)),
    "update * 0.92154": updated("0.92154"),
    "update * a decimal": updated("CAST(0.92154 AS DECIMAL(9,6))"),
}
for case, row in seen.items():
    print(f"{case}:", row if isinstance(row, str) else f"v {row[0]}, s {row[1]}")
stated = list(seen.values()) == [
    (10, Decimal(1)),
    (10, Decimal(1)),
    (7, Decimal(1)),
    "refused",
    (7, Decimal("8.01")),
    (2, Decimal("2.303850000000000256")),
    (2, Decimal("2.30385")),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
