#!/usr/bin/env bash
# garf, Google's tool for reports, gives out last week's Display & Video 360 report as this week's.
#
# A good guess: each run of a query makes a report. What is kept in a cache folder has an age, and a query
# for LAST_7_DAYS is another one tomorrow.
# What happens (garf-bid-manager 1.1.0): the number of the report is kept in a file that is named by the
# query's text, without an age. The next run of the query downloads that report again, on any day and for
# as long as the file is there; `enable_cache=False`, as it is, has no say. So LAST_7_DAYS is always the
# first seven days, and what the platform corrects afterwards never arrives. garf-campaign-manager 0.0.2
# does the same.
# For a user: a daily run writes the same rows each day, without an error. Remove the folder before each
# run, or give each run its own `query_cache_dir`.
set -euo pipefail
unset PYTHONPATH
packages=(garf-bid-manager==1.1.0 garf-campaign-manager==0.0.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && HOME="$dir" "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from garf.community.google.bid_manager import BidManagerApiReportFetcher
from garf.community.google.bid_manager.api_clients import BidManagerApiClient
from garf.community.google.campaign_manager import CampaignManager360ApiReportFetcher
from garf.community.google.campaign_manager.api_clients import CampaignManager360ApiClient

for package in ("garf-bid-manager", "garf-campaign-manager"):
    print(package, version(package))
made = []


class Service:
    """The platform: each report is of the day on which it was made."""

    def __getattr__(self, name):
        def call(**options):
            self.name, self.options = name, options
            if name in ("create", "insert"):
                made.append(today)
            return self

        return call

    def execute(self):
        if self.name == "get_media":
            return f"Report Fields\nCampaign,Clicks\n1,{self.options['fileId']}\nGrand Total:,1\n".encode()
        number = made[-1] if self.name != "get" else int(self.options.get("reportId"))
        if self.name == "get":
            with open(f"{number}.csv", "w") as file:
                file.write(f"Advertiser,Clicks\n1,{number}\n")
        return {
            "id": number,
            "queryId": 1,
            "reportId": number,
            "key": {"queryId": 1, "reportId": number},
            "status": "REPORT_AVAILABLE",
            "metadata": {"status": {"state": "DONE"}, "googleCloudStoragePath": f"{number}.csv"},
        }


bid = BidManagerApiClient(query_cache_dir="bid")
campaign = CampaignManager360ApiClient(profile_id="1", query_cache_dir="campaign")
bid._client = campaign._client = Service()
QUERIES = {
    "Display & Video 360": (
        BidManagerApiReportFetcher(api_client=bid),
        "SELECT advertiser, metric_clicks AS clicks FROM standard WHERE dataRange = LAST_7_DAYS",
    ),
    "Campaign Manager 360": (
        CampaignManager360ApiReportFetcher(api_client=campaign),
        "SELECT campaignId AS id, metric.clicks AS clicks FROM standard"
        " WHERE dateRange.relativeDateRange = LAST_7_DAYS",
    ),
}
seen = {}
for name, (fetcher, query) in QUERIES.items():
    for today in (1, 8, 15):
        [row] = fetcher.fetch(query).to_list(row_type="dict")
        seen.setdefault(name, []).append(row["clicks"])
    print(f"{name}: LAST_7_DAYS asked on the 1st, 8th and 15th, reports of the days", seen[name])
print("reports made on", made)
stated = list(seen.values()) == [[1, 1, 1], [1, 1, 1]] and made == [1, 1]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
