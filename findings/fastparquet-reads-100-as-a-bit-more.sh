#!/usr/bin/env bash
# fastparquet reads 100 in a DECIMAL column as 100.00000000000001, and forgets that a moment is in
# UTC.
#
# A good guess: a decimal becomes the float nearest to it, as float("100") and pandas' astype do,
# so that whole amounts and cents compare equal; a timestamp that the file marks as UTC comes with
# its zone.
# What happens (fastparquet 2026.9.0, pandas 3.1.1, pyarrow 26.0.1): the digits are multiplied by
# a power of ten in floating point. Of DECIMAL(38,18) 100 is 100.00000000000001 and 7.5 is
# 7.500000000000001, of DECIMAL(18,2) 1234567.89 is 1234567.8900000001. A timestamp of a file that
# pyarrow wrote, 22:00 in New York, comes without a zone as 03:00 of the next day; pandas' own
# reader (pyarrow) says 22:00-05:00. Decimals that fastparquet writes are a column of doubles.
# For a user: `spend == 100`, thresholds and groups by amount miss rows that are there, and days
# are those of UTC. Read with pyarrow (`engine="pyarrow"`), which keeps Decimals and zones.
set -euo pipefail
unset PYTHONPATH
packages=(fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import datetime, timezone
from decimal import Decimal
from importlib.metadata import version

import fastparquet
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

print(*(f"{name} {version(name)}" for name in ("fastparquet", "pandas", "pyarrow")))
amounts = [Decimal(text) for text in ("100", "7.5", "12.99", "1234567.89")]
moment = datetime(2026, 1, 2, 3, tzinfo=timezone.utc)
columns = {
    "spend": pa.array(amounts, pa.decimal128(38, 18)),
    "cents": pa.array([x.quantize(Decimal("0.01")) for x in amounts], pa.decimal128(18, 2)),
    "at": pa.array([moment] * len(amounts), pa.timestamp("us", "America/New_York")),
}
pq.write_table(pa.table(columns), "t.parquet")
read = fastparquet.ParquetFile("t.parquet").to_pandas()
by_pyarrow = pd.read_parquet("t.parquet", engine="pyarrow")
fastparquet.write("out.parquet", pd.DataFrame({"spend": amounts}))
seen = {
    "spend": read["spend"].tolist(),
    "cents": read["cents"].tolist(),
    "rows with spend == 100": int((read["spend"] == 100).sum()),
    "at": str(read["at"][0]),
    "pyarrow, spend": list(map(float, by_pyarrow["spend"])),
    "pyarrow, at": str(by_pyarrow["at"][0]),
    "type written": str(pq.read_schema("out.parquet").field("spend").type),
}
for name, value in seen.items():
    print(f"{name}: {value}")
as_stated = seen == {
    "spend": [100.00000000000001, 7.500000000000001, 12.99, 1234567.89],
    "cents": [100.0, 7.5, 12.99, 1234567.8900000001],
    "rows with spend == 100": 0,
    "at": "2026-01-02 03:00:00",
    "pyarrow, spend": [100.0, 7.5, 12.99, 1234567.89],
    "pyarrow, at": "2026-01-01 22:00:00-05:00",
    "type written": "double",
}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
