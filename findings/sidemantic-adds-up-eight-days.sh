#!/usr/bin/env bash
# sidemantic's window of "7 days" adds up eight days, and a date filter cuts what lies before it.
#
# A good guess: a cumulative metric with window="7 days" is the sum of seven days, the last of them the row's
# own, as in MetricFlow; and a filter on days chooses which rows are shown, not what they hold.
# What happens (sidemantic 0.13.0, DuckDB 2.0.1): the window goes from seven days before to the row's own
# day, both included: with a spend of 1.00 a day every row is 8.00. With a filter from April 10 on, the
# window of April 10 holds one day, and a month to date (grain_to_date="month") on April 10 is 1.00, not
# 10.00.
# For a user: a weekly total is too high by a seventh, and a chart's first week rises with whatever range a
# reader picks. Write window="6 days", ask without a filter on days, and cut the days afterwards.
set -euo pipefail
unset PYTHONPATH
packages=(sidemantic==0.13.0 sqlglot==30.30.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from sidemantic import Dimension, Metric, Model, SemanticLayer

print(*(f"{name} {version(name)}" for name in ("sidemantic", "sqlglot", "duckdb")))
layer = SemanticLayer()
layer.adapter.execute(
    "CREATE TABLE spend AS SELECT range::date AS day, 1.00::decimal(38,18) AS spend"
    " FROM range(DATE '2026-01-01', DATE '2026-06-01', INTERVAL 1 DAY)"
)
day = Dimension(name="day", type="time", granularity="day", sql="day")
spend = Metric(name="spend", agg="sum", sql="spend")
layer.add_model(Model(name="s", table="spend", primary_key="day", dimensions=[day], metrics=[spend]))
layer.add_metric(Metric(name="week", type="cumulative", sql="s.spend", window="7 days"))
layer.add_metric(Metric(name="six", type="cumulative", sql="s.spend", window="6 days"))
layer.add_metric(Metric(name="month", type="cumulative", sql="s.spend", grain_to_date="month"))


def on(date, metric, *filters):
    rows = layer.query(metrics=[metric], dimensions=["s.day"], filters=list(filters)).fetchall()
    return next(float(row[-1]) for row in rows if str(row[0]) == date)


since = "s.day >= '2026-04-10'"
seen = [
    on("2026-04-10", "week"),
    on("2026-04-10", "week", since),
    on("2026-04-10", "month"),
    on("2026-04-10", "month", since),
    on("2026-04-10", "six"),
]
print("1.00 a day; window of 7 days on April 10:", seen[0], "- filtered from April 10 on:", seen[1])
print("month to date on April 10:", seen[2], "- filtered from April 10 on:", seen[3])
print("window of 6 days on April 10:", seen[4])
stated = seen == [8, 1, 10, 1, 7]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
