"""A platform with a plain JSON API, declared: base URL, login, paging, paths into its answers, field table.

What a platform with one list endpoint per entity and one report endpoint needs is data; the rest is here. A
platform that asks for more overrides one method, or `Platform` itself. `docs/add-a-platform.md` walks through
an example that a test runs.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from http import HTTPStatus
from inspect import get_annotations
from typing import Any, ClassVar, Final

from typing_extensions import override

from adtap_core.bodies.parsing import JsonRows, Table
from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.definitions import unknown_fields
from adtap_core.errors import MalformedResponse, ResponseTooLarge
from adtap_core.http import outcomes
from adtap_core.http.auth import BearerToken
from adtap_core.http.client import Auth, Call
from adtap_core.http.completeness import says_more, truth
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.pagination import Listing, PageNumber, Paginator, value_at
from adtap_core.http.response import Response
from adtap_core.names import snake_case
from adtap_core.platform import EntityQuery, Fetched, Platform, RowContext, RowLookup, WindowJob
from adtap_core.redact import redact
from adtap_core.settings import Schema, config_schema, secret
from adtap_core.windows import ONE_DAY, Zone


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a platform's field holds.

    Args:
        kind: `string`, `integer`, `boolean`, or `number` for an exact decimal.
        additivity: Of a metric: `additive`, `ratio` or `distinct`; only additive ones may be summed.
        money: Whether it is an amount in the row's currency, in the major unit.
        description: What it is, for its column's description.

    >>> COUNT.described("Clicks, filtered for three days.").kind
    'integer'
    """

    kind: str = "string"
    additivity: str = "additive"
    money: bool = False
    description: str = ""

    def described(self, description: str) -> "Field":
        """Return the same field with a description of its own."""
        return replace(self, description=description)


_LARGEST_ERROR_BYTES: Final = 64 * 1024
_LONGEST_SAID: Final = 300
_GOOD_WORDS: Final = frozenset({"ok", "success"})
"""What some services say of an error in a good answer."""
_NEAR: Final = 0.8
"""How alike two names are, of 1, that one is taken for the other misspelt."""
TEXT: Final = Field(description="Text.")
ID: Final = Field(description="The platform's id.")
COUNT: Final = Field(kind="integer", description="Count.")
USERS: Final = Field(
    kind="integer", additivity="distinct", description="Different users; never summed."
)
MONEY: Final = Field(kind="number", money=True, description="Money, major unit.")
RATE: Final = Field(kind="number", additivity="ratio", description="A rate; never summed.")


