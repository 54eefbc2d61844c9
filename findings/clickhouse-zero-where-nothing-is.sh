#!/usr/bin/env bash
# ClickHouse says 0 for the day before the first one, and 1970 for the newest day of no rows.
#
# A good guess: `lag(spend)` is null in the first row, `max(day)` of no rows is null, and so is a
# column of a LEFT JOIN that finds nothing; `coalesce` then tells what was missing.
# What happens (ClickHouse 26.9.2, as chdb 4.4.0): without Nullable columns there is no null. lag()
# of the first row is 0, max(day) of no rows 1970-01-01, the sum of none 0, and an unmatched row of
# a LEFT JOIN has 0 and empty text. And uniq() is an estimate: 1,001,943 of a million different
# numbers. DuckDB 2.0.1 says null, and a million.
# For a user: the first day shows a rise by all of its spend, a bookmark taken from an empty table
# is 1970, and a campaign without a budget has a budget of 0. `SET join_use_nulls = 1`,
# `lag(toNullable(spend))`, `maxOrNull(day)`, `uniqExact`.
set -euo pipefail
unset PYTHONPATH
packages=(chdb==4.4.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys

import chdb
import duckdb

DAYS = "(SELECT 1 AS d, 5 AS s UNION ALL SELECT 2, 7)"
NONE = "(SELECT CAST('2026-01-01' AS DATE) AS day, 5 AS s WHERE 1 = 0)"
JOIN = "(SELECT 'a' AS c) AS x LEFT JOIN (SELECT 'b' AS c, 9 AS budget) AS y ON x.c = y.c"


def of_clickhouse(question):
    text = chdb.query(question, "TabSeparated").data().strip()
    return None if text == "\\N" else text


def of_duckdb(question):
    value = duckdb.execute(question).fetchone()[0]
    return None if value is None else str(value)


print("clickhouse", of_clickhouse("SELECT version()"), "duckdb", duckdb.__version__)
questions = {
    "lag of the first day": f"""SELECT l FROM
        (SELECT d, lag(s) OVER (ORDER BY d) AS l FROM {DAYS}) WHERE d = 1""",
    "newest day of no rows": f"SELECT max(day) FROM {NONE}",
    "sum of no rows": f"SELECT sum(s) FROM {NONE}",
    "budget that isn't there": f"SELECT y.budget FROM {JOIN}",
}
seen = {name: (of_clickhouse(text), of_duckdb(text)) for name, text in questions.items()}
remedies = [
    of_clickhouse(f"SELECT maxOrNull(day) FROM {NONE}"),
    of_clickhouse(f"SELECT y.budget FROM {JOIN} SETTINGS join_use_nulls = 1"),
    of_clickhouse(questions["lag of the first day"].replace("lag(s)", "lag(toNullable(s))")),
]
for name, (clickhouse, other) in seen.items():
    print(f"{name}: ClickHouse {clickhouse}, DuckDB {other}")
print("maxOrNull, join_use_nulls, toNullable:", *remedies)
uniq = int(of_clickhouse("SELECT uniq(number) FROM numbers(1000000)"))
exact = int(of_clickhouse("SELECT uniqExact(number) FROM numbers(1000000)"))
print(f"of a million different numbers: uniq {uniq:,}, uniqExact {exact:,}")
values = ["0", "1970-01-01", "0", "0"]
stated = {name: (value, None) for name, value in zip(questions, values, strict=True)}
as_stated = seen == stated and remedies == [None] * 3 and uniq != exact == 1_000_000
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
