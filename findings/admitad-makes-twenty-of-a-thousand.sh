#!/usr/bin/env bash
# admitad's client asks for twenty rows where a thousand are wanted, and leaves out filters that it doesn't
# know.
#
# A good guess: a limit above the API's largest is cut to the largest, or refused; so is a filter that a
# report doesn't have.
# What happens (admitad 1.1.1): a `limit` above 500 is replaced by the default of 20; 500 gives 500. Of
# campaign statistics `status` and an order by date are left out of the request, beside filters that are
# sent, so the answer is that of all statuses. Nothing is said.
# For a user: a larger page is a smaller one, and a loop that ends at a page shorter than the limit ends
# after twenty rows; a sum meant for one status holds all. Ask for 500 at most, and look at each filter in
# the rows.
set -euo pipefail
unset PYTHONPATH
packages=(admitad==1.1.1 requests==2.34.2 setuptools==75.3.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import logging
import sys
from importlib.metadata import version
from urllib.parse import parse_qs, urlparse

import requests.adapters
from admitad import api
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
print("admitad", version("admitad"))
asked = []


def send(self, request, **_):
    asked.append({name: values[0] for name, values in parse_qs(urlparse(request.url).query).items()})
    raw = HTTPResponse(io.BytesIO(b'{"results": []}'), status=200, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send
client = api.get_oauth_client_token("token-1")


def question(**options):
    """Return what the client asks for."""
    asked.clear()
    client.StatisticCampaigns.get(**options)
    return asked[0]


limits = {limit: question(limit=limit)["limit"] for limit in (100, 500, 501, 1000)}
filtered = question(campaign=7, status=2, order_by=["-date", "-clicks"])
print("limit asked for and sent:", limits)
print("campaign=7, status=2, order_by -date, -clicks:", filtered)
stated = limits == {100: "100", 500: "500", 501: "20", 1000: "20"} and filtered == {
    "limit": "20", "offset": "0", "campaign": "7", "order_by": "-clicks"
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
