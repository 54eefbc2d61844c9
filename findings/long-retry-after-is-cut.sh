#!/usr/bin/env bash
# A Retry-After of a day is cut to six hours by urllib3, and to two minutes by httpx-retries.
#
# A good guess: a client that heeds Retry-After waits as long as the server says, and if that is
# more than the caller allows, gives up with an error.
# What happens: urllib3 2.8.0 (and requests on top of it) cuts the wait to 21,600 seconds, httpx-
# retries 0.6.0 to its `max_backoff_wait`, 120 seconds by default; both then ask again and count
# that as a retry. urllib3 also takes Retry-After alone as the reason to retry: `Retry(total=3)`,
# without any status, repeats a GET that got 429 with that header, and hands the last 429 back as an
# answer, without an error, when its tries are used up.
# For a user: a daily quota that is used up at noon is asked for again every two minutes (or every
# six hours), each time a failed request, and five retries are over long before midnight.
# `retry_after_max=…` for urllib3, `max_backoff_wait=…` for httpx-retries, and `raise_for_status()`
# behind either.
set -euo pipefail
unset PYTHONPATH
packages=(urllib3==2.8.0 requests==2.34.2 httpx==0.28.1 httpx-retries==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import sys
import threading
import time
from importlib.metadata import version

import httpx
import httpx_retries
import requests
import urllib3
from requests.adapters import HTTPAdapter

print(*(f"{name} {version(name)}" for name in ("urllib3", "requests", "httpx-retries")))
DAY = "86400"
waits, asked = [], []
time.sleep = waits.append


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(429)
        self.send_header("Retry-After", DAY)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/report"


def of_requests(**options):
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=urllib3.Retry(total=3, **options)))
    return session.get(address).status_code


def of_httpx(**options):
    retry = httpx_retries.Retry(total=3, **options)
    with httpx.Client(transport=httpx_retries.RetryTransport(retry=retry)) as client:
        return client.get(address).status_code


cases = [
    ("requests, Retry(total=3)", of_requests, {}, 21600),
    ("requests, retry_after_max", of_requests, {"retry_after_max": 100_000}, 86400),
    ("httpx-retries, Retry(total=3)", of_httpx, {}, 120),
    ("httpx-retries, max_backoff_wait", of_httpx, {"max_backoff_wait": 100_000}, 86400),
]
as_stated = True
for name, get, options, stated in cases:
    waits.clear()
    asked.clear()
    status = get(**options)
    seen = sorted({round(wait) for wait in waits if wait})
    print(f"{name}: told {DAY} s, waits {seen} s; {len(asked)} requests, returns {status}")
    as_stated = as_stated and (seen, len(asked), status) == ([stated], 4, 429)
server.shutdown()
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
