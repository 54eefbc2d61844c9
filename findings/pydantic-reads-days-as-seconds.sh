#!/usr/bin/env bash
# pydantic reads the day "20260101" as August 23, 1970.
#
# A good guess: a field of type datetime takes ISO 8601, whose short form is 20260101; Python's
# `datetime.fromisoformat`, pendulum and dateutil read it so. What can't be read is an error.
# What happens (pydantic 2.14.3): text that is all digits is taken for seconds since 1970, or for
# milliseconds if it is large. "20260101" and the number 20260101 are 1970-08-23 11:48:21, "2026" is
# half past midnight on January 1, 1970, "202601011200" is in June 1976. No error, no warning, also
# from JSON. A field of type date refuses the same values, since the time isn't midnight. And a
# timedelta of "P1M" is 30 days.
# For a user: reports that write days as YYYYMMDD (as Google Analytics does) get rows of 1970, which
# no window of a later query contains. Declare `date` instead, or a
# `BeforeValidator(datetime.fromisoformat)`.
set -euo pipefail
unset PYTHONPATH
packages=(pydantic==2.14.3)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from datetime import date, datetime, timedelta

import pydantic

print("pydantic", pydantic.VERSION)
moment = pydantic.TypeAdapter(datetime)
stated = {
    "20260101": "1970-08-23 11:48:21",
    20260101: "1970-08-23 11:48:21",
    "2026": "1970-01-01 00:33:46",
    "202601011200": "1976-06-02 22:03:31",
    "2026-01-01": "2026-01-01 00:00:00",
}
seen = {sent: f"{moment.validate_python(sent):%Y-%m-%d %H:%M:%S}" for sent in stated}
for sent, read in seen.items():
    print(f"{sent!r} as datetime: {read}; fromisoformat: {str(sent)!r}", end=" is ")
    print(datetime.fromisoformat(str(sent)) if len(str(sent)) in (8, 10) else "refused")
of_json = moment.validate_json('"20260101"').year
try:
    as_date = pydantic.TypeAdapter(date).validate_python("20260101")
except pydantic.ValidationError as error:
    as_date = error.errors()[0]["type"]
month = pydantic.TypeAdapter(timedelta).validate_python("P1M").days
print(f"from JSON: {of_json}; as date: {as_date}; P1M is {month} days")
as_stated = seen == stated and (of_json, as_date, month) == (
    1970,
    "date_from_datetime_inexact",
    30,
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
