#!/usr/bin/env bash
# TerminalOne's own client gives a budget in whichever currency comes first, calls every flight relevant,
# and asks for another campaign than the one with a space in its name.
#
# A good guess: `total_budget` of a campaign is the amount in the campaign's `currency_code`; a flag "0" is
# False; and filter={"campaign_name": "Spring Sale"} asks for Spring Sale.
# What happens (terminalone 1.9.20): money comes as a list of amounts, sometimes in two currencies, and the
# first one is taken: of 5000 AUD and 3300 USD a campaign in USD has a budget of 5000.0. `is_relevant` of a
# budget flight is read by bool(), so that "0", as the XML answers have it, is True. A report's filter is
# encoded as a form, which makes a + of a space, and then decoded by a function that leaves + as it is: the
# address asks for campaign_name=Spring%2BSale, which no campaign is called. A list, {"campaign_id": [501,
# 502]}, is sent as the text "[501,+502]".
# For a user: budgets in the wrong currency differ by the exchange rate and look plausible; past flights
# count as running; a report filtered by such a name has no rows, with status 200. Take the amount whose
# currency_code is the campaign's, as our tap does, and filter by ids joined by a comma.
old= # the client does not import on Python 3.10 and newer
for python in python3.9 python3.8 "$HOME"/.pyenv/versions/3.[89].*/bin/python; do
  if "$python" -c 'import ssl' 2>/dev/null; then old=$python && break; fi
done
if [ -z "$old" ]; then
  echo "skipped: needs Python 3.8 or 3.9"
  exit 0
fi
set -euo pipefail
unset PYTHONPATH
packages=(terminalone==1.9.20 requests==2.32.4 urllib3==2.2.3 requests-oauthlib==2.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p "$old" "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  "$old" -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import json
import sys
from importlib.metadata import version

import requests
from requests.adapters import BaseAdapter
from terminalone.jsonparser import JSONParser
from terminalone.models import BudgetFlight, Campaign
from terminalone.reports import Report
from terminalone.xmlparser import XMLParser
from urllib3 import HTTPHeaderDict, HTTPResponse

asked = []


class Answer(BaseAdapter):
    """Note the address, and give an empty report."""

    def send(self, request, **_):
        asked.append(request.url.partition("filter=")[2])
        headers = HTTPHeaderDict({"Content-Type": "text/csv; charset=utf-8"})
        raw = HTTPResponse(
            body=io.BytesIO(b"campaign_id,impressions\n"),
            headers=headers,
            status=200,
            preload_content=False,
        )
        return requests.adapters.HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


session = requests.Session()
session.mount("https://", Answer())
common = {"api_base": "api.example"}


def budget(*amounts):
    """Return the budget of a campaign in USD whose answer has these amounts."""
    answer = {
        "meta": {"status": "ok", "total_count": 1},
        "data": {
            "entity_type": "campaign",
            "id": 501,
            "currency_code": "USD",
            "total_budget": [{"value": value, "currency_code": code} for value, code in amounts],
        },
    }
    campaign = Campaign(session, properties=JSONParser(json.dumps(answer)).entities, **common)
    return campaign.total_budget, campaign.currency_code


def relevant(value):
    """Return a flight's flag from an XML answer."""
    answer = (
        '<result><status code="ok"/><entity id="7" type="budget_flight" version="1">'
        f'<prop name="is_relevant" value="{value}"/></entity></result>'
    )
    return BudgetFlight(session, properties=XMLParser(answer).entities, **common).is_relevant


def sent(condition):
    report = Report(session, report="performance", properties={"filter": condition}, **common)
    report.get()
    return asked[-1]


print("terminalone", version("terminalone"))
budgets = budget((5000, "AUD"), (3300, "USD")), budget((3300, "USD"), (5000, "AUD"))
flags = relevant("1"), relevant("0")
filters = sent({"campaign_name": "Spring Sale"}), sent({"campaign_id": [501, 502]})
by_hand = sent({"campaign_id": "501,502"})
print("total_budget, AUD first and USD first:", *budgets)
print('is_relevant "1" and "0":', *flags)
print("filter by a name and by a list:", *filters)
print("filter by ids with a comma:", by_hand)
stated = (
    budgets == ((5000.0, "USD"), (3300.0, "USD"))
    and flags == (True, True)
    and filters[0] == "campaign_name%3DSpring%2BSale"
    and filters[1] == "campaign_id%3D%5B501%2C%2B502%5D"
    and by_hand == "campaign_id%3D501%2C502"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
