#!/usr/bin/env bash
# `sqlfluff fix` changes what a query answers: spend and clicks change places, days become null.
#
# A good guess: a formatter moves blanks, letters and commas; what it «fixes» on its own is safe, and
# where an order of columns counts, as in INSERT, it leaves them alone (for a plain INSERT … SELECT
# it does).
# What happens (sqlfluff 4.5.0 with its default rules, DuckDB 2.0.1): plain columns are moved before
# computed ones (ST06), in a view and in a WITH before INSERT as well. `INSERT INTO t SELECT * FROM
# view` then puts clicks into spend, both being numbers. And `SELECT * FROM spend FULL JOIN clicks
# USING (day)` becomes ON spend.day = clicks.day (ST07): the day is null wherever only clicks has
# one, and there are two columns of the name.
# For a user: totals by day lose every day without spend, and a table is filled crosswise, by a commit
# that says «format». Exclude both rules (`exclude_rules = ST06, ST07`), or name columns in INSERT and
# SELECT.
set -euo pipefail
unset PYTHONPATH
packages=(sqlfluff==4.5.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import duckdb

print("sqlfluff", version("sqlfluff"), "DuckDB", version("duckdb"))
SETUP = """
CREATE TABLE spend AS SELECT * FROM (VALUES (1, 5.5), (2, 7.5)) AS v (day, spend);
CREATE TABLE clicks AS SELECT * FROM (VALUES (2, 20), (3, 30)) AS v (day, clicks);
CREATE TABLE ads AS SELECT * FROM (VALUES (5.5, 10), (7.5, 20)) AS v (spend, clicks);
CREATE TABLE t (spend DECIMAL(38, 18), clicks BIGINT);
"""
CASES = {
    "view": "CREATE VIEW v AS SELECT ROUND(spend, 2) AS spend, clicks FROM ads;\n"
    "INSERT INTO t SELECT * FROM v;\n",
    "with": "WITH a AS (SELECT ROUND(spend, 2) AS spend, clicks FROM ads)\n\n"
    "INSERT INTO t SELECT * FROM a;\n",
    "insert": "INSERT INTO t SELECT ROUND(spend, 2), clicks FROM ads;\n",
    "join": "CREATE TABLE daily AS\nSELECT * FROM spend FULL JOIN clicks USING (day);\n",
}
LOOK = {
    "join": "SELECT day, COALESCE(SUM(clicks), 0)::BIGINT FROM daily GROUP BY day ORDER BY day"
}


def answer(case, text):
    con = duckdb.connect()
    con.execute(SETUP)
    con.execute(text)
    look = LOOK.get(case, "SELECT spend::DOUBLE, clicks FROM t ORDER BY ALL")
    return con.execute(look).fetchall()


seen = {}
for case, text in CASES.items():
    file = Path(f"{case}.sql")
    file.write_text(text)
    command = [Path(sys.prefix, "bin/sqlfluff"), "fix", "--dialect", "duckdb", "-q", file]
    subprocess.run(command, capture_output=True)
    seen[case] = answer(case, text), answer(case, file.read_text())
    print(f"{case}: before {seen[case][0]}, after {seen[case][1]}")
straight, crossed = [(5.5, 10), (7.5, 20)], [(10.0, 6), (20.0, 8)]
stated = seen == {
    "view": (straight, crossed),
    "with": (straight, crossed),
    "insert": (straight, straight),
    "join": ([(1, 0), (2, 20), (3, 30)], [(1, 0), (2, 20), (None, 30)]),
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
