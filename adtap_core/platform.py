"""The questions that a platform answers; everything else is the core's.

How do I log in (`make_login`), how is a response judged (`classify`), how is a window or a page asked for and how do
rows come out (`fetch`, `pages`), which fields exist (`field_schema`), which accounts (`partitions`) and
what does the platform hold (`available_range`). All network goes through `self.http`, from worker threads.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Final

from typing_extensions import override

from adtap_core.bodies.parsing import Table
from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.http import outcomes
from adtap_core.http.client import Auth, Call, Http, RequestStats
from adtap_core.http.outcomes import Outcome
from adtap_core.http.response import Response
from adtap_core.http.workers import Workers
from adtap_core.windows import Grain, Interval, Zone

LOGIN_PARTITION: Mapping[str, str] = {}
"""The partition of a platform that reads all that its login sees."""


@dataclass(frozen=True)
class Partition:
    """An account-like unit with its own bookmark.

    Args:
        key: Its identity, e.g. `{"app_token": "abc"}`; empty when the login is the unit.

    >>> Partition({"app_token": "abc"}).text
    '{"app_token":"abc"}'
    """

    key: Mapping[str, str]

    @cached_property
    def text(self) -> str:
        """Return the key as JSON text, as `_account` and the ledger write it."""
        return json.dumps(dict(self.key), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @override
    def __hash__(self) -> int:
        """Hash by the key's text."""
        return hash(self.text)


@dataclass(frozen=True)
class RowLookup:
    """A value that differs by row: taken from the row, through a lookup if there is one.

    Args:
        field: The platform's field in the row.
        lookup: What the field's value stands for; a value it does not hold gives null.
    """

    field: str
    lookup: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class RowContext:
    """What a window's rows are in.

    Args:
        currency: Of the money: one code for all rows, where the row says it, or None if the platform does not say.
        time_zone: Of the bucket; None: the report's zone.
        bucket: The field that holds the time bucket; None: every row belongs to the window's start.
        bucket_zone: Zone in which the platform writes an hour without an offset; None: the report's zone.
        partition: The field that tells whose a row is, and each value's partition; needed if the job is `of_several`.
        constants: Further columns of the key with one value (declared by `constant_columns`).
        optional: Fields that the platform leaves out of rows where they are null. Any other that stands in no row,
            though it was asked for, fails the window: keys made without it would not be those of the next reading.
        told: The field in which rows may say which bucket they are of though they were not cut by it (`bucket` is
            None): rows of several buckets in one window fail it, as they would be halves under two keys.
        ignored: Fields of the rows that are no data of the report: what the platform sends along in any case, and
            what was asked for to tell something else. A field that is neither known nor here is kept in `_extra`.
    """

    currency: str | RowLookup | None = None
    time_zone: str | RowLookup | None = None
    bucket: str | None = None
    bucket_zone: Zone | None = None
    partition: tuple[str, Mapping[str, Partition]] | None = None
    constants: Mapping[str, str | bool | None] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    told: str | None = None
    ignored: frozenset[str] = frozenset()


@dataclass
class Fetched:
    """A window's answer, fetched whole and checked.

    Args:
        tables: Opens the rows; called once each, in order, when it is the window's turn.
        context: What the rows are in.
        close: Gives the spools' room back.
        warnings: What the platform itself warns of in this answer; kept in the ledger.
        not_asked: Metrics of the report that this API does not know: they are null in every row.
        left_out: What was refused for good: each is a failure of the run, but the window counts as read.
        fill_ratio: The answer's share of the most rows in one, if known: near 1, the next windows are made shorter.
        totals: The platform's own totals of all rows, by metric, where the answer brings them; None if not.
        held_from: Where the platform has dropped the window's beginning since it was planned: what is left of it.
    """

    tables: Sequence[Callable[[], Table]]
    context: RowContext
    close: Callable[[], None] = lambda: None
    warnings: Sequence[str] = ()
    not_asked: frozenset[str] = frozenset()
    left_out: Sequence[str] = ()
    fill_ratio: float = 0.0
    totals: Mapping[str, Decimal] | None = None
    held_from: datetime | None = None


