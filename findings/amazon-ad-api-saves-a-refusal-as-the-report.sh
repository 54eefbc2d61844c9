#!/usr/bin/env bash
# python-amazon-ad-api saves the refusal of an expired link as the report, and packs a packed report
# once more.
#
# A good guess: `download_report` of a link that has expired raises, as every other call of this
# client does for a status of 400 and above, and `format="gzip"` saves the file as the platform sent it.
# What happens (python-amazon-ad-api 1.2.9): the status of a download is looked at nowhere. With 403
# and the storage's XML `format="json"` and `"csv"` write that XML into report.json and report.csv and
# return the file's name; when nobody answers, an error is returned as the payload, without being
# raised. `format="gzip"` compresses what is compressed already: report.json.gz holds a gzip file in a
# gzip file, and what reads it sees bytes instead of JSON.
# For a user: a report that took long (links last an hour) becomes a file without rows, or one that
# breaks the load after it. Ask for `format="raw"`, and look at the first byte ("[" or gzip's 1f 8b)
# and at `isinstance(payload, dict)` before loading.
set -euo pipefail
unset PYTHONPATH
packages=(python-amazon-ad-api==1.2.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import gzip
import http.server
import json
import sys
import threading
from importlib.metadata import version

from ad_api.api import Reports

print("python-amazon-ad-api", version("python-amazon-ad-api"))
ROWS = json.dumps([{"campaignId": 1, "cost": 12.99}]).encode()
REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


class Storage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        expired = self.path.startswith("/expired")
        body = REFUSAL if expired else gzip.compress(ROWS)
        self.send_response(403 if expired else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Storage)
threading.Thread(target=server.serve_forever, daemon=True).start()
names = ("refresh_token", "client_id", "client_secret", "profile_id")
reports = Reports(credentials=dict.fromkeys(names, "x"), access_token="x")
link = f"http://127.0.0.1:{server.server_port}"


def saved(path, kind):
    """Download a link in that format; return the payload and the bytes of the file that it names."""
    payload = reports.download_report(url=f"{link}{path}", format=kind, file="report").payload
    with open(payload, "rb") as file:
        return payload, file.read()


refused = {kind: saved("/expired", kind) for kind in ("json", "csv")}
for kind, (name, content) in refused.items():
    print(f"status 403, format={kind!r}: {name} holds {content.decode()[:40]}")
_, packed = saved("/report", "gzip")
once = gzip.decompress(packed)
print("format='gzip', unpacked once:", once[:2].hex(), "twice:", gzip.decompress(once).decode())
server.shutdown()
server.server_close()
nobody = reports.download_report(url=f"{link}/report", format="data", file="report").payload
print("nobody answers:", type(nobody).__name__, nobody["success"], nobody["code"])
stated = (
    [content for _, content in refused.values()] == [REFUSAL, REFUSAL]
    and gzip.decompress(once) == ROWS
    and (nobody["success"], nobody["code"]) == (False, 503)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
