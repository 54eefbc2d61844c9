#!/usr/bin/env bash
# phonenumbers puts the country's code before numbers that have it, for Germany, Indonesia and Kosovo.
#
# A good guess: "4915123456789", an export's mobile number without its plus, becomes +4915123456789 when it
# is parsed for Germany, as "447400123456" becomes +447400123456 for Britain; and what came out wrong would
# not be valid.
# What happens (phonenumbers 9.0.43): the code is taken off only if what remains fits the country better. In
# Germany, Indonesia and Kosovo the longer number is thinkable too, so it is taken for a national one:
# +494915123456789, and `is_valid_number` says yes. Of the 244 regions with an example of a mobile number,
# all others give the number back.
# For a user: hashes of phone numbers for conversion uploads and customer lists are made from E.164; those
# of German users whose numbers lack the plus match nobody, and all checks are green. Put the plus before
# the numbers of an export that all have the code, before they are parsed.
set -euo pipefail
unset PYTHONPATH
packages=(phonenumbers==9.0.43)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import phonenumbers as p

print("phonenumbers", version("phonenumbers"))


def e164(text, region):
    """Return the number in E.164, and whether it is valid."""
    number = p.parse(text, region)
    return p.format_number(number, p.PhoneNumberFormat.E164), p.is_valid_number(number)


seen, other = 0, {}
for region in sorted(p.SUPPORTED_REGIONS):
    example = p.example_number_for_type(region, p.PhoneNumberType.MOBILE)
    if example is None:
        continue
    right = p.format_number(example, p.PhoneNumberFormat.E164)
    seen += 1
    found = e164(right.removeprefix("+"), region)
    if found != (right, True):
        other[region] = found
print(f"{seen} regions; another number in {len(other)}:")
for region, (number, valid) in other.items():
    print(f"{region}: {number}, valid: {valid}")
british, german = e164("447400123456", "GB"), e164("+4915123456789", "DE")
print("Britain without plus:", british[0], "- Germany with plus:", german[0])
stated = (
    seen == 244
    and set(other) == {"DE", "ID", "XK"}
    and other["DE"] == ("+494915123456789", True)
    and all(valid for _, valid in other.values())
    and british == ("+447400123456", True)
    and german == ("+4915123456789", True)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
