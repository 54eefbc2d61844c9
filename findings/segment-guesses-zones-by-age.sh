#!/usr/bin/env bash
# Segment's and PostHog's clients take a time without a zone for local if it is younger than five seconds,
# and for UTC if it is older.
#
# A good guess: a naive datetime is UTC, or the machine's time zone, and the same one for all events.
# What happens (segment-analytics-python 2.4.0, posthog 7.91.1, TZ=America/Phoenix): the clients guess
# whether the time was made by datetime.now(). A naive time of a second ago gets the machine's zone, -07:00;
# the same clock ten seconds later, from a queue or a file, gets +00:00 and is seven hours off. For Segment
# times in the future are «young» as well: tomorrow's is local, yesterday's UTC. rudder-sdk-python 2.1.9, a
# fork, does the same.
# For a user: live events are right, and the backfill of the same events lies seven hours beside them; on a
# machine in UTC nothing is to be seen. Hand over times with a zone: `datetime.now(timezone.utc)`.
set -euo pipefail
unset PYTHONPATH
packages=(segment-analytics-python==2.4.0 rudder-sdk-python==2.1.9 posthog==7.91.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && TZ=America/Phoenix "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

from posthog import Posthog
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment

logging.disable(logging.CRITICAL)
names = ("segment-analytics-python", "rudder-sdk-python", "posthog")
print(*(f"{name} {version(name)}" for name in names))
AGES = {
    "a second ago": timedelta(seconds=-1),
    "ten seconds ago": timedelta(seconds=-10),
    "a day ago": timedelta(days=-1),
    "in a day": timedelta(days=1),
}


def by_segment(client, moment):
    """Return the time of an event as the client puts it into its queue."""
    return client.track("u1", "click", {"spend": 1}, timestamp=moment)[1]["timestamp"]


def by_posthog(_, moment):
    """Return the time of an event as the client is about to send it."""
    kept = []
    client = Posthog("key", send=False, before_send=lambda event: kept.append(event) or event)
    client.capture("click", distinct_id="u1", timestamp=moment)
    return kept[0]["timestamp"]


CLIENTS = {
    "segment": (by_segment, Segment("key", send=False)),
    "rudder": (by_segment, Rudder("key", send=False)),
    "posthog": (by_posthog, None),
}


def off(name, moment):
    """Return by how many hours the sent time differs from the one that was meant."""
    read, client = CLIENTS[name]
    sent = datetime.fromisoformat(read(client, moment).replace("Z", "+00:00"))
    return round((sent - moment.astimezone()).total_seconds() / 3600, 3) + 0.0


seen, right = {}, True
for name in CLIENTS:
    for words, age in AGES.items():
        seen[name, words] = off(name, datetime.now() + age)
        print(f"{name}: a naive local time {words} is off by {seen[name, words]:g} hours")
    right &= off(name, datetime.now(timezone.utc) - timedelta(days=1)) == 0
print("times with a zone are kept:", right)
stated = right and all(
    hours == (0 if words == "a second ago" or (words == "in a day" and name != "posthog") else -7)
    for (name, words), hours in seen.items()
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
