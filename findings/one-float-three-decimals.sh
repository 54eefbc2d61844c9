#!/usr/bin/env bash
# The float 12.99 as DECIMAL(38,18) is 12.99 in DuckDB and polars, and 12.990000000000000213 in
# pyarrow.
#
# A good guess: a cast is a cast: one float and one decimal type have one result, either the float's
# exact value or its shortest spelling, everywhere.
# What happens (DuckDB 2.0.1, polars 2.1.0, pyarrow 26.0.1): pyarrow (like Python's own Decimal)
# writes out the float's exact binary value; DuckDB and polars multiply by 10^18 in floating point,
# so 12.99 comes out clean, 123456.789 comes out as 123456.789000000003637248, which is neither the
# exact value nor the spelling. A cast by way of text (DuckDB `::VARCHAR::DECIMAL`) gives the
# spelling.
# For a user: the same float column of a client library, brought to decimals in two places, does not
# tie out, and "is the amount equal" fails on most rows. Our taps never make a float; for sources
# that do, go through text or round to the digits you mean right after the cast.
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

print("duckdb", duckdb.__version__, "polars", pl.__version__, "pyarrow", pa.__version__)
floats = [12.99, 0.1, 123456.789]
query = "SELECT {} FROM (SELECT unnest([12.99::DOUBLE, 0.1, 123456.789]) AS x)"


def sql(expression):
    return [row[0] for row in duckdb.sql(query.format(expression)).fetchall()]


seen = {
    "DuckDB": sql("x::DECIMAL(38,18)"),
    "polars": pl.Series(floats).cast(pl.Decimal(38, 18)).to_list(),
    "pyarrow": pc.cast(pa.array(floats), pa.decimal128(38, 18)).to_pylist(),
    "DuckDB by way of text": sql("x::VARCHAR::DECIMAL(38,18)"),
}
for name, values in seen.items():
    print(f"{name}:", *values)
binary = [Decimal(x) for x in ("12.99", "0.1", "123456.789000000003637248")]
exact = [
    Decimal(x)
    for x in ("12.990000000000000213", "0.100000000000000006", "123456.789000000004307367")
]
spelt = [Decimal(str(x)) for x in floats]
stated = list(seen.values()) == [binary, binary, exact, spelt]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
