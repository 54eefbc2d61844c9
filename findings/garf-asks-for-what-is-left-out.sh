#!/usr/bin/env bash
# garf, Google's tool for reports, asks Display & Video 360 for what a query leaves out.
#
# A good guess: `WHERE country != DE` is all countries but Germany, or an error if the platform can't do
# that; a name with a blank in it is the name.
# What happens (garf-bid-manager 1.1.0, garf-campaign-manager 0.0.2): the operator of a condition is read
# and dropped. The request for `country != DE` is the request for `country = DE`, and `>` or `LIKE` are
# `=` as well. For Campaign Manager 360 a condition's value ends at its first blank: `dimension.campaign =
# Spring Sale` asks for the campaign "Spring".
# For a user: only `=` and `IN` mean what they say. Take rows out behind the report, and use ids in place
# of names.
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

from garf.community.google.bid_manager import api_clients as bid_manager
from garf.community.google.bid_manager.query_editor import BidManagerApiQuery
from garf.community.google.campaign_manager import api_clients as campaign_manager
from garf.community.google.campaign_manager.query_editor import CampaignManager360ApiQuery

for package in ("garf-bid-manager", "garf-campaign-manager"):
    print(package, version(package))


class Asked(Exception):
    """What a client sends first: the body of the report."""


class Service:
    """A service whose every method is itself, up to the call that carries a body."""

    def __getattr__(self, name):
        return lambda **options: self.ask(options)

    def ask(self, options):
        if "body" in options:
            raise Asked(options["body"])
        return self


def asked(client, query):
    client._client = Service()
    try:
        client.get_response(query.generate())
    except Asked as error:
        return error.args[0]


seen = {}
for condition in ("= DE", "!= DE", "> DE"):
    query = f"SELECT country, metric_clicks AS clicks FROM standard WHERE country {condition} AND dataRange = LAST_7_DAYS"
    body = asked(bid_manager.BidManagerApiClient(query_cache_dir="cache"), BidManagerApiQuery(query))
    seen[condition] = body["params"]["filters"]
    print(f"country {condition}: asks for {seen[condition]}")
query = (
    "SELECT campaign, metric.clicks AS clicks FROM standard"
    " WHERE dimension.campaign = Spring Sale AND dateRange IN (2026-01-01, 2026-01-31)"
)
client = campaign_manager.CampaignManager360ApiClient(profile_id="1", query_cache_dir="cache")
body = asked(client, CampaignManager360ApiQuery(query))
seen["campaign"] = body["criteria"]["dimensionFilters"]
print(f"dimension.campaign = Spring Sale: asks for {seen['campaign']}")
germany = [{"type": "FILTER_COUNTRY", "value": "DE"}]
spring = [{"dimensionName": "campaign", "value": "Spring"}]
stated = seen == {"= DE": germany, "!= DE": germany, "> DE": germany, "campaign": spring}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
