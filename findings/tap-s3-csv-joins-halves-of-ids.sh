#!/usr/bin/env bash
# tap-s3-csv reads the two halves of a Facebook post id as one number, and the name 2026_01 as 202601.
#
# A good guess: a column of "1234567_7654321" is text, since that is no number in JSON, in SQL or in any
# spreadsheet.
# What happens (tap-s3-csv 2.3.1, singer-encodings 0.6.1, singer-python 5.19.0): a column is taken for
# integers if Python's `int()` reads every sampled value, and that passes over underscores between
# digits. The post id 1234567_7654321 (page and post, as the Graph API writes it) is written as
# 12345677654321, the ad set "2026_01" as 202601, the postal code 00501 as 501. Two ids that are cut at
# another place become the same: 12_345 and 123_45 are both 12345.
# For a user: a join by post id finds nothing, and a count of distinct ids is too low; nothing is
# refused, as the schema says integer. Set the column's type in the catalog to ["null", "string"]
# before the first sync.
set -euo pipefail
unset PYTHONPATH
packages=(tap-s3-csv==2.3.1 singer-encodings==0.6.1 singer-python==5.19.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import contextlib
import datetime as dt
import io
import json
import logging
import sys
from importlib.metadata import version

from tap_s3_csv import s3, sync

logging.disable()
print(*(f"{name} {version(name)}" for name in ("tap-s3-csv", "singer-encodings", "singer-python")))
TEXT = b"""day,post_id,ad_set,zip,spend
2026-01-01,1234567_7654321,2026_01,00501,5.5
2026-01-02,12_345,2026_02,00544,7.5
2026-01-03,123_45,2026_03,06390,1.25
"""
MODIFIED = dt.datetime(2026, 1, 4, tzinfo=dt.timezone.utc)
TABLE = {"table_name": "ads", "key_properties": ["day"], "search_prefix": "", "search_pattern": ".*"}
TABLE["delimiter"] = ","
CONFIG = {"bucket": "b", "start_date": "2026-01-01T00:00:00Z", "tables": [TABLE]}


class Body(io.BytesIO):
    """A file of the bucket."""

    _raw_stream = property(lambda self: self)


s3.get_input_files_for_table = lambda *_: [{"key": "report.csv", "last_modified": MODIFIED}]
s3.get_file_handle = lambda config, path: Body(TEXT)


def load(schema):
    """Return the rows of one run."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        sync.sync_stream(CONFIG, {}, TABLE, {"schema": schema, "metadata": []}, MODIFIED + dt.timedelta(1))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    names = ("post_id", "ad_set", "zip")
    return [tuple(line["record"][name] for name in names) for line in lines if line["type"] == "RECORD"]


schema = s3.get_sampled_schema_for_table(CONFIG, TABLE)
kinds = {name: schema["properties"][name].get("type") for name in ("post_id", "ad_set", "zip")}
print("kinds found:", kinds)
rows = load(schema)
print("rows:", *rows)
for name in kinds:
    schema["properties"][name] = {"type": ["null", "string"]}
mended = load(schema)
print("with text in the catalog:", *mended)
stated = (
    rows == [(12345677654321, 202601, 501), (12345, 202602, 544), (12345, 202603, 6390)]
    and mended[0] == ("1234567_7654321", "2026_01", "00501")
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
