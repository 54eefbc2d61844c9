#!/usr/bin/env bash
# MeltanoLabs' tap-facebook gives all campaigns of a day one key, if its report is by campaign.
#
# A good guess: the key of a report follows its `level`: campaign_id for a report by campaign, adset_id by
# ad set.
# What happens (meltano-tap-facebook 0.9.0): the key is date_start, account_id, ad_id and the breakdowns,
# whatever the level. A report by campaign has no ad_id, so the key of each of its rows ends in null, and
# two campaigns of one day have the same.
# For a user: a target that merges by key keeps one campaign a day, or, where null is no key (PRIMARY KEY),
# refuses the load; one that takes each null for another adds all rows again in each look-back of 28 days.
# Keep the level at ad and add up in SQL, or replace the key by a stream map: `__key_properties__:
# [date_start, account_id, campaign_id]`.
set -euo pipefail
unset PYTHONPATH
packages=(meltano-tap-facebook==0.9.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import json
import logging
import sys
from contextlib import redirect_stdout
from datetime import date, timedelta
from importlib.metadata import version

logging.disable(logging.CRITICAL)
from tap_facebook.streams import ad_insights
from tap_facebook.tap import TapFacebook

print("meltano-tap-facebook", version("meltano-tap-facebook"))
CAMPAIGNS = {"c1": "12.99", "c2": "29.99"}


class Row(dict):
    def export_all_data(self):
        return dict(self)


class Job(dict):
    """A report job that is done at once."""

    def __init__(self, params):
        super().__init__(id="1", async_status="Job Completed", async_percent_completion=100)
        self.day = params["time_range"]["since"]

    def api_get(self):
        return self

    def get_result(self):
        for campaign, spend in CAMPAIGNS.items():
            yield Row(
                date_start=self.day,
                date_stop=self.day,
                account_id="7",
                campaign_id=campaign,
                spend=spend,
            )


class Account:
    def __init__(self, fbid):
        self.fbid = fbid

    def api_get(self):
        return self

    def get_insights(self, params, is_async):
        return Job(params)


ad_insights.AdAccount = Account
day = date.today() - timedelta(days=9)
config = {
    "access_token": "t",
    "account_id": "7",
    "start_date": f"{day}T00:00:00Z",
    "end_date": f"{day}T00:00:00Z",
    "insight_reports_list": [{"name": "campaigns", "level": "campaign"}],
}
catalog = TapFacebook(config=config).catalog_dict
for stream in catalog["streams"]:
    for entry in stream["metadata"]:
        entry["metadata"]["selected"] = stream["tap_stream_id"] == "adsinsights_campaigns"
out = io.StringIO()
with redirect_stdout(out):
    TapFacebook(config=config, catalog=catalog).sync_all()
messages = [json.loads(line) for line in out.getvalue().splitlines()]
key = next(m["key_properties"] for m in messages if m["type"] == "SCHEMA")
rows = [m["record"] for m in messages if m["type"] == "RECORD"]
merged = {tuple(row.get(column) for column in key): row["campaign_id"] for row in rows}
print("key:", *key)
print("rows:", *(f"{row['campaign_id']} {row['spend']}" for row in rows))
print("merged by key:", {key[1:]: campaign for key, campaign in merged.items()})
stated = (
    key == ["date_start", "account_id", "ad_id"]
    and [row["campaign_id"] for row in rows] == ["c1", "c2"]
    and list(merged.values()) == ["c2"]
    and [key[2] for key in merged] == [None]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
