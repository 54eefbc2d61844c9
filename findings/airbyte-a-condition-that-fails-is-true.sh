#!/usr/bin/env bash
# In Airbyte's CDK a condition that can't be computed is true: a filter keeps the row, paging stops, a
# refusal is ignored.
#
# A good guess: `record['spend'] > 0` of null is false, or an error; where `pages` is the text "3",
# `response['page'] >= response['pages']` is an error that someone sees.
# What happens (airbyte-cdk 7.39.1): Python can't compare a number with null or with text, and the result is
# then the condition's own text with its braces, which is true. So a record_filter on spend keeps rows whose
# spend is null, and "0.00"; a stop_condition whose page count is text stops after page 1 of 3; an error
# filter on `response['code'] >= 40000` ignores a 400 whose code is the text "7". Each stream is COMPLETE
# and no warning is logged. A condition of two templates with `and` between them is true as well.
# For a user: rows that were to be left out come in, or whole pages are missing. Convert first
# (`response['pages'] | int`, `record['spend'] | float`), write one template, and look at a manifest's
# conditions with rows that are null.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-cdk==7.39.1)
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
from urllib.parse import parse_qs, urlparse

import requests.adapters
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from urllib3 import HTTPResponse

heard = []
logging.Logger.handle = lambda _, record: heard.append(record)
print("airbyte-cdk", version("airbyte-cdk"))
ROWS = [("null", None), ("zero", 0), ("zero as text", "0.00"), ("spent", 12.99)]


def answer(url):
    page = int(parse_qs(urlparse(url).query).get("page", ["1"])[0])
    if "/refused" in url:
        return 400, {"code": "7", "message": "bad request"}
    if "/pages" in url:
        return 200, {"rows": [{"name": f"page {page}"}], "page": page, "pages": "3"}
    return 200, {"rows": [{"name": name, "spend": spend} for name, spend in ROWS]}


def send(self, request, **_):
    status, body = answer(request.url)
    content = io.BytesIO(json.dumps(body).encode())
    headers = {"Content-Type": "application/json"}
    raw = HTTPResponse(content, headers=headers, status=status, preload_content=False)
    return self.build_response(request, raw)


requests.adapters.HTTPAdapter.send = send


def read(path, keep=None, stop=None, ignore=None):
    """Read a stream with a filter, a stop condition or an error filter; return names and the end."""
    requester = {"type": "HttpRequester", "url_base": "https://api.example", "path": path}
    selector = {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["rows"]}}
    retriever = {"type": "SimpleRetriever", "requester": requester, "record_selector": selector}
    if keep:
        selector["record_filter"] = {"type": "RecordFilter", "condition": keep}
    if ignore:
        rule = {"type": "HttpResponseFilter", "action": "IGNORE", "predicate": ignore}
        requester["error_handler"] = {"type": "DefaultErrorHandler", "response_filters": [rule]}
    if stop:
        strategy = {"type": "CursorPagination", "cursor_value": "{{ response['page'] + 1 }}", "stop_condition": stop}
        option = {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "page"}
        retriever["paginator"] = {"type": "DefaultPaginator", "page_token_option": option}
        retriever["paginator"]["pagination_strategy"] = strategy
    loader = {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}}
    stream = {"type": "DeclarativeStream", "name": "report", "retriever": retriever, "schema_loader": loader}
    spec = {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}}
    check = {"type": "CheckStream", "stream_names": ["report"]}
    manifest = {"version": "7.39.1", "type": "DeclarativeSource", "check": check, "streams": [stream], "spec": spec}
    chosen = {"name": "report", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": chosen, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
    for name, data in (("config.json", {}), ("catalog.json", {"streams": [chosen]})):
        with open(name, "w") as file:
            json.dump(data, file)
    args = AirbyteEntrypoint.parse_args(["read", "--config", "config.json", "--catalog", "catalog.json"])
    with contextlib.redirect_stdout(io.StringIO()):
        catalog = ConcurrentDeclarativeSource.read_catalog("catalog.json")
        source = ConcurrentDeclarativeSource(catalog=catalog, config={}, state=[], source_config=manifest)
        messages = [json.loads(line) for line in AirbyteEntrypoint(source).run(args)]
    names = [line["record"]["data"]["name"] for line in messages if line["type"] == "RECORD"]
    ends = [
        line["trace"]["stream_status"]["status"]
        for line in messages
        if line["type"] == "TRACE" and line["trace"].get("stream_status")
    ]
    return names, ends[-1]


seen = {
    "spend > 0": read("/rows", keep="{{ record['spend'] > 0 }}"),
    "spend | float > 0": read("/rows", keep="{{ record['spend'] | float > 0 }}"),
    "two templates": read("/rows", keep="{{ record['name'] == 'spent' }} and {{ record['name'] != 'null' }}"),
    "page >= pages": read("/pages", stop="{{ response['page'] >= response['pages'] }}"),
    "page >= pages | int": read("/pages", stop="{{ response['page'] >= response['pages'] | int }}"),
    "code >= 40000": read("/refused", ignore="{{ response['code'] >= 40000 }}"),
}
for name, (rows, end) in seen.items():
    print(f"{name}: {rows} {end}")
stated = seen == {
    "spend > 0": (["null", "zero as text", "spent"], "COMPLETE"),
    "spend | float > 0": (["spent"], "COMPLETE"),
    "two templates": ([name for name, _ in ROWS], "COMPLETE"),
    "page >= pages": (["page 1"], "COMPLETE"),
    "page >= pages | int": (["page 1", "page 2", "page 3"], "COMPLETE"),
    "code >= 40000": ([], "COMPLETE"),
}
warnings = [record.getMessage() for record in heard if record.levelno >= logging.WARNING]
print("warnings:", *warnings)
stated = stated and not warnings
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
"$dir/env/bin/python" -W ignore run.py
