#!/usr/bin/env bash
# garf, Google's tool for reports, makes null of a sum with a number below zero.
#
# A good guess: `revenue - refund AS net` and `spend / 1000000 AS cost` are computed for every row, of
# negative amounts too: corrections, refunds.
# What happens (garf-core 1.4.1): the values are written into the text of the expression and that is read
# again, where a minus sign in front of a number is none of the signs that are allowed. The column is
# null for the row, without an error: 10 - -3 and -3 / 2 are null. A division by zero is 0.
# For a user: sums leave such rows out, and a sum over days is too large by the corrections. Compute in
# SQL behind the report.
set -euo pipefail
unset PYTHONPATH
packages=(garf-core==1.4.1 smart-open)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && HOME="$dir" "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from garf.core import ApiReportFetcher, api_clients

print("garf-core", version("garf-core"))
ROWS = [{"revenue": 10, "refund": 3}, {"revenue": 10, "refund": -3}, {"revenue": -8, "refund": 0}]


class Client(api_clients.BaseClient):
    """An API of one's own."""

    def get_response(self, request, **_):
        return api_clients.GarfApiResponse(results=ROWS)


fetcher = ApiReportFetcher(api_client=Client())
report = fetcher.fetch(
    "SELECT revenue - refund AS net, revenue / 2 AS half, revenue / refund AS ratio FROM rows"
)
seen = report.to_list(row_type="dict")
for sent, got in zip(ROWS, seen):
    print(sent, "->", got)
stated = [tuple(row.values()) for row in seen] == [
    (7, 5.0, 10 / 3),
    (None, 5.0, None),
    (None, None, None),
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
