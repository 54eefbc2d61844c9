"""What a generation needs of the platform, and no more: so none of them holds the platform itself."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adtap_core.clock import Clock
from adtap_core.http.client import Http
from adtap_core.platform import WindowJob
from adtap_core.windows import Interval
from tap_openx.currencies import AccountCurrencies

log = logging.getLogger("adtaps.openx")


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


def still_held(job: WindowJob, since: datetime) -> Interval:
    """Return what of a window the platform still holds: its oldest days go while we read.

    A bucket of which a part is gone is gone: the rest of a day would stand in the warehouse for all of it.

    Args:
        job: The window.
        since: The beginning of what the platform holds: naive, UTC.
    """
    start, end = job.window.start, job.window.end
    first = max(start, job.report.grain.ceil(since))
    if first > start:
        log.warning(
            "%s: the platform now holds data only from %s on; earlier days are not read",
            job.what,
            first.strftime("%Y-%m-%dT%H:00Z"),
        )
    return Interval(first, end)
