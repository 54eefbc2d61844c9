#!/usr/bin/env bash
# csvkit writes clicks of 0 and 1 as False and True, Namibia as nothing, and a campaign called March
# as a date of the year 1.
#
# A good guess: csvsort puts lines in order, csvjoin puts them together, csvjson writes them as
# JSON; what stands in the cells stays.
# What happens (csvkit 2.2.0, agate 1.14.2): all of these guess a type for each column and write the
# typed value. A column of 0 and 1 is true or false, "NA", "N/A", "none" and "." are empty, "007" is
# 7 (csvjoin so joins campaign 7 to 007), "1,50" is 150, and names that are all months or days
# ("March", "May 5") are 0001-03-01 and 0001-05-05. csvcut, csvgrep and csvstack leave cells alone.
# For a user: a quiet day's export, sorted once, has no clicks any more, and country NA is lost to
# every join. `-I` (no inference) alone still empties NA; `-I --blanks` keeps all cells, and sorts
# as text then. Sort numbers in a database.
set -euo pipefail
unset PYTHONPATH
packages=(csvkit==2.2.0 agate==1.14.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

print("csvkit", version("csvkit"), "agate", version("agate"))
BIN = Path(sys.executable).parent
Path("a.csv").write_text(
    "id,clicks,spend,country,name\n"
    '007,0,"1,50",NA,March\n'
    '010,1,"2,75",US,May 5\n'
)
Path("budgets.csv").write_text("id,budget\n7,5\n")


def run(program, *arguments):
    command = [BIN / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


stated = {
    ("csvsort", "-c", "spend", "a.csv"): [
        "7,False,150,,0001-03-01",
        "10,True,275,US,0001-05-05",
    ],
    ("csvsort", "-I", "-c", "spend", "a.csv"): ['007,0,"1,50",,March', '010,1,"2,75",US,May 5'],
    ("csvsort", "-I", "--blanks", "-c", "spend", "a.csv"): [
        '007,0,"1,50",NA,March',
        '010,1,"2,75",US,May 5',
    ],
    ("csvjoin", "-c", "id", "a.csv", "budgets.csv"): ["7,False,150,,0001-03-01,5"],
    ("csvgrep", "-c", "id", "-m", "007", "a.csv"): ['007,0,"1,50",NA,March'],
}
seen = {command: run(*command)[1:] for command in stated}
for command, lines in seen.items():
    print(f"{' '.join(command)}: {lines}")
print("csvjson a.csv:", *run("csvjson", "a.csv"))
print("as stated" if seen == stated else "NOT as stated any more")
sys.exit(seen != stated)
PY
