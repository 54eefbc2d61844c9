#!/usr/bin/env bash
# polars makes 12 of 12.99, if the first hundred rows of a list of dicts were whole numbers.
#
# A good guess: pl.DataFrame(rows) is strict by default: a value that doesn't fit the type found so
# far raises, as it does for one column (`pl.Series([1, …, 12.99])` raises) and for a text after
# numbers.
# What happens (polars 2.1.0): the types come from the first 100 rows (`infer_schema_length`), and
# later rows are made to fit. A float or a Decimal under whole numbers loses its cents, 12.99 is 12;
# a Decimal of more digits is rounded to those of the first hundred; 2 under true and false is
# false; a moment with a zone among moments without one loses the zone. Only a text, or anything
# after a column of nulls, raises. A key that first comes in row 101 is left out. pl.from_dicts and
# lists of tuples do the same. The documentation of `strict` says: «Throw an error if any data value
# does not exactly match the given or inferred data type for that column.» (Open as issue 23152 of
# pola-rs/polars for keys and schemas.)
# For a user: rows of an API's JSON whose first hundred amounts happen to be round lose the cents of
# all others, and a metric that first appears later is gone. `infer_schema_length=None`, or the
# schema written out.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

print("polars", pl.__version__)


def last(first, then, **options):
    rows = [{"v": first}] * 100 + [{"v": then, "late": 1}]
    return pl.DataFrame(rows, **options).row(-1, named=True)


def refused(make):
    try:
        return f"no error: {make()}"
    except (TypeError, pl.exceptions.PolarsError) as error:
        return type(error).__name__


naive, aware = datetime(2026, 1, 1), datetime(2026, 1, 2, 5, tzinfo=UTC)
seen = {
    "1 … then 12.99": last(1, 12.99),
    "1 … then Decimal 12.99": last(1, Decimal("12.99")),
    "Decimal 1.5 … then 0.12345": last(Decimal("1.5"), Decimal("0.12345")),
    "true … then 2": last(True, 2),
    "naive … then 05:00Z": last(naive, aware),
    "infer_schema_length=None": last(1, 12.99, infer_schema_length=None),
    "from_dicts": pl.from_dicts([{"v": 1}] * 100 + [{"v": 12.99}]).row(-1, named=True),
    "tuples": pl.DataFrame([(1,)] * 100 + [(12.99,)], schema=["v"], orient="row").row(-1, named=True),
    "one column": refused(lambda: pl.DataFrame({"v": [1] * 100 + [12.99]})),
    "1 … then a text": refused(lambda: last(1, "x")),
    "null … then 5": refused(lambda: last(None, 5)),
}
for case, row in seen.items():
    print(f"{case}: {row}")
stated = list(seen.values()) == [
    {"v": 12},
    {"v": 12},
    {"v": Decimal("0.1")},
    {"v": False},
    {"v": datetime(2026, 1, 2, 5)},
    {"v": 12.99, "late": 1},
    {"v": 12},
    {"v": 12},
    "TypeError",
    "ComputeError",
    "ComputeError",
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
