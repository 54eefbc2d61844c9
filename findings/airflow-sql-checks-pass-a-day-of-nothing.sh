#!/usr/bin/env bash
# Airflow's SQL checks pass anything at all after a negative sum, a day whose sums are zero, and a day
# without rows.
#
# A good guess: SQLIntervalCheckOperator fails when today's spend is 0 and last week's was 10,000;
# SQLColumnCheckOperator fails where there is no row.
# What happens (apache-airflow-providers-common-sql 2.4.0, Airflow 3.3.2): the interval check leaves out
# metrics that are 0 today or then (`ignore_zero`, on by default) and passes. If last week's sum is
# negative, as a day of refunds is, the ratio is negative and below every threshold: 1,000,000 after -100
# passes, by either formula. The column check reads «no row» as 0 (`accept_none`, on by default), so that
# null_check, min and unique_check pass an empty day.
# For a user: the two days that such checks are for, the empty one and the one of zeros, are green.
# `ignore_zero=False`, a check that COUNT(*) is above zero beside the column checks, and thresholds of one's
# own (SQLThresholdCheckOperator) where sums can be negative.
set -euo pipefail
unset PYTHONPATH
packages=(apache-airflow-providers-common-sql==2.4.0 apache-airflow==3.3.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && export AIRFLOW_HOME="$dir/airflow"
failed=0
"$dir/env/bin/python" -W ignore - >log.txt 2>&1 <<'PY' || failed=1
import logging
import sqlite3
import sys
from importlib.metadata import version

from airflow.providers.common.sql.operators import sql as checks

logging.disable(logging.CRITICAL)
names = ("apache-airflow", "apache-airflow-providers-common-sql")
said = [" ".join(f"{name} {version(name)}" for name in names)]
database = sqlite3.connect(":memory:")
database.execute("create table report (ds text, account text, spend real)")


class Hook:
    def get_first(self, sql, parameters=None):
        return database.execute(sql.replace("{{ ds }}", TODAY).replace(WEEK_BEFORE, BEFORE)).fetchone()

    def get_records(self, sql):
        return database.execute(sql).fetchall()


TODAY, BEFORE, WEEK_BEFORE = "2026-01-12", "2026-01-05", "{{ macros.ds_add(ds, -7) }}"


def passes(operator, rows, **options):
    database.execute("delete from report")
    database.executemany("insert into report values (?, 'a', ?)", rows)
    check = operator(task_id="check", conn_id="none", **options)
    check.get_db_hook = Hook
    try:
        check.execute(context={})
    except Exception as error:
        assert "fail" in str(error).lower(), error
        return False
    return True


def interval(before, today, **options):
    rows = [(BEFORE, before), (TODAY, today)]
    metrics = {"SUM(spend)": 1.5}
    return passes(
        checks.SQLIntervalCheckOperator,
        rows,
        table="report",
        metrics_thresholds=metrics,
        **options,
    )


def column(rows):
    mapping = {
        "account": {"null_check": {"equal_to": 0}, "unique_check": {"equal_to": 0}},
        "spend": {"min": {"geq_to": 0}},
    }
    return passes(
        checks.SQLColumnCheckOperator,
        rows,
        table="report",
        column_mapping=mapping,
        partition_clause=f"ds = '{TODAY}'",
    )


seen = [
    ("10,000, then 20,000", interval(10_000, 20_000), False),
    ("10,000, then 0", interval(10_000, 0), True),
    ("10,000, then 0, ignore_zero=False", interval(10_000, 0, ignore_zero=False), False),
    ("-100, then 1,000,000", interval(-100, 1_000_000), True),
    (
        "-100, then 1,000,000, relative_diff",
        interval(-100, 1_000_000, ratio_formula="relative_diff"),
        True,
    ),
    ("columns of a day without rows", column([(BEFORE, 1.0)]), True),
    ("columns of a day with a negative amount", column([(TODAY, -1.0)]), False),
]
said += [f"{name}: {'passes' if result else 'fails'}" for name, result, _ in seen]
stated = all(result == right for _, result, right in seen)
said.append("as stated" if stated else "NOT as stated any more")
with open("said.txt", "w") as file:
    print(*said, sep="\n", file=file)
sys.exit(not stated)
PY
cat said.txt || tail -n 30 log.txt
exit "$failed"
