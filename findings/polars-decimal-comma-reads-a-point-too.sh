#!/usr/bin/env bash
# polars reads "1.234" as 1.234 though it was told that the comma is the decimal sign; pandas' Python engine
# does, too.
#
# A good guess: with `decimal_comma=True` a point in a number is a sign for thousands, or refused: a German
# export's 1.234 is 1234 euros.
# What happens (polars 2.1.0, pandas 3.1.1, DuckDB 2.0.1, pyarrow 26.0.1): in a column that is declared
# Float64 polars takes the point for the decimal sign as well: 1.234 beside 12,5 as 12.5, `scan_csv` too.
# pandas' Python engine with `decimal=","` and a float type gives the same numbers. DuckDB
# (`decimal_separator = ','`), pyarrow (`decimal_point`) and polars' Decimal refuse the row. Undeclared, the
# column is text in polars.
# For a user: amounts from a thousand on are a thousandth, those below are right, and nothing is said. Read
# such columns as text, take the points out, then the commas; or name the sign: `thousands="."` in pandas,
# `thousands = '.'` in DuckDB.
set -euo pipefail
unset PYTHONPATH
packages=(polars==2.1.0 pandas==3.1.1 duckdb==2.0.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.csv as arrow

print(*(f"{name} {version(name)}" for name in ("polars", "pandas", "duckdb", "pyarrow")))
Path("report.csv").write_text("name;spend\nA;1.234\nB;12,5\nC;950\n")
COMMA = {"separator": ";", "decimal_comma": True}
GERMAN = {"sep": ";", "decimal": ","}


def duck(options):
    return [row[1] for row in duckdb.sql(f"FROM read_csv('report.csv', delim = ';', {options})").fetchall()]


def read_arrow():
    convert = arrow.ConvertOptions(decimal_point=",", column_types={"spend": "float64"})
    parse = arrow.ParseOptions(delimiter=";")
    return arrow.read_csv("report.csv", parse_options=parse, convert_options=convert)["spend"].to_pylist()


def read_polars(**kinds):
    return pl.read_csv("report.csv", **COMMA, schema_overrides=kinds)["spend"].to_list()


def scan():
    return pl.scan_csv("report.csv", **COMMA, schema_overrides={"spend": pl.Float64}).collect()["spend"].to_list()


def read_pandas(**options):
    return pd.read_csv("report.csv", **GERMAN, **options)["spend"].tolist()


questions = {
    "polars, Float64": lambda: read_polars(spend=pl.Float64),
    "polars, scan_csv": scan,
    "polars, undeclared": lambda: read_polars(),
    "polars, Decimal": lambda: read_polars(spend=pl.Decimal(18, 4)),
    "pandas, engine python": lambda: read_pandas(dtype={"spend": float}, engine="python"),
    "pandas, thousands": lambda: read_pandas(thousands="."),
    "DuckDB": lambda: duck("decimal_separator = ',', types = {'spend': 'DOUBLE'}"),
    "DuckDB, thousands": lambda: duck("decimal_separator = ',', thousands = '.', types = {'spend': 'DOUBLE'}"),
    "pyarrow": read_arrow,
}
seen = {}
for name, question in questions.items():
    try:
        seen[name] = question()
    except Exception as error:
        seen[name] = type(error).__name__
    print(f"{name}: {seen[name]}")
wrong, right = [1.234, 12.5, 950.0], [1234.0, 12.5, 950.0]
stated = (
    seen["polars, Float64"] == seen["polars, scan_csv"] == seen["pandas, engine python"] == wrong
    and seen["polars, undeclared"] == ["1.234", "12,5", "950"]
    and seen["pandas, thousands"] == seen["DuckDB, thousands"] == right
    and all(isinstance(seen[name], str) for name in ("polars, Decimal", "DuckDB", "pyarrow"))
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
