#!/usr/bin/env bash
# tap-s3-csv passes over a report.csv.gz whose header holds no file name, and moves its bookmark on.
#
# A good guess: what a .gz holds is known by its own name: report.csv.gz is a CSV. A file that can't
# be read ends the run.
# What happens (tap-s3-csv 2.3.1): the name inside the gzip header decides. It is optional: `gzip -n`,
# Python's `gzip.compress` and most programs that write a stream leave it out, and such a file is
# skipped with a warning; one packed from `report` instead of `report.csv` is skipped too. The file's
# time becomes the bookmark, so that no later run looks at it, and the exit code is 0.
# For a user: exports of a platform that turned to another packer are days without rows. Look for
# «skipped» in the log, or have files packed by `gzip report.csv`; to read what was skipped, set the
# state back to before it.
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
import gzip
import io
import json
import logging
import sys
from importlib.metadata import version

from tap_s3_csv import s3, sync

logging.disable()
print("tap-s3-csv", version("tap-s3-csv"))
TEXT = b"day,spend\n2026-01-01,5.5\n2026-01-02,7.5\n"
MODIFIED = dt.datetime(2026, 1, 3, tzinfo=dt.timezone.utc)
TABLE = {"table_name": "ads", "key_properties": ["day"], "search_pattern": ".*", "delimiter": ","}
COLUMNS = {"day": {"type": "string"}, "spend": {"type": ["null", "number"]}}
STREAM = {"schema": {"type": "object", "properties": COLUMNS}, "metadata": []}


def packed(name):
    """Return the CSV as a .gz that says it was made of a file of this name."""
    out = io.BytesIO()
    with gzip.GzipFile(filename=name, mode="wb", fileobj=out, mtime=0) as file:
        file.write(TEXT)
    return out.getvalue()


class Body(io.BytesIO):
    """A file of the bucket."""

    _raw_stream = property(lambda self: self)


def load(key, content):
    """Return rows and bookmark of one run over a bucket with this file."""
    s3.get_input_files_for_table = lambda *_: [{"key": key, "last_modified": MODIFIED}]
    s3.get_file_handle = lambda config, path: Body(content)
    state, config = {}, {"bucket": "b", "start_date": "2026-01-01T00:00:00Z"}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        sync.sync_stream(config, state, TABLE, STREAM, MODIFIED + dt.timedelta(days=1))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    rows = sum(line["type"] == "RECORD" for line in lines)
    return rows, state["bookmarks"]["ads"]["modified_since"]


cases = {
    "plain": ("report.csv", TEXT),
    "packed by gzip": ("report.csv.gz", packed("report.csv")),
    "packed by gzip -n": ("report.csv.gz", packed("")),
    "packed by gzip.compress": ("report.csv.gz", gzip.compress(TEXT)),
    "packed from `report`": ("report.csv.gz", packed("report")),
}
seen = {case: load(*file) for case, file in cases.items()}
for case, (rows, bookmark) in seen.items():
    print(f"{case}: {rows} rows, bookmark {bookmark}")
stated = [rows for rows, _ in seen.values()] == [2, 2, 0, 0, 0] and all(
    bookmark == MODIFIED.isoformat() for _, bookmark in seen.values()
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