class RestPlatform(Platform):
    """A platform with a plain JSON API, for one set of settings.

    A subclass declares what follows and writes `report_call`. Times: windows are in `time_zone`; money is in
    the currency that the answer, the row or the class says.

    >>> class Pixelyard(RestPlatform):
    ...     base_url = "https://api.pixelyard.example/v1"
    ...     fields = {"impressions": COUNT, "spend": MONEY, "campaign_id": ID}
    ...     def report_call(self, report, first, last):
    ...         return Call(f"{self.url}/reports/daily", report.name, params={"from": first, "to": last})
    >>> Pixelyard.field_schema(None, "spend", "metric")["x-unit"]
    'currency'
    """

    base_url: ClassVar[str]
    """Default of the setting `api_url`, without a slash at its end."""
    time_zone: ClassVar[str] = "UTC"
    """Zone of the platform's buckets: an IANA name or a fixed offset."""
    lookback_source: ClassVar[str] = "the platform restates recent days"
    """Why the platform restates days, for the description of `lookback_days`."""
    grains: ClassVar[Sequence[str]] = ("day", "week", "month")
    """Buckets that the report endpoint knows. It is asked by whole days; for hours override `fetch`."""
    own_settings: ClassVar[Mapping[str, Schema]] = {
        "api_token": secret("API token", "The token that the platform's interface shows.")
    }
    """The platform's own settings, made with `adtap_core.settings`."""
    required: ClassVar[Sequence[str]] = ("api_token",)
    """Settings that a sync can't do without."""
    paginator: ClassVar[Paginator] = PageNumber()
    """How lists are spread over pages."""
    records_at: ClassVar[str] = "data"
    """Where a list's answer holds the records, as dotted keys."""
    rows_at: ClassVar[str] = "rows"
    """Where a report's answer holds the rows, as dotted keys."""
    bucket: ClassVar[str] = "date"
    """The field of a row that holds the time bucket."""
    currency: ClassVar[str | None] = None
    """The one currency of all money, ISO 4217."""
    currency_at: ClassVar[str] = ""
    """Where a report's answer names the currency of its money, as dotted keys."""
    currency_field: ClassVar[str] = ""
    """The field of a row that names the currency of its money."""
    error_at: ClassVar[str] = "error"
    """Where an answer says what is wrong, as dotted keys; one of a good status that does is no answer."""
    since_parameter: ClassVar[str] = ""
    """The query parameter by which lists are confined to what changed since a moment."""
    fields: ClassVar[Mapping[str, Field]] = {}
    """Dimensions and metrics by the platform's names; a report that names another is refused."""

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a misspelt attribute: nobody would read it, and its default would hold without a word.

        Raises:
            TypeError: If an attribute is none that is read, and its name is nearly one's that is.
        """
        super().__init_subclass__(**kwargs)
        known = {n for base in cls.__mro__[1:] for n in (*vars(base), *get_annotations(base))}
        for name, value in vars(cls).items():
            is_own = name not in known and not name.startswith("_")
            if is_own and not (callable(value) or hasattr(value, "__get__")):
                near = get_close_matches(name, known, n=1, cutoff=_NEAR)
                if near:
                    msg = f"{cls.__name__}.{name} is read by nobody; did you mean {near[0]}?"
                    raise TypeError(msg)

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(settings, clock)
        self.url = str(settings.get("api_url") or self.base_url).rstrip("/")

    # -- what a platform may say otherwise ----------------------------------------------------

    @abstractmethod
    def report_call(self, report: Report, first: date, last: date) -> Call:
        """Return the request of a report.

        Args:
            report: With the metrics that are selected.
            first: First day asked for, in the report's time zone.
            last: Last day asked for; it belongs to what is asked.
        """

    def list_call(self, entity: Entity, params: Mapping[str, Any]) -> Call:
        """Return the request of one page of a list.

        Args:
            entity: The stream.
            params: The page's query parameters, and the moment since which records changed if it is asked for.
        """
        return Call(f"{self.url}/{entity.path}", entity.name, params=params)

    @override
    def make_login(self) -> Auth:
        """Return the setting `api_token` as a bearer, unless a subclass says otherwise."""
        return BearerToken(str(self.settings.get("api_token") or ""))

    # -- the core's questions ----------------------------------------------------------------

    @classmethod
    @override
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        known = cls.fields.get(name, TEXT if role == "dimension" else RATE)
        schema = {
            "type": [known.kind, "null"],
            "description": f"{role.title()}. {known.description}",
        }
        if role == "metric":
            schema["x-additivity"] = known.additivity
            schema |= {"x-unit": "currency"} if known.money else {}
        return schema

    @classmethod
    @override
    def definition_errors(cls, report: Report, settings: Mapping[str, Any]) -> list[str]:
        return unknown_fields(report, cls.fields)

    @classmethod
    @override
    def key_columns(cls, report: Report) -> frozenset[str]:
        return frozenset() if cls.currency is not None else super().key_columns(report)

    @override
    def zone(self, report: Report) -> Zone:
        return Zone(self.settings.get("time_zone") or self.time_zone)

    @override
    def classify(self, call: Call, response: Response) -> Outcome:
        # An error is short: a large report need not be read twice to see that it is none.
        is_short = response.body.size <= _LARGEST_ERROR_BYTES
        document = response.json_or_none() if is_short or not response.is_success else None
        said = self._error(document)
        if response.is_success and said:
            return Outcome(Action.RETRY, f"an error with a success status: {said}")
        return outcomes.by_status(response, said)

    @override
    def fetch(self, job: WindowJob) -> Fetched:
        first, last = job.window.start.date(), (job.window.end - ONE_DAY).date()
        call = replace(self.report_call(job.report, first, last), splittable=job.can_split)
        response = self.http.send(replace(call, what=job.what), job.stats)
        told_by = self.currency_field or self.currency_at
        currency: str | RowLookup | None = RowLookup(told_by) if told_by else self.currency
        if response.status == HTTPStatus.NO_CONTENT:
            return Fetched([], RowContext(currency=currency), response.body.close)
        path = tuple(self.rows_at.split(".")) if self.rows_at else ()
        try:
            envelope = _whole(response, path, job.what)
            self._check_error(envelope, job.what)
        except BaseException:
            response.body.close()
            raise
        if not self.currency_field and self.currency_at:
            currency = value_at(envelope, self.currency_at)
        return Fetched(
            [lambda: Table(iter(JsonRows(response.body, path)))],
            RowContext(currency=currency, bucket=self.bucket),
            response.body.close,
        )

    def _error(self, document: Any) -> str:
        """Return what an answer says to be wrong, empty if it says nothing of the kind."""
        said = value_at(document, self.error_at) if self.error_at else None
        is_one = any(map(_is_bad, said.values())) if isinstance(said, Mapping) else _is_bad(said)
        # A bare yes or number: what it is about stands beside it.
        words = document if isinstance(said, bool | int | float) else said
        return redact.beginning(words, _LONGEST_SAID) if is_one else ""

    def _check_error(self, document: Any, what: str) -> None:
        """Check that an answer of a good status names no error: its rows are then not all.

        Raises:
            MalformedResponse: If it does.
        """
        if said := self._error(document):
            msg = f"{what}: an error with a success status: {said}"
            raise MalformedResponse(msg)

    @override
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        since = {self.since_parameter: query.since} if self.since_parameter and query.since else {}

        def ask(params: Mapping[str, Any], address: str | None) -> Response:
            call = self.list_call(entity, {**since, **params})
            if address is not None:  # a link holds its parameters
                call = replace(call, url=address, params=None)
            return self.http.send(call, query.stats)

        def records(document: Any) -> Sequence[Mapping[str, Any]]:
            self._check_error(document, entity.name)
            found = value_at(document, self.records_at)
            if not isinstance(found, list):
                msg = (
                    f"{entity.name}: the answer holds no list under {self.records_at or 'its top'}"
                )
                raise MalformedResponse(msg)
            if odd := [record for record in found if not isinstance(record, Mapping)]:
                msg = f"{entity.name}: a record is not an object: {redact.beginning(odd[0], 80)}"
                raise MalformedResponse(msg)
            return found

        def key(record: Mapping[str, Any]) -> object:
            named = {snake_case(name): value for name, value in record.items()}
            return tuple(str(named.get(column)) for column in entity.keys)

        listing = Listing(
            what=entity.name, ask=ask, records=records, key=key, prefetch=self.prefetch
        )
        return self.paginator.pages(listing)


def _is_bad(said: object) -> bool:
    """Return whether what an answer says of an error means that there is one."""
    return truth(said) and str(said).strip().lower() not in _GOOD_WORDS


def _whole(response: Response, path: tuple[str, ...], what: str) -> Any:
    """Return what a report's answer holds beside its rows; an error under 200 is no report without rows.

    Raises:
        MalformedResponse: If it holds no list of rows.
        ResponseTooLarge: If it says that there are more.
    """
    rows = JsonRows(response.body, path)
    try:
        envelope = rows.read_envelope()
    except MalformedResponse as error:
        msg = f"{what}: {error}: {response.excerpt(120)}"
        raise MalformedResponse(msg) from error
    if (said := says_more(envelope, rows.count)) is not None:
        msg = f"{what}: the answer says that there is more ({said})"
        raise ResponseTooLarge(msg)
    return envelope


def settings_of(platform: type[RestPlatform], **extras: Schema) -> Schema:
    """Return a tap's `config_jsonschema`, made of what its platform declares.

    Args:
        platform: The platform.
        extras: The platform's own keys of a report definition.
    """
    return config_schema(
        platform,
        own=platform.own_settings,
        required=platform.required,
        report_extras=extras,
        api_url=platform.base_url,
        lookback_source=platform.lookback_source,
        time_zone=platform.time_zone,
        grains=platform.grains,
    )
