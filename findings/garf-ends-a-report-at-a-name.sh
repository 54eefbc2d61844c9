#!/usr/bin/env bash
# garf, Google's tool for reports, ends a report of Display & Video 360 or Campaign Manager 360 at a name.
#
# A good guess: a report has the rows of the CSV file that the platform made, but the totals.
# What happens (garf-bid-manager 1.1.0, garf-campaign-manager 0.0.2): the totals are told by an empty first
# column, so a row whose first dimension is empty (a site that isn't known, say) ends the report, and all
# rows behind it are dropped. For Campaign Manager 360 the file is turned into the text of Python's bytes
# and cut at the words "Grand Total", wherever they are: a campaign "Grand Total Sale" ends the report, and
# "Köln" is `K\xc3\xb6ln`, with the backslashes. A name "1_000" is the number 1000, "Infinity" a float.
# For a user: compare the sum with the platform's total. Begin a query with a dimension that is never
# empty, an id.
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
SITES = "Site,Clicks\nnews.example,10\n,20\nshop.example,30\n,60\n"
NAMES = "Köln", "1_000", "Grand Total Sale", "Last"
CAMPAIGNS = "Report Fields\nCampaign,Clicks\n" + "".join(f"{name},5\n" for name in NAMES)
with open("1.csv", "w") as file:
    file.write(SITES)


class Service:
    """The platform, with one report."""

    def __getattr__(self, name):
        def call(**_):
            self.name = name
            return self

        return call

    def execute(self):
        if self.name == "get_media":
            return (CAMPAIGNS + "Grand Total:,20\n").encode()
        return {
            "id": 1,
            "queryId": 1,
            "reportId": 1,
            "key": {"queryId": 1, "reportId": 1},
            "status": "REPORT_AVAILABLE",
            "metadata": {"status": {"state": "DONE"}, "googleCloudStoragePath": "1.csv"},
        }


bid = BidManagerApiClient(query_cache_dir="bid")
campaign = CampaignManager360ApiClient(profile_id="1", query_cache_dir="campaign")
bid._client = campaign._client = Service()
sites = BidManagerApiReportFetcher(api_client=bid).fetch(
    "SELECT site, metric_clicks AS clicks FROM standard WHERE dataRange = LAST_7_DAYS"
)
names = CampaignManager360ApiReportFetcher(api_client=campaign).fetch(
    "SELECT campaign, metric.clicks AS clicks FROM standard"
    " WHERE dateRange.relativeDateRange = LAST_7_DAYS"
)
sites, names = list(map(list, sites)), list(map(list, names))
print("Display & Video 360, three sites with 10, 20 and 30 clicks, one of them without a name:", sites)
print("Campaign Manager 360, four campaigns:", *NAMES, sep=" | ")
print("read:", names)
stated = sites == [["news.example", 10]] and names == [["K\\xc3\\xb6ln", 5], [1000, 5]]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
