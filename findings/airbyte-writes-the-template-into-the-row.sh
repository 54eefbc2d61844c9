#!/usr/bin/env bash
# Airbyte's AddFields writes its own template into a row whose value is null.
#
# A good guess: `{{ record['cost_micros'] / 1000000 }}` of null is null, or the sync fails.
# What happens (airbyte-cdk 7.39.1): where Python can't compute the expression, the field's value is the
# expression itself, with its braces: "{{ record['cost_micros'] / 1000000 }}". So it is with null, with a
# number in text, and with a rate from the config, which is text: `record['spend'] * config['rate']` is
# never computed. `record['day'][:10]` of null is the template, too. No warning is logged. `| float` makes 0.0
# of null and of "1,234.5".
# For a user: one null among the amounts puts a text into the column. Write `{{ record['x'] / 1000000 if
# record['x'] is not none else none }}`, convert with `| float` what is known to be a number, and look for
# `{{` in the loaded table.
set -euo pipefail
unset PYTHONPATH
packages=(airbyte-cdk==7.39.1)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import logging
import sys
from importlib.metadata import version

from airbyte_cdk.sources.declarative.transformations.add_fields import AddedFieldDefinition, AddFields

heard = []
logging.Logger.handle = lambda _, record: heard.append(record)
print("airbyte-cdk", version("airbyte-cdk"))
MICROS = "{{ record['x'] / 1000000 }}"
SAFE = "{{ record['x'] / 1000000 if record['x'] is not none else none }}"
RATE = "{{ record['x'] * config['rate'] }}"
DAY = "{{ record['x'][:10] }}"
FLOAT = "{{ record['x'] | float }}"


def added(template, value):
    """Return what AddFields writes for one row."""
    row = {"x": value}
    field = AddedFieldDefinition(path=["y"], value=template, value_type=None, parameters={})
    AddFields(fields=[field], parameters={}).transform(row, config={"rate": "0.92"})
    return row.get("y")


cases = [(MICROS, 12990000), (MICROS, None), (MICROS, "12990000"), (SAFE, 12990000), (SAFE, None)]
cases += [(RATE, 12.99), (DAY, None), (FLOAT, None), (FLOAT, "1,234.5")]
seen = [(template, value, added(template, value)) for template, value in cases]
for template, value, result in seen:
    print(f"{template} of {value!r}: {result!r}")
wanted = [12.99, MICROS, MICROS, 12.99, None, RATE, DAY, 0.0, 0.0]
warnings = [record.getMessage() for record in heard if record.levelno >= logging.WARNING]
print("warnings:", *warnings)
stated = [result for *_, result in seen] == wanted and not warnings
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
