#!/usr/bin/env bash
# sqlite-utils 4 reads two ids of twenty digits as one float, and 007 as 7, where version 3 kept each text.
#
# A good guess: `sqlite-utils insert data.db report report.csv --csv` makes columns of text, as it always
# did unless told `--detect-types`; or a column whose numbers don't fit an INTEGER stays text.
# What happens (sqlite-utils 4.2.1 beside 3.39): types are detected unless told not to. A column of digits
# is INTEGER however long they are, and SQLite stores what is beyond 64 bits as a float of 17 digits:
# 12345678901234567890 and …891 are both 1.2345678901234567e+19, and GROUP BY id adds up their spend. 007
# and 7 are one id too. `sqlite-utils memory` does so in both versions. With a JSON file the same numbers
# are refused. `--no-detect-types` keeps the texts.
# For a user: after an upgrade the campaigns of an account with long ids are one in every sum by id, and
# joins to names find one of them; the total is right. Give `--no-detect-types` and cast spend in the query,
# or `--type id text`.
set -euo pipefail
unset PYTHONPATH
packages=(sqlite-utils==4.2.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

uv_or_pip() {
  if command -v uv >/dev/null; then
    uv venv -q -p python3 "$dir/three" && VIRTUAL_ENV="$dir/three" uv pip install -q "$@"
  else
    python3 -m venv "$dir/three" && "$dir/three/bin/pip" install -q "$@"
  fi
}
uv_or_pip sqlite-utils==3.39
cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import subprocess
import sys
from pathlib import Path

ROWS = "id,spend\n007,1.10\n7,2.20\n12345678901234567890,3.30\n12345678901234567891,4.40\n"
Path("report.csv").write_text(ROWS)
Path("report.json").write_text('[{"id": 12345678901234567890, "spend": 3.3}]')
SUMS = "SELECT id, count(*) AS rows, round(sum(spend), 2) AS spend FROM report GROUP BY id"


def run(folder, *words):
    command = [f"{folder}/bin/sqlite-utils", *words]
    return subprocess.run(command, capture_output=True, text=True)


def sums(folder, *options):
    """Return id, rows and spend by id after the file was inserted with these options."""
    Path("data.db").unlink(missing_ok=True)
    assert run(folder, "insert", "data.db", "report", "report.csv", "--csv", *options).returncode == 0
    rows = json.loads(run(folder, "query", "data.db", SUMS).stdout)
    return [tuple(row.values()) for row in rows]


apart = [
    ("007", 1, 1.1),
    ("12345678901234567890", 1, 3.3),
    ("12345678901234567891", 1, 4.4),
    ("7", 1, 2.2),
]
together = [(7, 2, 3.3), (1.2345678901234567e19, 2, 7.7)]
seen = {
    "version 4": sums("env"),
    "version 4, --no-detect-types": sums("env", "--no-detect-types"),
    "version 4, --type id text": sums("env", "--type", "id", "text"),
    "version 3": sums("three"),
}
memory = [
    [tuple(row.values()) for row in json.loads(run(folder, "memory", "report.csv", SUMS).stdout)]
    for folder in ("env", "three")
]
refused = run("env", "insert", "other.db", "report", "report.json").returncode
print(*(run(folder, "--version").stdout.strip() for folder in ("env", "three")), sep="; ")
for name, rows in seen.items():
    print(f"{name}:", *rows)
print("memory, versions 4 and 3:", *memory)
print("JSON ends with", refused)
stated = (
    seen
    == {
        "version 4": together,
        "version 4, --no-detect-types": apart,
        "version 4, --type id text": apart,
        "version 3": apart,
    }
    and memory == [together, together]
    and refused == 1
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
