#!/usr/bin/env bash
# Airbyte's Yandex Metrica connector takes a refused part of a log for one without rows, and drops visits
# that are older than the newest one it has.
#
# A good guess: a part that can't be downloaded ends the sync with an error; a log that the platform couldn't
# process does so, too; and a visit that shows up a day late is written then.
# What happens (airbyte-source-yandex-metrica 1.0.44, airbyte-cdk 0.80.0): a refusal of a download (403) is not
# looked at. The one line of JSON that says why is read as the heading of a table without rows, the log is
# deleted on the platform, and the sync ends as complete. The state is the newest moment among the rows that
# came, of whichever part; the next sync asks for the whole period again, and drops every visit up to that
# moment. A log in the status `processing_failed` is downloaded as if it were whole: one line of the log is an
# error, and the sync ends as complete.
# For a user: some of the visits of a day are missing for good after a green sync, and so are those that the
# platform adds later. Compare the counts of visits by day with the platform's own report, and clear the
# stream's state where they differ.
python3 -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || { echo "skipped: needs Python 3.11"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-yandex-metrica==1.0.44 airbyte-cdk==0.80.0)
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
import sys
from importlib.metadata import version
from urllib.parse import parse_qs, urlparse

import requests
import requests.adapters
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from source_yandex_metrica import SourceYandexMetrica

print(*(f"{name} {version(name)}" for name in ("airbyte-source-yandex-metrica", "airbyte-cdk")))
REFUSAL = json.dumps({"code": 403, "message": "Access is denied"})
refused, failed, parts, periods, cleaned = [], [], [], [], []


def answer(request):
    path, query = urlparse(request.url).path, parse_qs(urlparse(request.url).query)
    if path.endswith("/logrequests"):
        periods.append((query["date1"][0], query["date2"][0]))
        return 200, json.dumps({"log_request": {"request_id": 7}})
    if path.endswith("/clean"):
        cleaned.append(path)
        return 200, json.dumps({"log_request": {}})
    if path.endswith("/download"):
        number = int(path.split("/")[-2])
        if number in refused:
            return 403, REFUSAL
        lines = ["ym:s:visitID\tym:s:dateTime", *("\t".join(row) for row in parts[number])]
        return 200, "\n".join(lines) + "\n"
    status = "processing_failed" if failed else "processed"
    numbers = [{"part_number": n} for n in range(len(parts))]
    return 200, json.dumps({"log_request": {"request_id": 7, "status": status, "parts": numbers}})


def send(self, request, **_):
    response = requests.Response()
    response.status_code, body = answer(request)
    response.url, response.request = request.url, request
    response._content, response._content_consumed = body.encode(), True
    return response


requests.adapters.HTTPAdapter.send = send


def save(file, data):
    with open(file, "w") as opened:
        json.dump(data, opened)
    return file


def sync(state=None):
    """Sync once; return the visits' ids, the state and how the stream ended."""
    config = {"auth_token": "x", "counter_id": "1", "start_date": "2026-05-01", "end_date": "2026-05-20"}
    stream = {
        "name": "sessions",
        "json_schema": {},
        "supported_sync_modes": ["incremental"],
        "source_defined_cursor": True,
    }
    chosen = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
    words = ["read", "--config", save("config.json", config)]
    words += ["--catalog", save("catalog.json", {"streams": [chosen]})]
    if state:
        words += ["--state", save("state.json", [state])]
    with contextlib.redirect_stdout(io.StringIO()):
        entry = AirbyteEntrypoint(SourceYandexMetrica())
        messages = [json.loads(line) for line in entry.run(AirbyteEntrypoint.parse_args(words))]
    visits = [line["record"]["data"]["visitID"] for line in messages if line["type"] == "RECORD"]
    states = [line["state"] for line in messages if line["type"] == "STATE"]
    ends = [line["trace"]["stream_status"]["status"] for line in messages if line["type"] == "TRACE"]
    return visits, states[-1], ends[-1]


parts[:] = [[("1", "2026-05-02 10:00:00"), ("4", "2026-05-19 23:30:00")], [("2", "2026-05-05 10:00:00")]]
refused[:] = [1]
first, state, first_end = sync()
print("part 2 of 2 refused: visits", first, first_end, "- logs deleted:", len(cleaned))
refused.clear()
parts[1].append(("3", "2026-05-19 08:00:00"))
second, _, second_end = sync(state)
print("next sync, nothing refused, a late visit more: visits", second, second_end)
failed[:] = [True]
third, _, third_end = sync()
print("a log with status processing_failed, without a state: visits", third, third_end)
stated = (
    (first, first_end, len(cleaned)) == (["1", "4"], "COMPLETE", 3)
    and (second, second_end) == ([], "COMPLETE")
    and (third, third_end) == (["1", "4", "2", "3"], "COMPLETE")
    and set(periods) == {("2026-05-01", "2026-05-20")}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
env/bin/python -W ignore run.py
