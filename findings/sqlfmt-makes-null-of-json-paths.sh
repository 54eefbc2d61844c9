#!/usr/bin/env bash
# sqlfmt makes null of spend read out of a Snowflake JSON column.
#
# A good guess: a formatter that writes identifiers in small letters is safe in Snowflake, where
# unquoted names know no case; and it keeps what is quoted.
# What happens (sqlfmt 0.32.0): the path behind `raw:` is written small too: raw:Campaign.Spend
# becomes raw:campaign.spend. Snowflake's keys of JSON are case-sensitive, quoted or not, so that
# the path finds nothing and says null (asked of fakesnow 0.12.1, which stands in for Snowflake on
# DuckDB). raw['Campaign']['Spend'] is kept.
# For a user: APIs that write campaignId or Spend come out as null columns after «format», without an
# error, and sums are null or too small. Write paths with brackets. `sqlfluff fix` keeps the letters
# of such a path.
set -euo pipefail
unset PYTHONPATH
packages=(shandy-sqlfmt==0.32.0 fakesnow==0.12.1 snowflake-connector-python==3.18.1 duckdb==2.0.1 sqlglot==30.22.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import fakesnow
import snowflake.connector

logging.disable()
print("sqlfmt", version("shandy-sqlfmt"), "fakesnow", version("fakesnow"))
ROW = """(select parse_json('{"Campaign": {"Spend": "12.50"}}') as raw) as t"""
CASES = {
    "path": f"select raw:Campaign.Spend::varchar as spend from {ROW}",
    "brackets": f"select raw['Campaign']['Spend']::varchar as spend from {ROW}",
}
seen = {}
with fakesnow.patch():
    db = snowflake.connector.connect(database="ads", schema="raw")
    for case, query in CASES.items():
        command = [Path(sys.prefix, "bin/sqlfmt"), "-"]
        made = subprocess.run(command, input=query, capture_output=True, text=True).stdout
        seen[case] = [db.cursor().execute(sql).fetchone()[0] for sql in (query, made)]
        print(f"{case}: {made.splitlines()[0]}: before {seen[case][0]}, after {seen[case][1]}")
stated = seen == {"path": ["12.50", None], "brackets": ["12.50", "12.50"]}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
