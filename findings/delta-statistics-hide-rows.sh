#!/usr/bin/env bash
# A Delta table hides rows from a filter on exact money, also from an update and a delete.
#
# A good guess: statistics of files only save reading; a row that is there is found, by any
# reader.
# What happens (deltalake 1.6.6, polars 2.1.0, pyarrow 26.0.1): the smallest and largest value of
# a DECIMAL(38,18) column are written into the table's log as JSON numbers rounded to a float:
# 12.99 for 12.990000000000000001. Whoever skips files by these misses the row: `spend > 12.99`
# and `spend = 12.990000000000000001` find nothing in to_pyarrow_dataset(), to_pandas(filters=…),
# polars' scan_delta and SQL (QueryBuilder); update() and delete() by the same condition change
# nothing, a merge on it does. Read whole and filtered then, the row is there. It takes more than
# some 16 digits; whole cents do no harm up to ten trillion.
# For a user: shares and converted amounts, which have many digits, are missed where a bound is as
# close as that: a value read before, a limit that was just passed. Filter after reading
# (`to_pyarrow_table()`, `read_delta`), or skip files by days and ids only.
set -euo pipefail
unset PYTHONPATH
packages=(deltalake==1.6.6 polars==2.1.0 pyarrow==26.0.1 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, QueryBuilder, write_deltalake

print(*(f"{name} {version(name)}" for name in ("deltalake", "polars", "pyarrow")))
kind = pa.decimal128(38, 18)


def found(amount, bound):
    path = f"t{amount}"
    rows = pa.table({"id": [1], "spend": pa.array([amount], kind)})
    write_deltalake(path, rows)
    table = DeltaTable(path)
    above = pc.field("spend") > pa.scalar(bound, kind)
    where = f"spend > CAST('{bound}' AS DECIMAL(38, 18))"
    sql = QueryBuilder().register("t", table).execute(f"SELECT id FROM t WHERE {where}")
    seen = {
        "read, then filtered": table.to_pyarrow_table().filter(above).num_rows,
        "to_pyarrow_dataset": table.to_pyarrow_dataset().to_table(filter=above).num_rows,
        "to_pandas": len(table.to_pandas(filters=[("spend", ">", bound)])),
        "scan_delta, =": pl.scan_delta(path).filter(pl.col("spend") == amount).collect().height,
        "SQL": sql.read_all().num_rows,
        "update": table.update({"id": "2"}, predicate=where)["num_updated_rows"],
    }
    merge = table.merge(rows, "t.spend = s.spend", source_alias="s", target_alias="t")
    seen["merge, ="] = merge.when_matched_update_all().execute()["num_target_rows_updated"]
    seen["delete"] = DeltaTable(path).delete(where)["num_deleted_rows"]
    return seen


long = found(Decimal("12.990000000000000001"), Decimal("12.99"))
cents = found(Decimal("1234567890123.45"), Decimal("1234567890123.44"))
print("12.990000000000000001 > 12.99:", long)
print("1234567890123.45 > 1234567890123.44:", cents)
as_stated = list(long.values()) == [1, 0, 0, 0, 0, 0, 1, 0] and set(cents.values()) == {1}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
