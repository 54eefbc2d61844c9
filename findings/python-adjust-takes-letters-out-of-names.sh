#!/usr/bin/env bash
# python-adjust takes every letter beyond ASCII out of Adjust's answer: campaigns in Japanese have no name.
#
# A good guess: fetch_kpi(as_df=True) is the CSV of Adjust's KPI service as a pandas frame, with the names
# of trackers, networks and campaigns as they are in Adjust.
# What happens (python-adjust 1.0.3, pandas 3.1.1): all characters above 127 are deleted from the answer
# before pandas reads it. "Frühjahr" is "Frhjahr", "Müller" and "Mller" are one, and names without any ASCII
# letter are empty, which is NaN: 春 and 夏 are both nothing. groupby("tracker_name") leaves rows without a
# name out, so their installs and cost are in no sum. fetch_kpi() without a frame keeps the names.
# For a user: totals by campaign are too small by all campaigns that are named in Japanese, Arabic, Greek or
# Russian, and two that differ in an accent only are added up. Take JSON and make the frame yourself, or
# group by the tracker's token.
set -euo pipefail
unset PYTHONPATH
packages=(python-adjust==1.0.3 pandas==3.1.1 marshmallow==3.26.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from adjustapi.api import AdjustApi

print("python-adjust", version("python-adjust"), "pandas", version("pandas"))
ROWS = [
    ("aaa111", "Müller", 10, "1.00"),
    ("bbb222", "Mller", 20, "2.00"),
    ("ccc333", "春", 40, "4.00"),
    ("ddd444", "夏", 80, "8.00"),
]


class Adjust(BaseHTTPRequestHandler):
    """Answer as Adjust's KPI service does when it is asked for CSV."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        lines = ["tracker_token,tracker_name,installs,cost"]
        lines += [",".join(map(str, row)) for row in ROWS]
        body = "\n".join(lines).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/csv; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Adjust)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = AdjustApi("token")
api._base_url = f"http://127.0.0.1:{server.server_port}"
kpis = api.kpi_service(
    app_tokens=["app"],
    kpis=["installs", "cost"],
    groups=["trackers"],
    start_date=date(2026, 1, 5),
    end_date=date(2026, 1, 5),
)
frame = kpis.fetch_kpi(as_df=True)
server.shutdown()
by_name = frame.groupby("tracker_name")["installs"].sum().to_dict()
print(frame.to_string(index=False))
print("by name", by_name, "of", int(frame["installs"].sum()))
stated = (
    frame["tracker_name"].isna().tolist() == [False, False, True, True]
    and by_name == {"Mller": 30}
    and frame["installs"].sum() == 150
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
