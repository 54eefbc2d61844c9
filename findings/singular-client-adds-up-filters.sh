#!/usr/bin/env bash
# Singular's own client keeps the filter of each call in the caller's list, so that from the second source
# on a report asks for two sources at once and has no rows.
#
# A good guess: `create_async_report(…, source="Facebook", filters=filters)` adds the source to the request,
# and `filters` is afterwards what it was.
# What happens (singular-api-client 0.8.0): the conditions for `source` and `app` are appended to the list
# that was handed over. In a loop over sources with one list for the account, the first request has the
# caller's filters and Facebook; the second has Facebook and AdWords besides, the third has three.
# Conditions are joined by AND, as the client's documentation says, and no row is of two sources.
# For a user: the first source has its spend, all others have none, in the order of the loop. Hand over
# `list(filters)`, or no filters beside source and app.
set -euo pipefail
unset PYTHONPATH
packages=(singular-api-client==0.8.0 requests==2.34.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import http.server
import json
import sys
import threading
import urllib.parse
from importlib.metadata import version

from singular_api_client.singular_client import SingularClient

asked = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        conditions = json.loads(urllib.parse.parse_qs(body)["filters"][0])
        asked.append([(c["dimension"], *c["values"]) for c in conditions])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": 0, "substatus": 0, "value": {"report_id": "r"}}')

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
SingularClient.BASE_API_URL = f"http://127.0.0.1:{server.server_port}/"
client = SingularClient("key")


def run(filters, copy):
    """Ask for a report of each source, and return the conditions that were sent."""
    asked.clear()
    for source in ("Facebook", "AdWords", "TikTok"):
        given = list(filters) if copy else filters
        client.create_async_report("2026-01-05", "2026-01-05", source=source, filters=given)
    return list(asked)


print("singular-api-client", version("singular-api-client"))
germany = {"dimension": "country_field", "operator": "in", "values": ["DEU"]}
one_list, copies = run([germany], copy=False), run([germany], copy=True)
for name, sent in (("one list", one_list), ("copies", copies)):
    for conditions in sent:
        print(f"{name}:", *conditions)
country = ("country_field", "DEU")
sources = [("source", name) for name in ("Facebook", "AdWords", "TikTok")]
stated = one_list == [[country, *sources[: n + 1]] for n in range(3)] and copies == [
    [country, source] for source in sources
]
server.shutdown()
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
