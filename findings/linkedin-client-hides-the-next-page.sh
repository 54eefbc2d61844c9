#!/usr/bin/env bash
# LinkedIn's own Python client hides the token of the next page, and gives out a refusal as an answer
# without elements.
#
# A good guess: a response has `elements`, `paging` and `metadata`, and whoever passes
# `metadata["nextPageToken"]` on until it ends has all accounts. An expired token or the limit of calls
# (401, 429) is an exception.
# What happens (linkedin-api-client 0.3.0): `metadata` of a search is None whatever LinkedIn sends, so the
# first page is all. A 429 or 401 answered as JSON is a response as well, with `elements` None; only its
# `status_code` tells. `for account in response.elements or []` is then a clean run without accounts.
# For a user: read the token out of `response.response.json()["metadata"]`, and call
# `response.response.raise_for_status()` after each call.
set -euo pipefail
unset PYTHONPATH
packages=(linkedin-api-client==0.3.0)
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
from linkedin_api.clients.restli.client import RestliClient

print("linkedin-api-client", version("linkedin-api-client"))
answers = [
    (200, {"elements": [{"id": 512345678}], "metadata": {"nextPageToken": "DgGerr1iVQreCJVjZDOW"}}),
    (429, {"status": 429, "code": "TOO_MANY_REQUESTS", "message": "Resource level throttle limit"}),
    (401, {"status": 401, "code": "EXPIRED_ACCESS_TOKEN", "message": "The token has expired"}),
]


def send(self, request, **_):
    status, body = answers.pop(0)
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = status, request, request.url
    answer.headers["Content-Type"] = "application/json"
    answer._content = json.dumps(body).encode()
    return answer


requests.adapters.HTTPAdapter.send = send
client, seen = RestliClient(), []
for _ in range(3):
    response = client.finder(
        resource_path="/adAccounts",
        finder_name="search",
        query_params={"pageSize": 1},
        access_token="token",
        version_string="202505",
    )
    sent = response.response.json().get("metadata")
    seen.append((response.status_code, response.elements, getattr(response, "metadata", "none")))
    print("status, elements, metadata:", *seen[-1], "- sent as metadata:", sent)
stated = seen == [(200, [{"id": 512345678}], None), (429, None, None), (401, None, None)]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
