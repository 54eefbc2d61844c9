#!/usr/bin/env bash
# dagmar-adform-api-wrapper asks again without its filters when its token has expired.
#
# A good guess: a client that renews its token on a 401 sends the same request once more.
# What happens (dagmar-adform-api-wrapper 1.0.0): the second request has the address alone. A GET for page 3
# of one advertiser loses its query, and so asks for the first page of all; a POST's body goes out as a form
# instead of JSON. The first request after the login, and all those after the renewal, are right.
# For a user: once in an hour, or whenever tokens end, one page of a loop holds other campaigns, and its own
# are missing, with status 200. Compare the ids of a page with those asked for.
set -euo pipefail
unset PYTHONPATH
packages=(dagmar-adform-api-wrapper==1.0.0 requests==2.34.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import json
import sys
from importlib.metadata import version

import requests.adapters
from dagmar_adform_api_wrapper import AdformApi
from urllib3 import HTTPResponse

print("dagmar-adform-api-wrapper", version("dagmar-adform-api-wrapper"))
seen, tokens, expired = [], [], []


def send(self, request, **_):
    if request.url.endswith("/sts/connect/token"):
        tokens.append(f"token-{len(tokens) + 1}")
        status, body = 200, {"token_type": "Bearer", "access_token": tokens[-1]}
    else:
        query = request.url.partition("?")[2]
        seen.append((request.method, query, request.body, request.headers.get("Content-Type")))
        status, body = (401, {}) if expired and expired.pop() else (200, {"rows": []})
    raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), status=status, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send
api = AdformApi("id-1", "secret-2")
question = {"advertiserId": 7, "page": 3}
api.get("/buyer/campaigns", params=question)
expired.append(True)
answer = api.get("/buyer/campaigns", params=question)
api.get("/buyer/campaigns", params=question)
expired.append(True)
api.post("/buyer/stats", payload={"dimensions": ["date"]})
for row in seen:
    print(*row)
print("status of the second:", answer.status_code, "- tokens:", len(tokens))
wanted = "advertiserId=7&page=3"
stated = (
    [query for method, query, *_ in seen if method == "GET"] == [wanted, wanted, "", wanted]
    and [body for method, _, body, _ in seen if method == "POST"]
    == [b'{"dimensions": ["date"]}', "dimensions=date"]
    and seen[-2][3] == "application/json"
    and seen[-1][3] == "application/x-www-form-urlencoded"
    and answer.status_code == 200
    and len(tokens) == 3
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
