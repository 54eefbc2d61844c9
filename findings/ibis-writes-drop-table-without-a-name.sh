#!/usr/bin/env bash
# ibis with sqlglot 30.30 writes DROP TABLE without a name: create_table() of a frame and drop_table() fail on
# DuckDB.
#
# A good guess: a plain `pip install "ibis-framework[duckdb]"` gives versions that fit each other, as ibis
# says which sqlglot it takes (any from 23.4 on, but for one).
# What happens (ibis 12.0.0, sqlglot 30.30.0, DuckDB 2.0.1): newer versions of sqlglot leave the name out of the
# DROP statements that ibis builds. create_table() with a frame ends in a ParserException («syntax error at
# or near EXISTS»), after the table was made and filled; drop_table() fails as well. create_view() and insert()
# work, so that it shows only where tables are written. With sqlglot 30.0.0 all of these work. list_tables() is
# an AttributeError with either, as DuckDB 2.0 has no fetch_arrow_table(); with DuckDB 1.4.4 it works.
# For a user: a job without a lock file breaks on the day its image is built anew, and a retry finds the table
# there already. Pin sqlglot to 30.0 and DuckDB to 1.4 beside ibis 12.0.0.
set -euo pipefail
unset PYTHONPATH
packages=('ibis-framework[duckdb]==12.0.0' duckdb==2.0.1 pyarrow==26.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
add() {
  if command -v uv >/dev/null; then
    VIRTUAL_ENV="$dir/env" uv pip install -q "$@"
  else
    "$dir/env/bin/pip" install -q "$@"
  fi
}
if command -v uv >/dev/null; then uv venv -q -p python3 "$dir/env"; else python3 -m venv "$dir/env"; fi

cd "$dir" && cat > run.py <<'PY'
import sys
from importlib.metadata import version

import ibis
import pyarrow as pa

print(*(f"{name} {version(name)}" for name in ("ibis-framework", "sqlglot", "duckdb")))
con = ibis.duckdb.connect()
con.raw_sql("create table old (spend double)")
rows = pa.table({"spend": [12.99, 2.5]})


def done(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "done"


seen = {
    "create_table": done(lambda: con.create_table("new", rows)),
    "drop_table": done(lambda: con.drop_table("old")),
    "insert": done(lambda: con.insert("new", rows)),
    "create_view": done(lambda: con.create_view("seen", ibis.memtable(rows))),
    "list_tables": done(con.list_tables),
}
tables = [name for (name,) in con.raw_sql("select table_name from information_schema.tables").fetchall()]
tables = [name for name in tables if not name.startswith("ibis_")]
print(*(f"{name}: {answer}" for name, answer in seen.items()), "there: " + " ".join(tables), sep=", ")
new_sqlglot, new_duckdb = (word == "new" for word in sys.argv[1:])
drops = ["ParserException" if new_sqlglot else "done"] * 2
stated = list(seen.values()) == [*drops, "done", "done", "AttributeError" if new_duckdb else "done"]
stated &= ("old" in tables) == new_sqlglot and "new" in tables
sys.exit(not stated)
PY
stated="as stated"
add "${packages[@]}" sqlglot==30.30.0
env/bin/python -W ignore run.py new new || stated="NOT as stated any more"
add "${packages[@]}" sqlglot==30.0.0
env/bin/python -W ignore run.py old new || stated="NOT as stated any more"
add "${packages[@]/duckdb==2.0.1/duckdb==1.4.4}" sqlglot==30.0.0
env/bin/python -W ignore run.py old old || stated="NOT as stated any more"
echo "$stated"
[ "$stated" = "as stated" ]
