#!/usr/bin/env bash
# SQLAlchemy's Float(asdecimal=True) gives ten digits behind the point, and so does Numeric on
# SQLite.
#
# A good guess: `asdecimal=True` is asked for to get all digits: a Decimal of what the database
# holds.
# What happens (SQLAlchemy 2.1.9): where the driver gives a float, the Decimal is made of it with
# ten digits behind the point. 0.1234567890123456 is 0.1234567890, the price of an impression of
# 0.00000000004 is 0E-10. On SQLite that holds for Numeric without a scale, too; Numeric(38, 18)
# has 18 digits, of which the last are those of a float (0.1 is 0.100000000000000006). The same
# columns read without asdecimal give the float as it is.
# For a user: the column declared with care has fewer digits than the careless one. Name the
# digits (`Float(asdecimal=True, decimal_return_scale=18)`, `Numeric(38, 18)`), or take floats and
# `Decimal(repr(x))`.
set -euo pipefail
unset PYTHONPATH
packages=(sqlalchemy==2.1.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import sqlalchemy as sa

print("sqlalchemy", version("sqlalchemy"))
floats = (0.1234567890123456, 0.00000000004, 0.1)
kinds = {
    "Float": sa.Float(),
    "Float(asdecimal=True)": sa.Float(asdecimal=True),
    "Numeric": sa.Numeric(),
    "Numeric(38, 18)": sa.Numeric(38, 18),
    "Float(asdecimal=True, decimal_return_scale=18)": sa.Float(
        asdecimal=True, decimal_return_scale=18
    ),
}
engine = sa.create_engine("sqlite://")
seen = {}
with engine.begin() as con:
    con.execute(sa.text("CREATE TABLE t (id INTEGER PRIMARY KEY, v REAL)"))
    con.execute(sa.text("INSERT INTO t (v) VALUES (:v)"), [{"v": value} for value in floats])
    for name, kind in kinds.items():
        table = sa.table("t", sa.column("id", sa.Integer), sa.column("v", kind))
        values = con.execute(sa.select(table.c.v).order_by(table.c.id)).scalars()
        seen[name] = list(map(str, values))
        print(f"{name}: {seen[name]}")
ten = ["0.1234567890", "0E-10", "0.1000000000"]
eighteen = ["0.123456789012345594", "4.0000000E-11", "0.100000000000000006"]
as_stated = seen == {
    "Float": ["0.1234567890123456", "4e-11", "0.1"],
    "Float(asdecimal=True)": ten,
    "Numeric": ten,
    "Numeric(38, 18)": eighteen,
    "Float(asdecimal=True, decimal_return_scale=18)": eighteen,
}
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
