#!/usr/bin/env bash
# Adding a parameter to a click address eats two letters of Google's macros: %%CACHEBUSTER%% is CHEBUSTER.
#
# A good guess: the macros of an ad server (%%CACHEBUSTER%%, {lpurl}) are left alone, or written as percent
# codes that can be read back, when a parameter is added to the address they stand in.
# What happens (furl 2.1.4, yarl 1.25.1, httpx 0.28.1): the address is taken apart and its values decoded.
# %CA, %DE and %AD look like codes, so that %%CACHEBUSTER%%, %%DEST_URL%% and %%ADUNIT%% come out as
# %25%EF%BF%BDCHEBUSTER%25%25, …ST_URL and …UNIT: two letters are a replacement character, for good.
# %%CLICK_URL_ESC%% is only written in codes. Braces become %7B and %7D. w3lib 2.5.0 makes
# %25%CACHEBUSTER%25%25 of it; requests 2.34.2 writes all in codes, from which the macro can be read back.
# For a user: addresses with utm parameters that a script added are no longer filled by the ad server, and
# reports have no cache buster, no destination. Add parameters as text: `address + "&utm_source=…"`, before
# the fragment.
set -euo pipefail
unset PYTHONPATH
packages=(furl==2.1.4 yarl==1.25.1 httpx==0.28.1 w3lib==2.5.0 requests==2.34.2)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version
from urllib.parse import unquote

import httpx
import requests
from furl import furl
from w3lib.url import add_or_replace_parameter
from yarl import URL

print(*(f"{name} {version(name)}" for name in ("furl", "yarl", "httpx", "w3lib", "requests")))
ADD = {
    "furl": lambda address: furl(address).add({"utm_source": "ads"}).url,
    "yarl": lambda address: str(URL(address).update_query({"utm_source": "ads"})),
    "httpx": lambda address: str(httpx.URL(address).copy_add_param("utm_source", "ads")),
    "w3lib": lambda address: add_or_replace_parameter(address, "utm_source", "ads"),
    "requests": lambda address: requests.Request("GET", address, params={"utm_source": "ads"}).prepare().url,
}
HEAD, TAIL = "https://track.example/c?x=", "&utm_source=ads"
macros = ["%%CACHEBUSTER%%", "%%DEST_URL%%", "%%ADUNIT%%", "%%CLICK_URL_ESC%%", "{lpurl}"]
seen = {}
for name, add in ADD.items():
    for macro in macros:
        seen[name, macro] = add(HEAD + macro).removeprefix(HEAD).removesuffix(TAIL)
    print(f"{name}:", *(seen[name, macro] for macro in macros))
eaten = ["%25%EF%BF%BDCHEBUSTER%25%25", "%25%EF%BF%BDST_URL%25%25", "%25%EF%BF%BDUNIT%25%25"]
stated = (
    all([seen[name, macro] for macro in macros[:3]] == eaten for name in ("furl", "yarl", "httpx"))
    and all(seen[name, macros[3]] == "%25%25CLICK_URL_ESC%25%25" for name in ADD)
    and all(seen[name, macros[4]] == "%7Blpurl%7D" for name in ADD)
    and seen["w3lib", macros[0]] == "%25%CACHEBUSTER%25%25"
    and all(unquote(seen["requests", macro]) == macro for macro in macros)
)
print("as stated" if stated else "NOT as stated any more")
sys.exit(not stated)
PY
