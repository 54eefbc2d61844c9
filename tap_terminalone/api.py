"""What a generation needs of the platform, and no more: so none of them holds the platform itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adtap_core.clock import Clock
from adtap_core.http.client import Http
from adtap_core.http.workers import Workers


@dataclass(frozen=True)
class Api:
    """The connection, and what is read over it.

    Args:
        http: Sends requests.
        prefetch: Threads in which a list's further pages are asked for.
        url: The API's base address, without a slash at its end.
        settings: The tap's settings.
        clock: What time it is.
        organizations: Returns the ids of the organizations that are read.
    """

    http: Http
    prefetch: Workers
    url: str
    settings: Mapping[str, Any]
    clock: Clock
    organizations: Callable[[], Sequence[str]]
