#!/usr/bin/env bash
# The second account of a program gets the first one's token from requests-auth, and so its report.
#
# A good guess: each OAuth2ClientCredentials object asks for a token with its own client_id and
# client_secret, and keeps that one until it expires.
# What happens (requests-auth 8.0.0): all objects of a process share one store of tokens, whose key is made
# of the token address, the grant and the scope. Two accounts at one platform differ in none of them. The
# token address is asked once; the second account's requests carry the first one's token, the answer is 200,
# and the first account's spend is stored under the second's name. httpx-auth 0.23.1 (its changelog says so
# of 0.23.0) puts the credentials into the key and asks twice.
# For a user: the two spends are equal, and the second account's is missing. Give each account something of
# its own that goes into the key, such as a further parameter (`account=...`) if the platform allows it, or
# call `OAuth2.token_cache.clear()` between accounts; and compare the account id in the rows with the one
# asked for, as a report under a wrong token is a good report.
set -euo pipefail
unset PYTHONPATH
packages=(requests-auth==8.0.0 requests==2.34.2 httpx-auth==0.23.1 httpx==0.28.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import httpx
import httpx_auth
import requests
import requests_auth

print("requests-auth", version("requests-auth"), "httpx-auth", version("httpx-auth"))
SPEND = {"north": "12.99", "south": "840.00"}
tokens_asked = []


class Platform(BaseHTTPRequestHandler):
    """A token address that knows two clients, and a report that is the token's account's."""

    def log_message(self, *_):
        pass

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        client = base64.b64decode(self.headers["Authorization"].split()[1]).decode().split(":")[0]
        tokens_asked.append(client)
        self.answer({"access_token": f"of-{client}", "token_type": "bearer", "expires_in": 3600})

    def do_GET(self):
        account = self.headers["Authorization"].removeprefix("Bearer of-")
        self.answer({"spend": SPEND[account]})


server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
seen = {}
for name, library, client in (
    ("requests-auth", requests_auth, requests),
    ("httpx-auth", httpx_auth, httpx),
):
    tokens_asked.clear()
    spend = {}
    for account in SPEND:
        auth = library.OAuth2ClientCredentials(
            f"{here}/token", client_id=account, client_secret=f"secret of {account}"
        )
        spend[account] = client.get(f"{here}/report", auth=auth).json()["spend"]
    seen[name] = (spend, list(tokens_asked))
    print(f"{name}: tokens asked by {', '.join(tokens_asked)}; spend {spend}")
server.shutdown()
stated = seen == {
    "requests-auth": ({"north": "12.99", "south": "12.99"}, ["north"]),
    "httpx-auth": (SPEND, ["north", "south"]),
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
