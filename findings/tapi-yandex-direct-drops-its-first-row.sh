#!/usr/bin/env bash
# tapi-yandex-direct drops a report's first row when headings are switched off.
#
# A good guess: `skip_column_header=True` leaves out the line of headings, `to_values()` gives all rows, and
# `to_dicts()` takes the names of the FieldNames that were asked for.
# What happens (tapi-yandex-direct 2021.5.29): the first line is the heading, whatever it is. Without
# headings the first row of data becomes the names, and is missing in to_values, to_lines and to_dicts; the
# dicts have keys such as "12.99". With `skip_report_header=False` the report's title is the only heading,
# and each row has one value. With `skip_report_summary=False` "Total rows: 2" is a row.
# For a user: one campaign or one day less in each report, without an error, and another one each time if
# the order changes. Leave the three options as they are.
set -euo pipefail
unset PYTHONPATH
packages=(tapi-yandex-direct==2021.5.29 setuptools==75.3.4)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import logging
import sys
from importlib.metadata import version

import requests.adapters
from tapi_yandex_direct import YandexDirect
from urllib3 import HTTPResponse

logging.disable(logging.CRITICAL)
print("tapi-yandex-direct", version("tapi-yandex-direct"))
FIELDS = ["Date", "CampaignId", "Cost"]
ROWS = [["2026-01-05", "41", "12.99"], ["2026-01-05", "42", "5.00"]]


def send(self, request, **_):
    """Answer as the platform does: lines for what is not switched off."""
    off = {name for name in request.headers if request.headers[name] == "true"}
    lines = [] if "skipReportHeader" in off else ['"report (2026-01-05 - 2026-01-05)"']
    lines += [] if "skipColumnHeader" in off else ["\t".join(FIELDS)]
    lines += ["\t".join(row) for row in ROWS]
    lines += [] if "skipReportSummary" in off else [f"Total rows: {len(ROWS)}"]
    content = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    return self.build_response(request, HTTPResponse(content, status=200, preload_content=False))


requests.adapters.HTTPAdapter.send = send


def read(**options):
    """Return a report's values and its first dict."""
    question = {"SelectionCriteria": {}, "FieldNames": FIELDS, "ReportName": "r-1", "Format": "TSV"}
    question |= {"ReportType": "CAMPAIGN_PERFORMANCE_REPORT", "DateRangeType": "YESTERDAY"}
    question |= {"IncludeVAT": "YES", "IncludeDiscount": "NO"}
    report = YandexDirect(access_token="token-1", **options).reports().post(data={"params": question})
    return report().to_values(), report().to_dicts()[0]


usual, bare = read(), read(skip_column_header=True)
titled, summed = read(skip_report_header=False), read(skip_report_summary=False)
for name, (values, first) in (("usual", usual), ("no headings", bare), ("title", titled), ("summary", summed)):
    print(f"{name}: {values} - first dict {first}")
stated = (
    usual == (ROWS, dict(zip(FIELDS, ROWS[0], strict=True)))
    and bare == (ROWS[1:], dict(zip(ROWS[0], ROWS[1], strict=True)))
    and titled[0] == [FIELDS, *ROWS]
    and len(titled[1]) == 1
    and summed[0] == [*ROWS, ["Total rows: 2"]]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
