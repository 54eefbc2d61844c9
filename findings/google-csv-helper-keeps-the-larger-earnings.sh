#!/usr/bin/env bash
# google-csv-helper keeps a day's larger earnings, so a deduction never arrives; accounts get mixed.
#
# A good guess: of two AdSense exports in one folder that both hold 1 May, the newer one counts: earnings
# are final only when invalid clicks have been deducted.
# What happens (google-csv-helper 1.4.1): files are read in order of their age, but for each day the row
# with the larger earnings is kept, whole. The deduction of 40.00 of 50.00 is dropped, whatever file is
# newer; the setting for duplicates (`setImportCSVDuplicateRules`) is not asked. If a report is broken
# down further (day and country), one country of each day is left: the one with most earnings in the
# second file or the first. And the results are kept by the class: a second CSVHelper of the same program,
# made for another account's folder, answers with the first account's days too.
# For a user: the month's sum is that of the estimates, too high by every deduction. Read exports by a key
# of all their dimensions and let the newer file replace whole days.
set -euo pipefail
unset PYTHONPATH
packages=(google-csv-helper==1.4.1 pandas==3.1.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import os
import sys
from importlib.metadata import version
from pathlib import Path

from google_csv_helper.csv_helper import CSVHelper

print("google-csv-helper", version("google-csv-helper"))
HEAD = "Date{},Estimated earnings (USD),Impressions,Impression RPM (USD),Clicks,CTR,CPC (USD)\n"
TAIL = ",1000,1.0,10,0.01,1.0\n"


def export(path, age, rows, dimension=""):
    """Write one export; age in days."""
    path = Path(path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD.format(dimension) + "".join(f"{row}{TAIL}" for row in rows))
    os.utime(path, (1_780_000_000 - 86_400 * age,) * 2)


def read(folder):
    helper = CSVHelper(folder, [])
    helper.readAllCSVRawFile()
    return {
        Path(name).name: list(
            zip(frames["Date"]["Date"], frames["Date"]["Estimated earnings (USD)"], strict=True)
        )
        for name, frames in helper.getAllResult().items()
    }


export("north/first.csv", 30, ["2026-05-01,50.0", "2026-05-02,20.0"])
export("north/final.csv", 1, ["2026-05-01,10.0", "2026-05-02,20.5"])
export("south/first.csv", 30, ["2026-05-01,DE,5.0", "2026-05-01,FR,7.0", "2026-05-02,DE,1.0"], ",Country")
export("south/final.csv", 1, ["2026-05-01,DE,5.0", "2026-05-01,FR,7.0", "2026-05-02,DE,1.0"], ",Country")
north = read("north")
south = read("south")
print("north: final is 10.0 and 20.5, kept is", north["north"])
print("south: DE 5.0, FR 7.0; 1.0; kept is", south["south"])
print("a helper made for south alone has", sorted(south))
stated = (
    north == {"north": [("2026-05-01", 50.0), ("2026-05-02", 20.5)]}
    and south["south"] == [("2026-05-01", 7.0), ("2026-05-02", 1.0)]
    and sorted(south) == ["north", "south"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
