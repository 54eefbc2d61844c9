#!/usr/bin/env bash
# Amplitude's client sends a price of 12.99 and leaves out one of 12; one Decimal empties all properties.
#
# A good guess: `price` and `revenue` take any number; a value that can't be sent is refused, or left out
# by itself.
# What happens (amplitude-analytics 1.3.0): the type has to be that of the signature. `price=12`,
# `revenue=100`, `quantity=2.0`, a user id that is a number and a time with a fraction (`time.time() *
# 1000`) are left out, and the event is sent without them: at the time of sending, or without a user id. A
# line in the log says so. `Revenue(price=12)` isn't sent at all. In `event_properties` and
# `user_properties` one value of another type, a Decimal, a date or a tuple, and the whole dictionary is
# gone, without a line.
# For a user: of a shop's sales the whole amounts are missing, of a backfill the days; the count of events
# is right. `float()`, `int()` and `str()` around each value, and a look at what was sent for a sale of a
# whole amount.
set -euo pipefail
unset PYTHONPATH
packages=(amplitude-analytics==1.3.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import logging
import sys
import threading
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from amplitude import Amplitude, BaseEvent, Config, EventOptions, Revenue

print("amplitude-analytics", version("amplitude-analytics"))
FIELDS = ("user_id", "time", "price", "revenue", "quantity", "event_properties", "user_properties")
EVENTS = {
    "price 12.99": {"price": 12.99},
    "price 12": {"price": 12},
    "revenue 100": {"revenue": 100},
    "quantity 2.0": {"price": 12.99, "quantity": 2.0},
    "user id 4711": {"user_id": 4711, "device_id": "d"},
    "time with a fraction": {"time": 1767225600000.5},
    "spend of 12.99, a float": {"event_properties": {"campaign": "c1", "spend": 12.99}},
    "spend of 12.99, a Decimal": {"event_properties": {"campaign": "c1", "spend": Decimal("12.99")}},
    "a date": {"event_properties": {"campaign": "c1", "day": date(2026, 1, 5)}},
    "a tuple": {"event_properties": {"campaign": "c1", "sizes": (1, 2)}},
    "a Decimal of the user": {"user_properties": {"plan": "p1", "paid": Decimal("12.99")}},
}
received, logged = [], []


class Collector(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        received.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["events"])
        body = b'{"code": 200}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Keep(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())


logging.getLogger("amplitude").addHandler(Keep())
server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Amplitude("key", Config(server_url=f"http://127.0.0.1:{server.server_port}/"))
said = {}
for name, given in EVENTS.items():
    before = len(logged)
    client.track(BaseEvent(name, **{"user_id": "u", "time": 1_767_225_600_000} | given))
    said[name] = len(logged) - before
for price in (12.0, 12):
    client.revenue(Revenue(price=price), EventOptions(user_id=f"revenue of {price!r}"))
client.shutdown()
server.shutdown()
sent = {event["event_type"]: {k: event[k] for k in FIELDS if k in event} for event in received}
revenues = [event["user_id"] for event in received if event["event_type"] == "revenue_amount"]
for name in EVENTS:
    print(f"{name}: {said[name]} lines of log; sent with", {**sent[name]})
print("revenue events:", revenues)
asked = 1_767_225_600_000
emptied = ("spend of 12.99, a Decimal", "a date", "a tuple", "a Decimal of the user")
stated = (
    sent["price 12.99"].get("price") == 12.99
    and not {"price", "revenue"} & {*sent["price 12"], *sent["revenue 100"]}
    and "quantity" not in sent["quantity 2.0"]
    and "user_id" not in sent["user id 4711"]
    and sent["price 12"]["time"] == asked
    and sent["time with a fraction"]["time"] != asked
    and sent["spend of 12.99, a float"]["event_properties"] == {"campaign": "c1", "spend": 12.99}
    and not any({"event_properties", "user_properties"} & {*sent[name]} for name in emptied)
    and said["price 12"] == 1
    and not any(said[name] for name in emptied)
    and revenues == ["revenue of 12.0"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
