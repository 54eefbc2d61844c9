#!/usr/bin/env bash
# DataFusion reads 12.99 as 12 in a JSON Lines file whose first thousand rows have whole amounts, where it
# refuses the same rows in CSV.
#
# A good guess: a value that doesn't fit the type guessed from the first rows is an error, as in
# DataFusion's own CSV reader, or the column becomes a DOUBLE.
# What happens (datafusion 55.0.0): types are guessed from the first 1000 rows. In JSON Lines a later 12.99
# is then cut to 12 and 0.99 to 0, and a field that comes later is left out. In CSV 12.99 stops the query. A
# text such as "n/a" stops it in JSON too. With `schema_infer_max_records` beyond the row, or with a schema,
# all of it is there.
# For a user: a file that begins with paused or test campaigns (spend 0 without a point) is short of all
# cents below, with nothing in the log, and a total of small amounts is nought. Give the schema:
# `schema=pa.schema([("spend", pa.decimal128(38, 18)), …])` keeps each digit.
set -euo pipefail
unset PYTHONPATH
packages=(datafusion==55.0.0 pyarrow==25.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pyarrow as pa
from datafusion import SessionContext

print(*(f"{name} {version(name)}" for name in ("datafusion", "pyarrow")))
with open("spend.json", "w") as file:
    file.write('{"id": 1, "spend": 0}\n' * 1000)
    file.write('{"id": 2, "spend": 12.990000000000000001}\n{"id": 3, "spend": 0.99, "note": "late"}\n')
with open("spend.csv", "w") as file:
    file.write("id,spend\n" + "1,0\n" * 1000 + "2,12.990000000000000001\n3,0.99\n")
with open("text.json", "w") as file:
    file.write('{"id": 1, "spend": 0}\n' * 1000 + '{"id": 2, "spend": "n/a"}\n')


def read(name, **options):
    """Return the columns' types and the late rows, or the error's first words."""
    context = SessionContext()
    kind = name.partition(".")[2]
    try:
        getattr(context, f"register_{kind}")("report", name, **options)
        rows = context.sql("SELECT * FROM report WHERE id > 1 ORDER BY id").collect()
    except Exception as error:
        return "refused" if "arse" in str(error) or "JSON" in str(error) else str(error)
    table = pa.Table.from_batches(rows)
    return [f"{f.name} {f.type}" for f in table.schema], [tuple(r.values()) for r in table.to_pylist()]


money = pa.schema([("id", pa.int64()), ("spend", pa.decimal128(38, 18))])
seen = {
    "JSON": read("spend.json"),
    "JSON, 2000 rows looked at": read("spend.json", schema_infer_max_records=2000),
    "JSON, decimals": read("spend.json", schema=money),
    "JSON, a text": read("text.json"),
    "CSV": read("spend.csv"),
}
for name, answer in seen.items():
    print(f"{name}: {answer}")
stated = (
    seen["JSON"] == (["id int64", "spend int64"], [(2, 12), (3, 0)])
    and [row[:3] for row in seen["JSON, 2000 rows looked at"][1]]
    == [(2, 12.99, None), (3, 0.99, "late")]
    and [str(row[1]) for row in seen["JSON, decimals"][1]]
    == ["12.990000000000000001", "0.990000000000000000"]
    and seen["JSON, a text"] == seen["CSV"] == "refused"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
