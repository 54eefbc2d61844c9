#!/usr/bin/env bash
# tap-openexchangerates leaves out every second day on a machine in Berlin, and dates the others a day late.
#
# A good guess: the answer to historical/2026-01-05.json is the rates of January 5, on any machine, and the
# next request is for January 6.
# What happens (tap-openexchangerates 0.0.1): the day is made from the answer's timestamp, the last of the
# day in UTC, by the machine's own time zone. In Berlin 23:59:59 UTC is the next day: the rates of January 5
# are written as those of January 6, and the next request is for January 7. So half of the days are never
# asked for; the key (date, base, symbol) shows nothing of it. With TZ=UTC, or in New York, all days are there.
# For a user: the same tap gives other rates on a laptop than in a container. Set TZ=UTC for it, and count
# days against the calendar.
set -euo pipefail
unset PYTHONPATH
packages=(tap-openexchangerates==0.0.1 setuptools==75.3.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && cat > run.py <<'PY'
import contextlib
import io
import json
import logging
import sys
from datetime import date, datetime, timedelta, timezone

import requests.adapters
from tap_openexchangerates.tap import Tapopenexchangerates
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
today = datetime.now(timezone.utc).date()
asked = []


def send(self, request, **_):
    day = request.url.partition("/historical/")[2].partition(".json")[0]
    asked.append(day)
    moment = datetime.fromisoformat(f"{day}T23:59:59+00:00")
    body = {"timestamp": int(moment.timestamp()), "base": "USD", "rates": {"EUR": 0.92}}
    raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), status=200, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send
start = today - timedelta(days=10)
tap = Tapopenexchangerates(config={"app_id": "id-1", "start_date": start.isoformat()})
out = io.StringIO()
with contextlib.redirect_stdout(out):
    tap.sync_all()
messages = [json.loads(line) for line in out.getvalue().splitlines()]
written = [m["record"]["date"] for m in messages if m["type"] == "RECORD"]
number = {(start + timedelta(days=n)).isoformat(): n for n in range(12)}
keys = next(m["key_properties"] for m in messages if m["type"] == "SCHEMA")
print(json.dumps([[number[day] for day in asked], [number[day] for day in written], keys]))
PY
for zone in UTC America/New_York Europe/Berlin; do
  TZ=$zone "$dir/env/bin/python" -W ignore run.py > "${zone//\//-}.json" 2> log || { tail -3 log; exit 1; }
done
"$dir/env/bin/python" - <<'PY'
import json
import sys
from importlib.metadata import version

print("tap-openexchangerates", version("tap-openexchangerates"))
found = {}
for zone in ("UTC", "America-New_York", "Europe-Berlin"):
    found[zone] = json.load(open(f"{zone}.json"))
    print(f"{zone}: days asked for {found[zone][0]}, days written {found[zone][1]}, key {found[zone][2]}")
utc, berlin = found["UTC"], found["Europe-Berlin"]
stated = (
    utc[0] == utc[1] == list(range(len(utc[0])))
    and len(utc[0]) >= 9
    and sorted(berlin[2]) == ["base", "date", "symbol"]
    and len(set(berlin[1])) == len(berlin[1])
    and found["America-New_York"][0][:9] == found["America-New_York"][1][:9] == list(range(9))
    and berlin[0] == list(range(0, 2 * len(berlin[0]), 2))
    and berlin[1] == [n + 1 for n in berlin[0]]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
