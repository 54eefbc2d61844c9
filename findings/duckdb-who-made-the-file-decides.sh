#!/usr/bin/env bash
# DuckDB 1.4 can't open a file made by DuckDB 2, but can open one that DuckDB 2 writes to.
#
# A good guess: either the new version changes files it writes to, so that the old one is out after
# the first write, or the two can share files; a program upgraded first locks the others out.
# What happens (DuckDB 2.0.1 and 1.4.4): the format is fixed when the file is made. A file made by
# 1.4.4 stays in that format whatever 2.0.1 writes into it (new tables too); one made by 2.0.1 is
# refused by 1.4.4. So an upgrade looks harmless until somebody deletes the file and has it made
# anew. `ATTACH … (STORAGE_VERSION 'v1.4.4')` makes one that both open.
# For a user: a dashboard that still has DuckDB 1.4 goes on working after the loader went to 2, and
# stops on the day of a full reload. The loader of this project always makes files that 1.4 opens; a
# copy made by hand does not.
set -euo pipefail
unset PYTHONPATH
packages=(duckdb==2.0.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/old" && VIRTUAL_ENV="$dir/old" uv pip install -q duckdb==1.4.4
else
  python3 -m venv "$dir/old" && "$dir/old/bin/pip" install -q duckdb==1.4.4
fi
cd "$dir"
new() { "$dir/env/bin/python" -c "$1"; }
old() { "$dir/old/bin/python" -c "$1"; }
new 'import duckdb; print("new:", duckdb.__version__)'
old 'import duckdb; print("old:", duckdb.__version__)'
old 'import duckdb; duckdb.connect("by_old.duckdb").execute("CREATE TABLE a AS SELECT 1 AS x")'
new 'import duckdb
db = duckdb.connect("by_old.duckdb")
db.execute("INSERT INTO a SELECT 2")
db.execute("CREATE TABLE b AS SELECT 3::DECIMAL(38,18) AS x")
db.close()
duckdb.connect("by_new.duckdb").execute("CREATE TABLE a AS SELECT 1 AS x")
duckdb.connect().execute("ATTACH \x27with_version.duckdb\x27 AS w (STORAGE_VERSION \x27v1.4.4\x27);"
    "CREATE TABLE w.a AS SELECT 1 AS x")'
cat > read.py <<'PY'
import duckdb

for name in ("by_old", "by_new", "with_version"):
    try:
        with duckdb.connect(f"{name}.duckdb", read_only=True) as db:
            print(f"{name}: {len(db.execute('FROM a').fetchall())} rows")
    except duckdb.Error as error:
        print(f"{name}: refused, {str(error).splitlines()[0][:90]}")
PY
"$dir/old/bin/python" read.py | tee seen.txt
if grep -q '^by_old: 2 rows' seen.txt && grep -q '^by_new: refused' seen.txt &&
  grep -q '^with_version: 1 rows' seen.txt; then
  echo "as stated"
else
  echo "NOT as stated any more"
  exit 1
fi
