#!/usr/bin/env bash
# tap-impactradius gives two actions of one second the same key.
#
# A good guess: actions and invoices have the key Id, and the state is the newest date that was read.
# What happens (tap-impactradius 0.1.0): the field of the bookmark is the key as well: CreationDate of
# actions, CreatedDate of invoices, EventDate of clicks. Two actions of one second have one key. The state
# is the date of the last row in the answer, whatever came before: where the newest rows come first, it goes
# back.
# For a user: a loader that merges by key keeps one of the actions that came in with the same second, as
# those of one basket do, and their commissions are missing from the sum. Load by appending and merge by Id
# yourself, and compare the sum with the network's page.
set -euo pipefail
unset PYTHONPATH
packages=(tap-impactradius==0.1.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import io
import json
import logging
import sys
from importlib.metadata import version

import requests.adapters
import tap_impactradius as tap
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
print("tap-impactradius", version("tap-impactradius"))
schemas = {name: tap.load_schema(name) for name in ("invoices", "actions", "clicks")}


def empty(schema):
    """Return a value of a schema's kind without content."""
    kind = schema["type"][0]
    if kind == "object":
        return {name: empty(part) for name, part in schema["properties"].items()}
    return [] if kind == "array" else ""


def action(number, second):
    return empty(schemas["actions"]) | {
        "Id": f"a-{number}",
        "CreationDate": f"2026-01-05T09:00:{second:02}-05:00",
        "Payout": "1.25",
    }


ROWS = [action(1, 30), action(2, 10), action(3, 10)]


def send(self, request, **_):
    name = request.url.split("/")[-1].partition(".")[0]
    body = {name: ROWS if name == "Actions" else [], "@nextpageuri": ""}
    raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), status=200, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send
tap.CONFIG.update(
    account_sid="account-1", auth_token="token-2", start_date="2026-01-01T00:00:00Z", validation_window=30
)
out = io.StringIO()
with contextlib.redirect_stdout(out):
    tap.do_sync()
messages = [json.loads(line) for line in out.getvalue().splitlines()]
keys = {m["stream"]: m["key_properties"] for m in messages if m["type"] == "SCHEMA"}
rows = [m["record"] for m in messages if m["type"] == "RECORD"]
state = [m["value"] for m in messages if m["type"] == "STATE"][-1]
merged = {tuple(row[name] for name in keys["actions"]): row for row in rows}
print("keys:", keys)
print(len(rows), "actions read,", len(merged), "after a merge by key:", [r["Id"] for r in merged.values()])
print("state of actions:", state["actions"])
stated = (
    keys == {"invoices": ["CreatedDate"], "actions": ["CreationDate"], "clicks": ["EventDate"]}
    and [row["Id"] for row in rows] == ["a-1", "a-2", "a-3"]
    and [row["Id"] for row in merged.values()] == ["a-1", "a-3"]
    and state["actions"] == "2026-01-05T09:00:10-05:00"
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
