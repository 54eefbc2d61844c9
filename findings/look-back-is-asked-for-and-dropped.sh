#!/usr/bin/env bash
# Two taps ask for the days of their look-back again and drop the rows that they get for them.
#
# A good guess: an attribution window of n days reads the last n days anew and sends their rows, so
# that conversions that came late replace the numbers of the first reading.
# What happens (tap-google-search-console 1.1.2, tap-mixpanel 1.8.0): the days are asked for, and then
# each row older than the bookmark is dropped before it is written. Run daily, the bookmark is a day
# old: of the five and six days that were asked for the last two are sent. The numbers of all others
# stay as they were when the day was first read.
# For a user: conversions, installs and spend that the platform corrects after a day never arrive,
# although the setting is there, the requests are paid for and the log names the dates. Set the
# bookmark back by the window before each run (a state of your own for these streams). Our taps send
# what they ask for.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
cd "$dir"
for package in tap-google-search-console==1.1.2 tap-mixpanel==1.8.0; do
  if command -v uv >/dev/null; then
    uv venv -q -p python3 "${package%%=*}" && VIRTUAL_ENV="$dir/${package%%=*}" uv pip install -q "$package"
  else
    python3 -m venv "${package%%=*}" && "${package%%=*}/bin/pip" install -q "$package"
  fi
done

cat > run.py <<'PY'
import importlib
import json
import sys
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import requests
import requests.adapters


def between(first, last):
    first, last = date.fromisoformat(first[:10]), date.fromisoformat(last[:10])
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def ask(first, last):
    with open("asked.txt", "a") as file:
        print(first[:10], file=file)
    return between(first, last)


def search_console(url, query, body):
    if not body or "startRow" not in body or json.loads(body)["type"] != "web":
        return {"access_token": "x", "expires_in": 3600}
    asked = json.loads(body)
    days = ask(asked["startDate"], asked["endDate"])
    numbers = {"clicks": 1, "impressions": 1, "ctr": 1, "position": 1}
    return {"rows": [{"keys": [str(day)], **numbers} for day in days]}


def mixpanel(url, query, body):
    if url.path.endswith("funnels/list"):
        return [{"funnel_id": 1, "name": "signup"}]
    if url.path.endswith("/funnels"):
        days = ask(query["from_date"][0], query["to_date"][0])
        return {"data": {str(day): {"steps": [], "analysis": {"completion": 1}} for day in days}}
    return {}


name = sys.argv.pop(1)
answers = {"tap-google-search-console": search_console, "tap-mixpanel": mixpanel}


def send(self, request, **_):
    url = urlsplit(request.url)
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    response = requests.Response()
    response.status_code, response.url, response.request = 200, request.url, request
    answer = answers[name](url, parse_qs(url.query), body)
    response._content, response._content_consumed = json.dumps(answer).encode(), True
    return response


requests.adapters.HTTPAdapter.send = send
importlib.import_module(name.replace("-", "_")).main()
PY
cat > read.py <<'PY'
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

name = sys.argv[1]
today = datetime.now(timezone.utc).date()
bookmark = f"{today - timedelta(1)}T00:00:00.000000Z"
keys = "client_id client_secret refresh_token user_agent api_secret".split()
config = {
    **dict.fromkeys(keys, "x"),
    "start_date": f"{today - timedelta(90)}T00:00:00Z",
    "site_urls": "https://example.com/",
    "project_timezone": "UTC",
    "attribution_window": "5",
}
kinds = ("discover", "googleNews", "image", "news", "video", "web")
stream, field, marks = {
    "tap-google-search-console": (
        "performance_report_date", "date", {"https://example.com/": dict.fromkeys(kinds, bookmark)}
    ),
    "tap-mixpanel": ("funnels", "date", bookmark),
}[name]


def tap(*options):
    command = [sys.executable, "-W", "ignore", "run.py", name, "--config", "config.json", *options]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout


def save(file, data):
    with open(file, "w") as opened:
        json.dump(data, opened)


save("config.json", config)
save("state.json", {"bookmarks": {stream: marks}})
catalog = json.loads(tap("--discover"))
for entry in catalog["streams"]:
    for part in entry["metadata"]:
        part["metadata"]["selected"] = entry["stream"] == stream
save("catalog.json", catalog)
open("asked.txt", "w").close()
lines = tap("--catalog", "catalog.json", "--state", "state.json").splitlines()
rows = [json.loads(line) for line in lines]
days = sorted({row["record"][field][:10] for row in rows if row["type"] == "RECORD"})
with open("asked.txt") as file:
    asked = min(file.read().split())
ago = [(today - datetime.fromisoformat(day).date()).days for day in (asked, days[0])]
print(f"{name} {version(name)}: asks for the days from {ago[0]} days ago, sends those from {ago[1]} days ago")
PY
for name in tap-google-search-console tap-mixpanel; do
  $name/bin/python read.py $name
done | tee seen.txt
cat > stated.txt <<'TXT'
tap-google-search-console 1.1.2: asks for the days from 4 days ago, sends those from 1 days ago
tap-mixpanel 1.8.0: asks for the days from 5 days ago, sends those from 1 days ago
TXT
if cmp -s seen.txt stated.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
