#!/usr/bin/env bash
# One text in a column, and ADBC's SQLite driver gives the amounts before it as texts of seven digits:
# 12345678.99 is 1.234568e+07.
#
# A good guess: where a column of SQLite holds a text beside numbers, the numbers come as the texts that
# SQLite itself makes of them, 12345678.99.
# What happens (adbc-driver-sqlite 1.13.0): the driver takes the widest type of the first batch of rows, and
# writes the numbers that it has read by then into a column of texts with six digits behind the point and an
# exponent: 1.234568e+07, 5.000000e+00. An id of 17 digits is 2.385123e+16. `CAST(spend AS TEXT)` in the
# query gives 12345678.99, and so does Python's own sqlite3. A column declared NUMERIC is no help, as SQLite
# keeps a text in it. pandas 3.1.1 (`read_sql` with an ADBC connection) gives what the driver gives.
# For a user: a "n/a" of one row, or a placeholder "--", rounds the amounts before it, of a large account to
# tens of units, and they still parse as numbers. Cast in the query: `CAST(nullif(spend, 'n/a') AS REAL)`.
set -euo pipefail
unset PYTHONPATH
packages=(adbc-driver-sqlite==1.13.0 adbc-driver-manager==1.13.0 pyarrow==26.0.1 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sqlite3
import sys
from importlib.metadata import version

import adbc_driver_sqlite.dbapi
import pandas as pd

print(*(f"{name} {version(name)}" for name in ("adbc-driver-sqlite", "pyarrow", "pandas")))
with sqlite3.connect("report.db") as plain:
    plain.execute("CREATE TABLE mixed (spend NUMERIC)")
    plain.execute("CREATE TABLE clean (spend NUMERIC)")
    amounts = [(12345678.99,), (5,), (0.1,), (23851234567890123,)]
    plain.executemany("INSERT INTO clean VALUES (?)", amounts[:3])
    plain.executemany("INSERT INTO mixed VALUES (?)", [*amounts, ("n/a",)])
    own = [value for (value,) in plain.execute("SELECT spend FROM mixed")]
    texts = [value for (value,) in plain.execute("SELECT CAST(spend AS TEXT) FROM mixed")]
plain.close()
seen = {}
with adbc_driver_sqlite.dbapi.connect("report.db") as connection:
    with connection.cursor() as cursor:
        for query in (
            "SELECT spend FROM mixed",
            "SELECT spend FROM clean",
            "SELECT CAST(spend AS TEXT) AS spend FROM mixed",
            "SELECT CAST(nullif(spend, 'n/a') AS REAL) AS spend FROM mixed LIMIT 1",
        ):
            cursor.execute(query)
            seen[query] = cursor.fetch_arrow_table()["spend"].to_pylist()
    by_pandas = pd.read_sql("SELECT spend FROM mixed", connection)["spend"].tolist()
print("sqlite3:", *own)
for query, values in seen.items():
    print(f"{query}:", *values)
print("pandas:", *by_pandas)
short = ["1.234568e+07", "5.000000e+00", "1.000000e-01", "2.385123e+16", "n/a"]
mixed, clean, cast, real = seen.values()
stated = (
    own[0] == 12345678.99
    and mixed == by_pandas == short
    and clean == [12345678.99, 5.0, 0.1]
    and cast == texts
    and cast[0] == "12345678.99"
    and real == [12345678.99]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
