"""One request, done well: rate limiter, login, retries, a body that is whole.

Everything a platform asks goes through `Http.send`, from worker threads. The main thread only waits
and writes, so a signal or a dead target is noticed at once.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import backoff
import requests
import urllib3

from adtap_core.bodies import exact_json
from adtap_core.bodies.spool import CutBody, Spool
from adtap_core.errors import (
    BadRequest,
    CredentialsError,
    Forbidden,
    RequestError,
    ResponseTooLarge,
    RetriesExhausted,
)
from adtap_core.formatting import count
from adtap_core.http import outcomes
from adtap_core.http.connections import Connections
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.rate_limiter import RateLimiter
from adtap_core.http.response import Response
from adtap_core.http.retries import LONGEST_WAIT_SECONDS, RetryPolicy, RetryState
from adtap_core.http.sessions import Sessions
from adtap_core.redact import redact

log = logging.getLogger("adtaps.http")

CONNECT_SECONDS: Final = 20.0
"""How long it may take until a connection stands."""
MAX_QUOTA_WAITS: Final = 3
"""How often one request waits for a quota, unless the tap's setting `quota_waits` says otherwise."""
FIRST_WAIT_SECONDS: Final = 0.5
"""The longest wait before the first retry where the answer names none; each further one may be twice as long."""
_LEAST_WAIT_SECONDS: Final = 1.0
"""Where a server asks to wait less than this, the usual waits grow up to it."""
_SAID_FROM_SECONDS: Final = 10.0
_ROUNDED_SHARE: Final = 1e-3
"""By so much a share may be rounded down and still be what it was meant to be."""
_counting: Final = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a platform.

    Args:
        url: Absolute address.
        what: What is asked, in a user's words: named in errors.
        method: The HTTP method.
        params: Query parameters; None values are left out, lists repeat.
        headers: More headers.
        json: A JSON body.
        form: A form body.
        expects: `json` checks that the document is closed; `text` and `any` don't.
        login: Whether the call carries the tap's login: an HTML page is then no answer to it.
        splittable: Whether the caller can ask for less: two 502/504 in a row then say so.
        timeout_seconds: Read timeout of this call, if not the usual one.
        table: Whether lines without an end of their own are expected, as CSV is: where no length is declared, or
            the last line has no end and the host is not known for that, they are asked for until two answers in a row
            are equally long.
        partial: Whether a cut answer is of use too, such as some of a list's values; its status tells.

    >>> call = Call("https://api.example/campaigns", "campaigns", params={"page": 1})
    >>> call.method, call.login
    ('GET', True)
    """

    url: str = field(kw_only=False)
    what: str = field(kw_only=False)
    method: str = "GET"
    params: Mapping[str, Any] | list[tuple[str, str]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object | None = None
    form: Mapping[str, Any] | None = None
    expects: str = "json"
    login: bool = True
    splittable: bool = False
    timeout_seconds: float | None = None
    table: bool = False
    partial: bool = False


class Auth(Protocol):
    """How a platform's credentials get onto a request."""

    can_refresh: bool
    """Whether `login` can get a new session; a static token can't."""

    def login(self, http: "Http") -> None:
        """Trade the credentials for a session.

        Raises:
            CredentialsError: If they are refused.
        """

    def apply(self, request: requests.Request) -> None:
        """Put the session on a request (set, never add)."""


@dataclass
class RequestStats:
    """What one window or stream cost."""

    requests: int = 0
    retries: int = 0
    splits: int = 0
    replaced: int = 0
    """Characters of the answers that no database holds; see `characters`."""


