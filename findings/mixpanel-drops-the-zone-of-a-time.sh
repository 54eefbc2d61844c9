#!/usr/bin/env bash
# Mixpanel's client sends 23:30 in New York and 23:30 in Tokyo as the same text.
#
# A good guess: a datetime with a zone is a moment, and is sent as one, with its offset, in UTC or in
# seconds.
# What happens (mixpanel 5.4.1): datetimes in an event's properties, in those of a profile and as the time
# of an imported event are written as «2026-01-05T23:30:00», without offset and without a fraction of a
# second; New York, Tokyo and UTC give the same text. customerio 3.2.0 sends the seconds of the moment,
# three different ones.
# For a user: a moment that comes from a database with its zone moves by that offset, across midnight too,
# and two purchases within a second have one time. Convert first (`moment.astimezone(timezone.utc)`), and
# give `import_data` seconds.
set -euo pipefail
unset PYTHONPATH
packages=(mixpanel==5.4.1 customerio==3.2.0 requests==2.34.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

import requests
from customerio import CustomerIO
from mixpanel import Mixpanel
from requests.adapters import BaseAdapter

print("mixpanel", version("mixpanel"), "customerio", version("customerio"))
MOMENTS = {
    "New York": datetime(2026, 1, 5, 23, 30, 0, 250_000, tzinfo=timezone(timedelta(hours=-5))),
    "Tokyo": datetime(2026, 1, 5, 23, 30, 0, 750_000, tzinfo=timezone(timedelta(hours=9))),
    "UTC": datetime(2026, 1, 5, 23, 30, tzinfo=timezone.utc),
}
kept = []


class Keep(BaseAdapter):
    """Keep what Customer.io's client sends, and say that it arrived."""

    def send(self, request, **_):
        kept.append(json.loads(request.body))
        answer = requests.Response()
        answer.status_code, answer._content, answer.request = 200, b"{}", request
        return answer

    def close(self):
        pass


class Consumer:
    """Keep what Mixpanel's client hands to its consumer."""

    def send(self, endpoint, message, *_):
        kept.append(json.loads(message))


customerio = CustomerIO("site", "key")
customerio.http.mount("https://", Keep())
mixpanel = Mixpanel("token", consumer=Consumer())
seen = {}
for place, moment in MOMENTS.items():
    kept.clear()
    mixpanel.track("u1", "paid", {"paid_at": moment})
    mixpanel.people_set("u1", {"paid_at": moment})
    mixpanel.import_data(None, "u1", "paid", moment)
    customerio.track("u1", "paid", {"paid_at": moment}, timestamp=moment)
    event, profile, imported, other = kept
    texts = [event["properties"]["paid_at"], profile["$set"]["paid_at"]]
    texts.append(imported["properties"]["time"])
    off = other["timestamp"] - int(moment.timestamp())
    seen[place] = (texts, off)
    print(f"{moment.isoformat()}: mixpanel {', '.join(texts)}; customerio off by {off} s")
stated = all(found == (["2026-01-05T23:30:00"] * 3, 0) for found in seen.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
