#!/usr/bin/env bash
# Spark brings DECIMAL(38,18) down to six digits by adding a DECIMAL(38,2), and to two by UNION ALL or
# coalesce with one.
#
# A good guess: a sum keeps the digits of its parts, as adding never makes new ones; and a union of two
# columns takes the wider scale, or is refused.
# What happens (Spark 4.3.0 with its defaults): 38 digits are all there are, and room for whole units is made
# at the cost of those behind the point. DECIMAL(38,18) + DECIMAL(38,2) is DECIMAL(38,6): 0.123456789012345678
# + 1 is 1.123457. UNION ALL and coalesce() of these two have two digits, the scale of the narrower side: 0.12.
# A product of two DECIMAL(38,18) and their quotient have six digits, `spend * 2` sixteen. No warning, in ANSI
# mode either.
# For a user: our files' DECIMAL(38,18) beside an older table's NUMERIC(38,2) loses its digits in every
# query that joins the two, and revenue * rate is rounded to a millionth. Cast both sides first: to
# DECIMAL(27,9) or narrower for sums and unions, to DECIMAL(20,9) and DECIMAL(17,9) for a product, so that 38
# digits are enough.
java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
[ "${java:-0}" -ge 17 ] || { echo "skipped: Spark needs Java 17 or newer"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(pyspark==4.3.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - 2>log.txt <<'PY' || { tail -n 20 log.txt; exit 1; }
import sys

from pyspark.sql import SparkSession

build = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = build.config("spark.driver.memory", "1g").getOrCreate()
print("Spark", spark.version)
WIDE = "cast('0.123456789012345678' as decimal(38,18))"
CENTS = "cast(1 as decimal(38,2))"
NARROW = "cast('0.123456789' as decimal(27,9))"
stated = {
    f"select {WIDE} + {CENTS} as x": "1.123457",
    f"select {WIDE} as x union all select {CENTS} order by x limit 1": "0.12",
    f"select coalesce({WIDE}, {CENTS}) as x": "0.12",
    f"select {WIDE} * cast(1 as decimal(38,18)) as x": "0.123457",
    f"select cast(1 as decimal(38,18)) / cast(3 as decimal(38,18)) as x": "0.333333",
    f"select {WIDE} * 2 as x": "0.2469135780246914",
    f"select {NARROW} as x union all select cast(1 as decimal(27,2)) order by x limit 1": "0.123456789",
    f"select {NARROW} + cast(1 as decimal(27,2)) as x": "1.123456789",
    "select cast('0.123456789' as decimal(20,9)) * cast('0.92154' as decimal(17,9)) as x": "0.113770369335060000",
}
as_stated = True
for query, expected in stated.items():
    frame = spark.sql(query)
    seen = str(frame.collect()[0]["x"])
    print(query, "->", frame.dtypes[0][1], seen)
    as_stated &= seen == expected
spark.stop()
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