@dataclass(frozen=True, kw_only=True)
class HttpOptions:
    """How hard a platform may be asked.

    Args:
        concurrency: Most requests in flight at once.
        per_second: Most requests begun in one second to one host, in the long run; None: no limit.
        burst: How many may begin at once after a rest.
        timeout_seconds: Read timeout of one request.
        max_retries: Retries of one request after a transient failure.
        max_quota_waits: How often a used-up quota is waited for, per request.
        user_agent: Sent with every request.
    """

    concurrency: int
    timeout_seconds: float
    max_retries: int
    user_agent: str
    per_second: float | None = None
    burst: int = 1
    max_quota_waits: int = MAX_QUOTA_WAITS

    def shared(self, share: float) -> "HttpOptions":
        """Return the limits of one of several processes that ask at once.

        A part has no burst: a process can't know what its neighbours, or the one before it in the same
        place, have just used of it. What is asked one at a time can't be shared: at least one request is in
        flight, so whoever starts the processes must not start more than `concurrency` of them.

        Args:
            share: This process's part, more than 0 and at most 1; 1 changes nothing.
        """
        if share >= 1:
            return self
        # A third is written as 0.333333: three of six requests in flight must not become two times two and one.
        at_once = max(1, int(self.concurrency * share + _ROUNDED_SHARE))
        per_second = None if self.per_second is None else self.per_second * share
        return replace(self, concurrency=at_once, per_second=per_second, burst=1)


