#!/usr/bin/env bash
# daft and the usual calls of zstandard and lz4 read the first part of a compressed file, and no
# more.
#
# A good guess: files of gzip, bzip2, xz, zstd and lz4 may be put one behind the other, and every
# reader reads them to the end, as `zcat` and `zstd -d` do, and as pandas, pyarrow and DuckDB do.
# What happens (daft 0.7.26, zstandard 0.25.0, lz4 4.4.5): of a file made of two, with a row each,
# daft's read_csv and read_json give one row if it is .zst, .bz2 or .xz, and both if it is .gz.
# zstandard's decompress(), decompressobj() and read_to_iter() stop behind the first frame, and so
# does lz4.frame.decompress(); zstandard's stream_reader(), copy_stream() and open() go on, and so
# does lz4.frame.open(). No error in any of them.
# For a user: `cat` of daily files, a writer that appends a frame an hour, and compressors that
# work in parallel all make such files; all rows behind the first frame are missing. Read with a
# reader that goes on, or pack daily files for daft as .gz.
set -euo pipefail
unset PYTHONPATH
packages=(daft==0.7.26 zstandard==0.25.0 lz4==4.4.5 pandas==3.1.1 pyarrow==25.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import bz2
import gzip
import io
import lzma
import sys
from importlib.metadata import version

import daft
import lz4.frame
import pandas as pd
import pyarrow as pa
import zstandard

print(*(f"{name} {version(name)}" for name in ("daft", "zstandard", "lz4", "pandas", "pyarrow")))
packers = {
    "zst": zstandard.ZstdCompressor().compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "gz": gzip.compress,
    "lz4": lz4.frame.compress,
}
parts = {
    "csv": (b"day,spend\n2026-01-01,12.99\n", b"2026-01-02,29.99\n"),
    "json": (b'{"spend": 12.99}\n', b'{"spend": 29.99}\n'),
}
for kind, (first, second) in parts.items():
    for name, pack in packers.items():
        with open(f"two.{kind}.{name}", "wb") as file:
            file.write(pack(first) + pack(second))


def rows_of_zst(unpack):
    with open("two.csv.zst", "rb") as file:
        return unpack(file.read()).count(b"\n") - 1


def copied(data):
    out = io.BytesIO()
    zstandard.ZstdDecompressor().copy_stream(io.BytesIO(data), out)
    return out.getvalue()


reader = zstandard.ZstdDecompressor
seen = {
    f"daft csv {name}": daft.read_csv(f"two.csv.{name}").count_rows()
    for name in ("zst", "bz2", "xz", "gz")
}
seen |= {
    f"daft json {name}": daft.read_json(f"two.json.{name}").count_rows() for name in ("zst", "gz")
}
seen |= {
    f"pandas csv {name}": len(pd.read_csv(f"two.csv.{name}")) for name in ("zst", "bz2", "xz", "gz")
}
seen |= {
    "zstandard decompress": rows_of_zst(reader().decompress),
    "zstandard decompressobj": rows_of_zst(reader().decompressobj().decompress),
    "zstandard read_to_iter": rows_of_zst(lambda data: b"".join(reader().read_to_iter(data))),
    "zstandard stream_reader": rows_of_zst(
        lambda data: reader().stream_reader(io.BytesIO(data)).read()
    ),
    "zstandard copy_stream": rows_of_zst(copied),
    "zstandard open": zstandard.open("two.csv.zst").read().count(b"\n") - 1,
    "pyarrow zst": pa.input_stream("two.csv.zst").read().count(b"\n") - 1,
}
with open("two.csv.lz4", "rb") as file:
    seen["lz4 decompress"] = lz4.frame.decompress(file.read()).count(b"\n") - 1
seen["lz4 open"] = lz4.frame.open("two.csv.lz4").read().count(b"\n") - 1
for name, rows in seen.items():
    print(f"{name}: {rows} of 2 rows")
as_stated = [rows for rows in seen.values()] == [1, 1, 1, 2, 1, 2] + [2] * 4 + [
    1,
    1,
    1,
    2,
    2,
    2,
    2,
    1,
    2,
]
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
