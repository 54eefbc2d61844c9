#!/usr/bin/env bash
# cuallee's check of a key of two columns fails for a good key, except on polars.
#
# A good guess: are_unique(("account", "day")), and is_composite_key, ask whether each pair is there once,
# and the answer is the same on every engine.
# What happens (cuallee 0.15.4): on pandas and DuckDB the distinct values of each column are counted alone,
# and their average is divided by the rows. Two accounts on three days, six rows and a perfect key, are (2 +
# 3) / 2 of 6: 42 %, FAIL. On polars the pairs are looked at: PASS. On DuckDB the counts are estimates:
# 2,000 rows of two columns, in each of which one value stands twice, can count as more than 2,000 distinct
# ones and PASS.
# For a user: the check is red from the first day, so that `pct` is lowered until it is green, and then it
# finds nothing. Make one column of the key before the check, and ask is_unique of it; on polars leave it.
set -euo pipefail
unset PYTHONPATH
packages=(cuallee==0.15.4 pandas==3.1.1 polars==2.1.0 duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import duckdb
import pandas as pd
import polars as pl
from cuallee import Check, CheckLevel

print(*(f"{name} {version(name)}" for name in ("cuallee", "pandas", "polars", "duckdb")))
days = [(account, f"2026-01-0{day}") for account in ("a", "b") for day in (5, 6, 7)]
good = {"account": [account for account, _ in days], "day": [day for _, day in days]}
doubled = {"account": good["account"] + ["a"], "day": good["day"] + ["2026-01-05"]}


def verdict(engine, data, method="is_composite_key", columns=("account", "day")):
    """Return the status and the rate of one check."""
    check = Check(CheckLevel.ERROR, "key", table_name="report")
    getattr(check, method)(columns)
    if engine == "polars":
        row = check.validate(pl.DataFrame(data)).to_dicts()[0]
    elif engine == "pandas":
        row = check.validate(pd.DataFrame(data)).to_dict("records")[0]
    else:
        frame = pd.DataFrame(data)
        connection = duckdb.connect()
        connection.register("report", frame)
        row = check.validate(connection).to_dict("records")[0]
    return row["status"], round(float(row["pass_rate"]), 2)


seen = {
    (engine, name): verdict(engine, data)
    for engine in ("pandas", "duckdb", "polars")
    for name, data in (("a good key", good), ("one row twice", doubled))
}
for (engine, name), result in seen.items():
    print(f"{engine}, {name}: {result}")
one = {**good, "key": [f"{account}|{day}" for account, day in days]}
by_hand = verdict("pandas", one, "is_unique", "key")
print("pandas, one column of the key:", by_hand)
size = 2000
numbers = [str(n) for n in range(size - 1)]
twice = {"account": [*numbers, "0"], "day": [*numbers, "0"]}
broken = verdict("duckdb", twice)
print("duckdb, 2,000 rows with one key twice:", broken)
stated = (
    seen["pandas", "a good key"] == seen["duckdb", "a good key"] == ("FAIL", 0.42)
    and seen["polars", "a good key"][0] == by_hand[0] == "PASS"
    and seen["polars", "one row twice"][0] == "FAIL"
    and broken[0] == "PASS"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
