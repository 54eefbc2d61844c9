#!/usr/bin/env bash
# twitter-ads writes the wall clock of any time zone with a Z behind it.
#
# A good guess: a datetime with a time zone is sent as the moment that it is: midnight in New York is
# 05:00Z in winter.
# What happens (twitter-ads 11.0.0): the digits of the wall clock are sent, followed by "Z", whatever
# the zone: midnight in New York is asked for as 00:00Z, five hours early, and midnight in Tokyo nine
# hours late. With granularity DAY a date without a time is sent. Statistics of hours are of other
# hours, and the first and last one of a day belong to the days beside it.
# For a user: the platform wants a day to begin at midnight of the account's own zone; who passes that
# gets numbers of a shifted day, which add up right over a month and wrong by day. Convert to UTC
# first: `start.astimezone(timezone.utc)`.
set -euo pipefail
unset PYTHONPATH
packages=(twitter-ads==11.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import requests
import requests.adapters
from twitter_ads.account import Account
from twitter_ads.campaign import LineItem
from twitter_ads.client import Client
from twitter_ads.enum import GRANULARITY, METRIC_GROUP

print("twitter-ads", version("twitter-ads"))
asked = []


def send(self, request, **_):
    asked.append(parse_qs(urlsplit(request.url).query))
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    response._content, response._content_consumed = json.dumps({"data": []}).encode(), True
    return response


requests.adapters.HTTPAdapter.send = send
account = Account(Client("x", "x", "x", "x"))
account._id = "18ce"


def sent(start, granularity=GRANULARITY.HOUR):
    """Return the start and the end that are asked for, for a day from that moment on."""
    LineItem.all_stats(
        account, ["8u94t"], [METRIC_GROUP.BILLING],
        start_time=start, end_time=start + timedelta(1), granularity=granularity,
    )
    return asked[-1]["start_time"][0], asked[-1]["end_time"][0]


seen = {}
for zone in ("America/New_York", "Asia/Tokyo", "UTC"):
    midnight = datetime(2026, 1, 15, tzinfo=ZoneInfo(zone))
    seen[zone] = sent(midnight)
    print(f"midnight in {zone} ({midnight.astimezone(timezone.utc):%Y-%m-%dT%H:%MZ}): asked from", *seen[zone])
tokyo = datetime(2026, 1, 15, tzinfo=ZoneInfo("Asia/Tokyo"))
converted = sent(tokyo.astimezone(timezone.utc))
print("converted to UTC before:", *converted)
stated = (
    set(seen.values()) == {("2026-01-15T00:00:00Z", "2026-01-16T00:00:00Z")}
    and converted == ("2026-01-14T15:00:00Z", "2026-01-15T15:00:00Z")
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
