#!/usr/bin/env bash
# httpx drops the cursor of a "next" link as soon as params are given, even empty ones.
#
# A good guess: as in requests, `params` are added to what the address already asks for; an empty
# dict adds nothing.
# What happens (httpx 0.28.1): `params` replaces the whole query of the address. Of
# /report?cursor=abc with {"limit": 5} only limit=5 is sent; with {} nothing; and params set once on
# the client do it to every request. requests 2.34.2 and aiohttp 3.14.5 keep the cursor in all three
# cases. And None is no "leave it out": {"to": None} sends "to=" where requests leaves it out.
# For a user: a loop that follows the server's next link and passes its params along gets page one
# again and again, or the whole list without its filter, each time with status 200. Give no params
# with a link that has its own, or merge them: `httpx.URL(link).copy_merge_params(params)`.
set -euo pipefail
unset PYTHONPATH
packages=(httpx==0.28.1 requests==2.34.2 aiohttp==3.14.5)
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

import aiohttp
import httpx
import requests

print("httpx", httpx.__version__, "requests", requests.__version__, "aiohttp", aiohttp.__version__)
asked = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/report"
link = f"{address}?cursor=abc"


async def of_aiohttp(url, params):
    async with aiohttp.ClientSession() as session, session.get(url, params=params) as response:
        await response.read()


def of_client(url, params):
    with httpx.Client(params=params) as client:
        client.get(url)


ways = {
    "requests": lambda url, params: requests.get(url, params=params),
    "aiohttp": lambda url, params: asyncio.run(of_aiohttp(url, params)),
    "httpx": lambda url, params: httpx.get(url, params=params),
    "httpx.Client(params=…)": of_client,
    "copy_merge_params": lambda url, params: httpx.get(httpx.URL(url).copy_merge_params(params)),
}
seen = {}
for way, get in ways.items():
    asked.clear()
    get(link, {"limit": 5})
    get(link, {})
    seen[way] = [path.removeprefix("/report") for path in asked]
    print(f"{way}: with a limit {seen[way][0]!r}, with {{}} {seen[way][1]!r}")
asked.clear()
requests.get(address, params={"to": None})
httpx.get(address, params={"to": None})
none = [path.removeprefix("/report") for path in asked]
print("to=None: requests", repr(none[0]), "- httpx", repr(none[1]))
server.shutdown()
stated = seen == {
    "requests": ["?cursor=abc&limit=5", "?cursor=abc"],
    "aiohttp": ["?cursor=abc&limit=5", "?cursor=abc"],
    "httpx": ["?limit=5", ""],
    "httpx.Client(params=…)": ["?limit=5", "?cursor=abc"],
    "copy_merge_params": ["?cursor=abc&limit=5", "?cursor=abc"],
}
stated = stated and none == ["", "?to="]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
