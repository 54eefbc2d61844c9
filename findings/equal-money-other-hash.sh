#!/usr/bin/env bash
# Two amounts that are equal have two hashes as soon as one column has more digits than the other.
#
# A good guess: hash(a) = hash(b) where a = b; that is what a hash is for, and DuckDB keeps to it
# for INTEGER and BIGINT.
# What happens (DuckDB 2.0.1, and 1.4.4): 1.5 as DECIMAL(10,1) and as DECIMAL(38,18) are equal and
# join, but hash() differs, and so does md5() of the text ('1.5', '1.500000000000000000'). polars'
# hash differs too. Python's own hash of the two Decimals is equal.
# For a user: row hashes for change detection, surrogate keys made of text (as dbt_utils makes them)
# and hash partitions change for every row on the day a column is widened, so that a whole history
# counts as restated or is inserted again. Leave money out of keys, or cast it to one type before
# hashing. Our own `_row_key` holds dimensions only.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1 polars==2.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal

import duckdb
import polars as pl

print("duckdb", duckdb.__version__, "polars", pl.__version__)
pair = "1.5::DECIMAL(10,1) AS a, 1.5::DECIMAL(38,18) AS b, 7::INTEGER AS i, 7::BIGINT AS j"
queries = {
    "a = b": True,
    "hash(a) = hash(b)": False,
    "md5(a::VARCHAR) = md5(b::VARCHAR)": False,
    "hash(i) = hash(j)": True,
}
seen = {
    text: duckdb.sql(f"SELECT {text} FROM (SELECT {pair})").fetchall()[0][0] for text in queries
}
short = pl.Series([Decimal("1.5")], dtype=pl.Decimal(10, 1))
long = pl.Series([Decimal("1.5")], dtype=pl.Decimal(38, 18))
seen["polars: hashes equal"] = bool((short.hash() == long.hash()).item())
seen["Python: hashes equal"] = hash(short.item()) == hash(long.item())
for text, value in seen.items():
    print(f"{text}: {value}")
stated = list(seen.values()) == [*queries.values(), False, True]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