@dataclass
class WindowJob:
    """One window to read.

    Args:
        report: With the metrics that are selected.
        partitions: Whose rows; several only where the platform bundles them.
        window: Half open, naive, in the zone.
        zone: The report's time zone.
        stats: Counts requests, retries and splits; give it to every `http.send`.
        remembered: Report jobs that this run, or an earlier and interrupted one, began for this window.
        remember: `remember(name, parameters)` puts a report job into the state, at once: a restarted tap polls it.
        can_split: Whether the core can ask for a shorter window when `fetch` raises `ResponseTooLarge`.
        of_several: Whether rows must say whose they are: those of one account too, if they are a part of several's.
    """

    report: Report
    partitions: tuple[Partition, ...]
    window: Interval
    zone: Zone
    stats: RequestStats
    remembered: dict[str, Any] = field(default_factory=dict)
    remember: Callable[[str, Any], None] = lambda _name, _parameters: None
    can_split: bool = False
    of_several: bool = False

    def __post_init__(self) -> None:
        self.of_several |= len(self.partitions) > 1  # `replace` hands it on

    @property
    def what(self) -> str:
        """Return what is asked, in a user's words."""
        start, end = self.window.start, self.window.end
        return f"{self.report.name} {start:%Y-%m-%dT%H} to {end:%Y-%m-%dT%H}"


@dataclass
class EntityQuery:
    """What of an entity is asked for.

    Args:
        since: Only what was modified at or after this moment (UTC text), if the platform can filter.
        parent: The parent's record as the platform sent it, for a child stream.
        stats: Counts requests and retries; give it to every `http.send`.
        greatest: The id behind which new objects are asked for, by list; empty if nobody knows one. A platform whose
            objects may lack a modification time raises it to the greatest that it reads.
    """

    since: str | None = None
    parent: Mapping[str, Any] | None = None
    stats: RequestStats = field(default_factory=RequestStats)
    greatest: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What a cheap call found out about a credential, an account or a permission.

    Args:
        subject: Which one, in a user's words: `user ops@example.com`, `app abc123 (Puzzle)`.
        message: What the platform said of it.
        good: Whether it can be used.
        advice: What to do if not.
    """

    subject: str
    message: str
    good: bool = True
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far the platform's own total may lie from the sum of its own rows, by its own making.

    Args:
        relative: Noise of each number, as a share of it: a 32-bit float keeps one part in 16 million.
        per_row: Half of the last digit that each row was rounded to.
        source: What shows it, and where that was read; empty where there is none.
    """

    relative: Decimal = Decimal(0)
    per_row: Decimal = Decimal(0)
    source: str = ""

    def room(self, *, size: Decimal, rows: int) -> Decimal:
        """Return the greatest difference that is no difference.

        Args:
            size: Sum of all numbers on both sides, without their signs.
            rows: How many numbers these were.
        """
        return self.relative * size + self.per_row * rows


TIES_EXACTLY: Final = Tolerance()


