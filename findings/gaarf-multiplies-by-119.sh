#!/usr/bin/env bash
# gaarf, Google's tool for reports of Google Ads, multiplies by 119 where its query says 1.19.
#
# A good guess: `metrics.cost_micros * 1.19 / 1000000 AS gross`, an expression as its documentation shows
# them, is the cost with 19 % on top. What can't be computed is an error.
# What happens (google-ads-api-report-fetcher 1.18.3): the points of the fields' names become underscores,
# and the points of numbers with them: 1.19 is `1_19`, which Python reads as 119, so 10.00 is 1190.00.
# `* 0.5` becomes `0_5`, which Python can't read, and then the column holds the text of the expression.
# So it does for a field whose name begins as another's: `metrics.conversions /
# metrics.conversions_value` is text; the other way round the run ends with a ValueError. By zero, the
# answer is 0 and no null.
# For a user: write expressions in whole numbers (`metrics.cost_micros * 119 / 100000000`), and divide
# what shares a name's beginning in SQL behind it.
set -euo pipefail
unset PYTHONPATH
packages=(google-ads-api-report-fetcher==1.18.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from gaarf import parsers, query_editor
from gaarf.api_clients import BaseClient

print("google-ads-api-report-fetcher", version("google-ads-api-report-fetcher"))
row = BaseClient().google_ads_row
row.metrics.cost_micros = 10_000_000
row.metrics.conversions = 4
row.metrics.conversions_value = 80
EXPRESSIONS = {
    "metrics.cost_micros / 1000000": 10.0,
    "metrics.cost_micros * 1.19 / 1000000": 1190.0,
    "metrics.cost_micros * 0.5": "metrics.cost_micros * 0.5",
    "metrics.conversions / metrics.conversions_value": "metrics.conversions / metrics.conversions_value",
    "metrics.conversions_value / metrics.conversions": "ValueError",
    "metrics.conversions / metrics.clicks": 0,
}
seen = {}
for expression in EXPRESSIONS:
    query = query_editor.QuerySpecification(f"SELECT campaign.id, {expression} AS it FROM campaign")
    try:
        seen[expression] = parsers.GoogleAdsRowParser(query.generate()).parse_ads_row(row)[1]
    except Exception as error:
        seen[expression] = type(error).__name__
    print(expression, "->", repr(seen[expression]))
stated = seen == EXPRESSIONS
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
