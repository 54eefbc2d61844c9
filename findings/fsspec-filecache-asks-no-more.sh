#!/usr/bin/env bash
# fsspec's filecache gives yesterday's file for a week, also when told to look whether it changed.
#
# A good guess: with `check_files=True`, which compares the remote file's identity with the stored
# one, a new ETag or date of change means a new fetch, over HTTP too, where plain
# `fsspec.open(url)` reads anew each time.
# What happens (fsspec 2026.9.0, aiohttp 3.14.5): over HTTP a file's identity is its address (the
# option's description warns that HTTP has no reliable one), so no change is ever seen, whatever
# ETag and Last-Modified say. With and without check_files the copy is given until `expiry_time`,
# a week; simplecache gives its own for as long as the process runs. With `expiry_time=1` the new
# file comes.
# For a user: `filecache::https://…/daily.csv`, made to spare a server, loads the report of the
# day the cache was filled, seven times. Put the day into the address or the cache's folder, set
# `expiry_time`, or leave the cache out.
set -euo pipefail
unset PYTHONPATH
packages=(fsspec==2026.9.0 aiohttp==3.14.5)
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

import fsspec

print(*(f"{name} {version(name)}" for name in ("fsspec", "aiohttp")))
day = 1


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"day {day}".encode()
        self.send_response(200)
        self.send_header("ETag", f'"{day}"')
        self.send_header("Last-Modified", f"Thu, {day:02} Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"


def read(name, chain="", **options):
    global day
    found = []
    for day in (1, 2):
        with fsspec.open(f"{chain}{here}/{name}", "rt", **options) as file:
            found.append(file.read())
        time.sleep(1.1 if "filecache" in options and name == "e" else 0)
    return found


checks = {
    "plain": (read("a"), ["day 1", "day 2"]),
    "simplecache": (read("b", "simplecache::"), ["day 1", "day 1"]),
    "filecache": (read("c", "filecache::", filecache={"cache_storage": "c"}), ["day 1", "day 1"]),
    "filecache, check_files": (
        read("d", "filecache::", filecache={"cache_storage": "d", "check_files": True}),
        ["day 1", "day 1"],
    ),
    "filecache, expiry_time=1": (
        read("e", "filecache::", filecache={"cache_storage": "e", "expiry_time": 1}),
        ["day 1", "day 2"],
    ),
}
for name, (seen, _) in checks.items():
    print(f"{name}: {seen}")
as_stated = all(seen == stated for seen, stated in checks.values())
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
