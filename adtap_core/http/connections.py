"""Requests that no answer came to: which setting's address was asked, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from adtap_core.bodies.spool import CutBody
from adtap_core.redact import redact

_SHOWN: Final = 200


class Addresses:
    """The settings that hold addresses.

    Args:
        settings: Their values by name.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = dict(settings)

    def setting(self, url: str) -> str:
        """Return the setting that an address was made of, as `` `api_url` ``; empty if none was.

        Of several with the same host it is the one with the longest path that the address begins with.
        """
        host = urlsplit(url)[:2]
        near = {n: v.rstrip("/") for n, v in self._settings.items() if urlsplit(v)[:2] == host}
        begin = {n: v for n, v in near.items() if f"{url}/".startswith(f"{v}/")}
        found = begin or near
        return f"`{max(found, key=lambda n: len(found[n]))}`" if found else ""


def timed_out(error: BaseException) -> bool:
    """Check whether no answer came in time."""
    return isinstance(error, requests.exceptions.Timeout)


def unconnected(error: BaseException) -> bool:
    """Check whether there was not even a connection: nobody listens, no such name, no route."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    return isinstance(_reason(error), urllib3.exceptions.NewConnectionError)


def network_words(error: BaseException, host: str, setting: str) -> str:
    """Return what a missing answer means, and where to look.

    Args:
        error: Why there was none.
        host: Who was asked.
        setting: The setting that names the host, in backquotes; empty if none does.
    """
    check = f"check {setting}, " if setting else "check "
    if isinstance(error, CutBody):
        return str(error)
    if isinstance(error, requests.exceptions.ProxyError):
        return f"could not connect to {host} through the proxy: check the variables HTTPS_PROXY, HTTP_PROXY, NO_PROXY"
    if isinstance(error, requests.exceptions.SSLError):
        reason = redact(str(_reason(error) or error))[:_SHOWN]
        return (
            f"no secure connection to {host}: {check}and whether the variable REQUESTS_CA_BUNDLE names the "
            f"certificates of your network ({reason})"
        )
    if timed_out(error) and not unconnected(error):
        return "no answer in time (setting `request_timeout_seconds`)"
    if unconnected(error):
        return f"could not connect to {host}: {check}DNS and network"
    return f"no answer ({type(error).__name__}: {redact(str(error))[:_SHOWN]})"


def _reason(error: BaseException) -> object:
    """Return what urllib3 gives as the reason of an error of requests."""
    return getattr(error.args[0] if error.args else None, "reason", None)
