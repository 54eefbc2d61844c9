#!/usr/bin/env bash
# The totals of a pivot leave out rows that the table shows, where a value or a heading is null.
#
# A good guess: `pivot_table(margins=True)` adds up what stands in each line; a row without a country gets
# a column of its own or is at least in the total; PIVOT of SQL does the same.
# What happens (pandas 3.1.1): the totals are made of the rows that have no null at all, the table of all
# rows. If clicks are missing in one row, its spend of 100.00 stands in the table, and the total of the
# line, of its column and of all lack it: 1.00, 10.00 and 100.00 have the total 11.00. A row whose country
# is null is in no column and no total, though `values` alone counts it: 101.00 beside 111.00. DuckDB
# 2.0.1's PIVOT leaves rows with a null heading out, too; polars 2.1.0's makes a column named null of
# them, and 0.0 of combinations that don't exist.
# For a user: spend without a country, which platforms do report, is missing from totals, and one null
# click takes money away. Fill headings first (`fillna("unknown")`), take the totals from a groupby or
# with `dropna=False`, and compare them with the sum of the column.
set -euo pipefail
unset PYTHONPATH
packages=(pandas==3.1.1 duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys

import duckdb
import pandas as pd
import polars as pl

print("pandas", pd.__version__, "DuckDB", duckdb.__version__, "polars", pl.__version__)
frame = pd.DataFrame(
    {
        "campaign": ["a", "a", "a", "b"],
        "country": ["FR", "DE", "US", "DE"],
        "spend": [10.0, 1.0, 100.0, 1000.0],
        "clicks": [2, 1, None, 4],
    }
)
table = frame.pivot_table(
    index="campaign", columns="country", values=["spend", "clicks"], aggfunc="sum", margins=True
)
print(table["spend"].to_string())
shown = table["spend"].loc["a", ["DE", "FR", "US"]].sum()
total = table["spend"].loc["a", "All"]
alone = frame.pivot_table(
    index="campaign", columns="country", values="spend", aggfunc="sum", margins=True
).loc["a", "All"]
kept = frame.pivot_table(
    index="campaign",
    columns="country",
    values=["spend", "clicks"],
    aggfunc="sum",
    margins=True,
    dropna=False,
)["spend"].loc["a", "All"]
print(f"with dropna=False the total of a is {kept}")
print(f"spend of a: {shown} in the table, {total} as its total, {alone} without the clicks")

unknown = frame.assign(country=[None, "DE", "US", "DE"])
by_country = unknown.pivot_table(
    index="campaign", columns="country", values="spend", aggfunc="sum", margins=True
).loc["a", "All"]
by_campaign = unknown.pivot_table(index="campaign", values="spend", aggfunc="sum").loc["a", "spend"]
connection = duckdb.connect()
connection.register("report", unknown)
pivot = "PIVOT report ON country USING sum(spend) GROUP BY campaign"
by_duckdb = connection.execute(f"SELECT * FROM ({pivot}) WHERE campaign = 'a'").fetchall()
by_polars = pl.from_pandas(unknown).pivot(
    on="country", index="campaign", values="spend", aggregate_function="sum"
)
print(f"one country is null: pandas {by_country} by country, {by_campaign} by campaign alone")
print(f"  DuckDB {by_duckdb}; polars {by_polars.columns} {by_polars.rows()}")
stated = (
    (shown, total, alone, kept) == (111.0, 11.0, 111.0, 111.0)
    and (by_country, by_campaign) == (101.0, 111.0)
    and by_duckdb == [("a", 1.0, 100.0)]
    and {row[0]: sum(row[1:]) for row in by_polars.rows()} == {"a": 111.0, "b": 1000.0}
    and "null" in by_polars.columns
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
