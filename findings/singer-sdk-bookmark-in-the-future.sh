#!/usr/bin/env bash
# One row dated next year moves the bookmark of a Singer SDK tap to next year, if the column is a
# date and not a date-time.
#
# A good guess: the SDK doesn't let a bookmark run ahead of the clock (its «signpost»: the largest
# value a bookmark may have is when the sync began), for any replication key that is a date.
# What happens (singer-sdk 0.54.9): only a replication key of the format `date-time` has a signpost.
# For `date` the largest value of the rows is the bookmark, 2099-01-01 as well, and the next run
# asks from there on. The same rows as date-times leave the moment the sync began.
# For a user: a booking, a flight that begins later, or a row for tomorrow from a time zone that is
# ahead stops the stream until that day: no rows, exit code 0. Give `start_date`-like columns as
# date-time, or override get_replication_key_signpost. Our taps refuse a bookmark in the future by
# name.
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
import io
import json
import logging
import sys
from contextlib import redirect_stdout
from importlib.metadata import version

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

logging.disable(logging.CRITICAL)
print("singer-sdk", version("singer-sdk"))


def synced(kind, suffix, state=None):
    """Return the bookmark after two rows, and the start of a run from that state."""
    starts = []

    class Report(Stream):
        name = "report"
        primary_keys = ("day",)
        replication_key = "day"
        schema = th.PropertiesList(th.Property("day", kind)).to_dict()

        def get_records(self, context):
            starts.append(self.get_starting_replication_key_value(context))
            yield {"day": f"2026-08-02{suffix}"}
            yield {"day": f"2099-01-01{suffix}"}

    class Demo(Tap):
        name = "tap-demo"
        config_jsonschema = th.PropertiesList().to_dict()

        def discover_streams(self):
            return [Report(self)]

    out = io.StringIO()
    with redirect_stdout(out):
        Demo(config={}, state=state).sync_all()
    states = [json.loads(line) for line in out.getvalue().splitlines()]
    return [message["value"] for message in states if message["type"] == "STATE"][-1], starts[0]


seen = {}
for name, kind, suffix in (("date", th.DateType, ""), ("date-time", th.DateTimeType, "T00:00:00Z")):
    state, _ = synced(kind, suffix)
    _, start = synced(kind, suffix, state)
    seen[name] = (state["bookmarks"]["report"]["replication_key_value"], start)
    print(f"{name}: bookmark {seen[name][0]}, the next run starts at {start}")
as_stated = seen["date"] == ("2099-01-01", "2099-01-01") and "2099" not in str(seen["date-time"])
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
