#!/usr/bin/env bash
# tap-sftp never reads a file that it couldn't open once, nor one that has the second of another.
#
# A good guess: a file that is being uploaded, or can't be opened for another reason, stops the run or is
# left for the next one; and the bookmark takes in files of its own second.
# What happens (tap-sftp 1.3.0): "Permission denied" when a file is opened is logged as a warning, the file
# counts as one of 0 rows, and the bookmark moves to its time and then to that of the files behind it. The
# next run asks for files that changed later than that: what was refused is never read, though it can be
# opened by then. Times are whole seconds, and later means more: a file that arrives with the second of the
# newest one that was read is never read either. No run raises an error.
# For a user: platforms that put several reports into a folder at once, or move them in while the tap runs,
# lose whole files, and so whole days of an account. Look for «Skipping» in the log, set the state back by a
# day, and compare files with rows by _sdc_source_file.
set -euo pipefail
unset PYTHONPATH
packages=(tap-sftp==1.3.0)
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
import stat
import sys
from contextlib import redirect_stdout
from datetime import datetime, timezone
from importlib.metadata import version

import paramiko
from singer.catalog import Catalog
from tap_sftp import client, sync

logging.disable(logging.CRITICAL)
print("tap-sftp", version("tap-sftp"))
TABLE = {
    "table_name": "report",
    "search_prefix": "/in",
    "search_pattern": "csv",
    "key_properties": ["id"],
    "delimiter": ",",
}
CONFIG = {
    "host": "sftp.example",
    "username": "u",
    "port": "22",
    "start_date": "2026-01-01T00:00:00Z",
    "tables": json.dumps([TABLE]),
}
text = {"type": ["null", "string"]}
columns = {name: text for name in ("id", "spend", "_sdc_source_file")}
ENTRY = {
    "stream": "report",
    "tap_stream_id": "report",
    "schema": {"type": "object", "properties": columns},
    "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
}
STREAM = Catalog.from_dict({"streams": [ENTRY]}).streams[0]


class Folder:
    """A folder of a server: for each name its minute of change, and whether it can be opened."""

    def __init__(self, **files):
        self.files = files

    def listdir_attr(self, prefix):
        found = []
        for name, (minute, _) in self.files.items():
            attributes = paramiko.SFTPAttributes()
            attributes.filename, attributes.st_size = f"{name}.csv", 20
            attributes.st_mode = stat.S_IFREG | 0o644
            moment = datetime(2026, 1, 5, 9, minute, tzinfo=timezone.utc)
            attributes.st_mtime = int(moment.timestamp())
            found.append(attributes)
        return found

    def open(self, path, mode):
        name = path.removeprefix("/in/").removesuffix(".csv")
        if not self.files[name][1]:
            raise PermissionError(13, "Permission denied")
        return io.BytesIO(f"id,spend\n{name},12.99\n".encode())


def run(folder, state):
    """Return the ids that one run writes, and the state behind it."""
    client.SFTPConnection.sftp = folder
    out = io.StringIO()
    with redirect_stdout(out):
        sync.sync_stream(CONFIG, state, STREAM)
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    ids = [message["record"]["id"] for message in messages if message["type"] == "RECORD"]
    return ids, states[-1] if states else state


first, state = run(Folder(a=(0, True), b=(5, False), c=(10, True)), {})
bookmark = state["bookmarks"]["report"]["modified_since"]
second, state = run(Folder(a=(0, True), b=(5, True), c=(10, True)), state)
third, _ = run(Folder(a=(0, True), b=(5, True), c=(10, True), d=(10, True), e=(11, True)), state)
print("b can't be opened: read", *first, "- bookmark", bookmark)
print("b can be opened: read", *(second or ["nothing"]))
print("d of c's second and e of a later one: read", *third)
stated = (
    first == ["a", "c"]
    and bookmark.startswith("2026-01-05T09:10:00")
    and second == []
    and third == ["e"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
