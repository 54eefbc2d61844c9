#!/usr/bin/env bash
# arcane-criteo asks Criteo in euros, and calls ad sets campaigns.
#
# A good guess: `get_report` gives cost in the advertiser's own currency, as Criteo's dashboard shows it,
# and `get_campaigns` gives campaigns, one a row.
# What happens (arcane-criteo 1.1.0): each report's request says currency EUR and names no time zone; there
# is no parameter for either. `get_campaigns` searches ad sets: ids and names are the ad sets', and the
# campaign's id, which Criteo sends with each, is left out.
# For a user: spend of an advertiser who pays in pounds or zlotys is converted by Criteo, and is converted
# again where a pipeline takes it for the account's currency; a join on a campaign's id finds nothing. Store
# such cost as euros, ask for the dimension CampaignId, which reports do have, or call Criteo's own client
# with a currency.
set -euo pipefail
unset PYTHONPATH
packages=(arcane-criteo==1.1.0 criteo-api-marketingsolutions-sdk==2023.1.0.230224)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import inspect
import json
import sys
from datetime import date
from importlib.metadata import version

from arcane.criteo import CriteoClient
from criteo_api_marketingsolutions_v2023_01 import rest

for name in ("arcane-criteo", "criteo-api-marketingsolutions-sdk"):
    print(name, version(name))
asked = []
ad_sets = [
    {
        "id": number,
        "type": "AdSet",
        "attributes": {
            "name": name,
            "advertiserId": "77",
            "campaignId": "9",
            "schedule": {"activationStatus": "on"},
        },
    }
    for number, name in (("501", "Shoes, phones"), ("502", "Shoes, desktops"))
]


class Answer:
    """What urllib3 gives the client: a report for one address, ad sets for the other."""

    status, reason = 200, "OK"

    def __init__(self, body):
        self.data = body.encode()

    def getheaders(self):
        return {"content-type": "application/json"}

    def getheader(self, name, default=None):
        return self.getheaders().get(name, default)


def request(self, method, url, query_params=None, headers=None, body=None, **more):
    asked.append((url.split("/", 3)[-1], body))
    if "ad-sets/search" in url:
        return Answer(json.dumps({"data": ad_sets}))
    return Answer("the report as Criteo sends it")


rest.RESTClientObject.request = request
with open("key.json", "w") as file:
    json.dump({"client_id": "one", "client_secret": "two"}, file)
client = CriteoClient("key.json")
client.get_report(
    "77",
    start_date=date(2026, 1, 5),
    end_date=date(2026, 1, 5),
    dimensions=["Day", "CampaignId"],
    metrics=["AdvertiserCost"],
)
said = asked[-1][1]
print("asked for:", said)
campaigns = client.get_campaigns("77")
print("asked for:", asked[-1][0])
print("campaigns:", [(row["id"], row["name"]) for row in campaigns], "with", sorted(campaigns[0]))
parameters = set(inspect.signature(client.get_report).parameters)
print("parameters of get_report:", sorted(parameters))
stated = (
    said["currency"] == "EUR"
    and "timezone" not in said
    and said["dimensions"] == ["Day", "CampaignId"]
    and parameters == {"account_id", "start_date", "dimensions", "metrics", "end_date"}
    and [row["id"] for row in campaigns] == ["501", "502"]
    and set(campaigns[0]) == {"id", "type", "name", "status"}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
