#!/usr/bin/env bash
# With a point for thousands, pandas makes one number of the app versions 2.1.1 and 2.11, and 5012026 of a
# date; DuckDB does it to versions and addresses.
#
# A good guess: thousands="." is heeded where a number has its groups of three digits: 1.234 is 1234, and
# 2.1.1, 10.0.0.11 and 05.01.2026 are no numbers and stay text.
# What happens (pandas 3.1.1, DuckDB 2.0.1): pandas drops every point of every column, wherever it stands.
# Versions 2.1.1 and 2.11 are both 211, the addresses 10.0.0.11 and 100.0.1.1 both 100011, 05.01.2026 is the
# number 5012026. DuckDB's read_csv with decimal_separator=',' and thousands='.' reads dates as dates, but
# versions and addresses as pandas does. No warning.
# For a user: reports in a European format, read as their numbers ask for it, add up two app versions as one,
# and joins by version or id find others' rows. Name the type of each column that isn't a number
# (`dtype={"version": str, "date": str}`, `types={'version': 'VARCHAR'}`), which both heed.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > report.csv <<'CSV'
version;address;clicks;spend
2.1.1;10.0.0.11;1.234;1.234,56
2.11;100.0.1.1;12;7,50
CSV
printf 'date;clicks\n05.01.2026;1.234\n06.01.2026;12\n' > days.csv
"$dir/env/bin/python" -W ignore - <<'PY'
import sys

import duckdb
import pandas as pd

print("pandas", pd.__version__, "duckdb", duckdb.__version__)
EUROPEAN = {"sep": ";", "decimal": ",", "thousands": "."}
SQL = "from read_csv('{}', delim=';', decimal_separator=',', thousands='.' {})"


def by_pandas(file, **options):
    return pd.read_csv(file, **options).to_dict("list")


def by_duckdb(file, more=""):
    relation = duckdb.sql(SQL.format(file, more))
    columns = map(list, zip(*((str(value) for value in row) for row in relation.fetchall())))
    return dict(zip(relation.columns, columns))


text = {"version": str, "address": str}
pandas_types = by_pandas("report.csv", dtype=text, **EUROPEAN)
duckdb_types = by_duckdb("report.csv", ", types={'version': 'VARCHAR', 'address': 'VARCHAR'}")
seen = {
    "pandas": by_pandas("report.csv", **EUROPEAN),
    "pandas, days": by_pandas("days.csv", **EUROPEAN),
    "duckdb": by_duckdb("report.csv"),
    "duckdb, days": by_duckdb("days.csv"),
    "pandas, types named": {name: pandas_types[name] for name in text},
    "duckdb, types named": {name: duckdb_types[name] for name in text},
}
kept = {"version": ["2.1.1", "2.11"], "address": ["10.0.0.11", "100.0.1.1"]}
numbers = {"version": [211, 211], "address": [100011, 100011], "clicks": [1234, 12], "spend": [1234.56, 7.5]}
stated = {
    "pandas": numbers,
    "pandas, days": {"date": [5012026, 6012026], "clicks": [1234, 12]},
    "duckdb": {name: [str(value) for value in column] for name, column in numbers.items()},
    "duckdb, days": {"date": ["2026-01-05", "2026-01-06"], "clicks": ["1234", "12"]},
    "pandas, types named": kept,
    "duckdb, types named": kept,
}
for name, columns in seen.items():
    print(f"{name}: {columns}")
print("as stated" if seen == stated else "NOT as stated any more")
sys.exit(seen != stated)
PY
