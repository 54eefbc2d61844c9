#!/usr/bin/env bash
# requests-ratelimiter waits its whole interval after one 429, a day if the limit is a daily one.
#
# A good guess: after a 429 the session waits as long as the answer's Retry-After says, or, as it reads no
# headers, for about one request's share of its limit.
# What happens (requests-ratelimiter 0.10.0, pyrate-limiter 4.5.1): a 429 fills the bucket of the shortest
# limit the session was given, and Retry-After is not looked at. With `per_day=10000` alone one early 429,
# of which the platform says to come back in a second, makes the next request wait 24 hours; without
# `max_delay` it sleeps that long in silence. With `per_second=5` the same answer is followed by a request
# after a second, also if Retry-After says a minute, and the 429 is handed to the caller as the answer, not
# repeated.
# For a user: a nightly sync stands still until the next night or runs into the next refusal. Give the
# session a short limit besides the daily one, always set `max_delay`, and leave 429 to a retry that reads
# Retry-After (`limit_statuses=[]`).
set -euo pipefail
unset PYTHONPATH
packages=(requests-ratelimiter==0.10.0 pyrate-limiter==4.5.1 requests==2.34.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import requests
from pyrate_limiter import RateItem
from requests_ratelimiter import LimiterSession

print("requests-ratelimiter", version("requests-ratelimiter"), end=", ")
print("pyrate-limiter", version("pyrate-limiter"))
LIMITS = {
    "a day": (1, {"per_day": 10_000}),
    "an hour": (1, {"per_hour": 1_000}),
    "a second": (60, {"per_second": 5}),
    "a second and a day": (60, {"per_second": 5, "per_day": 10_000}),
}
asked = {}


class Platform(BaseHTTPRequestHandler):
    """Refuse the first request to /1 for a second, each to /60 for a minute."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        asked[self.path] = asked.get(self.path, 0) + 1
        told = self.path.split("/")[1]
        refused = asked[self.path] == 1 or told == "60"
        self.send_response(429 if refused else 200)
        if refused:
            self.send_header("Retry-After", told)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_port}"
seen = {}
for name, (told, limits) in LIMITS.items():
    address = f"http://{host}/{told}/{'-'.join(limits)}"
    session = LimiterSession(max_delay=2.5, **limits)
    first = session.get(address).status_code
    bucket = session.limiter.bucket_factory[host]
    wait = bucket.waiting(RateItem(host, bucket.now(), weight=1)) / 1000
    began = time.monotonic()
    try:
        second = session.get(address).status_code
    except requests.exceptions.Timeout:
        second = "not asked within 2.5 s"
    seen[name] = (first, second, round(wait))
    print(f"limit for {name}: {first} for {told} s, then {second}; to wait {wait:.0f} s", end=", ")
    print(f"waited {time.monotonic() - began:.1f} s")
    session.close()
server.shutdown()
stated = seen == {
    "a day": (429, "not asked within 2.5 s", 86_400),
    "an hour": (429, "not asked within 2.5 s", 3_600),
    "a second": (429, 429, 1),
    "a second and a day": (429, 429, 1),
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
