#!/usr/bin/env bash
# A cached session gives one account's report to the other, even where the token is part of the URL.
#
# A good guess: a cache's key is the URL; requests that differ only in a header may meet, but two
# URLs with different tokens never do, and the order of repeated parameters is kept.
# What happens (requests-cache 1.3.3, CacheControl 0.14.4): requests-cache leaves not only the
# header Authorization but also the parameters `access_token` and `api_key` out of its key
# (`ignored_parameters`, meant to keep secrets out of the cache, also takes them out of the
# comparison): …?access_token=B is answered with what was kept for …?access_token=A. So it is with
# api_key in the JSON body of a POST; `token` and `X-Account` differ: the parameter is part of the
# key, the header isn't. Repeated parameters are sorted: group=day&group=app and group=app&group=day
# are one. CacheControl keeps one answer for both Authorization headers as soon as the server says
# max-age and no Vary.
# For a user: with several accounts or logins in one session, the first one's numbers are loaded for
# all. One cache file for each account, or `match_headers=["Authorization"]` and
# `ignored_parameters=[]`; for CacheControl a session for each account. Our taps keep no answers.
set -euo pipefail
unset PYTHONPATH
packages=(requests-cache==1.3.3 cachecontrol==0.14.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import requests
from cachecontrol import CacheControl
from requests_cache import CachedSession

print("requests-cache", version("requests-cache"), "CacheControl", version("cachecontrol"))


class Platform(BaseHTTPRequestHandler):
    """Answers with what it was asked for: path, login, account, body."""

    def do_GET(self):
        asked = [self.path, self.headers.get("Authorization"), self.headers.get("X-Account")]
        asked.append(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        body = " ".join(filter(None, asked)).encode()
        self.send_response(200)
        self.send_header("Cache-Control", "max-age=100")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/report"


def mixed(session, first, second, method="GET"):
    answers = [session.request(method, url, **asked).text for asked in (first, second)]
    return answers[0] == answers[1]


def cached(**options):
    return CachedSession(backend="memory", allowable_methods=("GET", "POST"), **options)


def param(name):
    return {"params": {name: "A"}}, {"params": {name: "B"}}


def header(name):
    return {"headers": {name: "A"}}, {"headers": {name: "B"}}


orders = {"params": {"group": ["day", "app"]}}, {"params": {"group": ["app", "day"]}}
bodies = {"json": {"api_key": "A"}}, {"json": {"api_key": "B"}}
safe = {"match_headers": ["Authorization"], "ignored_parameters": []}
cases = {
    "requests-cache, access_token": (mixed(cached(), *param("access_token")), True),
    "requests-cache, api_key": (mixed(cached(), *param("api_key")), True),
    "requests-cache, api_key in a body": (mixed(cached(), *bodies, method="POST"), True),
    "requests-cache, token": (mixed(cached(), *param("token")), False),
    "requests-cache, Authorization": (mixed(cached(), *header("Authorization")), True),
    "requests-cache, X-Account": (mixed(cached(), *header("X-Account")), True),
    "requests-cache, order of group": (mixed(cached(), *orders), True),
    "the two settings, access_token": (mixed(cached(**safe), *param("access_token")), False),
    "the two settings, Authorization": (mixed(cached(**safe), *header("Authorization")), False),
    "CacheControl, Authorization": (mixed(CacheControl(requests.Session()), *header("Authorization")), True),
    "CacheControl, access_token": (mixed(CacheControl(requests.Session()), *param("access_token")), False),
}
server.shutdown()
for case, (met, _) in cases.items():
    print(f"{case}:", "B gets A's report" if met else "two reports")
stated = all(met == expected for met, expected in cases.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
