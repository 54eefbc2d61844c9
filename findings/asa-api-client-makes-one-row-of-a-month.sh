#!/usr/bin/env bash
# asa-api-client makes one row of a month of days, joins amounts as text, and reads the first page only.
#
# A good guess: reports.campaigns(granularity=DAILY) and to_dataframe() give a row for each campaign and day
# («['campaign_id', 'campaign_name', 'date', 'impressions', …]» says its documentation), with all campaigns.
# What happens (asa-api-client 0.4.1, Apple's API v5): Apple answers with the days inside each campaign's
# row, and the frame is made of the row's totals: one row for each campaign, without a date. The days can be
# had by hand (`report.row[n].granularity`). `local_spend` is text without its currency, so its sum is
# "12.50300.00", and euros and yen stand in one column. The answer's `pagination` isn't looked at: of three
# campaigns of which Apple sends two at a time the third is nowhere, though `grand_totals` counts it.
# For a user: a frame that is written day by day from a longer report has a month's spend under one day, and
# accounts with more campaigns than a page lose the smallest. Read `row.granularity`, make Decimals of the
# amounts by currency, and compare with the grand totals.
python3 -c 'import sys; sys.exit(sys.version_info < (3, 13))' || { echo "skipped: needs Python 3.13"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(asa-api-client==0.4.1 httpx==0.28.1 pandas==3.1.1 cryptography==50.0.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import sys
from datetime import date
from importlib.metadata import version

import httpx
from asa_api_client import AppleSearchAdsClient
from asa_api_client.models import GranularityType
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

print("asa-api-client", version("asa-api-client"), "pandas", version("pandas"))
DAYS = ["2026-01-05", "2026-01-06"]
CAMPAIGNS = [
    (1, "EUR", ["10.00", "2.50"]),
    (2, "JPY", ["100.00", "200.00"]),
    (3, "EUR", ["1.00", "0.00"]),
]
asked = []


def money(amount, currency):
    return {"localSpend": {"amount": amount, "currency": currency}, "impressions": 1}


def apple(request):
    """Answer as Apple's campaign report does, two rows at a time."""
    if request.url.host == "appleid.apple.com":
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
    wanted = json.loads(request.content)["selector"]
    asked.append(wanted)
    first = wanted.get("pagination", {}).get("offset", 0)
    rows = [
        {
            "metadata": {"campaignId": number, "campaignName": f"c{number}"},
            "total": money(f"{sum(map(float, spent)):.2f}", currency),
            "granularity": [
                {"date": day, **money(amount, currency)}
                for day, amount in zip(DAYS, spent, strict=True)
            ],
        }
        for number, currency, spent in CAMPAIGNS[first : first + 2]
    ]
    total = {"total": {"impressions": 6}}
    return httpx.Response(
        200,
        json={
            "data": {"reportingDataResponse": {"row": rows, "grandTotals": total}},
            "pagination": {"totalResults": 3, "startIndex": first, "itemsPerPage": 2},
        },
    )


key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
client = AppleSearchAdsClient(
    client_id="client", team_id="team", key_id="key", org_id=1, private_key=key.decode()
)
client._http_client = httpx.Client(transport=httpx.MockTransport(apple))
report = client.reports.campaigns(
    date(2026, 1, 5), date(2026, 1, 6), granularity=GranularityType.DAILY
)
frame = report.to_dataframe()
print(frame.to_string(index=False))
print("sum of local_spend:", frame["local_spend"].sum(), "requests:", asked)
print("days in the report itself:", [day.date for day in report.row[0].granularity])
stated = (
    "date" not in frame.columns
    and frame["campaign_id"].tolist() == [1, 2]
    and frame["local_spend"].sum() == "12.50300.00"
    and [day.date for day in report.row[0].granularity] == DAYS
    and len(asked) == 1
    and "pagination" not in asked[0]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
