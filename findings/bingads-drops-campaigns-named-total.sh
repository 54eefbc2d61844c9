#!/usr/bin/env bash
# bingads drops report rows whose first column begins with "Total", and reads 5.26% and 1,234 as 0.
#
# A good guess: the reader of the vendor's own client leaves out the line of totals at the end of a
# report; `float_value` of a rate gives the rate, or refuses.
# What happens (bingads 13.0.30.1): a row is taken for the line of totals if its first value begins
# with "Total": the campaign "Totally Free Shoes" and the search query "Total war" are left out,
# wherever they stand. `record_count`, read from the head of the file, counts them. `int_value` and
# `float_value` give 0 for everything that Python's int and float refuse: the click rate "5.26%", which
# is how the platform writes it, "1,234", and with `int_value` 12.99 as well.
# For a user: spend of those campaigns is missing, and averages of rates are 0, without a word. Compare
# `record_count` with the rows; put a column of numbers first (TimePeriod, AccountId), and take
# `value()` and read the text yourself. Our taps read what they know and refuse the rest.
set -euo pipefail
unset PYTHONPATH
packages=(bingads==13.0.30.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from bingads.v13.reporting import ReportFileReader

print("bingads", version("bingads"))
HEAD = '''"Report Name: spend"
"Report Time: 1/1/2026,1/31/2026"
"Time Zone: (GMT) Greenwich"
"Rows: 3"
'''
ROWS = (("Brand", "12.99"), ("Totally Free Shoes", "5.50"), ("Generic", "7.25"))


def read(columns, lines):
    """Return what the client reads of a report: how many rows it announces, and the rows."""
    with open("report.csv", "w", encoding="utf-8-sig") as file:
        file.write(HEAD + "\n")
        for line in (columns, *lines):
            file.write(",".join(f'"{value}"' for value in line) + "\n")
        file.write('\n"Total","25.74"\n"©2026 Microsoft Corporation. All rights reserved. "\n')
    report = ReportFileReader("report.csv", "Csv").get_report()
    return report.record_count, list(report.report_records)


count, rows = read(("CampaignName", "Spend"), ROWS)
names = [row.value("CampaignName") for row in rows]
print(f"rows announced {count}, read {len(rows)}:", *names)
_, other = read(("Spend", "CampaignName"), [line[::-1] for line in ROWS])
print("with the amount in the first column:", len(other))
_, [row] = read(("Day", "Ctr", "Clicks", "Spend"), [("2026-01-01", "5.26%", "1,234", "12.99")])
numbers = row.float_value("Ctr"), row.int_value("Clicks"), row.int_value("Spend"), row.float_value("Spend")
print("Ctr 5.26%, Clicks 1,234, Spend 12.99 as an integer and as a float:", *numbers)
stated = (
    (count, names, len(other)) == (3, ["Brand", "Generic"], 3)
    and numbers == (0, 0, 0, 12.99)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
