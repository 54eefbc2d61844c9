#!/usr/bin/env bash
# TerminalOne's own client cuts a report row in two where a campaign's name has an Å or a Cyrillic
# х.
#
# A good guess: a CSV report is cut at line ends only; at worst a letter of a name is shown wrong,
# and the numbers behind it stay.
# What happens (terminalone 1.9.20 with requests 2.32.4): three right things meet. A text type
# without a charset is Latin-1 to requests, so that the UTF-8 bytes of Å (C3 85) become Ã and
# U+0085; iter_lines cuts at everything that Unicode calls a line end, and U+0085 is one; the csv
# reader is given half rows. An unquoted row falls into two, of which one has no amounts and the
# other too few columns; a quoted one loses the character. With `charset=utf-8` in the header the
# same body is read right, except for names with U+2028.
# For a user: totals by this client are short by exactly such campaigns, and DictReader shows the
# amounts as None. Compare with `adtap reconcile` rather than with a script on this client; who
# writes one should parse `response.content` instead of iter_lines.
set -euo pipefail
unset PYTHONPATH
packages=(terminalone==1.9.20 requests==2.32.4 urllib3==2.2.3 requests-oauthlib==2.0.0)
old= # the client does not import on Python 3.10 and newer
for python in python3.9 python3.8 "$HOME"/.pyenv/versions/3.[89].*/bin/python; do
  if "$python" -c 'import ssl' 2>/dev/null; then old=$python && break; fi
done
if [ -z "$old" ]; then
  echo "skipped: needs Python 3.8 or 3.9"
  exit 0
fi
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p "$old" "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  "$old" -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import io
import sys
from importlib.metadata import version

import requests
from requests.adapters import BaseAdapter
from terminalone.reports import Report
from urllib3 import HTTPHeaderDict, HTTPResponse


class Answer(BaseAdapter):
    """Give one body with one content type, without a network."""

    def __init__(self, kind, text):
        super().__init__()
        self.kind, self.body = kind, text.encode()

    def send(self, request, **_):
        headers = HTTPHeaderDict({"Content-Type": self.kind})
        raw = HTTPResponse(
            body=io.BytesIO(self.body), headers=headers, status=200, preload_content=False
        )
        return requests.adapters.HTTPAdapter().build_response(request, raw)

    def close(self):
        pass


def rows(kind, name):
    session = requests.Session()
    session.mount("https://", Answer(kind, f"campaign_name,spend\n{name},12.99\nplain,1.00\n"))
    report = Report(session, report="performance", api_base="api.example", properties={})
    return [dict(row) for row in report.get(as_dict=True)[1]]


print("terminalone", version("terminalone"), "requests", version("requests"))
cut = [
    {"campaign_name": "Ã", "spend": None},
    {"campaign_name": "lesund", "spend": "12.99"},
    {"campaign_name": "plain", "spend": "1.00"},
]
cases = {
    ("text/csv", "Ålesund"): cut,
    ("text/csv", '"Ålesund"'): [{"campaign_name": "Ãlesund", "spend": "12.99"}, cut[2]],
    ("text/csv; charset=utf-8", "Ålesund"): [
        {"campaign_name": "Ålesund", "spend": "12.99"},
        cut[2],
    ],
    ("text/csv; charset=utf-8", "a\u2028b"): [
        {"campaign_name": "a", "spend": None},
        {"campaign_name": "b", "spend": "12.99"},
        cut[2],
    ],
}
stated = rows("text/csv", "Уход")[0]["spend"] is None
for (kind, name), expected in cases.items():
    seen = rows(kind, name)
    print(f"{kind}, name {name!r}:", *([list(row.values()) for row in seen]))
    stated = stated and seen == expected
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
