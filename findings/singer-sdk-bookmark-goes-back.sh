#!/usr/bin/env bash
# A look-back with singer-sdk moves the bookmark back when a campaign pauses, and each pause a bit
# more.
#
# A good guess: a bookmark is the largest replication key ever seen; reading 30 days again before it
# can confirm it or raise it, never lower it.
# What happens (singer-sdk 0.54.9): for an unsorted stream, the default, the largest key of this run
# becomes the bookmark, whatever stood there. A tap that starts 30 days before its bookmark (by
# overriding get_starting_timestamp, the usual way) and finds rows up to 10 July leaves 10 July,
# though 1 August was stored: the next run starts on 10 June. A run without rows leaves the bookmark
# where it was, so that the window grows.
# For a user: more and more days are asked for again, which costs quota and money where reports are
# billed, and a window may outgrow what the platform keeps. Our taps take the bookmark from the
# window that was read, not from rows. Of another tap with a look-back, compare `meltano state get`
# before and after a quiet week.
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
from datetime import timedelta
from importlib.metadata import version

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

logging.disable(logging.CRITICAL)
print("singer-sdk", version("singer-sdk"))


class Report(Stream):
    name = "report"
    primary_keys = ("day",)
    replication_key = "day"
    schema = th.PropertiesList(
        th.Property("day", th.DateTimeType, required=True), th.Property("spend", th.NumberType)
    ).to_dict()

    def get_starting_timestamp(self, context):
        return super().get_starting_timestamp(context) - timedelta(days=30)

    def get_records(self, context):
        starts.append(f"{self.get_starting_timestamp(context):%Y-%m-%d}")
        for day in self.config["days"]:
            yield {"day": f"{day}T00:00:00Z", "spend": 1}


class Demo(Tap):
    name = "tap-demo"
    config_jsonschema = th.PropertiesList(
        th.Property("days", th.ArrayType(th.StringType))
    ).to_dict()

    def discover_streams(self):
        return [Report(self)]


starts = []
state = {"bookmarks": {"report": {
    "replication_key": "day", "replication_key_value": "2026-08-01T00:00:00Z"}}}
bookmarks = []
for days in (["2026-07-05", "2026-07-10"], [], ["2026-06-12"]):
    said = io.StringIO()
    with redirect_stdout(said):
        Demo(config={"days": days}, state=state).sync_all()
    messages = [json.loads(line) for line in said.getvalue().splitlines()]
    state = [message["value"] for message in messages if message["type"] == "STATE"][-1]
    bookmarks.append(state["bookmarks"]["report"]["replication_key_value"][:10])
    print(f"asked from {starts[-1]}, rows of {days or 'no day'}: bookmark {bookmarks[-1]}")
stated = bookmarks == ["2026-07-10", "2026-07-10", "2026-06-12"] and starts == [
    "2026-07-02", "2026-06-10", "2026-06-10"
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
