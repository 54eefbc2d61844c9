#!/usr/bin/env bash
# A Singer SDK tap asks five times within half a minute, when the server says to wait for an hour.
#
# A good guess: a REST stream of the SDK that gets 429 with Retry-After waits that long, or gives up
# with a message that names the wait.
# What happens (singer-sdk 0.54.9): the header isn't read. The stream waits by an exponential rule
# (from 2 seconds on, with up to a second more), asks five times in all, and ends the run with an
# error.
# For a user: an hourly or daily quota ends every run of such a tap, each try counts, and the state
# stays where it was until a run begins with quota left. In a tap of your own override
# `backoff_wait_generator` with `self.backoff_runtime(value=…)`; ours read the header.
set -euo pipefail
unset PYTHONPATH
packages=(singer-sdk==0.54.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import http.server
import logging
import sys
import threading
import time
from importlib.metadata import version

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import RetriableAPIError

logging.disable(logging.CRITICAL)
print("singer-sdk", version("singer-sdk"))
waits, asked, told = [], [], ["3600"]
time.sleep = waits.append


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(429)
        self.send_header("Retry-After", told[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


class Report(RESTStream):
    name = "report"
    path = "/report"
    url_base = f"http://127.0.0.1:{server.server_port}"
    schema = th.PropertiesList(th.Property("id", th.IntegerType)).to_dict()


class Patient(Report):
    name = "patient"

    def backoff_wait_generator(self):
        def told_by_server(error):
            return int(error.response.headers["Retry-After"])

        return self.backoff_runtime(value=told_by_server)


class Demo(Tap):
    name = "tap-demo"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Report(self), Patient(self)]


def read(stream):
    waits.clear()
    asked.clear()
    try:
        list(stream.get_records(None))
        end = "no error"
    except RetriableAPIError:
        end = "RetriableAPIError"
    return [round(wait, 1) for wait in waits if wait], len(asked), end


streams = Demo(config={}).streams
seen = {name: read(stream) for name, stream in streams.items()}
server.shutdown()
for name, (slept, count, end) in seen.items():
    print(f"{name}: told {told[0]} s, waits {slept}, {count} requests, {end}")
slept, count, end = seen["report"]
patient = seen["patient"][0]
stated = (
    count == 5
    and end == "RetriableAPIError"
    and sum(slept) < 60
    and all(3600 <= wait <= 3601 for wait in patient)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
