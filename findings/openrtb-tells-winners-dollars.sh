#!/usr/bin/env bash
# openrtb tells each winner a price in USD, whatever the bid's currency, and drops the ü of a site's name.
#
# A good guess: ${AUCTION_CURRENCY} in a win notice is the currency of the bid response, ${AUCTION_PRICE} of
# a price of 0 is 0; a name in the request stays as it is.
# What happens (openrtb 0.2.0): the currency of `macros.substitution` is the text USD in the source: a
# response with cur EUR is told 1.25 USD. A price of 0 is written as nothing. Names that fit into Latin-1
# lose each letter beyond ASCII when a request is read: «Süddeutsche Café» is «Sddeutsche Caf»; «Журнал» and
# «Żółć» stay whole.
# For a user: spend counted from win notices is taken for dollars, and reports by site or keyword have names
# that match no other list. Replace the currency macro yourself before the substitution, and take names from
# the JSON.
set -euo pipefail
unset PYTHONPATH
packages=(openrtb==0.2.0)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from openrtb import macros
from openrtb.request import BidRequest
from openrtb.response import BidResponse

print("openrtb", version("openrtb"))
NAMES = ["Süddeutsche Café", "Журнал", "Żółć", "Times"]


def request(name):
    raw = {"id": "r-1", "imp": [{"id": "1", "banner": {"w": 300, "h": 250}}]}
    return BidRequest.deserialize(raw | {"site": {"id": "s-1", "name": name}})


bid = {"id": "b-1", "impid": "1", "price": 1.25, "adid": "a-1"}
response = BidResponse.deserialize({"id": "r-1", "cur": "EUR", "seatbid": [{"seat": "x", "bid": [bid]}]})
notice = "p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}"
told = [macros.substitution(request("Times"), response, price, notice) for price in (1.25, 0)]
read = [request(name).site.name for name in NAMES]
print("currency of the response:", response.cur, "- notices:", *told)
print("names:", *(f"{name!r} is {found!r}" for name, found in zip(NAMES, read, strict=True)))
stated = (
    response.cur == "EUR"
    and told == ["p=1.25&c=USD", "p=&c=USD"]
    and read == ["Sddeutsche Caf", "Журнал", "Żółć", "Times"]
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
