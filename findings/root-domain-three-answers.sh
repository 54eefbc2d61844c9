#!/usr/bin/env bash
# The root domain of a site is one thing for tldextract, another for tld and publicsuffixlist, and an app's
# id has one for publicsuffixlist alone.
#
# A good guess: the registrable domain of a host follows from the Public Suffix List, and three libraries
# that read that list agree, as they do on news.example.co.uk.
# What happens: with their own defaults, tldextract 5.4.0 leaves out the list's private part, tld 0.13.2 and
# publicsuffixlist 1.1.2 take it in. my.github.io is github.io for the first and my.github.io for the
# others; so with blogspot.com, appspot.com and com.de. What isn't a host at all, and yet stands in a site
# column, has no domain for the first two, and one for publicsuffixlist: com.facebook.katana is
# facebook.katana, 192.0.2.44 is 2.44. co.uk alone is co.uk for tld, and nothing for the others.
# For a user: spend by domain puts thousands of sites into one row, or not, by the library that one script
# happens to use, and two reports of the same rows don't add up side by side. Take one library everywhere
# and say which part of the list it reads (`include_psl_private_domains=True`), and keep app ids and
# addresses out before.
set -euo pipefail
unset PYTHONPATH
packages=(tldextract==5.4.0 tld==0.13.2 publicsuffixlist==1.1.2.20261023)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
if command -v uv >/dev/null; then
  uv venv -q -p python3 "$dir/env" && VIRTUAL_ENV="$dir/env" uv pip install -q "${packages[@]}"
else
  python3 -m venv "$dir/env" && "$dir/env/bin/pip" install -q "${packages[@]}"
fi

cd "$dir" && "$dir/env/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

import publicsuffixlist
import tld
import tldextract

print(*(f"{name} {version(name)}" for name in ("tldextract", "tld", "publicsuffixlist")))
# the lists that the packages bring along: nothing is fetched
plain = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
private = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)
suffixes = publicsuffixlist.PublicSuffixList()


def answers(host):
    """Return the root domain by each library, None where there is none."""
    return (
        plain(host).top_domain_under_public_suffix or None,
        private(host).top_domain_under_public_suffix or None,
        tld.get_fld(f"http://{host}", fail_silently=True),
        suffixes.privatesuffix(host),
    )


stated = {
    "news.example.co.uk": ("example.co.uk",) * 4,
    "my.github.io": ("github.io", "my.github.io", "my.github.io", "my.github.io"),
    "shop.blogspot.com": ("blogspot.com", *["shop.blogspot.com"] * 3),
    "a.b.appspot.com": ("appspot.com", *["b.appspot.com"] * 3),
    "x.com.de": ("com.de", *["x.com.de"] * 3),
    "com.facebook.katana": (None, None, None, "facebook.katana"),
    "192.0.2.44": (None, None, None, "2.44"),
    "co.uk": (None, None, "co.uk", None),
}
seen = {host: answers(host) for host in stated}
print("tldextract, tldextract with private domains, tld, publicsuffixlist:")
for host, domains in seen.items():
    print(f"{host}:", *domains)
as_stated = seen == stated
print("as stated" if as_stated else "NOT as stated any more")
sys.exit(not as_stated)
PY
