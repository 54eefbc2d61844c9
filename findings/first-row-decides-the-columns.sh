#!/usr/bin/env bash
# SQLAlchemy and peewee leave out a column that the first row of a list doesn't have.
#
# A good guess: rows are dicts, so a key that only some of them have is null in the others; or the
# library refuses rows of different keys, as SQLAlchemy does for a row that lacks one («A value is
# required for bind parameter»).
# What happens (SQLAlchemy 2.1.9, peewee 4.5.3): the statement is made of the keys of the first
# row, and what later rows have beyond that is dropped, without a word: in
# `execute(table.insert(), rows)`, in `insert().values(rows)`, in an update of many rows, and in
# peewee's `insert_many(rows)`. With the fuller row first SQLAlchemy raises, and peewee takes the
# default. pandas' to_sql keeps the column.
# For a user: APIs leave out metrics that are zero or not there, so the first campaign decides
# whether the conversions of all others are stored. Give every row the same keys
# (`dict.fromkeys(columns) | row`), or let peewee have `fields=[…]`.
set -euo pipefail
unset PYTHONPATH
packages=(sqlalchemy==2.1.9 peewee==4.5.3 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
import peewee
import sqlalchemy as sa

print(*(f"{name} {version(name)}" for name in ("sqlalchemy", "peewee", "pandas")))
rows = [{"id": 1, "spend": 5.5}, {"id": 2, "spend": 7.5, "revenue": 12.99}]
columns = ("id", "spend", "revenue")
engine = sa.create_engine("sqlite://")
table = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("id", sa.Integer),
    sa.Column("spend", sa.Float),
    sa.Column("revenue", sa.Float),
)


def by_sqlalchemy(statement, *given):
    with engine.begin() as con:
        table.drop(con, checkfirst=True)
        table.create(con)
        try:
            con.execute(statement, *given)
        except sa.exc.SQLAlchemyError:
            return "refused"
        return con.execute(sa.select(table.c.revenue).order_by(table.c.id)).scalars().all()


def by_update():
    with engine.begin() as con:
        table.drop(con, checkfirst=True)
        table.create(con)
        con.execute(table.insert(), [{"id": 1}, {"id": 2}])
        changes = [{"of": row["id"], **{k: v for k, v in row.items() if k != "id"}} for row in rows]
        con.execute(table.update().where(table.c.id == sa.bindparam("of")), changes)
        return con.execute(sa.select(table.c.revenue).order_by(table.c.id)).scalars().all()


database = peewee.SqliteDatabase(":memory:")


class Row(peewee.Model):
    id = peewee.IntegerField(primary_key=True)
    spend = peewee.FloatField()
    revenue = peewee.FloatField(null=True)

    class Meta:
        database = database


def by_peewee(given, **options):
    database.drop_tables([Row])
    database.create_tables([Row])
    Row.insert_many(given, **options).execute()
    return [row.revenue for row in Row.select().order_by(Row.id)]


pd.DataFrame(rows).to_sql("p", engine, index=False)
with engine.begin() as con:
    by_pandas = con.execute(sa.text("SELECT revenue FROM p ORDER BY id")).scalars().all()
same = [dict.fromkeys(columns) | row for row in rows]
checks = {
    "SQLAlchemy insert": (by_sqlalchemy(table.insert(), rows), [None, None]),
    "SQLAlchemy insert().values": (by_sqlalchemy(table.insert().values(rows)), [None, None]),
    "SQLAlchemy update": (by_update(), [None, None]),
    "SQLAlchemy, fuller row first": (by_sqlalchemy(table.insert(), rows[::-1]), "refused"),
    "SQLAlchemy, same keys": (by_sqlalchemy(table.insert(), same), [None, 12.99]),
    "peewee insert_many": (by_peewee(rows), [None, None]),
    "peewee, fuller row first": (by_peewee(rows[::-1]), [None, 12.99]),
    "peewee, same keys": (by_peewee(same), [None, 12.99]),
    "pandas to_sql": (by_pandas, [None, 12.99]),
}
for name, (revenue, _) in checks.items():
    print(f"{name}: {revenue}")
as_stated = all(seen == expected for seen, expected in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
