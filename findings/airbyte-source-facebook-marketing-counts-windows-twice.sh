#!/usr/bin/env bash
# Airbyte's Facebook source reads windows of ten or thirty days again from other days, and keeps the rows
# of both.
#
# A good guess: with `time_increment: 10` a row holds ten days; the look-back reads the newest windows
# again, and as the key has their first day, the corrected rows replace the old ones.
# What happens (airbyte-source-facebook-marketing 6.1.9): each run begins `insights_lookback_window` days
# (28 unless set) before the cursor and counts its windows from there. 28 is no multiple of 10 or 30 days,
# so the windows of the second run begin on other days than those of the first, have other keys, and stand
# beside them: after 50 days in windows of ten and a run ten days later, 38 of 60 days are in two rows;
# with windows of thirty, 58. With 7 days, and 28 to look back, nothing moves.
# For a user: sums over the table are larger than the platform's, and grow with each such run; no row is a
# repeat of another one. Take `time_increment: 1` and add up days in SQL, or a look-back that is a
# multiple of the increment.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-facebook-marketing==6.1.9)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from collections import Counter
from datetime import date, datetime, time, timedelta, timezone
from importlib.metadata import version

logging.disable(logging.CRITICAL)
from airbyte_cdk.models import SyncMode
from source_facebook_marketing.streams import AdsInsights

print("airbyte-source-facebook-marketing", version("airbyte-source-facebook-marketing"))
FIRST = date.today() - timedelta(days=200)


class Api:
    api = None

    def get_account(self, account_id):
        return {}


def moment(days):
    return datetime.combine(FIRST + timedelta(days=days), time(), timezone.utc)


def run(state, days, increment, look_back):
    """Read all windows up to so many days after the first one; return them and the new state."""
    stream = AdsInsights(
        api=Api(),
        account_ids=["1"],
        start_date=moment(0),
        end_date=moment(days - 1),
        insights_lookback_window=look_back,
        time_increment=increment,
    )
    assert "date_start" in stream.primary_key, stream.primary_key
    if state:
        stream.state = state
    windows = []
    for job in list(stream._generate_async_jobs(params={}, account_id="1")):
        job.get_result = list
        list(stream.read_records(SyncMode.incremental, stream_slice={"insight_job": job, "account_id": "1"}))
        windows.append(((job.interval.start - FIRST).days, (job.interval.end - FIRST).days))
    return windows, stream.state


def two_runs(increment, look_back):
    """Return the windows of two runs, and how many days the table has in more than one row."""
    first, state = run(None, 50, increment, look_back)
    second, _ = run(state, 60, increment, look_back)
    table = dict(first) | dict(second)
    days = Counter(day for start, end in table.items() for day in range(start, end + 1) if day < 60)
    return first, second, sum(count > 1 for count in days.values())


seen = {pair: two_runs(*pair) for pair in ((10, 28), (30, 28), (7, 28), (10, 20))}
for (increment, look_back), (first, second, doubled) in seen.items():
    print(f"time_increment {increment}, look-back {look_back}: {doubled} of 60 days in two rows")
    print("  first run, day by day from 0:", *first)
    print("  second run:", *second)
stated = [result[2] for result in seen.values()] == [38, 58, 0, 0]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
