#!/usr/bin/env bash
# fastavro writes 12.99 into a field of type long as 12.
#
# A good guess: Avro is typed, and a writer refuses what its schema doesn't allow: fastavro refuses
# a text or null in a long, and a decimal with a digit too many («Scale provided in schema does not
# match the decimal»); the other library, avro, refuses 12.99 too.
# What happens (fastavro 1.13.1, avro 1.12.2): a float or a Decimal given to a field of type long or
# int is cut to whole units without a word, 12.99 and Decimal("12.99") are 12 and -0.99 is 0; true
# is 1. Only as a branch of a union (["null", "long"]) is it refused, because there the value is
# checked to find the branch; with `validator=True`, or by fastavro.validate(), it is refused
# everywhere.
# For a user: a schema inferred from rows with whole amounts (or money meant to be in micros, for
# which the API sent units) drops all cents on the way to Kafka or a lake. `validator=True`, at a
# price in speed, and money as the logical type decimal.
set -euo pipefail
unset PYTHONPATH
packages=(fastavro==1.13.1 avro==1.12.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import io
import json
import sys
from decimal import Decimal
from importlib.metadata import version

import avro.datafile
import avro.errors
import avro.io
import avro.schema
import fastavro
from fastavro.validation import ValidationError

print("fastavro", fastavro.__version__, "avro", version("avro"))


def by_fastavro(kind, value, **options):
    schema = {"type": "record", "name": "Spend", "fields": [{"name": "v", "type": kind}]}
    file = io.BytesIO()
    try:
        fastavro.writer(file, schema, [{"v": value}], **options)
    except (TypeError, ValueError, ValidationError) as error:
        return type(error).__name__
    file.seek(0)
    return next(fastavro.reader(file))["v"]


def by_avro(kind, value):
    schema = {"type": "record", "name": "Spend", "fields": [{"name": "v", "type": kind}]}
    writer = avro.io.DatumWriter(avro.schema.parse(json.dumps(schema)))
    try:
        writer.write({"v": value}, avro.io.BinaryEncoder(io.BytesIO()))
    except avro.errors.AvroTypeException as error:
        return type(error).__name__
    return "written"


decimal = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}
cases = {
    "long, 12.99": (by_fastavro("long", 12.99), 12),
    "long, Decimal 12.99": (by_fastavro("long", Decimal("12.99")), 12),
    "int, -0.99": (by_fastavro("int", -0.99), 0),
    "long, '12'": (by_fastavro("long", "12"), "TypeError"),
    "long, 12.99, validator=True": (by_fastavro("long", 12.99, validator=True), "ValidationError"),
    "null or long, 12.99": (by_fastavro(["null", "long"], 12.99), "ValueError"),
    "decimal with 2 digits, 12.999": (by_fastavro(decimal, Decimal("12.999")), "ValueError"),
    "avro: long, 12.99": (by_avro("long", 12.99), "AvroTypeException"),
}
for case, (seen, _) in cases.items():
    print(f"{case}: {seen}")
stated = all(seen == expected for seen, expected in cases.values())
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
