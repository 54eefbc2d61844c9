#!/usr/bin/env bash
# OpenX's own client returns a cut answer as if it were whole, and broken JSON as a text to walk
# through.
#
# A good guess: what is not a complete answer raises; the client checks the status of each response
# and decodes JSON.
# What happens (ox3apiclient 0.6.3 with requests 2.34.2): status 206, by which the platform says
# that rows were left out, is below 400 and passes; nothing in what get() returns tells it from 200.
# A body that is no whole JSON (a connection cut by a proxy, a page of HTML) is returned as a str,
# so that a loop over rows walks through its letters.
# For a user: a report by this client can be short without a sign. Our tap splits the window at 206
# and fails at a body that is not whole. In a script of your own look at `client._session` responses
# for 206, and refuse a str.
set -euo pipefail
unset PYTHONPATH
packages=(ox3apiclient==0.6.3 requests==2.34.2 requests-oauthlib==1.3.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import io
import json
import sys
from importlib.metadata import version

import ox3apiclient
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

ROWS = [{"day": "2026-11-01", "revenue": 12.99}, {"day": "2026-11-02", "revenue": 1}]


class Answer(BaseAdapter):
    """Give one status and one body, without a network."""

    def __init__(self, status, body):
        super().__init__()
        self.status, self.body = status, body

    def send(self, request, **_):
        headers = HTTPHeaderDict({"Content-Type": "application/json"})
        raw = HTTPResponse(
            body=io.BytesIO(self.body), headers=headers, status=self.status, preload_content=False
        )
        return HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


def got(status, body):
    client = ox3apiclient.Client("example.com", None, "key", "secret", api_path="/data/1.0")
    client._session.mount("http://", Answer(status, body))
    try:
        return client.get("/report")
    except requests.HTTPError as error:
        return f"raised: {error.response.status_code}"


print("ox3apiclient", version("ox3apiclient"), "requests", version("requests"))
whole = json.dumps(ROWS).encode()
seen = {
    "200": got(200, whole),
    "206, second row left out": got(206, json.dumps(ROWS[:1]).encode()),
    "200, cut in the middle": got(200, whole[:20]),
    "500": got(500, b"{}"),
}
for case, value in seen.items():
    print(f"{case}: {value!r}")
stated = list(seen.values()) == [ROWS, ROWS[:1], whole[:20].decode(), "raised: 500"]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
