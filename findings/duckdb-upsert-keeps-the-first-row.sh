#!/usr/bin/env bash
# DuckDB's INSERT OR REPLACE keeps the first row of a key; its UPDATE and MERGE take either, without
# a word.
#
# A good guess: two rows of one key in one INSERT … ON CONFLICT DO UPDATE are an error (Postgres:
# «cannot affect row a second time»), or the later one wins, as in SQLite; MERGE raises when two
# source rows match one target row, as the SQL standard, Postgres, Snowflake, BigQuery and delta-rs
# do.
# What happens (DuckDB 2.0.1): INSERT OR REPLACE, and ON CONFLICT DO UPDATE, take the first row of a
# key, whether the key was in the table or not, and pass over the others in silence; executemany, a
# statement a row, keeps the last. UPDATE … FROM and MERGE take one of the rows without a word;
# which one depends on the rows beside it: the first in a table of one row, the last as soon as the
# table has another row that nothing touches. Without a primary key MERGE also inserts both rows of
# a new key, and changes both at the next run.
# For a user: a load that holds a row twice (pages read while a report was being restated, our JSON
# Lines after two runs) ends with the old number by one statement and with the new one by another.
# Keep one row a key before the statement: QUALIFY row_number() OVER (PARTITION BY _row_key ORDER BY
# _synced_at DESC) = 1.
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
import sys

import duckdb

print("duckdb", duckdb.__version__)
source = "(VALUES (1, 'old', 1), (1, 'new', 2)) s(id, v, read_at)"
insert = f"SELECT id, v FROM {source} ORDER BY read_at"
merge = f"""MERGE INTO t USING {source} ON t.id = s.id
    WHEN MATCHED THEN UPDATE SET v = s.v
    WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)"""
cases = {
    "INSERT OR REPLACE, key known": ("PRIMARY KEY", "before", f"INSERT OR REPLACE INTO t {insert}"),
    "INSERT OR REPLACE, key new": ("PRIMARY KEY", None, f"INSERT OR REPLACE INTO t {insert}"),
    "ON CONFLICT DO UPDATE": (
        "PRIMARY KEY", "before", f"INSERT INTO t {insert} ON CONFLICT (id) DO UPDATE SET v = excluded.v"
    ),
    "UPDATE … FROM": ("PRIMARY KEY", "before", f"UPDATE t SET v = s.v FROM {source} WHERE t.id = s.id"),
    "MERGE, key known": ("PRIMARY KEY", "before", merge),
    "MERGE, key new, no primary key": ("", None, merge),
}
beside = "INSERT INTO t VALUES (2, 'beside')"
for statement in ("UPDATE … FROM", "MERGE, key known"):
    key, before, text = cases[statement]
    cases[f"{statement}, another row in the table"] = (key, before, f"{beside}; {text}")
seen = {}
for case, (key, before, statement) in cases.items():
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE t (id INT {key}, v VARCHAR)")
        if before:
            db.execute("INSERT INTO t VALUES (1, ?)", [before])
        db.execute(statement)
        seen[case] = [v for (v,) in db.execute("SELECT v FROM t WHERE id = 1 ORDER BY v").fetchall()]
with duckdb.connect() as db:
    db.execute("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR)")
    db.executemany("INSERT OR REPLACE INTO t VALUES (?, ?)", [(1, "old"), (1, "new")])
    seen["executemany"] = [v for (v,) in db.execute("SELECT v FROM t").fetchall()]
for case, rows in seen.items():
    print(f"{case}: {rows}")
stated = list(seen.values()) == [
    ["old"], ["old"], ["old"], ["old"], ["old"], ["new", "old"], ["new"], ["new"], ["new"]
]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
