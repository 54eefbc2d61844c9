#!/usr/bin/env bash
# Airbyte's file sources drop all rows behind a line of JSON that their parser refuses, and report the file
# as read.
#
# A good guess: a line that can't be parsed is an error, or is left out with a warning; the lines behind it
# are read.
# What happens (airbyte-cdk 7.39.1): the JSON Lines parser takes a line that it can't parse for the
# beginning of an object over several lines, and puts every further line behind it; as that never becomes
# one object, nothing of the rest of the file is emitted. An error is raised only if no row came before.
# Such a line need not be broken: a name that was cut in the middle of a character ("Spring \ud83d", which
# JSON allows and Python reads), or a NaN, as Python writes it. The file counts as done and isn't read
# again.
# For a user: of a day's export the rows up to one campaign name are there, with exit code 0. Count lines
# against rows, by `_ab_source_file_url`; write files with `allow_nan=False`, or as CSV or Parquet.
set -euo pipefail
unset PYTHONPATH
packages=('airbyte-cdk[file-based]==7.39.1')
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import logging
import sys
from datetime import datetime
from importlib.metadata import version

logging.disable(logging.CRITICAL)
from airbyte_cdk.sources.file_based.config.file_based_stream_config import FileBasedStreamConfig
from airbyte_cdk.sources.file_based.config.jsonl_format import JsonlFormat
from airbyte_cdk.sources.file_based.exceptions import RecordParseError
from airbyte_cdk.sources.file_based.file_based_stream_reader import AbstractFileBasedStreamReader
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser
from airbyte_cdk.sources.file_based.remote_file import RemoteFile

print(*(f"{name} {version(name)}" for name in ("airbyte-cdk", "orjson")))


class LocalReader(AbstractFileBasedStreamReader):
    def open_file(self, file, mode, encoding, logger):
        return open(file.uri, mode.value, encoding=encoding)


LocalReader.__abstractmethods__ = frozenset()
config = FileBasedStreamConfig(name="report", format=JsonlFormat())


def rows(name, *lines):
    """Write a file of these lines; return the ids that the parser finds in it, or the error."""
    with open(f"{name}.jsonl", "w") as file:
        file.write("\n".join(lines) + "\n")
    remote = RemoteFile(uri=f"{name}.jsonl", last_modified=datetime(2026, 1, 5))
    parsed = JsonlParser().parse_records(config, remote, LocalReader(), logging.getLogger(), None)
    try:
        return [row["id"] for row in parsed]
    except RecordParseError as error:
        return type(error).__name__


def line(number, **fields):
    return json.dumps({"id": number, "spend": 12.99, **fields})


def third(odd):
    return [line(1), line(2), odd, line(4), line(5)]


whole = line(3)
nan, cut_name = line(3, spend=float("nan")), line(3, name="Spring \ud83d")
seen = {
    "no odd line": rows("whole", *third(whole)),
    "a NaN in the third": rows("nan", *third(nan)),
    "a name cut in a character": rows("name", *third(cut_name)),
    "a line cut short": rows("cut", *third(whole[:-5])),
    "a name cut, in the first line": rows("first", cut_name, line(4), line(5)),
}
for name, ids in seen.items():
    print(f"{name}: {ids}")
by_python = [json.loads(text)["id"] for text in third(cut_name)]
print("the name that was cut, by Python:", by_python)
stated = by_python == [1, 2, 3, 4, 5] and seen == {
    "no odd line": [1, 2, 3, 4, 5],
    "a NaN in the third": [1, 2],
    "a name cut in a character": [1, 2],
    "a line cut short": [1, 2],
    "a name cut, in the first line": "RecordParseError",
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
