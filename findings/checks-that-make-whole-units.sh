#!/usr/bin/env bash
# Checking that a column is a decimal makes 13 of 12.99, in pandera and with two brackets in polars.
#
# A good guess: a schema checks; with coerce=True it brings floats and texts to Decimal and leaves a
# Decimal as it is. And pl.Decimal and pl.Decimal() are one type.
# What happens (pandera 0.35.0, polars 2.1.0): a decimal type without numbers means no digits behind
# the point. pandera's `Decimal` (and `pl.Decimal` in its polars schemas) with coerce=True rounds
# Decimal("12.99") to 13 and 0.49 to 0, and the check passes. In polars `schema={"spend":
# pl.Decimal}` keeps 12.99, and `pl.Decimal()` makes 13.
# For a user: the step that is there to keep wrong money out makes whole units of it. Write the
# numbers out, Decimal(38, 18), wherever a decimal type is named.
set -euo pipefail
unset PYTHONPATH
packages=('pandera[polars]==0.35.0' pandas==3.1.1 polars==2.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import warnings
from decimal import Decimal

warnings.simplefilter("ignore")
import pandas as pd
import pandera
import pandera.pandas as pandera_pandas
import pandera.polars as pandera_polars
import polars as pl

print("pandera", pandera.__version__, "pandas", pd.__version__, "polars", pl.__version__)
amounts = [Decimal("12.99"), Decimal("0.49")]


def by_pandera(kind):
    schema = pandera_pandas.DataFrameSchema({"spend": pandera_pandas.Column(kind, coerce=True)})
    return schema.validate(pd.DataFrame({"spend": amounts}))["spend"].tolist()


def by_pandera_on_polars(kind):
    schema = pandera_polars.DataFrameSchema({"spend": pandera_polars.Column(kind, coerce=True)})
    return schema.validate(pl.DataFrame({"spend": amounts}))["spend"].to_list()


def by_polars(kind):
    return pl.DataFrame({"spend": amounts}, schema={"spend": kind})["spend"].to_list()


whole = [Decimal(13), Decimal(0)]
cases = {
    "pandera, Decimal": (by_pandera(pandera.dtypes.Decimal), whole),
    "pandera, Decimal(38, 18)": (by_pandera(pandera.dtypes.Decimal(38, 18)), amounts),
    "pandera on polars, pl.Decimal": (by_pandera_on_polars(pl.Decimal), whole),
    "polars, pl.Decimal": (by_polars(pl.Decimal), amounts),
    "polars, pl.Decimal()": (by_polars(pl.Decimal()), whole),
    "polars, pl.Decimal(38, 18)": (by_polars(pl.Decimal(38, 18)), amounts),
}
for name, (seen, _) in cases.items():
    print(f"{name}:", *seen)
stated = all(seen == expected for seen, expected in cases.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
