#!/usr/bin/env bash
# tap-tiktok-ads asked for January reads thirty days of it, and asked for one day none.
#
# A good guess: a range is cut into pieces of at most 30 days that meet: January 1 to 31 is a piece
# of 30 days and one of a day; start and end on the same date are one day.
# What happens (tap-tiktok-ads 1.2.1): pieces are made while their start lies before the end, so that
# a last piece of a single day is left out: January, March and every other range of 31, 61 or 91
# days lacks its last day, one of 28 or 30 is whole. A range of one day is no piece at all: no
# request, no row, and the run ends well.
# For a user: a backfill by calendar months (`end_date`) has a hole at the end of seven months of the
# year. Without an end_date the end is now, and what is left out is today, if the bookmark is today:
# the figures of this morning stay until tomorrow. Set end_date a day later, and count days after a
# backfill. Our windows meet, and a test holds that.
set -euo pipefail
unset PYTHONPATH
packages=(tap-tiktok-ads==1.2.1 singer-python==6.8.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import logging
import sys
from datetime import date, timedelta
from importlib.metadata import version

from singer.catalog import Catalog, CatalogEntry, Schema
from tap_tiktok_ads.schemas import get_schemas
from tap_tiktok_ads.sync import sync

logging.disable()
print("tap-tiktok-ads", version("tap-tiktok-ads"))


class Platform:
    """Note which days are asked for."""

    sandbox = False

    def __init__(self):
        self.days = set()

    def get(self, path, headers, params):
        day = date.fromisoformat(params["start_date"])
        while day <= date.fromisoformat(params["end_date"]):
            self.days.add(day)
            day += timedelta(1)
        return {"message": "OK", "data": {"page_info": {"total_number": 0}, "list": []}}


def missing(start, end):
    """Return the days between two, both included, that a run doesn't ask for."""
    schemas, metadata = get_schemas()
    name = "ad_insights"
    metadata[name][0]["metadata"]["selected"] = True
    entry = CatalogEntry(
        tap_stream_id=name, stream=name, schema=Schema.from_dict(schemas[name]),
        key_properties=[], metadata=metadata[name],
    )
    platform = Platform()
    config = {"start_date": f"{start}T00:00:00Z", "end_date": f"{end}T00:00:00Z"}
    config |= {"accounts": ["1"], "access_token": "x"}
    with contextlib.redirect_stdout(io.StringIO()):
        sync(platform, config, {}, Catalog([entry]))
    days = (date.fromisoformat(end) - date.fromisoformat(start)).days + 1
    wanted = {date.fromisoformat(start) + timedelta(n) for n in range(days)}
    return [str(day) for day in sorted(wanted - platform.days)]


ranges = [
    ("2026-01-01", "2026-01-31"),
    ("2026-02-01", "2026-02-28"),
    ("2026-04-01", "2026-04-30"),
    ("2026-01-01", "2026-03-02"),
    ("2026-05-05", "2026-05-05"),
]
seen = [missing(*ends) for ends in ranges]
for ends, days in zip(ranges, seen):
    print(*ends, "- not asked for:", *days)
stated = seen == [["2026-01-31"], [], [], ["2026-03-02"], ["2026-05-05"]]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
