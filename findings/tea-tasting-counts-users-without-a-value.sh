#!/usr/bin/env bash
# tea-tasting counts users without a value as if they had one, so that chance is significant.
#
# A good guess: nulls in a metric's column (users who bought nothing, in revenue by user) are left out, as
# SQL's averages do, or count as zero.
# What happens (tea-tasting 1.14.0, polars 2.1.0): the mean and the variance leave them out, the number of
# users counts them. Ten thousand users of whom one in ten has a value are tested as ten thousand values:
# the interval is less than a third as wide as it should be, and the p-value falls from 0.24 to 0.0002.
# DuckDB by way of ibis, and pandas, give the same. The result holds means, and no numbers of users.
# For a user: a left join of users and orders is the usual input, and gives nulls. Any difference is then
# found significant. `fill_null(0)` for revenue by user, `drop_nulls()` for revenue by buyer, before the
# test.
set -euo pipefail
unset PYTHONPATH
packages=(tea-tasting==1.14.0 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 'ibis-framework[duckdb]==12.0.0' duckdb==1.4.4 sqlglot==30.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import ibis
import polars as pl
import tea_tasting as tt

print(*(f"{name} {version(name)}" for name in ("tea-tasting", "polars", "ibis-framework", "duckdb")))
rows = []
for user in range(10_000):
    variant, buyer = user % 2, user // 2
    spend = 10.0 + buyer % 7 + (0.15 if variant else 0.0)
    rows.append({"variant": variant, "revenue": spend if buyer % 10 == 0 else None})
users = pl.DataFrame(rows)
fields = set()
experiment = tt.Experiment(revenue=tt.Mean("revenue"))


def test(data):
    """Return the p-value and the width of the interval."""
    found = experiment.analyze(data)["revenue"]
    fields.update(found._fields)
    return found.pvalue, found.effect_size_ci_upper - found.effect_size_ci_lower


results = {
    "with nulls": test(users),
    "with nulls, pandas": test(users.to_pandas()),
    "with nulls, DuckDB": test(ibis.duckdb.connect().create_table("users", users.to_arrow())),
    "drop_nulls()": test(users.drop_nulls()),
    "fill_null(0)": test(users.with_columns(pl.col("revenue").fill_null(0))),
}
for name, (pvalue, width) in results.items():
    print(f"{name}: p {pvalue:.5f}, interval {width:.4f} wide")
nulls, dropped = results["with nulls"], results["drop_nulls()"]
stated = (
    all(abs(results[name][0] - nulls[0]) < 1e-4 for name in results if name.startswith("with"))
    and nulls[0] < 0.001
    and 0.15 < dropped[0] < 0.3
    and 3 < dropped[1] / nulls[1] < 3.5
    and results["fill_null(0)"][0] > 0.15
    and "control" in fields
    and not [name for name in fields if name.startswith("n_") or "users" in name or "count" in name]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
