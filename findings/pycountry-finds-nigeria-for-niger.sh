#!/usr/bin/env bash
# pycountry puts Nigeria first when asked for Niger, and North Korea for Korea.
#
# A good guess: search_fuzzy() gives the country whose name is the one asked for before those
# whose name only contains it, and finds the names in daily use.
# What happens (pycountry 26.2.16): the results for "Niger" begin with NG, Nigeria; those for
# "Korea" with KP, the North; "Kosovo" is RS, Serbia. Names of regions count as well: "Roma" gives
# Italy. "UK" gives GB and 28 more. Turkey, Macau, Swaziland, Burma and Ivory Coast raise
# LookupError; under its ISO name (Türkiye, Côte d'Ivoire) a country is found.
# `countries.lookup("Niger")` is NE; it raises for Korea, UK and Russia.
# For a user: `search_fuzzy(name)[0]`, a line often seen, books the spend of one country on its
# neighbour. Use the ISO codes that platforms send, `lookup` for names, and a table of your own
# for what it refuses.
set -euo pipefail
unset PYTHONPATH
packages=(pycountry==26.2.16)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from pycountry import countries

print("pycountry", version("pycountry"))


def fuzzy(name):
    try:
        return [country.alpha_2 for country in countries.search_fuzzy(name)]
    except LookupError:
        return []


def exact(name):
    try:
        return countries.lookup(name).alpha_2
    except LookupError:
        return None


stated = {
    "Niger": (["NG", "NE"], "NE"),
    "Korea": (["KP", "KR"], None),
    "Kosovo": (["RS"], None),
    "Roma": (["IT", "RO"], None),
    "UK": (["GB", "UG"], None),
    "Turkey": ([], None),
    "Macau": ([], None),
    "Swaziland": ([], None),
    "Burma": ([], None),
    "Ivory Coast": ([], None),
    "Türkiye": (["TR"], "TR"),
    "Côte d'Ivoire": (["CI"], "CI"),
    "Russia": (["RU"], None),
}
seen = {name: (fuzzy(name), exact(name)) for name in stated}
for name, (found, one) in seen.items():
    print(f"{name}: search_fuzzy {found}, lookup {one}")
as_stated = (
    len(seen["UK"][0]) == 29
    and {name: (found[:2], one) for name, (found, one) in seen.items()} == stated
)
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
