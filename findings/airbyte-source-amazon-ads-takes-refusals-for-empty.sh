#!/usr/bin/env bash
# Airbyte's source for Amazon Ads takes a refused login, too many requests and a broken server for a profile
# without ad groups.
#
# A good guess: an error of the API is waited for or ends the stream; at most a known harmless one is passed
# over.
# What happens (airbyte-source-amazon-ads 7.2.3, airbyte-cdk 6.61.6): the sponsored display streams have a
# handler that ignores each answer with the fields `code` and `details`, whatever its status, and that is
# the form of Amazon's errors. 401 "Not authorized", 429 "Too Many Requests" and 500 are ignored alike, at
# once and without a second try; the profile counts as one without rows, the next one is read, and the
# stream is COMPLETE. An answer with a `message` instead fails the stream, also if it is a 429 that waiting
# would heal.
# For a user: profiles whose access ended, and those that were asked in a busy minute, look empty; in a full
# refresh their ad groups are gone from the table. Count profiles in each load against the profiles stream.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-amazon-ads==7.2.3 airbyte-cdk==6.61.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import contextlib
import io
import json
import logging
import sys
from importlib.metadata import version
from urllib.parse import urlparse

import requests.adapters
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.utils import AirbyteTracedException
from source_amazon_ads import SourceAmazonAds
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
print(*(f"{name} {version(name)}" for name in ("airbyte-source-amazon-ads", "airbyte-cdk")))
REFUSALS = {
    "2": (401, {"code": "401", "details": "Not authorized to access scope 2"}),
    "3": (429, {"code": "429", "details": "Too Many Requests"}),
    "4": (500, {"code": "500", "details": "Internal Error"}),
}
refused, asked = set(), []


def answer(request):
    path = urlparse(request.url).path
    if path.endswith("/token"):
        return 200, {"access_token": "token-4", "expires_in": 3600}
    if path.endswith("/profiles"):
        account = {"marketplaceStringId": "m", "type": "seller"}
        return 200, [{"profileId": number, "accountInfo": account} for number in range(1, 6)]
    profile = str(request.headers["Amazon-Advertising-API-Scope"])
    asked.append(profile)
    if profile in refused:
        return REFUSALS[profile]
    return 200, [{"adGroupId": f"g{profile}"}]


def send(self, request, **_):
    status, body = answer(request)
    headers = {"Content-Type": "application/json"}
    content = io.BytesIO(json.dumps(body).encode())
    raw = HTTPResponse(content, headers=headers, status=status, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send


def save(file, data):
    with open(file, "w") as opened:
        json.dump(data, opened)
    return file


def sync():
    """Read all ad groups once; return their ids, the profiles that were asked, and the end."""
    asked.clear()
    login = {"client_id": "id-1", "client_secret": "secret-2", "refresh_token": "token-3"}
    config = {**login, "region": "NA", "look_back_window": 3, "report_record_types": []}
    stream = {
        "name": "sponsored_display_ad_groups",
        "json_schema": {},
        "supported_sync_modes": ["full_refresh"],
    }
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    words = ["read", "--config", save("config.json", config)]
    words += ["--catalog", save("catalog.json", {"streams": [chosen]})]
    args = AirbyteEntrypoint.parse_args(words)
    with contextlib.redirect_stdout(io.StringIO()):
        source = SourceAmazonAds(SourceAmazonAds.read_catalog("catalog.json"), config, [])
        messages = []
        with contextlib.suppress(AirbyteTracedException):
            for line in AirbyteEntrypoint(source).run(args):
                messages.append(json.loads(line))
    rows = [line["record"]["data"]["adGroupId"] for line in messages if line["type"] == "RECORD"]
    ends = [
        line["trace"]["stream_status"]["status"]
        for line in messages
        if line["type"] == "TRACE" and line["trace"].get("stream_status")
    ]
    return sorted(rows), list(asked), ends[-1]


whole = sync()
refused.update(REFUSALS)
part = sync()
REFUSALS["3"] = 429, {"message": "Too Many Requests"}
worded = sync()
names = ("all answer", "2, 3 and 4 refused", "3 refused with a message")
for name, (rows, profiles, end) in zip(names, (whole, part, worded)):
    print(f"{name}: ad groups", *rows, "- asked for profiles", *profiles, "-", end)
stated = (
    whole[0] == ["g1", "g2", "g3", "g4", "g5"]
    and part[0] == ["g1", "g5"]
    and sorted(part[1]) == ["1", "2", "3", "4", "5"]
    and whole[2] == part[2] == "COMPLETE"
    and worded[1].count("3") == 1
    and worded[2] == "INCOMPLETE"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
"$dir/env/bin/python" -W ignore run.py
