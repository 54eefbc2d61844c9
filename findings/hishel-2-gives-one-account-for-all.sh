#!/usr/bin/env bash
# hishel 2 gives the report of the first account for the second, where hishel 1 asked for each.
#
# A good guess: hishel is the HTTP cache that follows RFC 9111, so it heeds `Vary` and `no-store`;
# a new major version keeps that, or raises where a name has changed.
# What happens (hishel 2.0.0 against 1.4.0, httpx 0.28.1): from version 2 on a client keeps every
# successful GET by its address, for ever, and looks at no header of the answer. Two requests that
# differ in a header, which the answer's Vary names, get the first one's answer, although it says
# no-store. Version 1 asks each time, and so does version 2 with `rfc=True`.
# For a user: APIs that choose the account or the profile by a header of the request, as Amazon's
# for ads does, give one account's rows under the names of all, and a report that is polled stays
# "pending". Write `rfc=True` wherever hishel is updated.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
for version in 1.4.0 2.0.0; do
  packages=("hishel[httpx]==$version" httpx==0.28.1)
  if command -v uv >/dev/null; then
    uv venv -q -p python3 "$dir/$version"
    VIRTUAL_ENV="$dir/$version" uv pip install -q "${packages[@]}"
  else
    python3 -m venv "$dir/$version" && "$dir/$version/bin/pip" install -q "${packages[@]}"
  fi
done

cat >"$dir/ask.py" <<'PY'
import http.server
import json
import sys
import threading
from importlib.metadata import version

import hishel.httpx


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"account": self.headers["X-Account"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Vary", "X-Account")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
report = f"http://127.0.0.1:{server.server_port}/report"
new = version("hishel").startswith("2.")
client = hishel.httpx.CacheClient if new else hishel.httpx.SyncCacheClient


def accounts(**options):
    with client(**options) as http:
        answers = [http.get(report, headers={"X-Account": name}) for name in ("first", "second")]
        return [answer.json()["account"] for answer in answers]


seen = [accounts(), accounts(rfc=True)] if new else [accounts()]
print("hishel", version("hishel"), *seen)
stated = [["first", "first"], ["first", "second"]] if new else [["first", "second"]]
sys.exit(seen != stated)
PY
cd "$dir"
for version in 1.4.0 2.0.0; do
  "$version/bin/python" ask.py || { echo "NOT as stated any more"; exit 1; }
  rm -rf .cache ./*.db
done
echo "as stated"
