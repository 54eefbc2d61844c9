#!/usr/bin/env bash
# aiohttp-retry sends a POST again after a 500, and not a GET after a 429.
#
# A good guess: retries as urllib3 and httpx-retries do them: what may be repeated without harm
# (GET, PUT, DELETE), after 429 and 503 with the server's Retry-After; a POST, which may have been
# carried out, is not sent again.
# What happens (aiohttp-retry 2.9.1): by default every method is tried three times after any
# status of 500 and more, POST too; 429 is no reason to try again, and Retry-After isn't read.
# `methods=` and `statuses={429}` change both, still without Retry-After. urllib3 2.8.0 with
# `Retry(3, status_forcelist=[429, 500])` sends one POST, and the GET until its tries are used up.
# For a user: a server that makes the report job and then fails to say so makes three, each of
# which counts against the quota of jobs; a full minute of requests ends the run instead of a
# wait. Give `methods={"GET", "HEAD"}` and wait for 429 by yourself.
set -euo pipefail
unset PYTHONPATH
packages=(aiohttp-retry==2.9.1 aiohttp==3.14.5 urllib3==2.8.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import asyncio
import http.server
import sys
import threading
from importlib.metadata import version

import urllib3
from aiohttp_retry import ExponentialRetry, RetryClient

print(*(f"{name} {version(name)}" for name in ("aiohttp-retry", "aiohttp", "urllib3")))
asked = []


class Answer(http.server.BaseHTTPRequestHandler):
    def answer(self):
        asked.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self.send_response(int(self.path[1:]))
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"


async def sent(method, status, **options):
    asked.clear()
    how = ExponentialRetry(attempts=3, start_timeout=0.01, **options)
    body = {"json": {"report": "daily"}} if method == "POST" else {}
    async with RetryClient(retry_options=how) as client:
        async with client.request(method, f"{here}/{status}", **body):
            return len(asked)


def by_urllib3(method, status):
    asked.clear()
    retry = urllib3.Retry(3, status_forcelist=[429, 500], respect_retry_after_header=False)
    try:
        urllib3.PoolManager(retries=retry).request(method, f"{here}/{status}")
    except urllib3.exceptions.MaxRetryError:
        pass
    return len(asked)


seen = {
    "POST, 500": asyncio.run(sent("POST", 500)),
    "GET, 500": asyncio.run(sent("GET", 500)),
    "GET, 429": asyncio.run(sent("GET", 429)),
    "POST, 500, methods={'GET'}": asyncio.run(sent("POST", 500, methods={"GET"})),
    "GET, 429, statuses={429}": asyncio.run(sent("GET", 429, statuses={429})),
    "urllib3: POST, 500": by_urllib3("POST", 500),
    "urllib3: GET, 429": by_urllib3("GET", 429),
}
for name, count in seen.items():
    print(f"{name}: {count} requests")
as_stated = list(seen.values()) == [3, 3, 1, 1, 3, 1, 4]
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
