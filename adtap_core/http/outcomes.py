"""What a response, or none, asks of us: go on, log in, wait, retry, ask for less, or stop."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from adtap_core.bodies.spool import CutBody
from adtap_core.http.response import Response
from adtap_core.redact import redact

RETRIED_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
GATEWAY_STATUSES: Final = frozenset({502, 504})
_SHOWN_REASON: Final = 200
_MARGIN_SECONDS: Final = 2.0
"""How much longer than to a quota's next hour is waited: clocks differ."""
_REQUEST_IDS: Final = ("x-request-id", "x-correlation-id", "x-amzn-requestid", "traceid")


class Action(Enum):
    """What to do next."""

    SUCCESS = auto()
    """The answer is good."""
    REFRESH_LOGIN = auto()
    """The session ended: log in once, ask again."""
    RETRY = auto()
    """A fault that may pass: wait, ask again, within `max_retries`."""
    RATE_LIMITED = auto()
    """A quota is used up: wait `seconds`, ask again; costs no retry."""
    SPLIT_WINDOW = auto()
    """Too much was asked: ask for a smaller piece."""
    FORBIDDEN = auto()
    """The login may not read this stream or account."""
    FAIL = auto()
    """The request is wrong: never ask it again."""
    CREDENTIALS = auto()
    """The login itself was refused: stop everything."""
    GIVE_UP = auto()
    """A fault that may pass did not, or asks for too long a wait. No answer says so: `RetryState` does."""


@dataclass(frozen=True)
class Outcome:
    """What to do, and why.

    Args:
        action: What to do next.
        message: The platform's own words, or ours; shown to the user (redacted).
        seconds: How long to wait before asking again; None: the usual backing off.
        heavy: Whether a smaller piece may pass where this one does not, as behind a gateway that timed out.
        too_fast: Whether all requests to this host come faster than it allows: they are begun less often from now on.
    """

    action: Action
    message: str = ""
    seconds: float | None = None
    heavy: bool = False
    too_fast: bool = False


SUCCESS: Final = Outcome(Action.SUCCESS)


def by_status(response: Response, message: str = "") -> Outcome:
    """Judge by the status line alone, as HTTP means it.

    2xx goes on, but a part of an answer of which no part was asked for (206): it is asked for again, then in smaller
    pieces. 401 logs in, 403 is forbidden, 408/425/429/5xx are retried, the rest stops. A platform judges its own bodies
    first and leaves the rest to this.

    Args:
        response: The answer.
        message: What the platform says in the body, if its shape is known.
    """
    status = response.status
    is_part = status == HTTPStatus.PARTIAL_CONTENT
    if response.is_success and not is_part:
        return SUCCESS
    said = "only a part of the answer came" if is_part else message or response.excerpt()
    if is_part or status in RETRIED_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(Action.RETRY, said, retry_after(response), heavy=is_part)
    if status == HTTPStatus.UNAUTHORIZED:
        return Outcome(Action.REFRESH_LOGIN, said)
    if status == HTTPStatus.FORBIDDEN:
        return Outcome(Action.FORBIDDEN, said)
    if response.is_redirect:
        where = response.headers.get("location", "")
        return Outcome(Action.FAIL, f"redirected to {where}")
    return Outcome(Action.FAIL, said)


def of_login(response: Response, message: str = "") -> Outcome:
    """Judge an answer to a login: its failures are the login's to explain, only what may pass is asked again.

    Args:
        response: The answer.
        message: What the platform says in the body, if its shape is known.
    """
    outcome = by_status(response, message)
    return outcome if outcome.action is Action.RETRY else SUCCESS


def retry_after(response: Response) -> float | None:
    """Return the seconds that the header `Retry-After` asks for, or None.

    Its date form counts from the answer's own `Date` if there is one, so that a clock that is wrong on either side
    does no harm.
    """
    text = response.headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    until, sent = _moment(text), _moment(response.headers.get("Date", ""))
    if until is None:
        return None
    return max(0.0, (until - (sent or response.received_at)).total_seconds())


def _moment(text: str) -> datetime | None:
    """Return the moment that a header names, if it does; one without a zone is in UTC."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def until_next_hour(now: datetime) -> float:
    """Return the seconds until the next full hour of UTC, and a little more.

    Args:
        now: The present, with its zone.
    """
    top = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return (top - now).total_seconds() + _MARGIN_SECONDS


def request_id(response: Response) -> str | None:
    """Return the platform's own id of the request, for its support, if it sent one."""
    return next((response.headers[n] for n in _REQUEST_IDS if n in response.headers), None)


# -- no answer -------------------------------------------------------------------------------


def setting_of(url: str, addresses: Mapping[str, str]) -> str:
    """Return the setting that an address was made of, as `` `api_url` ``; empty if none was.

    Of several with the same host it is the one with the longest path that the address begins with.

    Args:
        url: The address.
        addresses: The settings that hold addresses, with their values.
    """
    host = urlsplit(url)[:2]
    near = {n: v.rstrip("/") for n, v in addresses.items() if urlsplit(v)[:2] == host}
    begin = {n: v for n, v in near.items() if f"{url}/".startswith(f"{v}/")}
    found = begin or near
    return f"`{max(found, key=lambda n: len(found[n]))}`" if found else ""


def timed_out(error: BaseException) -> bool:
    """Check whether no answer came in time."""
    return isinstance(error, requests.exceptions.Timeout)


def unconnected(error: BaseException) -> bool:
    """Check whether there was not even a connection: nobody listens, no such name, no route, no proxy, no trust."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = _reason(error)
    if isinstance(
        reason, urllib3.exceptions.SSLError
    ):  # also what cuts a connection that was there
        return any(isinstance(part, ssl.SSLCertVerificationError) for part in reason.args)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def network_message(error: BaseException, host: str, setting: str) -> str:
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
        reason = redact.beginning(_reason(error) or error, _SHOWN_REASON)
        return (
            f"no secure connection to {host}: {check}and whether the variable REQUESTS_CA_BUNDLE names the "
            f"certificates of your network ({reason})"
        )
    if timed_out(error) and not unconnected(error):
        return "no answer in time (setting `request_timeout_seconds`)"
    if unconnected(error):
        return f"could not connect to {host}: {check}DNS and network"
    return f"no answer ({type(error).__name__}: {redact.beginning(error, _SHOWN_REASON)})"


def _reason(error: BaseException) -> object:
    """Return what urllib3 gives as the reason of an error of requests."""
    return getattr(error.args[0] if error.args else None, "reason", None)
