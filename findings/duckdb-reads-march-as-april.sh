#!/usr/bin/env bash
# DuckDB reads 03/04/2026 in a CSV file as April 3, and 03/13/2026 in the next file as March 13.
#
# A good guess: a date that could be read both ways stays text, as '03/04/2026'::DATE is refused; or all
# files of an export are read the same way.
# What happens (DuckDB 2.0.1 and 1.4.4): each file's own values decide. A file whose days are all 12 or less
# is read with the day first, one with a 13 in it with the month first, both as DATE and without a word. So
# of an American daily export eleven files of each month are read wrong and the others right; March 4
# becomes April 3. In one read_csv of several files the first one decides for all in 2.0.1 (an error, if its
# reading doesn't fit a later file; silence, if it does), while in 1.4.4 each file has its own reading in
# one result. COPY into a table with a DATE column guesses as well. polars 2.1.0 with try_parse_dates knows
# the day first only: April 3 in the one file, text in the other.
# For a user: spend of March 4 stands on April 3, and that of April 3 on March 4; sums by month are wrong,
# while the sum of all is right. Give the format: `dateformat = '%m/%d/%Y'`, and a type for the column.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1 polars==2.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir"
if command -v uv >/dev/null; then
  uv venv -q -p python3 old && VIRTUAL_ENV="$dir/old" uv pip install -q duckdb==1.4.4
else
  python3 -m venv old && old/bin/pip install -q duckdb==1.4.4
fi
printf 'day,clicks\n03/04/2026,1\n03/05/2026,2\n' > first.csv
printf 'day,clicks\n03/12/2026,3\n03/13/2026,4\n' > second.csv
cat > read.py <<'PY'
import duckdb

def days(source):
    try:
        return [str(day) for day, _ in duckdb.sql(f"FROM {source}").fetchall()]
    except duckdb.Error as error:
        return [type(error).__name__]

print("DuckDB", duckdb.__version__)
for source in (
    "read_csv('first.csv')",
    "read_csv('second.csv')",
    "read_csv(['first.csv', 'second.csv'])",
    "read_csv(['second.csv', 'first.csv'])",
    "read_csv('first.csv', dateformat = '%m/%d/%Y')",
):
    print(source, *days(source))
duckdb.sql("CREATE TABLE report (day DATE, clicks INT)")
duckdb.sql("COPY report FROM 'first.csv'")
print("COPY", *days("report"))
try:
    duckdb.sql("SELECT '03/04/2026'::DATE").fetchall()
except duckdb.Error as error:
    print("cast", type(error).__name__)
PY
cat > stated <<'TXT'
DuckDB 2.0.1
read_csv('first.csv') 2026-04-03 2026-05-03
read_csv('second.csv') 2026-03-12 2026-03-13
read_csv(['first.csv', 'second.csv']) ConversionException
read_csv(['second.csv', 'first.csv']) 2026-03-12 2026-03-13 2026-03-04 2026-03-05
read_csv('first.csv', dateformat = '%m/%d/%Y') 2026-03-04 2026-03-05
COPY 2026-04-03 2026-05-03
cast ConversionException
DuckDB 1.4.4
read_csv('first.csv') 2026-04-03 2026-05-03
read_csv('second.csv') 2026-03-12 2026-03-13
read_csv(['first.csv', 'second.csv']) 2026-04-03 2026-05-03 2026-03-12 2026-03-13
read_csv(['second.csv', 'first.csv']) 2026-03-12 2026-03-13 2026-04-03 2026-05-03
read_csv('first.csv', dateformat = '%m/%d/%Y') 2026-03-04 2026-03-05
COPY 2026-04-03 2026-05-03
cast ConversionException
polars 2.1.0
first.csv 2026-04-03 2026-05-03
second.csv 03/12/2026 03/13/2026
TXT
{ env/bin/python read.py && old/bin/python read.py && env/bin/python -c 'import polars as pl
print("polars", pl.__version__)
for name in ("first.csv", "second.csv"):
    print(name, *pl.read_csv(name, try_parse_dates=True)["day"])'; } | tee seen
if diff stated seen >/dev/null; then echo "as stated"; else echo "NOT as stated any more" && exit 1; fi
