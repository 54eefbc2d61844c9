#!/usr/bin/env bash
# us finds Oregon for Orkney, Tennessee for Tunis and Vermont for Fremont.
#
# A good guess: `us.states.lookup()` knows states by name, abbreviation and FIPS code, forgives a typing
# error, and says None of what is no state.
# What happens (us 4.0.0, jellyfish 1.3.0): names are compared by their sound (metaphone), which leaves
# three or four letters of most: Orkney and Oregon are both ORKN, Tunis and Tennessee TNS, Fremont and
# Vermont FRMNT, Mysore and Missouri MSR, Como and Guam KM, Mon and Maine MN. Each is found as a state, and
# only names that sound like none are None.
# For a user: reports by region mix states with regions and cities of other countries, and a lookup of all
# of them adds Orkney's spend to Oregon's. Ask for the exact name, `lookup(name, field="name")`, and take
# rows of other countries out before.
set -euo pipefail
unset PYTHONPATH
packages=(us==4.0.0 jellyfish==1.3.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import us

print(*(f"{name} {version(name)}" for name in ("us", "jellyfish")))
STATED = {
    "Oregon": "OR",
    "oregon": "OR",
    "misisipi": "MS",
    "Orkney": "OR",
    "Tunis": "TN",
    "Fremont": "VT",
    "Mysore": "MO",
    "Como": "GU",
    "Mon": "ME",
    "Bavaria": None,
}


def lookup(name, **options):
    state = us.states.lookup(name, **options)
    return state and state.abbr


seen = {name: lookup(name) for name in STATED}
exact = {name: lookup(name, field="name") for name in STATED}
for name, abbreviation in seen.items():
    print(f"{name}: {abbreviation}, by field: {exact[name]}")
stated = seen == STATED and {name for name in exact if exact[name]} == {"Oregon"}
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
