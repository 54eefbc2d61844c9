#!/usr/bin/env bash
# tap-linkedin-ads takes the sign and the exponent out of amounts: a refund is a cost, 0E-18 is 18.
#
# A good guess: the amounts, which the platform sends as text of its BigDecimal with up to 18 digits
# behind the point, are read as the decimals that they are.
# What happens (tap-linkedin-ads 2.8.0): each sign that isn't a digit or a point is dropped before the
# text is read. "-12.50" becomes 12.50, "1.5E-7" becomes 1.57, and "0E-18" (how a BigDecimal of that
# scale writes zero) becomes 18. `cost_in_usd`, `cost_in_local_currency` and
# `conversion_value_in_local_currency` go this way, and `total_budget` of accounts as well.
# For a user: credits add to the spend instead of lowering it, and a day without spend may cost 18.
# Compare the month's total of each account with the invoice, and look at rows whose cost is above
# what the campaign may spend in a day. Our taps read amounts with Decimal and refuse what is none.
set -euo pipefail
unset PYTHONPATH
packages=(tap-linkedin-ads==2.8.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import json
from datetime import date, timedelta

import requests
import requests.adapters
import tap_linkedin_ads as tap

AMOUNTS = [("195.63", "576.049999999999648674"), ("-12.50", "1.5E-7"), ("0E-18", "-0.000001")]


def answer(request):
    if request.url.endswith("/adAnalytics"):
        rows = []
        for ago, (dollars, local) in enumerate(AMOUNTS, 2):
            day = date.today() - timedelta(ago)
            day = {"year": day.year, "month": day.month, "day": day.day}
            rows.append(
                {
                    "dateRange": {"start": day, "end": day},
                    "pivotValues": ["urn:li:sponsoredCampaign:7"],
                    "costInUsd": dollars,
                    "costInLocalCurrency": local,
                }
            )
        return {"elements": rows, "paging": {"links": []}}
    if request.url.endswith("/adCampaigns"):
        return {"elements": [{"id": 7, "name": "spring"}], "metadata": {}}
    return {"elements": [{"id": 1}], "metadata": {}}


def send(self, request, **_):
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    response._content, response._content_consumed = json.dumps(answer(request)).encode(), True
    return response


requests.adapters.HTTPAdapter.send = send
tap.main()
PY
cat > read.py <<'PY'
import json
import subprocess
import sys
from datetime import date, timedelta
from importlib.metadata import version

print("tap-linkedin-ads", version("tap-linkedin-ads"))
config = {"access_token": "x", "user_agent": "x", "accounts": "1"}
config["start_date"] = f"{date.today() - timedelta(9)}T00:00:00Z"


def tap(*options):
    command = [sys.executable, "-W", "ignore", "run.py", "--config", "config.json", *options]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout


def save(file, data):
    with open(file, "w") as opened:
        json.dump(data, opened)


save("config.json", config)
catalog = json.loads(tap("--discover"))
for entry in catalog["streams"]:
    for part in entry["metadata"]:
        part["metadata"]["selected"] = entry["stream"] == "ad_analytics_by_campaign"
save("catalog.json", catalog)
lines = map(json.loads, tap("--catalog", "catalog.json").splitlines())
rows = {}
for line in lines:
    if line["type"] == "RECORD":
        row = line["record"]
        rows[row["start_at"]] = tuple(str(row[f"cost_in_{unit}"]) for unit in ("usd", "local_currency"))
seen = [rows[day] for day in sorted(rows, reverse=True)]
print("sent by the platform: 195.63 576.049999999999648674  -12.50 1.5E-7  0E-18 -0.000001")
print("written by the tap:  ", *(" ".join(row) for row in seen), sep="  ")
stated = seen[1:] == [("12.50", "1.57"), ("18", "0.000001")]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore read.py
