#!/usr/bin/env bash
# Three checks of JSON Schema disagree on 19.99 as a multiple of 0.01, and on Decimals two of them raise
# what isn't a validation error, or refuse the bound itself.
#
# A good guess: {"multipleOf": 0.01} means «whole cents», and 19.99 passes; a message that was read with
# Decimals (as Singer's libraries read it) is checked like one with floats, only more exactly.
# What happens (jsonschema 4.26.0, fastjsonschema 2.22.3, jsonschema-rs 0.61.2): jsonschema says that
# 19.99 and 4.35 are no multiples of 0.01, the others that they are. Decimal("19.99") is a TypeError
# in jsonschema, and decimal.InvalidOperation in fastjsonschema. {"minimum": 1.1} refuses Decimal("1.1") in
# both, {"type": "integer"} refuses Decimal("2") in both and takes 2.0. jsonschema-rs does what one expects
# in each of these cases.
# For a user: a schema with multipleOf stops a load at the first amount of 19.99, or ends with an error that
# an `except ValidationError` doesn't catch. Leave multipleOf out of schemas of money, or check with
# jsonschema-rs. With jsonschema it also helps to read the schema with `parse_float=Decimal`, as the rows;
# fastjsonschema raises a TypeError then.
set -euo pipefail
unset PYTHONPATH
packages=(jsonschema==4.26.0 fastjsonschema==2.22.3 jsonschema-rs==0.61.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

import fastjsonschema
import jsonschema
import jsonschema_rs

print(*(f"{name} {version(name)}" for name in ("jsonschema", "fastjsonschema", "jsonschema-rs")))


def answer(check):
    try:
        return check() is not False
    except (jsonschema.ValidationError, fastjsonschema.JsonSchemaValueException):
        return False
    except Exception as error:
        return type(error).__name__


CENTS = {"multipleOf": 0.01}
cases = [
    (CENTS, 19.99, [False, True, True]),
    (CENTS, 4.35, [False, True, True]),
    (CENTS, Decimal("19.99"), ["TypeError", "InvalidOperation", True]),
    ({"multipleOf": Decimal("0.01")}, Decimal("19.99"), [True, "TypeError", True]),
    ({"minimum": 1.1}, Decimal("1.1"), [False, False, True]),
    ({"type": "integer"}, Decimal("2"), [False, False, True]),
    ({"type": "integer"}, 2.0, [True, True, True]),
]
as_stated = True
for schema, value, expected in cases:
    seen = [
        answer(lambda: jsonschema.validate(value, schema)),
        answer(lambda: bool(fastjsonschema.compile(schema)(value) is not None)),
        answer(lambda: jsonschema_rs.validator_for(schema).is_valid(value)),
    ]
    print(schema, value, "->", *seen)
    as_stated &= seen == expected
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
