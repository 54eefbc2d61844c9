#!/usr/bin/env bash
# arrow and msgspec read the last moment of January, 23:59:59.9999999, as February 1.
#
# A good guess: digits beyond microseconds are cut off, as Python's own `datetime.fromisoformat`
# does.
# What happens (arrow 1.4.0, msgspec 0.23.0): the seventh digit rounds, and the rounding carries
# through to the month. "2026-01-31T23:59:59.9999999Z", how SQL Server's datetime2 and .NET write
# the end of a period, becomes 2026-02-01T00:00:00. pendulum 3.3.0, python-dateutil 2.9.0.post0,
# dateparser 1.5.0, aniso8601 10.0.1 and Python stay on January 31, whenever 0.11.0 keeps all
# digits.
# For a user: an end of a period that belongs to January is counted in February, and as an exclusive
# end nothing shows; as an inclusive one ("day <= end") it asks for a day too many, in the month's
# last window for one that isn't over. Parse with `datetime.fromisoformat`, and use exclusive ends
# at midnight.
set -euo pipefail
unset PYTHONPATH
packages=(arrow==1.4.0 pendulum==3.3.0 python-dateutil==2.9.0.post0 dateparser==1.5.0 aniso8601==10.0.1 whenever==0.11.0 msgspec==0.23.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
import warnings
from datetime import datetime
from importlib.metadata import version

warnings.simplefilter("ignore")
import aniso8601
import arrow
import dateparser
import dateutil.parser
import msgspec
import pendulum
import whenever

print("arrow", version("arrow"), "msgspec", version("msgspec"))
END = "2026-01-31T23:59:59.9999999Z"
readers = {
    "arrow": arrow.get,
    "msgspec": lambda text: msgspec.convert(text, datetime),
    "pendulum": pendulum.parse,
    "dateutil": dateutil.parser.isoparse,
    "dateparser": dateparser.parse,
    "aniso8601": aniso8601.parse_datetime,
    "fromisoformat": datetime.fromisoformat,
}
seen = {name: read(END).strftime("%Y-%m-%d %H:%M:%S.%f") for name, read in readers.items()}
for name, moment in seen.items():
    print(f"{name}: {moment}")
kept = str(whenever.Instant(END))
print("whenever:", kept)
stated = dict.fromkeys(readers, "2026-01-31 23:59:59.999999")
stated["arrow"] = stated["msgspec"] = "2026-02-01 00:00:00.000000"
as_stated = seen == stated and "59.9999999" in kept
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
