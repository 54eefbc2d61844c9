#!/usr/bin/env bash
# apple-search-ads-client adds euros and yen of two organizations, and leaves out one whose report is refused.
#
# A good guess: get_daily_spend() over all organizations fails if one of them can't be read, or says so;
# amounts of several currencies stay apart, as each row has its currency.
# What happens (apple-search-ads-client 1.1.0, which pip takes for Python 3.11): an error of an
# organization (429 here) is passed over in silence, and its spend is missing in the sum of that day.
# `spend` is summed by date alone: 10 EUR and 1000 JPY are 1010. So it stands in the source of 4.1.0 (Python
# 3.13) too, which is not run here. 1.1.0 also reads a report's first 1,000 campaigns only, which 4.1.0 mends.
# For a user: a day on which Apple was busy looks like a day on which less was spent. Call
# get_campaign_report for each organization oneself (with 1.1.0 only below 1,000 campaigns), group by
# `currency`, and compare with the account's page.
set -euo pipefail
unset PYTHONPATH
packages=(apple-search-ads-client==1.1.0 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import sys
from importlib.metadata import version

import requests
from apple_search_ads import AppleSearchAdsClient

print("apple-search-ads-client", version("apple-search-ads-client"))
COUNT = {"1": 1, "2": 1, "3": 1, "4": 1500}
MONEY = {"1": ("10", "EUR"), "2": ("1000", "JPY"), "3": ("500", "EUR"), "4": ("1", "EUR")}
refused, asked = ["3"], []


def answer(url, headers, selector):
    if url.endswith("/acls"):
        return 200, {"data": [{"orgId": number, "orgName": number} for number in (1, 2, 3)]}
    org = headers["X-AP-Context"].removeprefix("orgId=")
    asked.append(org)
    if org in refused:
        return 429, {"error": {"errors": [{"messageCode": "LIMIT_EXCEEDED"}]}}
    page = selector["pagination"]
    numbers = range(COUNT[org])[page.get("offset", 0) :][: page["limit"]]
    amount, currency = MONEY[org]
    day = {"date": "2026-05-10", "localSpend": {"amount": amount, "currency": currency}}
    rows = [{"metadata": {"campaignId": n}, "granularity": [day]} for n in numbers]
    more = {"totalResults": COUNT[org], "startIndex": 0, "itemsPerPage": len(rows)}
    return 200, {"data": {"reportingDataResponse": {"row": rows}}, "pagination": more}


def request(method, url, headers, json=None, params=None):
    response = requests.Response()
    response.status_code, body = answer(url, headers, (json or {}).get("selector"))
    response.url, response._content = url, dump(body)
    return response


def dump(body):
    return json.dumps(body).encode()


requests.request = request
AppleSearchAdsClient._get_access_token = lambda self: "x"


def client(**options):
    keys = {"client_id": "x", "team_id": "x", "key_id": "x", "private_key_content": "x"}
    return AppleSearchAdsClient(**keys, **options)


days = client().get_daily_spend_with_dates("2026-05-10", "2026-05-10")
spend = days["spend"].tolist()
print("organizations asked:", *asked, "- spend of the day:", spend, "of 10 EUR, 1000 JPY and 500 EUR (refused)")
asked.clear()
rows = client(org_id="4").get_campaign_report("2026-05-10", "2026-05-10")
print(f"{len(rows)} of {COUNT['4']} campaigns, {len(asked)} request")
stated = spend == [1010] and (len(rows), len(asked)) == (1000, 1)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
