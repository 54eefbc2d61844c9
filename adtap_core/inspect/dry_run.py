"""What a tap would ask, without asking: the code that reads runs, and its calls are noted, not sent.

A window's calls carry the window's stats; all others that a report needs are metadata (lists of accounts
and fields, date ranges). So stats of the class `DryRun` tell the two apart, whatever the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import requests
from typing_extensions import override

from adtap_core.bodies.spool import Spool
from adtap_core.declare import Entity
from adtap_core.errors import OfflineError, RequestError
from adtap_core.http.client import Call, Http, RequestStats
from adtap_core.http.response import Response
from adtap_core.platform import EntityQuery, Fetched, Partition, Platform, WindowJob
from adtap_core.redact import redact
from adtap_core.sync.planning import Planner
from adtap_core.windows import Interval

NO_ROWS: Final = b""
_MOST_CALLS: Final = 1000
"""A walk that does not end when it gets nothing would go on for ever."""


@dataclass
class DryRun(RequestStats):
    """Stats whose calls are noted instead of sent.

    Args:
        body: What each call is answered with.
    """

    body: bytes = NO_ROWS
    calls: list[Call] = field(default_factory=list)

    def answer(self, call: Call) -> Response:
        """Note a call; give the answer that stands for the platform's.

        Raises:
            RequestError: If there is no end of calls.
        """
        self.calls.append(call)
        if len(self.calls) >= _MOST_CALLS:
            msg = f"{call.what}: more than {_MOST_CALLS} requests"
            raise RequestError(msg)
        return Response(
            status=200 if self.body else 204,
            headers={"Content-Type": "application/json"},
            body=Spool.of(self.body),
            url=call.url,
            received_at=datetime.now(UTC),
        )


@dataclass
class RequestRecorder:
    """Stands before a connection: lets metadata through and notes it, answers a dry run's calls.

    Args:
        offline: Let nothing through.
        everything: Note every call on this, whatever its own stats.
    """

    offline: bool = False
    everything: DryRun | None = None
    sent: list[Call] = field(default_factory=list)

    def before(self, call: Call, stats: RequestStats | None) -> Response | None:
        """Look at a call before it is sent.

        Args:
            call: What is to be sent.
            stats: Counts its window's requests; None: metadata.

        Raises:
            OfflineError: If it may not be sent.
        """
        dry_run = stats if isinstance(stats, DryRun) else self.everything
        if dry_run is not None:
            return dry_run.answer(call)
        if self.offline:
            msg = f"{call.what}: the platform would have to be asked ({request_line(call)})"
            raise OfflineError(msg)
        self.sent.append(call)
        return None

    @property
    def metadata(self) -> list[Call]:
        """Return the calls that were sent, the logins left out."""
        return [c for c in self.sent if c.login]


def record_requests(http: Http, *, offline: bool = False) -> RequestRecorder:
    """Put a watch before a connection."""
    watch = RequestRecorder(offline=offline)
    http.before = watch.before
    return watch


def window_calls(platform: Platform, job: WindowJob) -> tuple[list[Call], Fetched | None]:
    """Return the calls that reading a window begins with, as far as they don't depend on answers.

    Args:
        platform: Its connection must be watched.
        job: The window.

    Returns:
        The calls, and what the rows are in if the reading came that far.

    Raises:
        AdtapError: If metadata that the calls are made of could not be had.
    """
    dry_run = DryRun()
    try:
        fetched = platform.fetch(replace(job, stats=dry_run))
    except Exception:
        # An empty answer is no good answer: what came before it was asked all the same.
        if not dry_run.calls:
            raise
        return dry_run.calls, None
    fetched.close()
    return dry_run.calls, fetched


def last_bucket(planner: Planner, partition: Partition, available: Interval | None) -> WindowJob:
    """Return what is asked for the last bucket that is over."""
    grain = planner.report.grain
    end = grain.floor(planner.over if available is None else min(planner.over, available.end))
    window = Interval(grain.after(end, -1), end)
    return WindowJob(planner.report, (partition,), window, planner.zone, RequestStats())


class Placeholder(dict[str, Any]):
    """A parent or an account that nobody has asked for yet: any field of it is its own name in braces."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"

    @override
    def get(self, key: str, default: object = None) -> Any:
        return self[key]


def entity_calls(
    platform: Platform,
    watch: RequestRecorder,
    entity: Entity,
    since: str | None,
    greatest: Mapping[str, int] | None = None,
) -> Sequence[Call]:
    """Return the calls that reading an entity begins with; for a child, those of one parent.

    More follow where a list has more pages.

    Args:
        platform: Its connection must be recorded.
        watch: Records it.
        entity: The entity.
        since: The moment since which records changed, ISO 8601 in UTC; None: all.
        greatest: The ids behind which new objects are asked for, by list.
    """
    dry_run = DryRun(body=platform.empty_list)
    parent = None if entity.parent is None else Placeholder()
    query = EntityQuery(since=since, parent=parent, greatest=dict(greatest or {}))
    watch.everything = dry_run
    try:
        for _page in platform.pages(entity, query):
            pass
    except Exception:  # noqa: BLE001 - an empty answer is no good answer
        return dry_run.calls
    finally:
        watch.everything = None
    return dry_run.calls


# -- calls as a user reads them --------------------------------------------------------------


def address(call: Call) -> str:
    """Return a call's address with its query, secrets masked."""
    try:
        url = requests.Request(call.method, call.url, params=call.params).prepare().url
    except requests.RequestException:  # no address yet: `<api_url>/things`
        url = call.url + (f"?{urlencode(call.params, doseq=True)}" if call.params else "")
    return redact(str(url).replace("%7B", "{").replace("%7D", "}"))


def request_line(call: Call) -> str:
    """Return a call's method and address, secrets masked."""
    return f"{call.method} {address(call)}"


def body_of(call: Call) -> Any:
    """Return what a call's body says, None if it has none."""
    if call.json is not None:
        return plain(call.json)
    return dict(call.form) if isinstance(call.form, Mapping) else None


def plain(value: Any) -> Any:
    """Return a document whose decimals are numbers, as they are sent, where a float has the same digits."""
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else str(value)
    return value


def request_document(call: Call) -> dict[str, Any]:
    """Return a call for JSON, secrets masked: `method`, `url`, `body` (null if it has none)."""
    return {"method": call.method, "url": address(call), "body": body_of(call)}
