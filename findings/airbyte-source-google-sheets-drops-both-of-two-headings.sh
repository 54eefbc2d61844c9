#!/usr/bin/env bash
# Airbyte's source for Google Sheets leaves out both of two columns whose names become one, and what stands
# behind an empty heading.
#
# A good guess: of two columns whose names become one, one is kept or gets a number; an empty heading leaves
# out its own column.
# What happens (airbyte-source-google-sheets 0.11.0): with `names_conversion` a name that two headings share
# is taken out altogether: "Spend ($)" and "Spend (%)" are both missing from each row, and
# nothing else is. The headings end at the first empty one: "Clicks" behind an empty heading is missing,
# without the conversion too. Seen on the class that makes records of rows; no error is raised.
# For a user: the money column of a sheet disappears when someone adds a column of shares with a sign in its
# heading. Give headings that differ in letters, leave none empty, and compare the number of columns with
# the sheet's.
python3 -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || { echo "skipped: needs Python 3.11 or 3.12"; exit 0; }
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-source-google-sheets==0.11.0 airbyte-cdk==6.61.6)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import json
import sys
from importlib.metadata import version

import requests
from source_google_sheets.components import DpathSchemaMatchingExtractor

print(*(f"{name} {version(name)}" for name in ("airbyte-source-google-sheets", "airbyte-cdk")))


def read(headings, row, **config):
    """Return the record that the source makes of one row."""
    cells = [{"formattedValue": heading} if heading else {} for heading in headings]
    extractor = DpathSchemaMatchingExtractor(
        field_path=["valueRanges", "*"],
        config=config,
        parameters={
            "schema_type_identifier": {"schema_pointer": ["values"], "key_pointer": ["formattedValue"]},
            "values_to_match_key": "values",
            "properties_to_match": {"values": cells},
        },
    )
    response = requests.Response()
    response.status_code = 200
    response._content = json.dumps({"valueRanges": [{"values": [row]}]}).encode()
    return list(extractor.extract_records(response))


signs = (["Day", "Spend ($)", "Spend (%)", "Clicks"], ["2026-01-05", "12.99", "40", "7"])
gap = (["Day", "Spend", "", "Clicks"], ["2026-01-05", "12.99", "a note", "7"])
seen = {
    "signs, names_conversion": read(*signs, names_conversion=True),
    "signs": read(*signs),
    "an empty heading": read(*gap),
}
for name, records in seen.items():
    print(f"{name}:", *records)
stated = seen == {
    "signs, names_conversion": [{"day": "2026-01-05", "clicks": "7"}],
    "signs": [{"Day": "2026-01-05", "Spend ($)": "12.99", "Spend (%)": "40", "Clicks": "7"}],
    "an empty heading": [{"Day": "2026-01-05", "Spend": "12.99"}],
}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
