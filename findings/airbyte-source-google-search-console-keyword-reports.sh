#!/usr/bin/env bash
# Airbyte's keyword reports of Search Console hold rich results only, and with two sites each row twice.
#
# A good guess: search_analytics_keyword_page_report is the site's clicks by day, country, device, keyword
# and page, once each.
# What happens (airbyte-source-google-search-console 1.9.4, airbyte-cdk 6.61.6): the source first asks which search appearances
# there are (videos, products and other rich results), and then for the keywords of each of them. What was
# found as a plain blue link has no appearance, and is in no row. A click with two appearances is in two
# rows with one primary key, as the appearance is not in it. With two sites the appearances of either are
# asked for both, so an appearance that both have brings each row twice.
# For a user: keyword totals lie below search_analytics_by_query by most of the clicks, or above it in an
# append with several sites. Take search_analytics_by_query, or search_analytics_all_fields, and use the
# keyword reports for nothing but rich results.
python3 -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || { echo "skipped: needs Python 3.11"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-google-search-console==1.9.4 airbyte-cdk==6.61.6)
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
import logging
import sys
from importlib.metadata import version

import requests.adapters
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from source_google_search_console import SourceGoogleSearchConsole
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
print(*(f"{name} {version(name)}" for name in ("airbyte-source-google-search-console", "airbyte-cdk")))
DAY = "2026-01-05"
CLICKS = [  # keyword, clicks, appearances
    ("plain link", 80, ()),
    ("video", 15, ("VIDEO",)),
    ("product with video", 5, ("VIDEO", "PRODUCT_SNIPPETS")),
]


def answer(request):
    if "oauth2" in request.url:
        return {"access_token": "token-4", "expires_in": 3600}
    body = json.loads(request.body)
    if body["type"] != "web" or body["startRow"]:
        return {}
    if body["dimensions"] == ["searchAppearance"]:
        kinds = sorted({kind for *_, kinds in CLICKS for kind in kinds})
        return {"rows": [{"keys": [kind], "clicks": 1} for kind in kinds]}
    wanted = body.get("dimensionFilterGroups")
    if wanted:
        filters = wanted[0]["filters"]
        wanted = (filters if isinstance(filters, dict) else filters[0])["expression"]
    rows = []
    for word, clicks, kinds in CLICKS:
        if not wanted or wanted in kinds:
            values = {"date": DAY, "country": "deu", "device": "MOBILE", "query": word, "page": "/"}
            keys = [values[name] for name in body["dimensions"]]
            rows.append({"keys": keys, "clicks": clicks, "impressions": clicks, "ctr": 1, "position": 1})
    return {"rows": rows}


def send(self, request, **_):
    content = io.BytesIO(json.dumps(answer(request)).encode())
    headers = {"Content-Type": "application/json"}
    raw = HTTPResponse(content, headers=headers, status=200, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send


def save(file, data):
    with open(file, "w") as opened:
        json.dump(data, opened)
    return file


def read(name, *sites):
    """Read one stream of some sites; return keyword, site and clicks of each row."""
    login = {"auth_type": "Client", "client_id": "id-1", "client_secret": "secret-2", "refresh_token": "token-3"}
    config = {"site_urls": list(sites), "start_date": DAY, "end_date": "2026-01-06", "authorization": login}
    stream = {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
    words = ["read", "--config", save("config.json", config)]
    words += ["--catalog", save("catalog.json", {"streams": [chosen]})]
    args = AirbyteEntrypoint.parse_args(words)
    with contextlib.redirect_stdout(io.StringIO()):
        catalog = SourceGoogleSearchConsole.read_catalog("catalog.json")
        source = SourceGoogleSearchConsole(catalog, config, [])
        messages = [json.loads(line) for line in AirbyteEntrypoint(source).run(args)]
    streams = {stream.name: stream.as_airbyte_stream() for stream in source.streams(config)}
    keys[name] = {part for path in streams[name].source_defined_primary_key for part in path}
    rows = [line["record"]["data"] for line in messages if line["type"] == "RECORD"]
    return sorted((row["site_url"], row["query"], row["clicks"]) for row in rows)


keys = {}
ONE, TWO = "https://one.example/", "https://two.example/"
KEYWORDS = "search_analytics_keyword_page_report"
plain, report, both = read("search_analytics_by_query", ONE), read(KEYWORDS, ONE), read(KEYWORDS, ONE, TWO)
for title, rows in (("by_query, one site", plain), ("keyword_page_report, one site", report), ("two sites", both)):
    print(title)
    for row in rows:
        print(" ", *row)
print("key of the keyword report:", *sorted(keys[KEYWORDS]))
rich = [(ONE, "product with video", 5)] * 2 + [(ONE, "video", 15)]
stated = (
    plain == sorted((ONE, word, clicks) for word, clicks, _ in CLICKS)
    and report == rich
    and [row for row in both if row[0] == ONE] == sorted(rich * 2)
    and keys[KEYWORDS] == {"site_url", "date", "country", "device", "query", "page", "search_type"}
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
"$dir/env/bin/python" -W ignore run.py