class Http:
    """Sends calls for all streams of a tap, at most `concurrency` at once.

    Args:
        classify: Says what an answer asks of us; looks at the body first where the platform hides
            failures under a 200.
        auth: The platform's login.
        limits: How hard the platform may be asked.
        sleep: Waits; handed in, so that a test need not.
        addresses: The settings that hold addresses, with their values: an error names the one that was asked.
        origin: Returns what to add to an error about credentials: where the settings that it names came from.
    """

    def __init__(
        self,
        *,
        classify: Callable[[Call, Response], Outcome],
        auth: Auth,
        limits: HttpOptions,
        sleep: Callable[[float], None] = time.sleep,
        addresses: Mapping[str, str] | None = None,
        origin: Callable[[str], str] = lambda _message: "",
    ) -> None:
        self._addresses, self._origin = addresses or {}, origin
        self._judge, self._auth, self.limits, self._sleep = classify, auth, limits, sleep
        self._in_flight = threading.BoundedSemaphore(limits.concurrency)
        self.rate_limiter = RateLimiter(limits.per_second, limits.burst, sleep)
        self._connections = Connections()
        self._login_lock = threading.Lock()
        self.sessions = Sessions()
        self._refused: CredentialsError | BadRequest | None = None
        self._proven = False
        self._proof = threading.Lock()
        self.total = RequestStats()
        self.before: Callable[[Call, RequestStats | None], Response | None] | None = None
        """Sees each call before it is sent, logins too; an answer that it gives is taken for the platform's."""
        self.unreachable: set[str] = set()
        """Hosts that could not even be connected to within `max_retries`, and not since."""
        self.ended: set[str] = set()
        """Hosts that ended the last line of a table."""
        self.unended: set[str] = set()
        """Hosts that did not, and gave the same table twice."""
        self.login_gave_up = False
        """Whether the last login did not come about within `max_retries`."""
        self._is_closed = False

    def send(self, call: Call, stats: RequestStats | None = None) -> Response:
        """Ask until there is a good answer, or it is clear that there will be none.

        Raises:
            CredentialsError: The login was refused.
            Forbidden: The login may not read this.
            BadRequest: The request is wrong.
            ResponseTooLarge: Ask for a smaller piece.
            RetriesExhausted: A transient fault outlived `max_retries`.
        """
        if self.before is not None and (given := self.before(call, stats)) is not None:
            return given
        tries = _Tries(self, call, stats or RequestStats())
        while True:
            response = tries.once()
            if response is not None:
                return response

    def close(self) -> None:
        """Send nothing more: threads that still ask in advance, or wait for a retry, end with their next request."""
        self._is_closed = True

    # -- one attempt -------------------------------------------------------------------------

    def perform(self, call: Call) -> Response:
        """Send once; give the answer.

        Raises:
            requests.RequestException: No answer came.
            CutBody: The answer is not whole.
            RequestError: The run has ended meanwhile.
        """
        request = requests.Request(
            call.method,
            call.url,
            params=call.params,
            headers={
                "User-Agent": self.limits.user_agent,
                "Accept-Encoding": "gzip, deflate",
                "Accept": "application/json" if call.expects == "json" else "*/*",
                **call.headers,
            },
            data=call.form,
        )
        if call.json is not None:
            request.data = exact_json.encode(call.json)
            request.headers.setdefault("Content-Type", "application/json")
        if call.login:
            self._auth.apply(request)
        prepared = self._connections.prepare(request)
        with self._in_flight:
            # Only now: those that wait for a place would all begin at once when an answer frees several.
            self.rate_limiter.wait(urlsplit(call.url).netloc)
            if self._is_closed:
                msg = f"{call.what}: not requested: the run has ended"
                raise RequestError(msg)
            received = self._connections.send(
                prepared,
                timeout=(CONNECT_SECONDS, call.timeout_seconds or self.limits.timeout_seconds),
            )
            with received:
                body = Spool.drain(received)
        body.clean()
        return Response(
            status=received.status_code,
            headers=received.headers,
            body=body,
            url=received.url,
            received_at=datetime.now(UTC),
            cookies={cookie.name: cookie.value or "" for cookie in received.cookies},
        )

    @contextmanager
    def proving(self, call: Call) -> Iterator[bool]:
        """Let one call go alone until an answer shows that the credentials are good; tell whether this is such a one.

        Then `prove` is to be told what the answer was: a refusal is known before the next call may go. A static token
        is never traded at a login that could refuse it: without this, as many requests as may be in flight would all
        go out with a wrong one.
        """
        if not self._proven and call.login and not self._auth.can_refresh:
            with self._proof:
                if not self._proven:
                    yield True
                    return
        yield False

    def prove(self, action: Action, message: str, *, page: bool) -> None:
        """Take note of what the answer to such a call says of the credentials.

        Args:
            action: What it asks of us.
            message: The words of the error, if it is one.
            page: Whether it came under a 2xx: a page for people, which is asked for once more.
        """
        self._proven = action not in {Action.CREDENTIALS, Action.REFRESH_LOGIN}
        if not self._proven and not page:
            self.refuse(message)

    def refuse(self, message: str) -> CredentialsError:
        """Return the error of refused credentials; if no answer was ever good, every call says so from now on."""
        error = CredentialsError(self._with_origin(message))
        if not self._proven and not self._auth.can_refresh:
            self._refused = error
        return error

    def _with_origin(self, message: str) -> str:
        """Return a message with where the credentials that it names came from, said once."""
        added = self._origin(message)
        return message if message.endswith(added) else message + added

    def classify(self, call: Call, response: Response) -> Outcome:
        """Return the platform's outcome, after the checks every platform shares.

        Raises:
            CutBody: If a JSON document is not whole.
        """
        good = response.is_success
        if good and call.expects != "any" and (odd := response.body.encoding_error()) is not None:
            return Outcome(Action.RETRY, odd)
        is_json = call.expects == "json"
        # Where the call is a login's own, another page may be what is expected.
        if good and (call.login or is_json) and response.looks_like_html():
            page = f"an HTML page instead of data: {response.excerpt(120)}"
            return Outcome(Action.REFRESH_LOGIN, page)
        if good and is_json and response.body.size:
            response.body.check_json_whole()
        return self._judge(call, response)

    # -- login -------------------------------------------------------------------------------

    def session_for(self, call: Call) -> int:
        """Return the number of the session that a call is sent with; logs in where there is none yet."""
        if call.login and self._refused is not None:
            raise self._refused
        if call.login and self.sessions.newest == 0:
            self.relogin(0)
        return self.sessions.newest

    def relogin(self, number: int) -> None:
        """Log in, unless somebody already did since session `number`.

        Raises:
            CredentialsError: If the login is refused; from then on every call says so at once.
            BadRequest: If there is no login at its address; where there never was a session, from then on, too.
        """
        with self._login_lock:
            if self._refused is not None:
                raise self._refused
            if self.sessions.newest != number:
                return
            try:
                self._auth.login(self)
            except CredentialsError as error:
                self._refused = CredentialsError(self._with_origin(str(error)))
                raise self._refused from error.__cause__
            except BadRequest as error:
                self._refused = error if self.sessions.newest == 0 else None
                raise
            except RetriesExhausted:
                self.login_gave_up = True
                raise
            self.login_gave_up = False
            self.sessions.newest += 1

    @property
    def is_out(self) -> bool:
        """Return whether a host could not be reached, or a login did not come about, within `max_retries`."""
        return bool(self.unreachable) or self.login_gave_up

    @property
    def can_relogin(self) -> bool:
        """Return whether a new login may help."""
        return self._auth.can_refresh

    def setting_of(self, url: str) -> str:
        """Return the setting that an address was made of; see `outcomes.setting_of`."""
        return outcomes.setting_of(url, self._addresses)

    def pause(self, seconds: float, why: str) -> None:
        """Wait, saying so if it takes long.

        Args:
            seconds: How long.
            why: What is waited for, in a user's words.
        """
        if seconds >= _SAID_FROM_SECONDS:
            log.warning("Waiting %.0f s: %s", seconds, redact(why))
        self._sleep(seconds)


