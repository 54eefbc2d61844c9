#!/usr/bin/env bash
# Airbyte's file sources drop all rows behind one line of JSON Lines that their parser refuses, and count
# the file as read.
#
# A good guess: each line is read by itself, so that a line which the parser refuses is an error, or is
# left out with a warning, and the lines behind it are read.
# What happens (airbyte-cdk 7.39.1): the JSON Lines parser takes a line that it can't parse for the
# beginning of an object over several lines, and puts every further line behind it; as that never becomes
# one object, nothing of the rest of the file is emitted. An error is raised only if no row came before.
# Such a line need not be broken: the escape \ud83d, half of a pair, is allowed by JSON's grammar, written
# by programs that cut names to a length, and read by Python; Airbyte's parser (orjson) refuses it. The
# sync is complete, and the file stands in the state as done and isn't read again.
# For a user: of a day's export the rows up to one campaign name are there, and no later sync adds the
# rest. Count lines against rows, by `_ab_source_file_url`, and take CSV or Parquet where a name can be
# cut.
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
from pathlib import Path

logging.disable(logging.CRITICAL)
from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.file_based.config.abstract_file_based_spec import AbstractFileBasedSpec
from airbyte_cdk.sources.file_based.file_based_source import FileBasedSource
from airbyte_cdk.sources.file_based.file_based_stream_reader import AbstractFileBasedStreamReader
from airbyte_cdk.sources.file_based.remote_file import RemoteFile
from airbyte_cdk.sources.file_based.stream.cursor import DefaultFileBasedCursor
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import read

print(*(f"{name} {version(name)}" for name in ("airbyte-cdk", "orjson")))


class Spec(AbstractFileBasedSpec):
    @classmethod
    def documentation_url(cls):
        return "https://docs.example.com"


class LocalReader(AbstractFileBasedStreamReader):
    """Read the files of this folder, as the sources of S3 or SFTP read theirs."""

    @property
    def config(self):
        return self._config

    @config.setter
    def config(self, value):
        self._config = value

    def get_matching_files(self, globs, prefix, logger):
        for name in globs:
            yield RemoteFile(uri=name, last_modified=datetime(2026, 1, 5))

    def open_file(self, file, mode, encoding, logger):
        return open(file.uri, mode.value, encoding=encoding)


LocalReader.__abstractmethods__ = frozenset()


def synced(name, *lines):
    """Sync a file of these lines; return the ids that came out, if it failed, and the files that are done."""
    Path(f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    stream = {"name": "report", "globs": [f"{name}.jsonl"], "format": {"filetype": "jsonl"}, "schemaless": True}
    config = {"streams": [stream]}
    catalog = CatalogBuilder().with_stream("report", SyncMode.incremental).build()
    source = FileBasedSource(
        stream_reader=LocalReader(),
        spec_class=Spec,
        catalog=catalog,
        config=config,
        state=[],
        cursor_cls=DefaultFileBasedCursor,
    )
    output = read(source, config, catalog, state=[], expecting_exception=True)
    done = output.most_recent_state.stream_state.__dict__.get("history", {}) if output.state_messages else {}
    ids = [message.record.data["data"]["id"] for message in output.records]
    return ids, bool(output.errors), sorted(done)


def line(number, **fields):
    return json.dumps({"id": number, "spend": 12.99, **fields})


cut_name = line(3, name="Spring \ud83d")
whole = [line(number) for number in range(1, 6)]
odd = [*whole[:2], cut_name, *whole[3:]]
print("the line, in ASCII:", cut_name)
by_python = [json.loads(text)["id"] for text in odd]
seen = {
    "whole": synced("whole", *whole),
    "third": synced("third", *odd),
    "first": synced("first", cut_name, *whole[3:]),
}
print("by Python:", by_python)
for name, (ids, failed, done) in seen.items():
    print(f"{name}: rows {ids}, failed {failed}, done {done}")
stated = by_python == [1, 2, 3, 4, 5] and seen == {
    "whole": ([1, 2, 3, 4, 5], False, ["whole.jsonl"]),
    "third": ([1, 2], False, ["third.jsonl"]),
    "first": ([], True, []),
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
