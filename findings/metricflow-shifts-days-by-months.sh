#!/usr/bin/env bash
# MetricFlow's `offset_window: 1 month` is right by month; by week most weeks are empty, and by quarter
# January 31 is left out and February 28 counted four times.
#
# A good guess: the spend of a month before, asked for by week or by quarter, is that of each of their days a
# month before, or of the period that began a month before; no day of the past is lost or counted twice.
# What happens (dbt-metricflow 0.15.0, dbt-core 1.11.16, dbt-duckdb 1.11.1): by week the Monday of each week is
# shifted by a month and joined with weeks, so that it finds one only if that day is a Monday, too: after
# February's 28 days and else nearly never. By quarter each day is shifted, and as March 28, 29, 30 and 31 are
# all February 28 a month before, that day's spend is there four times, while no day is shifted to January
# 29, 30 or 31. No error, no warning: empty weeks are null.
# For a user: «spend a month before» in a dashboard by week is empty, by quarter wrong at every end of a
# month, and a growth rate made of it as well. Use offsets of days or weeks (`4 weeks`) for these, and
# offsets of months only by month.
set -euo pipefail
unset PYTHONPATH
packages=(dbt-metricflow==0.15.0 dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && mkdir models && cat > dbt_project.yml <<'YML'
name: ads
version: "1.0"
profile: ads
flags: {send_anonymous_usage_stats: false}
YML
cat > profiles.yml <<'YML'
ads: {target: dev, outputs: {dev: {type: duckdb, path: ads.duckdb}}}
YML
cat > models/days.sql <<'SQL'
{{ config(materialized="table") }}
select range::date as date_day from range(date '2025-12-01', date '2026-07-01', interval 1 day)
SQL
cat > models/report.sql <<'SQL'
{{ config(materialized="table") }}
select range::date as spent_on, 1 as account,
  case range when date '2026-01-31' then 1000 when date '2026-02-28' then 100 else 1 end as spend
from range(date '2026-01-01', date '2026-07-01', interval 1 day)
SQL
cat > models/models.yml <<'YML'
models:
  - name: days
    time_spine: {standard_granularity_column: date_day}
    columns: [{name: date_day, granularity: day}]
semantic_models:
  - name: report
    model: ref('report')
    defaults: {agg_time_dimension: spent_on}
    entities: [{name: account, type: primary}]
    dimensions: [{name: spent_on, type: time, type_params: {time_granularity: day}}]
    measures: [{name: spend, agg: sum}]
metrics:
  - {name: spend, label: spend, type: simple, type_params: {measure: spend}}
  - name: month_before
    label: a month before
    type: derived
    type_params:
      expr: before
      metrics: [{name: spend, offset_window: 1 month, alias: before}]
YML
export DBT_PROFILES_DIR=. PATH="$dir/env/bin:$PATH"
dbt --no-use-colors run > log.txt 2>&1 || { cat log.txt; exit 1; }
for grain in month week quarter; do
  mf query --metrics spend,month_before --group-by "metric_time__$grain" --csv "$grain.csv" >> log.txt 2>&1 \
    || { cat log.txt; exit 1; }
done
env/bin/python - <<'PY'
import csv
import sys
from importlib.metadata import version

print(*(f"{name} {version(name)}" for name in ("dbt-metricflow", "dbt-core", "dbt-duckdb")))


def before(grain):
    """Return the spend and that of a month before, by the period's first day."""
    with open(f"{grain}.csv") as file:
        rows = list(csv.DictReader(file))
    return {
        row[f"metric_time__{grain}"][:10]: tuple(
            float(row[name]) if row[name] else None for name in ("spend", "month_before")
        )
        for row in rows
    }


month, week, quarter = before("month"), before("week"), before("quarter")
print("January to March:", {day: month[day][0] for day in ("2026-01-01", "2026-02-01", "2026-03-01")})
print("by month, beside February and March:", month["2026-02-01"][1], month["2026-03-01"][1])
print("by quarter, beside January to March:", quarter["2026-01-01"][1], "where January and February have", end=" ")
print(month["2026-01-01"][0] + month["2026-02-01"][0])
inside = {day: pair[1] for day, pair in week.items() if "2026-02-02" <= day <= "2026-06-22"}
empty = [day for day, value in inside.items() if value is None]
print(f"by week, February 2 to June 22: {len(empty)} of {len(inside)} weeks are empty")
stated = (
    month["2026-02-01"] == (127, 1030)
    and month["2026-03-01"] == (31, 127)
    and quarter["2026-01-01"][1] == 28 + 27 + 4 * 100
    and month["2026-01-01"][0] + month["2026-02-01"][0] == 1157
    and len(empty) > len(inside) / 2
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
