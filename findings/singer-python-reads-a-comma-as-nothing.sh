#!/usr/bin/env bash
# singer-python makes 150.0 of the text "1,50", and says nothing.
#
# A good guess: a text that is no number in JSON's spelling is refused ("data does not match"),
# as singer-python refuses "1.50 EUR", and as its own decimal format refuses "1,50".
# What happens (singer-python 6.8.0): for `"type": "number"` and `"integer"` the Transformer that
# most singer-io taps use deletes every comma before it converts. Thousands written the English way
# come out right; an amount with a decimal comma comes out a hundred or a thousand times too large.
# For a user: a report in a German or French format, read by a tap of that family, is wrong by powers
# of ten and passes every schema check. Compare a total with the platform's own before you trust it,
# and declare money as a string with a decimal format, which refuses the comma.
set -euo pipefail
unset PYTHONPATH
packages=(singer-python==6.8.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

"$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from singer import transform
from singer.transform import SchemaMismatch


def seen(text, schema):
    whole = {"type": "object", "properties": {"spend": schema}}
    try:
        return transform({"spend": text}, whole)["spend"]
    except SchemaMismatch:
        return "refused"


print("singer-python", version("singer-python"))
number = {"type": ["null", "number"]}
cases = {
    ("1,50", "number"): seen("1,50", number),
    ("0,125", "number"): seen("0,125", number),
    ("1,234.50", "number"): seen("1,234.50", number),
    ("1.50 EUR", "number"): seen("1.50 EUR", number),
    ("1,50", "singer.decimal"): seen("1,50", {"type": "string", "format": "singer.decimal"}),
}
for (text, kind), value in cases.items():
    print(f"{text!r} as {kind}: {value!r}")
stated = list(cases.values()) == [150.0, 125.0, 1234.5, "refused", "refused"]
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
