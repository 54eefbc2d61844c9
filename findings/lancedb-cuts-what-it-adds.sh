#!/usr/bin/env bash
# lancedb stores 2 where 2.7 is added to a column of whole numbers, though it refuses the same row in an
# upsert.
#
# A good guess: a value that doesn't fit its column is refused, by every way into the table, as pyarrow
# does.
# What happens (lancedb 0.40.0): `add` cuts 2.7 to 2, in a list of rows and in an Arrow table, and
# `update(values=…)` cuts 12.99 to 12, neither says so; `merge_insert` of 7.9 raises an error. A field that
# the table hasn't got is refused if the first of the added rows has it; if only a later row has it, it is
# left out of that row.
# For a user: conversions by a model (fractions) and amounts in a column that began with whole numbers lose
# what stands behind the point, and only in the loads that append. Create the table with a schema, float64
# or decimal128 for what is no count, and compare the types of what you add with it.
set -euo pipefail
unset PYTHONPATH
packages=(lancedb==0.40.0 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import lancedb
import pyarrow as pa

print(*(f"{name} {version(name)}" for name in ("lancedb", "pyarrow")))
table = lancedb.connect("lance").create_table("report", [{"id": "a", "conversions": 1}])


def tried(run):
    """Return what the table holds then, or the kind of the error."""
    try:
        run()
    except (ValueError, RuntimeError, pa.ArrowInvalid):
        return "refused"
    return {row["id"]: row["conversions"] for row in table.to_arrow().to_pylist()}


added = tried(lambda: table.add([{"id": "b", "conversions": 2.7}]))
updated = tried(lambda: table.update(where="id = 'a'", values={"conversions": 12.99}))
merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
merged = tried(lambda: merge.execute([{"id": "b", "conversions": 7.9}]))
whole = {"id": "c", "conversions": 3}
first = tried(lambda: table.add([{**whole, "spend": 1.5}, {**whole, "id": "d"}]))
later = tried(lambda: table.add([whole, {**whole, "id": "d", "spend": 1.5}]))
columns = table.schema.names
arrow = tried(lambda: table.add(pa.table({"id": ["e"], "conversions": [2.7]})))
print("add 2.7:", added)
print("update to 12.99:", updated)
print("merge_insert 7.9:", merged)
print("a new field in the first row:", first)
print("a new field in the second row:", later, "columns", *columns)
print("an Arrow table with 2.7:", arrow)
stated = (
    added == {"a": 1, "b": 2}
    and updated == {"a": 12, "b": 2}
    and merged == first == "refused"
    and later == {"a": 12, "b": 2, "c": 3, "d": 3}
    and columns == ["id", "conversions"]
    and arrow == {**later, "e": 2}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
