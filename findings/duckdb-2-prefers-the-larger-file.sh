#!/usr/bin/env bash
# DuckDB 2 keeps long texts as DICT_FSST where its own zstd makes a file a small part of that.
#
# A good guess: DuckDB tries each compression that the file's version has and takes the one with the
# smallest result, and a newer version is no slower at it.
# What happens (DuckDB 2.0.1, a file of storage version v1.4.0): texts of 10 kB are kept as DICT_FSST,
# in a file many times as large, and at twice the CPU and more, as with that one method disabled, when it
# takes ZSTD by itself. 1.4.4 makes files of version v1.0.0 by itself, which know neither.
# For a user: columns of long texts or JSON that grew slow and large with DuckDB 2:
# SET disabled_compression_methods = 'dict_fsst' before loading them. Our loader does so for wide rows.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
import time

import duckdb

print("duckdb", duckdb.__version__)
found = {}
for name, setting in (("as it comes", ""), ("without dict_fsst", "SET disabled_compression_methods = 'dict_fsst'")):
    path = name.replace(" ", "_") + ".duckdb"
    db = duckdb.connect(path, config={"storage_compatibility_version": "v1.4.0"})
    db.execute("SET threads = 1")
    if setting:
        db.execute(setting)
    db.execute("CREATE TABLE t (k VARCHAR, v VARCHAR)")
    began = time.process_time()
    db.execute("INSERT INTO t SELECT i::VARCHAR, repeat(lpad(hex(hash(i) % 65536::UBIGINT), 4, '0'), 2500) FROM range(2000) r(i)")
    db.execute("CHECKPOINT")
    spent = time.process_time() - began
    kinds = db.execute("SELECT DISTINCT compression FROM pragma_storage_info('t') WHERE column_name = 'v' AND segment_type = 'VARCHAR'").fetchall()
    db.close()
    found[name] = ({kind for (kind,) in kinds}, os.path.getsize(path))
    print(f"{name}: {sorted(found[name][0])}, {found[name][1]:,} bytes, {spent:.2f} s of CPU")
as_it_comes, without = found.values()
stated = as_it_comes[0] == {"DICT_FSST"} and without[0] == {"ZSTD"} and as_it_comes[1] > 5 * without[1]
print("as stated" if stated else "NOT as stated")
sys.exit(not stated)
PY
