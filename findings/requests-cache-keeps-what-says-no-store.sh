#!/usr/bin/env bash
# requests-cache gives the first answer for ever, also where the server says no-store.
#
# A good guess: a cache for HTTP heeds `Cache-Control: no-store` and `max-age=0`, and an answer
# without any such header is kept for minutes, not for ever.
# What happens (requests-cache 1.3.3): `CachedSession()` looks at no header of the answer (but
# `Vary: *`) and never lets one expire. With `cache_control=True` no-store, max-age=0 and a past
# Expires are heeded, and an answer without headers is still kept for ever, unless `expire_after` is
# set.
# For a user: a report asked for again with the same address is the one of the first time: restated
# days never change, and no error says so. `CachedSession(expire_after=600, cache_control=True)`, or
# no cache on addresses whose window isn't closed.
set -euo pipefail
unset PYTHONPATH
packages=(requests-cache==1.3.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import json
import sys
import threading
from importlib.metadata import version

from requests_cache import CachedSession

print("requests-cache", version("requests-cache"))
headers, count = {}, [0]


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        count[0] += 1
        body = json.dumps({"spend": count[0]}).encode()
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/report?day=2026-01-01"


def asked(**options):
    """Return how many of three requests reached the server, and when the answer expires."""
    count[0] = 0
    session = CachedSession(backend="memory", **options)
    answers = [session.get(address) for _ in range(3)]
    return count[0], str(answers[-1].expires) if answers[-1].from_cache else None


cases = [
    ({}, (1, "None"), (1, "None")),
    ({"Cache-Control": "no-store"}, (1, "None"), (3, None)),
    ({"Cache-Control": "max-age=0"}, (1, "None"), (3, None)),
    ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, (1, "None"), (3, None)),
]
as_stated = True
for sent, *stated in cases:
    headers.clear()
    headers.update(sent)
    seen = [asked(), asked(cache_control=True)]
    print(f"{sent or 'no header'}: of three requests {seen[0][0]} sent", end=", ")
    print(f"with cache_control {seen[1][0]}")
    as_stated = as_stated and seen == stated
server.shutdown()
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
