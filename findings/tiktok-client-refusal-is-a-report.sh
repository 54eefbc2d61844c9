#!/usr/bin/env bash
# TikTok's own Python client raises a refusal, and hands out the same refusal as the report with async_req.
#
# A good guess: `async_req=True` runs the same call in a thread, so `thread.get()` gives what the call
# gives: the data as a dict, or the exception.
# What happens (tiktok-business-api-sdk-official 1.1.3): the answer's `code` (TikTok sends refusals with
# status 200) is looked at in the call without a thread only: TiktokSDKError. With `async_req=True` the
# same answer (40100, too many calls) is an object as any other, with no data; a good answer is no dict
# there either but the object around it. `report_integrated_get_with_http_info`, which is for whoever
# wants the status, ends with an AttributeError on a good answer.
# For a user: in a pool of threads call the plain method by yourself, or look at `.code == 0` of each
# answer of `thread.get()` before its rows are counted.
set -euo pipefail
unset PYTHONPATH
packages=(tiktok-business-api-sdk-official==1.1.3)
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
from types import SimpleNamespace

import urllib3
from business_api_client.api.reporting_api import ReportingApi

print("tiktok-business-api-sdk-official", version("tiktok-business-api-sdk-official"))
GOOD = {"code": 0, "message": "OK", "request_id": "r1", "data": {"list": [{"clicks": "7"}]}}
BUSY = {"code": 40100, "message": "Too many requests", "request_id": "r2", "data": {}}


def request(self, method, url, **_):
    return SimpleNamespace(status=200, reason="OK", data=json.dumps(answer).encode())


urllib3.PoolManager.request = request
reports, seen = ReportingApi(), []
for answer in (GOOD, BUSY):
    for call in (
        lambda: reports.report_integrated_get("BASIC", "token"),
        lambda: reports.report_integrated_get("BASIC", "token", async_req=True).get(60),
        lambda: reports.report_integrated_get_with_http_info("BASIC", "token"),
    ):
        try:
            got = call()
            got = got if isinstance(got, dict) else (type(got).__name__, got.code, got.data)
        except Exception as error:
            got = type(error).__name__
        seen.append(got)
for what, *three in (("a good answer", *seen[:3]), ("too many requests", *seen[3:])):
    print(f"{what}: the call {three[0]}; in a thread {three[1]}; with_http_info {three[2]}")
stated = seen == [
    {"data": {"list": [{"clicks": "7"}]}, "request_id": "r1"},
    ("InlineResponse200", 0, {"list": [{"clicks": "7"}]}),
    "AttributeError",
    "TiktokSDKError",
    ("InlineResponse200", 40100, {}),
    "AttributeError",
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
