#!/usr/bin/env bash
# dlt's rest_api reads page one twice and the last page never, when it finds out the pagination by
# itself.
#
# A good guess: the paginator that is detected from an answer continues after it: page 1 of 3 has
# come, pages 2 and 3 follow. And an offset goes on by as many rows as came.
# What happens (dlt 1.31.0): from {"page": 1, "total_pages": 3} dlt makes a paginator whose pages
# begin at 0, so the answers are those of no page, of page 1 and of page 2: ten rows twice, the last
# five of 25 missing. An offset paginator goes on by its `limit` whatever the server sends: with a
# limit of 20 and a server that gives ten at most, rows 10 to 19 are skipped. {"has_more": true} and
# {"paging": {"cursors": {"after": …}}} are not known: one page is loaded.
# For a user: the number of rows looks right or nearly so, and keys hide the doubles. Write the
# paginator of each API down (`page_number` with `base_page: 1`), with a limit that the API allows,
# and compare with the total it names.
set -euo pipefail
unset PYTHONPATH
packages=('dlt[duckdb]==1.31.0' duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import json
import os
import sys
import threading
from urllib.parse import parse_qs, urlparse

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
import dlt
from dlt.sources.rest_api import rest_api_source

print("dlt", dlt.__version__)
ROWS = [{"id": number} for number in range(25)]
asked = []


def of_pages(query):
    page = int(query.get("page", 1))
    return {"data": ROWS[page * 10 - 10 : page * 10], "page": page, "total_pages": 3}


def of_offsets(query):
    start = int(query.get("offset", 0))
    return {"data": ROWS[start : start + min(10, int(query.get("limit", 10)))], "total": 25}


def of_cursors(query):
    page = int(query.get("after", 1))
    after = str(page + 1) if page < 3 else None
    return {"data": ROWS[page * 10 - 10 : page * 10], "paging": {"cursors": {"after": after}}}


class Server(http.server.BaseHTTPRequestHandler):
    answer = staticmethod(of_pages)

    def do_GET(self):
        url = urlparse(self.path)
        asked.append(url.query)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        body = json.dumps(Server.answer(query)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


def read(answer, **endpoint):
    Server.answer = staticmethod(answer)
    asked.clear()
    source = rest_api_source(
        {
            "client": {"base_url": f"http://127.0.0.1:{server.server_port}/"},
            "resources": [{"name": "r", "endpoint": {"path": "r", **endpoint}}],
        }
    )
    ids = [row["id"] for row in source.resources["r"]]
    missing = sorted(set(range(25)) - set(ids))
    return len(ids), len(ids) - len(set(ids)), missing, list(asked)


pages = {"type": "page_number", "base_page": 1, "total_path": "total_pages"}
offsets = {"type": "offset", "limit": 20, "total_path": "total"}
cases = [
    ("pages, detected", read(of_pages), (30, 10, [20, 21, 22, 23, 24])),
    ("pages, base_page 1", read(of_pages, paginator=pages), (25, 0, [])),
    ("offset, limit 20", read(of_offsets, paginator=offsets), (15, 0, list(range(10, 20)))),
    (
        "offset, limit 10",
        read(of_offsets, paginator={**offsets, "limit": 10}),
        (25, 0, []),
    ),
    ("cursors.after, detected", read(of_cursors), (10, 0, list(range(10, 25)))),
]
server.shutdown()
for name, (count, twice, missing, queries), _ in cases:
    print(f"{name}: {count} rows, {twice} of them twice, missing {missing}; asked {queries}")
as_stated = all(seen[:3] == stated for _, seen, stated in cases)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
