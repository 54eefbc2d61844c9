#!/usr/bin/env bash
# One expression of ibis has other values on polars than on DuckDB.
#
# A good guess: the point of ibis is that an expression means the same on each engine; where engines differ,
# it writes other SQL or refuses.
# What happens (ibis 12.0.0, DuckDB 1.4.4, polars 2.1.0): `-7 % 3` of columns is -1 on DuckDB and 2 on
# polars; `nunique()` of a column with a null counts the null on polars alone; a decimal of two digits
# divided by 3 is 0.41666… and 0.42; `bucket(weeks=1)` begins on Thursday on DuckDB and on Monday on polars.
# For a user: a model that is tested on polars and run on DuckDB has other customers counted and other
# shares, without an error. Test on the engine that runs it; write `x - y * (x / y).floor()` for remainders,
# `dropna()` before nunique, and a cast to float64 before a division.
set -euo pipefail
unset PYTHONPATH
packages=('ibis-framework[duckdb,polars]==12.0.0' duckdb==1.4.4 polars==2.1.0 sqlglot==30.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from datetime import datetime
from decimal import Decimal as D
from importlib.metadata import version

import ibis
import polars as pl

print(*(f"{name} {version(name)}" for name in ("ibis-framework", "duckdb", "polars")))
frame = pl.DataFrame(
    {
        "n": [-7, 7],
        "spend": [D("1.25"), D("-1.25")],
        "name": ["a", None],
        "moment": [datetime(2026, 1, 6), datetime(2026, 1, 9)],
    }
)
tables = {
    "DuckDB": ibis.duckdb.connect().create_table("report", frame.to_arrow()),
    "polars": ibis.polars.connect().create_table("report", frame),
}
questions = {
    "n % 3": lambda t: t.n % 3,
    "n - 3 * (n / 3).floor()": lambda t: t.n - 3 * (t.n / 3).floor(),
    "name.nunique()": lambda t: t.name.nunique(),
    "spend / 3": lambda t: t.spend / 3,
    "spend.cast('float64') / 3": lambda t: t.spend.cast("float64") / 3,
    "moment.bucket(weeks=1)": lambda t: t.moment.bucket(weeks=1),
}


def answer(table, question):
    found = question(table).to_pyarrow()
    found = found.to_pylist() if hasattr(found, "to_pylist") else found.as_py()
    values = found if isinstance(found, list) else [found]
    return [f"{v:%a %d}" if isinstance(v, datetime) else round(v, 4) for v in values]


seen = {}
for name, question in questions.items():
    seen[name] = [answer(table, question) for table in tables.values()]
    print(f"{name}: DuckDB {seen[name][0]}, polars {seen[name][1]}")
third = [0.4167, -0.4167]
stated = seen == {
    "n % 3": [[-1, 1], [2, 1]],
    "n - 3 * (n / 3).floor()": [[2, 1], [2, 1]],
    "name.nunique()": [[1], [2]],
    "spend / 3": [third, [0.42, -0.42]],
    "spend.cast('float64') / 3": [third, third],
    "moment.bucket(weeks=1)": [["Thu 01", "Thu 08"], ["Mon 05", "Mon 05"]],
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
