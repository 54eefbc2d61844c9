"""What a generation needs of the platform, and no more: so none of them holds the platform itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adtap_core.clock import Clock
from adtap_core.http.client import Http
from tap_openx.currencies import AccountCurrencies


@dataclass(frozen=True)
class Api:
    """The connection, and the lists that reports are read with.

    Args:
        http: Sends requests.
        settings: The tap's settings.
        clock: What time it is.
        currencies: The publishers' currencies.
        known_values: Returns the values that a report attribute may have, from the lists of objects.
    """

    http: Http
    settings: Mapping[str, Any]
    clock: Clock
    currencies: AccountCurrencies
    known_values: Callable[[str], Sequence[str]]


class Generation:
    """One of the two APIs over which the platform's questions are answered.

    Args:
        api: What both need of the platform.
    """

    def __init__(self, api: Api) -> None:
        self._api, self._settings = api, api.settings
