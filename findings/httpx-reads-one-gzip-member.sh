#!/usr/bin/env bash
# httpx reads the first part of a gzipped answer that was written in parts, and not the rest.
#
# A good guess: a gzip stream may have several members, one behind the other (RFC 1952); `gzip`
# and zcat read all of them, so `Content-Encoding: gzip` is read whole, or fails.
# What happens (httpx 0.28.1): what follows the first member is dropped. Of 3 lines in two members
# httpx.get() gives 2, with status 200 and a Content-Length that is right; so do iter_bytes() and
# iter_lines(). requests 2.34.2, urllib3 2.8.0 and aiohttp 3.14.5 give 3. A body with
# `Content-Encoding: zstd` of two frames is read whole by httpx, too.
# For a user: a server that gzips a report block by block, or a proxy that joins stored files,
# sends such answers; the first block arrives, and looks like a whole file that ends at a line.
# Read `iter_raw()` and unpack with gzip.decompress, or compare with the total that the report
# names.
set -euo pipefail
unset PYTHONPATH
packages=('httpx[zstd]==0.28.1' requests==2.34.2 urllib3==2.8.0 aiohttp==3.14.5 zstandard==0.25.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import asyncio
import gzip
import http.server
import sys
import threading
from importlib.metadata import version

import aiohttp
import httpx
import requests
import urllib3
import zstandard

names = ("httpx", "requests", "urllib3", "aiohttp", "zstandard")
print(*(f"{name} {version(name)}" for name in names))
parts = (b"day,spend\n2026-01-01,12.99\n", b"2026-01-02,29.99\n")
bodies = {
    "/gzip": b"".join(map(gzip.compress, parts)),
    "/zstd": b"".join(zstandard.ZstdCompressor().compress(part) for part in parts),
}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Encoding", self.path[1:])
        self.send_header("Content-Length", str(len(bodies[self.path])))
        self.end_headers()
        self.wfile.write(bodies[self.path])

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"


def by_iter_lines(url):
    with httpx.stream("GET", url) as response:
        return b"\n".join(line.encode() for line in response.iter_lines()) + b"\n"


def by_raw(url):
    with httpx.stream("GET", url) as response:
        return gzip.decompress(b"".join(response.iter_raw()))


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.read()


gzipped = f"{here}/gzip"
seen = {
    "httpx": httpx.get(gzipped).content,
    "httpx iter_lines": by_iter_lines(gzipped),
    "httpx iter_raw": by_raw(gzipped),
    "requests": requests.get(gzipped).content,
    "urllib3": urllib3.PoolManager().request("GET", gzipped).data,
    "aiohttp": asyncio.run(by_aiohttp(gzipped)),
    "httpx, zstd": httpx.get(f"{here}/zstd").content,
}
lines = {name: body.count(b"\n") for name, body in seen.items()}
for name, count in lines.items():
    print(f"{name}: {count} lines of 3")
as_stated = list(lines.values()) == [2, 2, 3, 3, 3, 3, 3]
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
