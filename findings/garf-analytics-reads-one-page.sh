#!/usr/bin/env bash
# garf, Google's tool for reports, reads the first page of a Google Analytics report and no other.
#
# A good guess: a query without a LIMIT gives all rows that it has, as garf's Google Ads queries do.
# What happens (garf-google-analytics 1.0.0): one request is sent, without a limit and without an offset.
# Google then answers with at most 10,000 rows and says in `row_count` how many there are; that number
# isn't looked at. Of 25,000 rows 10,000 are the report.
# For a user: days times campaigns times landing pages is soon more than that, and the sum is too small
# without a word. Ask day by day, or by Google's client with `offset`.
set -euo pipefail
unset PYTHONPATH
packages=(garf-google-analytics==1.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && HOME="$dir" "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from garf.community.google.analytics import GoogleAnalyticsApiReportFetcher, api_clients
from google.analytics.data_v1beta import types

print("garf-google-analytics", version("garf-google-analytics"))
ROWS, asked = 25_000, []


class Analytics:
    """Google's client, and an answer as its documentation has it: 10,000 rows if no limit is set."""

    def run_report(self, request):
        asked.append((request.limit, request.offset))
        count = min(request.limit or 10_000, ROWS - request.offset)
        row = types.Row(
            dimension_values=[types.DimensionValue(value="x")], metric_values=[types.MetricValue(value="1")]
        )
        return types.RunReportResponse(
            dimension_headers=[types.DimensionHeader(name="campaignName")],
            metric_headers=[types.MetricHeader(name="sessions")],
            rows=[row] * count,
            row_count=ROWS,
        )


api_clients.BetaAnalyticsDataClient = Analytics
query = (
    "SELECT dimension.campaignName AS name, metric.sessions AS sessions FROM x"
    " WHERE start_date >= '2026-01-01' AND end_date <= '2026-01-31'"
)
report = GoogleAnalyticsApiReportFetcher().fetch(query, property_id="1")
print(f"{ROWS} rows there are, {len(report)} in the report; asked with limit, offset: {asked}")
stated = len(report) == 10_000 and asked == [(0, 0)]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
