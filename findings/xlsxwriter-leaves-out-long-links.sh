#!/usr/bin/env bash
# XlsxWriter, and so pandas' to_excel, leaves cells empty where a link is long or the sheet has 65,530 of
# them.
#
# A good guess: a text that happens to be an address is written as text; a link that Excel can't hold stays
# a text without a link.
# What happens (XlsxWriter 3.3.1, pandas 3.1.1): a text that begins with http:// or https:// becomes a link,
# and one of more than 2,079 characters, in front of or behind its #, is «ignored»: the cell stays empty. So
# is every address from the 65,531st of a sheet on. There is a warning for each, and the file is written.
# polars' write_excel (2.1.0) does the same. openpyxl, which pandas takes if XlsxWriter isn't installed,
# writes all of them.
# For a user: click and tracking addresses with redirects in them are that long, and a report by landing
# page has that many; a pivot over the sheet has a blank line instead. Write texts as texts:
# `engine_kwargs={"options": {"strings_to_urls": False}}`.
set -euo pipefail
unset PYTHONPATH
packages=(xlsxwriter==3.3.1 pandas==3.1.1 polars==2.1.0 openpyxl==3.1.5 fastexcel==0.21.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
import warnings
from importlib.metadata import version

import pandas as pd
import polars as pl

names = ("xlsxwriter", "pandas", "polars", "openpyxl")
print(*(f"{name} {version(name)}" for name in names))
short, long = "https://shop.example/?utm_source=x", "https://click.example/?to=" + "a" * 2100
anchor = "https://click.example/#" + "a" * 2100
two = pd.DataFrame({"page": [short, long], "clicks": [1, 2]})
many = pd.DataFrame({"page": [f"https://shop.example/{n}" for n in range(65_540)], "clicks": 1})


def empty(file):
    """Return how many addresses of the file are missing."""
    return int(pd.read_excel(file, engine="openpyxl")["page"].isna().sum())


def by_pandas(frame, **options):
    """Return how many addresses are missing after to_excel, which has to warn of each."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        frame.to_excel("report.xlsx", index=False, **options)
    missing = empty("report.xlsx")
    assert sum("URL" in str(warning.message) for warning in warned) == missing, warned
    return missing


as_text = {"options": {"strings_to_urls": False}}
pl.DataFrame({"page": [short, long], "clicks": [1, 2]}).write_excel("polars.xlsx")
seen = {
    "pandas, a long one": by_pandas(two),
    "pandas, a long one behind its #": by_pandas(two.replace(long, anchor)),
    "pandas, 65,540 of them": by_pandas(many),
    "polars, a long one": empty("polars.xlsx"),
    "openpyxl, a long one": by_pandas(two, engine="openpyxl"),
    "pandas, strings_to_urls off, a long one": by_pandas(two, engine="xlsxwriter", engine_kwargs=as_text),
}
for name, missing in seen.items():
    print(f"{name}: {missing} missing")
stated = list(seen.values()) == [1, 1, 10, 1, 0, 0]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
