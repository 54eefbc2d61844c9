#!/usr/bin/env bash
# garf, Google's tool for reports, leaves the WHERE of a Google Analytics query out, but for the dates.
#
# A good guess: `WHERE dimension.country = Germany` becomes the filter of the request, or an error.
# What happens (garf-google-analytics 1.0.0): the request carries the dates. Every other condition is
# parsed and dropped, with = or !=, of dimensions and of metrics, and LIMIT too. The report is the one of
# the whole property, without a word.
# For a user: a report "of Germany" is of the world. Select the columns that the conditions are about and
# take rows out behind the report.
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

asked = []


class Analytics:
    """Google's client: one that keeps the request."""

    def run_report(self, request):
        asked.append(request)
        return types.RunReportResponse()


api_clients.BetaAnalyticsDataClient = Analytics


CONDITIONS = [
    "dimension.country = Germany",
    "dimension.sessionMedium != organic",
    "dimension.country = Germany AND metric.sessions > 5",
]
QUERY = "SELECT dimension.country AS c, metric.sessions AS s FROM x WHERE {} AND {} LIMIT 5"
DATES = "start_date >= '2026-01-01' AND end_date <= '2026-01-31'"
for condition in CONDITIONS:
    GoogleAnalyticsApiReportFetcher().fetch(QUERY.format(condition, DATES), property_id="1")
    sent = asked[-1]
    print(f"{condition} LIMIT 5")
    print(f"  asks from {sent.date_ranges[0].start_date} to {sent.date_ranges[0].end_date}", end=", ")
    print(f"filters {bool(sent.dimension_filter), bool(sent.metric_filter)}, limit {sent.limit}")
stated = len(asked) == 3 and not any(
    request.dimension_filter or request.metric_filter or request.limit for request in asked
)
stated = stated and asked[0].date_ranges[0].start_date == "2026-01-01"
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
