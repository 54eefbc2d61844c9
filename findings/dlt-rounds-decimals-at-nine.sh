#!/usr/bin/env bash
# dlt rounds exact decimals to nine digits behind the point; the price of an impression can become 0.
#
# A good guess: Python's Decimal is the type for exact numbers, so a loader that knows it either
# keeps every digit or refuses what it can't hold; DuckDB could hold 18 and more.
# What happens (dlt 1.31.0 into DuckDB 2.0.1, nothing configured): a Decimal becomes DECIMAL(38,9).
# 0.0000000004 arrives as 0, 0.123456789012345678 as 0.123456789. No warning. With `precision` and
# `scale` in the column's hint all digits arrive.
# For a user: sums of many small amounts (revenue an impression, shares of a split fee) are short,
# and more so the finer the grain. Our columns are DECIMAL(38,18): give dlt `columns={"spend":
# {"data_type": "decimal", "precision": 38, "scale": 18}}` before comparing.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb]==1.31.0' duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
from decimal import Decimal

import dlt
import duckdb

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
amounts = [Decimal("0.0000000004"), Decimal("0.123456789012345678")]
exact = {"data_type": "decimal", "precision": 38, "scale": 18}


def loaded(name, **hints):
    target = dlt.destinations.duckdb(f"{name}.duckdb")
    dlt.pipeline(name, destination=target, dataset_name="ads", pipelines_dir=name).run(
        [{"n": n, "spend": amount} for n, amount in enumerate(amounts)], table_name="t", **hints
    )
    with duckdb.connect(f"{name}.duckdb") as db:
        table = db.sql("SELECT spend FROM ads.t ORDER BY n")
        return str(table.types[0]), [row[0] for row in table.fetchall()]


print("dlt", dlt.__version__, "duckdb", duckdb.__version__)
plain, hinted = loaded("plain"), loaded("hinted", columns={"spend": exact})
print("sent:", *amounts)
print("as is:", plain[0], *plain[1])
print("with a hint:", hinted[0], *hinted[1])
stated = (
    plain == ("DECIMAL(38,9)", [Decimal(0), Decimal("0.123456789")])
    and hinted == ("DECIMAL(38,18)", amounts)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