class _Tries:
    """The attempts of one call."""

    def __init__(self, http: Http, call: Call, stats: RequestStats) -> None:
        self._http, self._call, self._stats = http, call, stats
        self._waits = backoff.expo(base=2, factor=FIRST_WAIT_SECONDS, max_value=60)
        next(self._waits)  # backoff's generators begin with an empty value
        self._state = RetryState(
            policy=RetryPolicy(
                max_retries=http.limits.max_retries,
                max_quota_waits=http.limits.max_quota_waits,
                can_split=call.splittable,
                can_log_in=call.login and http.can_relogin,
            )
        )
        self._size = -1
        self._host = urlsplit(call.url).netloc

    def once(self) -> Response | None:
        """Try once; give the good answer, or None to try again."""
        self._count("requests")
        try:
            with self._http.proving(self._call) as is_proof:
                number = self._http.session_for(self._call)
                with self._http.sessions.using(number):
                    response = self._http.perform(self._call)
                    outcome = self._http.classify(self._call, response)
                    if outcome.action is Action.SUCCESS and self._call.login:
                        self._http.sessions.was_good(number)
                page = response.is_success
                if is_proof:
                    self._http.prove(outcome.action, self._message(outcome, response), page=page)
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError) as error:
            # What we put there ourselves is fit for a header: it is what the settings gave.
            message = (
                f"{self._call.what}: a credential holds a character that no HTTP header can carry, such as a line "
                "end or a long dash"
            )
            raise self._http.refuse(message) from error
        except (CutBody, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self._no_answer(error)
            return None
        self._http.unreachable.discard(self._host)
        is_first = self._size < 0
        if outcome.action is Action.SUCCESS and self._is_whole(response):
            self._count("replaced", response.body.replaced)
            return response
        if outcome.action is Action.SUCCESS:
            why = "ends within a line" if response.body.framed else "declares no length"
            outcome = Outcome(Action.RETRY, f"the table {why}: requesting it once more to compare")
            if is_first:  # no fault so far: the comparison takes none of the retries
                self._state = self._state.with_one_more_retry()
        if outcome.too_fast:
            self._http.rate_limiter.slow_down(self._host)
        with response.body:
            self._state, action = self._state.after(
                outcome,
                gateway=outcome.heavy or response.status in outcomes.GATEWAY_STATUSES,
                page=page,
                ended=self._state.logged_in and self._has_ended(outcome, number),
                at_most=self._at_most(),
            )
            self._act(action, outcome, response, number)
        return None

    def _has_ended(self, outcome: Outcome, number: int) -> bool:
        """Return whether a session that was just got has ended again, rather than being refused."""
        if outcome.action is not Action.REFRESH_LOGIN:
            return False
        return self._http.sessions.has_ended(number, self._http.limits.timeout_seconds)

    def _no_answer(self, error: Exception) -> None:
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
            message = f"{self._call.what}: {redact(str(error))}{self._look_at()}"
            raise BadRequest(message) from error
        no_connection = outcomes.unconnected(error)
        message = outcomes.network_message(error, self._host, self._http.setting_of(self._call.url))
        outcome = Outcome(Action.RETRY, message)
        gone = no_connection and self._host in self._http.unreachable
        self._state, action = self._state.after(
            outcome, gateway=outcomes.timed_out(error), at_most=1 if gone else self._at_most()
        )
        if no_connection and action is Action.GIVE_UP:
            self._http.unreachable.add(self._host)
        self._act(action, outcome, None, 0)

    def _look_at(self) -> str:
        setting = self._http.setting_of(self._call.url)
        return f"; look at the setting {setting}" if setting else ""

    def _at_most(self) -> int | None:
        """Fail fast: once a host or the login is known to be down, later streams retry once."""
        return 1 if not self._call.login and self._http.login_gave_up else None

    def _is_whole(self, response: Response) -> bool:
        """Return whether a table came to its end: length declared and last line ended, as usual there, or it came twice."""
        body, size = response.body, response.body.size
        if not self._call.table or response.status != HTTPStatus.OK or not size:
            return True
        host, ends_line = self._host, body.tail(1) in b"\r\n"
        ended, unended = self._http.ended, self._http.unended
        if ends_line:
            ended.add(host)
        if size == self._size:
            unended.update(() if ends_line else (host,))
            return True
        # A proxy that was cut off declares the length of what it has: the last number may lack digits. Of a server that
        # ends no last line nothing tells that: its first table is compared, all of them would cost as much again.
        if body.framed and (ends_line or (host in unended and host not in ended)):
            return True
        self._size = size
        return False

    def _act(
        self, action: Action, outcome: Outcome, response: Response | None, number: int
    ) -> None:
        message = self._message(outcome, response)
        status = None if response is None else response.status
        match action:
            case Action.SPLIT_WINDOW:
                raise ResponseTooLarge(message, status=status)
            case Action.FORBIDDEN:
                raise Forbidden(message, status=status)
            case Action.FAIL:
                raise BadRequest(message, status=status)
            case Action.CREDENTIALS if (
                response is not None and response.is_redirect and self._http.sessions.were_good
            ):
                # A new session is sent to the login page, too: it is this address, not the credentials.
                raise BadRequest(message, status=status)
            case Action.CREDENTIALS:
                raise self._http.refuse(message)
            case Action.GIVE_UP:
                connected = self._host not in self._http.unreachable
                heavy = connected and self._state.gateway_failures > 0
                raise RetriesExhausted(message + self._why(outcome), status=status, heavy=heavy)
            case Action.REFRESH_LOGIN:
                self._count("retries")
                self._http.relogin(number)
            case Action.RATE_LIMITED:
                self._count("retries")
                self._http.pause(outcome.seconds or 0.0, message)
            case Action.RETRY:
                self._count("retries")
                self._wait(outcome, message)

    def _why(self, outcome: Outcome) -> str:
        """Return why it is given up."""
        if outcome.action is Action.RATE_LIMITED:
            return ""
        if (outcome.seconds or 0.0) > LONGEST_WAIT_SECONDS:
            return f" (asks to wait {outcome.seconds:.0f} s)"
        return f" (gave up after {count(self._state.failures, 'try')})"

    def _wait(self, outcome: Outcome, message: str) -> None:
        usual = next(self._waits) * random.uniform(0.5, 1.0)
        # `Retry-After: 0`, or a moment that has passed: all retries would be over within one.
        seconds = (
            usual
            if outcome.seconds is None
            else max(outcome.seconds, min(usual, _LEAST_WAIT_SECONDS))
        )
        log.info(
            "Retry %d of %d in %.1f s: %s",
            self._state.failures,
            self._state.policy.max_retries,
            seconds,
            message,
        )
        self._http.pause(seconds, message)

    def _message(self, outcome: Outcome, response: Response | None) -> str:
        parts = [self._call.what]
        if response is not None:
            parts.append(f"HTTP {response.status}")
        if outcome.message:
            is_redirect = response is not None and response.is_redirect
            parts.append(outcome.message + (self._look_at() if is_redirect else ""))
        if response is not None and (found := outcomes.request_id(response)):
            parts.append(f"request id {found}")
        return redact(": ".join(parts))

    def _count(self, what: str, times: int = 1) -> None:
        with _counting:  # pages of one list are asked for side by side
            for stats in (self._stats, self._http.total):
                setattr(stats, what, getattr(stats, what) + times)
