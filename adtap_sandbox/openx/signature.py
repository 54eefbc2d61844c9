"""OAuth 1.0a signatures: reads the parameters from wherever they came and checks HMAC-SHA1.

Source: RFC 5849 (read 2026-11-22) and what the vendor's clients put on the wire.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote

Pairs = list[tuple[str, str]]
_HEADER_PAIR: Final = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"')
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def header_parameters(header: str) -> Pairs:
    """The parameters of an `Authorization: OAuth …` header, decoded; empty for another scheme."""
    if not header.lower().startswith("oauth "):
        return []
    return [
        (unquote(name), unquote(value))
        for name, value in _HEADER_PAIR.findall(header[len("oauth ") :])
    ]


def base_url(scheme: str, host: str, path: str) -> str:
    """The URL as it enters the signature: lower case, no default port, no query."""
    authority = host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
    return f"{scheme}://{authority}{path}"


def signature(method: str, url: str, parameters: Pairs, consumer_secret: str, secret: str) -> str:
    """The HMAC-SHA1 signature of a request, base64.

    `url` as `base_url` gives it; `parameters` of header, query and form, of which `realm` and the signature
    are left out; `secret` of the token, empty where there is none yet.
    """
    pairs = sorted(
        (_encode(name), _encode(value))
        for name, value in parameters
        if name not in {"oauth_signature", "realm"}
    )
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), _encode(url), _encode(joined)))
    key = f"{_encode(consumer_secret)}&{_encode(secret)}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def verifies(
    given: str, method: str, urls: Iterable[str], parameters: Pairs, secrets: tuple[str, str]
) -> bool:
    """Whether a signature is right for one of the URLs the caller may have used.

    The caller signs the URL it knows, which a proxy or a path prefix hides. `secrets` are the consumer's and
    the token's.
    """
    return any(
        hmac.compare_digest(given, signature(method, url, parameters, *secrets)) for url in urls
    )


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
