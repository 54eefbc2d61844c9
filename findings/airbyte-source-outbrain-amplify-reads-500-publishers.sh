#!/usr/bin/env bash
# Airbyte's source for Outbrain reads the first 500 rows of each performance report.
#
# A good guess: a report is read page by page, as the lists of campaigns are.
# What happens (airbyte-source-outbrain-amplify 0.2.21, airbyte-cdk 0.80.0): the lists of campaigns are
# followed by offset; each performance report is asked for once, with limit=500, and its totalResults is not
# looked at. Of 1,200 publishers 500 are read; the stream has no cursor and no key. The whole period is one
# request, so a longer period has no more rows.
# For a user: spend by publisher adds up to less than spend by campaign, and the longer the period, the
# less. Compare the sum with the marketer's own report, and ask for short periods.
python3 -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || { echo "skipped: needs Python 3.11"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-outbrain-amplify==0.2.21 airbyte-cdk==0.80.0 setuptools==75.3.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import json
import logging
import sys
from importlib.metadata import version
from urllib.parse import parse_qs, urlparse

import requests.adapters
from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.streams.http.auth import NoAuth
from source_outbrain_amplify import source
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
print(*(f"{name} {version(name)}" for name in ("airbyte-source-outbrain-amplify", "airbyte-cdk")))
asked = []
PUBLISHERS = [{"metadata": {"id": str(n)}, "metrics": {"spend": 1.0}} for n in range(1200)]
CAMPAIGNS = [{"id": f"c-{n}"} for n in range(120)]


def send(self, request, **_):
    path, query = urlparse(request.url).path, parse_qs(urlparse(request.url).query)
    offset, limit = (int(query.get(name, [default])[0]) for name, default in (("offset", 0), ("limit", 50)))
    if path.endswith("/publishers"):
        asked.append("report")
        rows = PUBLISHERS[offset : offset + limit]
        body = {"results": rows, "totalResults": len(PUBLISHERS)}
    elif path.endswith("/campaigns"):
        asked.append("campaigns")
        rows = CAMPAIGNS[offset : offset + limit]
        body = {"campaigns": rows, "count": len(rows), "totalCount": len(CAMPAIGNS)}
    else:
        body = {"marketers": [{"id": "m-1"}]}
    content = io.BytesIO(json.dumps(body).encode())
    raw = HTTPResponse(content, headers={"Content-Type": "application/json"}, status=200, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send
CONFIG = {"start_date": "2026-01-01", "end_date": "2026-06-30"}
marketers = source.Marketers(authenticator=NoAuth(), config=CONFIG)
marketer = {"marketer_id": "m-1"}


def read(kind):
    stream = kind(authenticator=NoAuth(), config=CONFIG, parent=marketers)
    return stream, list(stream.read_records(sync_mode=SyncMode.full_refresh, stream_slice=marketer))


_, campaigns = read(source.CampaignsByMarketers)
stream, report = read(source.PerformanceReportMarketersByPublisher)
counts = {name: asked.count(name) for name in ("campaigns", "report")}
print(f"campaigns: {len(campaigns)} of 120, requests: {counts['campaigns']}")
print(f"publishers: {len(report)} of 1200, requests: {counts['report']}, key: {stream.primary_key}")
stated = (
    len(campaigns) == 120
    and counts == {"campaigns": 3, "report": 1}
    and len(report) == 500
    and stream.primary_key is None
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
