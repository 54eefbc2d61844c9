#!/usr/bin/env bash
# googleads writes false as "-" in a downloaded Ad Manager table, as it writes null, and doubles the
# quotation marks in names.
#
# A good guess: a list of rows holds what the platform sent: true and false, None, and names letter by
# letter; in the CSV the writer takes care of quotation marks.
# What happens (googleads 51.0.0): what is false to Python is "-": false, an empty name and null can't
# be told apart, while true is true. A name's marks are doubled before the row is given out: in the
# list `Banner 12" wide` is `Banner 12"" wide`, and the CSV writer doubles them again, so that whoever
# reads the CSV finds the doubled ones as well. A number with a point is a float.
# For a user: `where is_archived = false` finds nothing, and a join by name finds nothing for names with
# an inch in them. Read "-" of a boolean column as false, and put `""` back to `"`; or call the service's
# `select` by yourself.
set -euo pipefail
unset PYTHONPATH
packages=(googleads==51.0.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import csv
import io
import sys
from importlib.metadata import version
from types import SimpleNamespace

from googleads.ad_manager import DataDownloader

print("googleads", version("googleads"))


class TextValue(dict):
    """A value of a row, as the service's answer holds it."""


class BooleanValue(dict):
    """Another one."""


class NumberValue(dict):
    """Another one."""


ROWS = [
    (TextValue(value='Banner 12" wide'), BooleanValue(value=False), NumberValue(value="12.99")),
    (TextValue(value=""), BooleanValue(value=True), NumberValue(value="0")),
    (TextValue(value=None), BooleanValue(value=None), NumberValue(value=None)),
]
NAMES = [{"labelName": name} for name in ("name", "isArchived", "cost")]


def select(statement):
    return {"columnTypes": NAMES, "rows": [{"values": row} for row in ROWS]}


proxy = SimpleNamespace(GetHandlers=list)
client = SimpleNamespace(
    proxy_config=proxy,
    custom_http_headers={},
    GetService=lambda *_: SimpleNamespace(select=select),
)
loader = DataDownloader(client)
_, *rows = loader.DownloadPqlResultToList("SELECT name, isArchived, cost FROM Ad_Unit")
text = io.StringIO()
loader.DownloadPqlResultToCsv("SELECT name, isArchived, cost FROM Ad_Unit", text)
_, *read = csv.reader(io.StringIO(text.getvalue()))
print("sent: name, archived, cost:", *(tuple(value["value"] for value in row) for row in ROWS))
print("in the list:", *map(tuple, rows))
print("read from the CSV:", *map(tuple, read))
stated = rows == [['Banner 12"" wide', "-", 12.99], ["-", True, 0], ["-", "-", "-"]] and read == [
    ['Banner 12"" wide', "-", "12.99"], ["-", "True", "0"], ["-", "-", "-"]
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