class Platform(ABC):
    """One ad platform, for one set of settings.

    A subclass answers five questions, the abstract methods; the other hooks have a default. Those that only declare
    are class methods: discovery asks them without settings and without network. Where a hook is given a field, it is by
    the platform's own name.

    Args:
        settings: The tap's validated settings.
        clock: What time it is.

    >>> class Pixelyard(Platform):
    ...     lookback_days = 3
    ...     @classmethod
    ...     def field_schema(cls, report, name, role):
    ...         return {"type": ["integer", "null"], "description": "Count.", "x-additivity": "additive"}
    >>> sorted(Pixelyard.__abstractmethods__)
    ['fetch', 'make_login', 'pages', 'zone']
    """

    concurrency: ClassVar[int] = 1
    """Most requests in flight at once, unless the setting says otherwise."""
    per_second: float | None = None
    """Most requests begun in a second, in the long run; None: the platform publishes no limit."""
    burst: int = 1
    """How many requests may begin at once after a rest, where the platform counts with a bucket."""
    timeout_seconds: ClassVar[float] = 300.0
    """Read timeout of one request, unless the setting says otherwise."""
    lookback_days: ClassVar[int] = 3
    """Days that the platform restates, unless a report or the setting says otherwise."""
    waits_until_closed: ClassVar[bool] = True
    """Whether a bucket is first read `closing_hours` after its end, and not as soon as it is over; without a lookback always."""
    clock_margin_seconds: ClassVar[float] = 0.0
    """How far the platform's clock and ours may differ: an entity's bookmark stays this far behind the
    moment its read began, or a change made while it was read could seem older than it is."""
    report_type: ClassVar[type[Report]] = Report
    """The class of the reports that a user's definitions make: `Report`, or the tap's own."""
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """The platform's own names of secrets, beside `redact.SECRET_NAMES`: such fields are dropped from every
    record, and what stands behind such a name (a cookie, a parameter) is masked in every message."""
    empty_list: ClassVar[bytes] = b"{}"
    """An answer that holds a list without records: it stands for the platform's where nobody may be asked."""
    brings_totals: ClassVar[bool] = False
    """Whether answers may bring totals of their own (`Fetched.totals`): rows are then always held against them."""
    account_settings: ClassVar[Mapping[str, str]] = {}
    """The setting that narrows a run to certain accounts, by the key of their partitions
    (`{"app_token": "app_tokens"}`), coarse before fine; empty where a login is always read as one."""
    example_partition: ClassVar[Mapping[str, str]] = LOGIN_PARTITION
    """An account's key with an invented value: stands for an account where nobody may be asked."""

    http: Http

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.prefetch = Workers(1)
        """Threads in which a list's further pages are asked for; the tap gives as many as it has."""

    def connect(self, http: Http, prefetch: Workers) -> None:
        """Take the connection, once, before the first question that needs it.

        A platform whose helpers need the connection makes them here, and hands them that, not itself.

        Args:
            http: Sends requests; it judges answers and logs in by this platform's `classify` and `auth`.
            prefetch: Threads in which a list's further pages are asked for.
        """
        self.http, self.prefetch = http, prefetch

    # -- settings and schemas: no network ----------------------------------------------------

    @classmethod
    def setting_errors(cls, settings: Mapping[str, Any]) -> list[str]:
        """Return one line for each error among settings that depend on one another."""
        return []

    @classmethod
    def definitions(cls, settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the user's report definitions: `reports`, and what a platform has besides, in that form."""
        return list(settings.get("reports") or [])

    @classmethod
    def report_class(cls, definition: Mapping[str, Any]) -> type[Report]:
        """Return the class of the report that a definition makes: `report_type`, unless definitions differ."""
        return cls.report_type

    @classmethod
    def definition_errors(cls, report: Report, settings: Mapping[str, Any]) -> list[str]:
        """Return one line for each error in a user's report that can be seen without network."""
        return []

    @classmethod
    def offers(cls, entry: Entity | Report, settings: Mapping[str, Any]) -> bool:
        """Return whether a stream exists under these settings; a platform may have two generations."""
        return True

    @classmethod
    def has_column(cls, column: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
        """Return whether an entity's column, as its schema file has it, exists under these settings.

        Args:
            column: Its property of the schema file.
            settings: The tap's settings.
        """
        return True

    @classmethod
    def finish_definition(cls, report: Report, settings: Mapping[str, Any]) -> Report:
        """Return a user's report with the platform's own facts: lookback, span, settle days."""
        return report

    @classmethod
    @abstractmethod
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        """Return the JSON schema of a dimension's or metric's column.

        Args:
            report: The report it is in.
            name: The platform's name of the field.
            role: `dimension` or `metric`.

        Returns:
            `type` (`number` means an exact decimal), `description`, and for metrics `x-additivity`
            and `x-unit`.
        """

    @classmethod
    def constant_columns(
        cls, report: Report, settings: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """Return the schemas of further key columns (see `RowContext.constants`).

        Returns:
            JSON schemas by column.
        """
        return {}

    @classmethod
    def key_columns(cls, report: Report) -> frozenset[str]:
        """Return which of `_currency` and `_time_zone` tell rows apart, whatever the settings.

        A column that the platform can vary by row belongs here even where the settings at hand make it one
        constant: a key that follows the settings would double every row that is read again.

        Args:
            report: As declared, with all its metrics.
        """
        return frozenset({"_currency"})

    def row_settings(self, report: Report, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the settings that change what a report's rows mean: the values that take effect, as JSON holds them.

        State keeps them: a run with other ones is refused. By default the extras of a user's definition; grain,
        time zone and filters are the core's.
        """
        return dict(report.extras) if report.custom else {}

    def account_keys(self, report: Report) -> Sequence[str] | None:
        """Return the names of the keys of a report's partitions under these settings; asks nobody.

        Returns:
            None if settings can't change them.
        """
        return tuple(self.example_partition) or None

    @abstractmethod
    def zone(self, report: Report) -> Zone:
        """Return the time zone of a report's buckets and windows."""

    # -- requests ----------------------------------------------------------------------------

    @abstractmethod
    def make_login(self) -> Auth:
        """Return how credentials get onto a request: a login of `adtap_core.http.auth`, or the platform's own."""

    @cached_property
    def auth(self) -> Auth:
        """Return the login; one object for the tap's life."""
        return self.make_login()

    def classify(self, call: Call, response: Response) -> Outcome:
        """Classify an answer: what it asks of us. The body first, where failures come under a 200."""
        return outcomes.by_status(response)

    # -- reports -----------------------------------------------------------------------------

    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        """Check reports against the platform's metadata, before any data request.

        Returns:
            One line for each error: report, field, nearest valid names.
        """
        return []

    def partitions(self, report: Report) -> list[Partition]:
        """Return the units that a report is read for. May ask the platform."""
        return [Partition(LOGIN_PARTITION)]

    def unseen_accounts(self) -> Iterator[str]:
        """Yield a line for each account that a setting names and the login does not see; may ask the platform.

        Each begins with the setting's name. Lists of such an account are empty; reports fail (`available_range`).
        """
        return iter(())

    def bundle_size(self, report: Report) -> int:
        """Return how many partitions one request may read."""
        return 1

    def available_range(self, report: Report, partition: Partition) -> Interval | None:
        """Return what the platform holds of a report, if it says so (naive, in the report's zone)."""
        return None

    def closing_hours(self, report: Report) -> float:
        """Return how many hours after its end a bucket is complete on the platform."""
        return 0.0

    def zone_spread_hours(self, report: Report) -> float:
        """Return how many hours after its end in the report's zone a bucket still runs somewhere."""
        return 0.0

    def requested_grain(self, report: Report) -> Grain:
        """Return the shortest stretch that can be asked for: the report's bucket, if the platform can."""
        return report.grain

    @abstractmethod
    def fetch(self, job: WindowJob) -> Fetched:
        """Fetch one window, whole. Runs in a worker thread.

        Raises:
            ResponseTooLarge: The core then asks for shorter windows, or for fewer partitions; if the window
                can be cut no further, it fails loudly.
        """

    # -- totals ------------------------------------------------------------------------------

    def coarsest(self, report: Report) -> Report:
        """Return a report with the fewest dimensions that the platform answers: for its totals a bucket.

        Filters and whatever else changes numbers stay as they are; what `fetch` itself adds to tell currencies,
        time zones and accounts apart needs no dimension.

        Args:
            report: With the metrics whose totals are wanted.
        """
        return replace(report, dimensions=())

    def not_added(self, report: Report, metric: str) -> str:
        """Return why a metric's rows do not add up to the platform's total; empty if they do."""
        kind = self.field_schema(report, metric, "metric").get("x-additivity")
        return "" if kind == "additive" else f"{kind or 'of unknown kind'}, which can't be added up"

    def not_comparable(self, report: Report) -> str:
        """Return why no coarser question gives a report's totals; empty if one does."""
        return ""

    def tolerance(self, report: Report, metric: str) -> Tolerance:
        """Return by how much a metric's totals may miss the sum of its rows."""
        return TIES_EXACTLY

    # -- the companion's questions -----------------------------------------------------------

    def probe(self) -> Iterator[ProbeResult]:
        """Ask the cheapest call for each credential and account, and say what it found.

        By default nothing: the companion then reads the first page of the first entity.

        Raises:
            AdtapError: If a call fails; what was given before still counts.
        """
        return iter(())

    def login_expires(self) -> datetime | None:
        """Return the moment the login in hand ends, if the platform told; ask after a call was made."""
        moment: datetime | None = getattr(self.auth, "expires_at", None)
        return moment

    @classmethod
    def follows(cls, report: Report, settings: Mapping[str, Any]) -> str:
        """Say which requests follow a window's first one in a number that nobody can know before."""
        return ""

    @classmethod
    def notes(cls, report: Report, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return what is to be known of a report beside its declaration, with sources, no network.

        Returns:
            Any of `currency`, `time_zone`, `lookback`, `retention`, `settled`, `ui` (how to get the same
            numbers in the platform's own interface).
        """
        return {}

    # -- entities ----------------------------------------------------------------------------

    @abstractmethod
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Return an entity's records, page by page, as the platform sends them. Runs in a worker.

        Returns:
            Lists of records, each by the platform's names.
        """

    def normalize(self, entity: Entity, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a record with the platform's shapes made plain; names still the platform's."""
        return record
