"""What both of Adjust's services are asked with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adtap_core.http.client import Http


@dataclass
class Service:
    """A service of Adjust.

    Args:
        http: The connection.
        url: Base address.
        settings: The tap's settings.
    """

    http: Http
    url: str
    settings: Mapping[str, Any]
