#!/usr/bin/env bash
# DuckDB 1.4 reads 12.99 as 9.36e17 from a Parquet column of 39 digits, without a word.
#
# A good guess: a decimal of more than 38 digits, which DuckDB has not, is refused, or becomes the
# nearest DOUBLE, as it does with 76 digits: 12.99.
# What happens (DuckDB 1.4.4, files of pyarrow 26.0.1): with 39, 48 or 60 digits the DOUBLE is a power
# of 256 too large: 12.99 as DECIMAL(39,18) is 9.36e17, as DECIMAL(48,18) 217936035.84, as
# DECIMAL(60,18) 3656359947471421.5. DuckDB 2.0.1 reads 12.99 in all of them (as a DOUBLE), and
# pyarrow reads its own files right.
# For a user: pyarrow makes such columns by itself: a DECIMAL(38,18) beside a DECIMAL(38,2) in
# coalesce(), if_else() or concat_tables(…, promote_options="permissive") is a decimal256(54,18).
# Whoever writes that as Parquet and reads it with DuckDB 1.4 has other numbers. Cast to
# decimal128(38, 18) before writing. Our own files hold 38 digits at most.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
for version in 1.4.4 2.0.1; do
  packages=("duckdb==$version" pyarrow==26.0.1)
  if command -v uv >/dev/null; then
    uv venv -q -p python3 "$dir/$version" && VIRTUAL_ENV="$dir/$version" uv pip install -q "${packages[@]}"
  else
    python3 -m venv "$dir/$version" && "$dir/$version/bin/pip" install -q "${packages[@]}"
  fi
done

cat > "$dir/read.py" <<'PY'
import sys
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

print("duckdb", duckdb.__version__, "pyarrow", pa.__version__)
stated = True
for digits, seen_by_14 in ((38, "12.990000000000000000"), (39, "9.360281465526839e+17"),
                           (48, "217936035.84"), (60, "3656359947471421.5"), (76, "12.99")):
    kind = pa.decimal128(digits, 18) if digits <= 38 else pa.decimal256(digits, 18)
    pq.write_table(pa.table({"x": pa.array([Decimal("12.99")], kind)}), "x.parquet")
    kind_here, value = duckdb.sql("SELECT typeof(x), x FROM 'x.parquet'").fetchall()[0]
    back = pq.read_table("x.parquet")["x"][0].as_py()
    print(f"  DECIMAL({digits},18): {kind_here} {value}; pyarrow {back.normalize()}")
    right = "12.990000000000000000" if digits <= 38 else "12.99"
    expected = seen_by_14 if duckdb.__version__.startswith("1.4") else right
    stated = stated and str(value) == expected and back == Decimal("12.99")
narrow, wide = (pa.table({"x": pa.array([Decimal("12.99")], pa.decimal128(38, s))}) for s in (2, 18))
joined = pa.concat_tables([narrow, wide], promote_options="permissive").schema.field("x").type
print("  concat_tables of DECIMAL(38,2) and DECIMAL(38,18):", joined)
stated = stated and joined == pa.decimal256(54, 18)
sys.exit(not stated)
PY
cd "$dir"
if "$dir/1.4.4/bin/python" read.py && "$dir/2.0.1/bin/python" read.py; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
