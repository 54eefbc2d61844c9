#!/usr/bin/env bash
# dbt's own macros begin a week on Sunday in datediff and on Monday in date_trunc, and its numeric type
# has six digits behind the point.
#
# A good guess: `dbt.datediff(a, b, "week")` is 0 for two days of the same `dbt.date_trunc("week", …)`;
# `dbt.type_numeric()` is the database's type for exact numbers, which holds every amount.
# What happens (dbt-core 1.11.16, dbt-duckdb 1.11.1): from Saturday to Sunday, which date_trunc puts into
# one week, datediff counts one week; from Sunday to Monday, where date_trunc begins a new one, none.
# `type_numeric()` is decimal(28,6): 0.123456789 becomes 0.123457, and so does what goes through
# `dbt.safe_cast` with it.
# For a user: ages of cohorts in weeks are off by one for everything that happened on a Sunday, and
# rates of a package that uses these macros are rounded. Take the difference of two date_truncs in days
# and divide by 7; write `decimal(38, 18)` out.
set -euo pipefail
unset PYTHONPATH
packages=(dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && mkdir models && cat > dbt_project.yml <<'YML'
name: weeks
version: "1.0"
profile: weeks
flags: {send_anonymous_usage_stats: false}
YML
cat > profiles.yml <<'YML'
weeks: {target: dev, outputs: {dev: {type: duckdb, path: weeks.duckdb}}}
YML
cat > models/weeks.sql <<'SQL'
{% set days = {"saturday": "date '2026-02-28'", "sunday": "date '2026-03-01'", "monday": "date '2026-03-02'"} %}
{% for first, second in [("saturday", "sunday"), ("sunday", "monday")] %}
select '{{ first }} to {{ second }}' as step,
  {{ dbt.datediff(days[first], days[second], "week") }} as weeks,
  {{ dbt.date_trunc("week", days[first]) }} = {{ dbt.date_trunc("week", days[second]) }} as same_week
{% if not loop.last %}union all{% endif %}
{% endfor %}
SQL
cat > models/amounts.sql <<'SQL'
select '{{ dbt.type_numeric() }}' as numeric_type,
  cast('0.123456789' as {{ dbt.type_numeric() }}) as plain,
  {{ dbt.safe_cast("'0.123456789'", dbt.type_numeric()) }} as safe
SQL
env/bin/dbt --no-use-colors run --profiles-dir . > log.txt 2>&1 || { cat log.txt; exit 1; }
env/bin/python - <<'PY'
import sys
from importlib.metadata import version

import duckdb

print(*(f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb")))
db = duckdb.connect("weeks.duckdb")
weeks = db.sql("select * from weeks order by step").fetchall()
for step, count, same in weeks:
    print(f"{step}: datediff says {count} weeks, date_trunc the same week: {same}")
kind, *amounts = db.sql("select * from amounts").fetchall()[0]
print("type_numeric() is", kind, "- 0.123456789 is", *amounts)
stated = (
    [row[1:] for row in weeks] == [(1, True), (0, False)]
    and list(map(str, amounts)) == ["0.123457", "0.123457"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
