#!/usr/bin/env bash
# tap-rest-api closes a window at a refused page, and its bookmark moves past the rows behind it.
#
# A good guess: a page that is answered with 403 or 500 ends the run with an error, and the bookmark stays
# in front of the window; it moves only behind a window that was read to its end, says the documentation.
# What happens (tap-rest-api 0.2.22): only the first page of a window may fail. From the second one on a
# refusal (a 403, or a 500 after its repeats) is logged as an error and taken for a page without rows,
# which is shorter than `items_per_page` and so the end of the window. The bookmark moves to the window's
# end, the run ends with exit code 0, and the next run begins behind it.
# For a user: one 403 or 500 in a backfill of many pages, and the rest of that window is never asked for.
# Look for «Endpoint responded with an error» in the log of each run, and set `last_update` of the state
# back to the window's beginning where it stands.
set -euo pipefail
unset PYTHONPATH
packages=(tap-rest-api==0.2.22)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && mkdir schema && cat > schema/report.json <<'JSON'
{"type": "object", "properties": {
  "id": {"type": ["null", "integer"]}, "seen_at": {"type": ["null", "string"], "format": "date-time"}}}
JSON
"$dir/env/bin/python" -W ignore - <<'PY'
import http.server
import json
import subprocess
import sys
import threading
from importlib.metadata import version
from urllib.parse import parse_qs, urlparse

print("tap-rest-api", version("tap-rest-api"))
ROWS = [{"id": n, "seen_at": f"2026-01-{5 + n // 6:02}T{n % 6:02}:00:00"} for n in range(12)]
refuse = True


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = {name: values[0] for name, values in parse_qs(urlparse(self.path).query).items()}
        first, last, page = query["from"], query["to"], int(query["page"])
        asked.append((first[:10], page))
        rows = [row for row in ROWS if first <= row["seen_at"] < last][page * 2 : page * 2 + 2]
        refused = refuse and first.startswith("2026-01-05") and page == 1
        body = b"{}" if refused else json.dumps(rows).encode()
        self.send_response(403 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
config = {
    "url": f"http://127.0.0.1:{server.server_port}/rows"
    "?from={start_datetime}&to={end_datetime}&page={current_page}",
    "schema": "report",
    "schema_dir": "schema",
    "datetime_key": "seen_at",
    "start_datetime": "2026-01-05T00:00:00",
    "end_datetime": "2026-01-07T00:00:00",
    "window_size_hours": 24,
    "items_per_page": 2,
    "auth_method": "no_auth",
}
schema = json.load(open("schema/report.json"))
stream = {"stream": "report", "tap_stream_id": "report", "schema": schema | {"selected": True}}
for name, data in (("config", config), ("catalog", {"streams": [stream]})):
    with open(f"{name}.json", "w") as file:
        json.dump(data, file)


def run(*options):
    command = ["env/bin/tap-rest-api", "--config", "config.json", "--catalog", "catalog.json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    ids = [message["record"]["id"] for message in messages if message["type"] == "RECORD"]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    return ids, states[-1], "Endpoint responded with an error" in done.stderr


asked = []
ids, state, logged = run()
bookmark = state["bookmarks"]["report"]["last_update"]
print("asked for day and page:", asked)
print(f"sent {ids}, in the log: {logged}, bookmark {bookmark}, exit code 0")
with open("state.json", "w") as file:
    json.dump(state, file)
config["end_datetime"] = "2026-01-08T00:00:00"
with open("config.json", "w") as file:
    json.dump(config, file)
refuse, asked = False, []
later = run("--state", "state.json")[0]
print("the next run, nothing refused: asked for", asked, "sent", later)
server.shutdown()
stated = (
    ids == [0, 1, 6, 7, 8, 9, 10, 11]
    and logged
    and bookmark.startswith("2026-01-07")
    and not {2, 3, 4, 5} & set(later)
    and {day for day, _ in asked} == {"2026-01-07"}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
