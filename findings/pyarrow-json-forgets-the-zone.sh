#!/usr/bin/env bash
# pyarrow reads moments of JSON Lines as naive times if all have whole seconds, and as text as soon as one
# has a fraction; from CSV both are moments in UTC.
#
# A good guess: "2026-01-02T04:30:00Z" and "2026-01-02T04:30:00.123Z" are two moments of one type, as they are
# to the same library's CSV reader; a time with an offset stays a moment.
# What happens (pyarrow 26.0.1): read_json makes timestamp[s] without a zone of whole seconds, with the offset
# applied and forgotten: 23:30-05:00 is 04:30 of the next day, equal to a 04:30 that had no zone at all. One
# row with a fraction makes the whole column text, each in its own spelling. read_csv gives timestamp with
# UTC in both cases, and text where moments with and without a zone are mixed.
# For a user: a day's file in which every second was whole has another type than the next one's, so a dataset
# of both is refused or cast, and max() of the texts compares spellings. Name the type:
# `ParseOptions(explicit_schema=pa.schema([("at", pa.timestamp("us", "UTC"))]))` reads moments with a zone right,
# with a fraction or without.
set -euo pipefail
unset PYTHONPATH
packages=(pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import io
import sys

import pyarrow as pa
from pyarrow import csv, json

print("pyarrow", pa.__version__)
WHOLE, FRACTION = "2026-01-02T04:30:00Z", "2026-01-02T04:30:00.123Z"
OFFSET, NAIVE = "2026-01-01T23:30:00-05:00", "2026-01-02T04:30:00"


def by_json(*moments, **options):
    text = "".join(f'{{"at": "{moment}"}}\n' for moment in moments)
    return json.read_json(io.BytesIO(text.encode()), **options)["at"]


def by_csv(*moments):
    return csv.read_csv(io.BytesIO("\n".join(("at", *moments, "")).encode()))["at"]


named = json.ParseOptions(explicit_schema=pa.schema([("at", pa.timestamp("us", "UTC"))]))
columns = {
    "JSON, whole seconds": (by_json(WHOLE), "timestamp[s]"),
    "JSON, one with a fraction": (by_json(WHOLE, FRACTION), "string"),
    "JSON, with an offset and without a zone": (by_json(OFFSET, NAIVE), "timestamp[s]"),
    "JSON, type named": (by_json(OFFSET, FRACTION, parse_options=named), "timestamp[us, tz=UTC]"),
    "CSV, whole seconds": (by_csv(WHOLE), "timestamp[s, tz=UTC]"),
    "CSV, one with a fraction": (by_csv(WHOLE, FRACTION), "timestamp[ns, tz=UTC]"),
    "CSV, with an offset and without a zone": (by_csv(OFFSET, NAIVE), "string"),
}
for name, (column, _) in columns.items():
    print(f"{name}: {column.type},", *(str(value) for value in column))
mixed = columns["JSON, with an offset and without a zone"][0].to_pylist()
stated = mixed[0] == mixed[1] and all(str(column.type) == kind for column, kind in columns.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
