#!/usr/bin/env bash
# mashumaro reads "false" as true, 12.99 as 12, null as the word None, and gives money 46 digits
# more.
#
# A good guess: a dataclass with `clicks: int`, `paused: bool`, `spend: Decimal` and `name: str`
# refuses what doesn't fit, or reads "false" as false; a Decimal is made of the digits that were
# sent.
# What happens (mashumaro 3.23): values are handed to the type as a function. int(12.99) is 12,
# bool("false") and bool("0") are True, str(None) is "None", and Decimal(0.1) is
# 0.1000000000000000055511151231257827…, for JSON's numbers are floats by then; 12.30 in from_json
# becomes 12.300000000000000710542735760100185871124267578125. cattrs 26.2.1 does the same with int,
# bool and str. pydantic 2.14.3 reads "false" as False and 12.30 exactly, and refuses 12.99 and
# null.
# For a user: typed rows look checked and aren't: paused campaigns and running ones are all paused,
# and sums of such decimals differ from the platform's in the last places. Check before
# (`jsonschema`, pydantic), send money as text, or parse with `json.loads(text,
# parse_float=Decimal)` first.
set -euo pipefail
unset PYTHONPATH
packages=(mashumaro==3.23 cattrs==26.2.1 pydantic==2.14.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version

import cattrs
import pydantic
from mashumaro.mixins.json import DataClassJSONMixin

print(*(f"{name} {version(name)}" for name in ("mashumaro", "cattrs", "pydantic")))


@dataclass
class Row(DataClassJSONMixin):
    clicks: int
    paused: bool
    name: str


@dataclass
class Money(DataClassJSONMixin):
    spend: Decimal


class CheckedRow(pydantic.BaseModel):
    clicks: int
    paused: bool
    name: str


class CheckedMoney(pydantic.BaseModel):
    spend: Decimal


SENT = {"clicks": 12.99, "paused": "false", "name": None}
mashed = Row.from_dict(SENT)
structured = cattrs.structure(SENT, Row)
print("sent:", SENT)
print("mashumaro:", mashed)
print("cattrs:", structured)
try:
    refused = CheckedRow.model_validate(SENT) and []
except pydantic.ValidationError as error:
    refused = [fault["loc"][0] for fault in error.errors()]
checked = CheckedRow(clicks=12, paused="false", name="x").paused
print("pydantic refuses", refused, "and reads 'false' as", checked)
TEXT = '{"spend": 12.30}'
spends = [Money.from_json(TEXT).spend, CheckedMoney.model_validate_json(TEXT).spend]
print(f"{TEXT}: mashumaro {spends[0]} - pydantic {spends[1]}")
stated = (
    mashed == structured == Row(12, True, "None")
    and refused == ["clicks", "name"]
    and checked is False
    and str(spends[0]) == "12.300000000000000710542735760100185871124267578125"
    and spends[1] == Decimal("12.30")
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
