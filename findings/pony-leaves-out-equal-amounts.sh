#!/usr/bin/env bash
# Pony ORM leaves out amounts that are equal to another one.
#
# A good guess: `select(r.spend for r in Row)` gives the spend of each row, as the generator that
# it looks like does, and as other ORMs do.
# What happens (pony 0.7.20): a query of attributes is made a SELECT DISTINCT. Of 5.00, 5.00 and
# 7.00 it gives 5 and 7, and count() says 2, while sum() of the same query is 17 and avg() a third
# of it. A query of whole rows, one with the key beside the amount, and `without_distinct()` give
# all three.
# For a user: `sum(select(r.spend for r in Row))`, a list for a chart or a median lacks every
# amount that occurs twice, which round bids and budgets do often. Write `.without_distinct()`, or
# take the key along.
set -euo pipefail
unset PYTHONPATH
packages=(pony==0.7.20)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

from pony import orm

print("pony", version("pony"))
db = orm.Database("sqlite", ":memory:")


class Row(db.Entity):
    id = orm.PrimaryKey(int)
    spend = orm.Required(Decimal)


db.generate_mapping(create_tables=True)
with orm.db_session:
    for key, spend in enumerate(("5.00", "5.00", "7.00")):
        Row(id=key, spend=Decimal(spend))
    orm.commit()
    amounts = orm.select(row.spend for row in Row)
    seen = {
        "amounts": list(map(float, amounts)),
        "their sum in Python": float(sum(amounts)),
        "count()": amounts.count(),
        "avg()": round(float(amounts.avg()), 2),
        "sum()": float(amounts.sum()),
        "with the key": len(orm.select((row.id, row.spend) for row in Row)[:]),
        "whole rows": float(sum(row.spend for row in orm.select(row for row in Row))),
        "without_distinct()": float(sum(amounts.without_distinct())),
    }
stated = {
    "amounts": [5.0, 7.0],
    "their sum in Python": 12.0,
    "count()": 2,
    "avg()": 5.67,
    "sum()": 17.0,
    "with the key": 3,
    "whole rows": 17.0,
    "without_distinct()": 17.0,
}
for name, value in seen.items():
    print(f"{name}: {value}")
as_stated = seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
