#!/usr/bin/env bash
# The same schema for money is exact in Postgres and means whole units in Snowflake.
#
# A good guess: a format called decimal makes a column that keeps the digits behind the point, in
# each SDK target alike.
# What happens (meltanolabs-target-snowflake 0.20.4): `x-singer.decimal` without precision and scale
# becomes DECIMAL. That is unlimited in Postgres; Snowflake documents its DECIMAL as NUMBER(38,0),
# so 0.49 is stored as 0. `"type": "number"` becomes FLOAT, `singer.decimal` (what the SDK's own
# type writes) text. With precision and scale it is DECIMAL(38, 18). Only the target's type mapping
# is run here, no Snowflake.
# For a user: click prices below half a unit are 0 in Snowflake and right in Postgres, and no step
# fails. Look at the column's scale after the first load. Our taps send precision and scale
# (docs/warehouses.md).
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-target-snowflake==0.20.4 singer-sdk==0.55.0b3 snowflake-sqlalchemy==1.11.1 sqlalchemy==2.0.58)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from snowflake.sqlalchemy import snowdialect
from target_snowflake.connector import SnowflakeConnector

print("target-snowflake", version("meltanolabs-target-snowflake"))
connector = SnowflakeConnector({"account": "a", "user": "u", "password": "p", "database": "d"})
text = {"type": ["string", "null"]}
kinds = {
    "DECIMAL": {**text, "format": "x-singer.decimal"},
    "DECIMAL(38, 18)": {**text, "format": "x-singer.decimal", "precision": 38, "scale": 18},
    "FLOAT": {"type": ["number", "null"]},
    "VARCHAR": {**text, "format": "singer.decimal"},
}
stated = True
for expected, kind in kinds.items():
    seen = connector.to_sql_type(kind).compile(dialect=snowdialect.dialect())
    print(f"{kind}: {seen}")
    stated = stated and seen == expected
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
