#!/usr/bin/env bash
# Quix Streams' file sinks write the address of an object instead of a message's key, if the key is text.
#
# A good guess: FileSink writes the key of each message into `_key`: bytes as text, as its documentation
# says, and text as it is.
# What happens (quixstreams 3.28.1): keys of bytes are decoded; of all others str() is taken of the whole
# item, and not of its key. `_key` is «<quixstreams.sinks.base.item.SinkItem object at 0x7f…>», in JSON
# Lines and in Parquet, another one for each row, also where two keys are equal. Keys are text as soon as
# the topic has `key_deserializer="str"`, or after `group_by("account")`.
# For a user: the account that the rows were grouped by is in no column, and a join or a deduplication by
# `_key` finds nothing, without an error. Put the key into the value before the sink (`sdf["account"] = …`),
# or leave keys as bytes.
set -euo pipefail
unset PYTHONPATH
packages=('quixstreams[parquet]==3.28.1' pyarrow==26.0.1)
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
from importlib.metadata import version
from pathlib import Path

logging.disable(logging.CRITICAL)
import pyarrow.parquet as pq
from quixstreams.sinks.community.file.local import LocalFileSink

print(*(f"{name} {version(name)}" for name in ("quixstreams", "pyarrow")))


def written(format, topic, keys):
    """Write a message for each key; return what the file has for them."""
    sink = LocalFileSink(directory=format, format=format)
    for offset, key in enumerate(keys):
        sink.add(
            value={"spend": 12.99},
            key=key,
            timestamp=1_767_225_600_000,
            headers=[],
            topic=topic,
            partition=0,
            offset=offset,
        )
    sink.flush()
    file = next(Path(format, topic, "0").iterdir())
    if format == "parquet":
        return pq.read_table(file)["_key"].to_pylist()
    return [json.loads(line)["_key"] for line in file.read_text().splitlines()]


seen = {
    (name, format): written(format, name, keys)
    for name, keys in (("bytes", [b"7", b"7"]), ("text", ["7", "7"]), ("numbers", [7, 7]))
    for format in ("json", "parquet")
}
for (name, format), keys in seen.items():
    print(f"{name}, {format}: {keys}")
stated = all(
    keys == ["7", "7"] if name == "bytes" else all("SinkItem object at 0x" in key for key in keys)
    for (name, _), keys in seen.items()
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
