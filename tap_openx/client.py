"""OpenX as the core asks for it: one face, two generations behind it."""

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar, Final

from typing_extensions import override

from adtap_core.accounts import Refusals, unseen_message
from adtap_core.bodies.parsing import torn_row
from adtap_core.declare import Entity, Report
from adtap_core.errors import BadRequest, Forbidden, MalformedResponse, RequestError
from adtap_core.http import outcomes
from adtap_core.http.client import Auth, Call, Http, RequestStats
from adtap_core.http.completeness import check_whole, number
from adtap_core.http.listing import Page, by_offset, page_of
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.http.workers import Workers
from adtap_core.platform import (
    TIES_EXACTLY,
    EntityQuery,
    Fetched,
    Partition,
    Platform,
    ProbeResult,
    Tolerance,
    WindowJob,
)
from adtap_core.redact import redact
from adtap_core.windows import Interval, Zone
from tap_openx import companion, fields, responses
from tap_openx.api import Api
from tap_openx.auth import COOKIE
from tap_openx.catalogue import filter_errors
from tap_openx.currencies import AccountCurrencies
from tap_openx.current import Current
from tap_openx.legacy import Legacy
from tap_openx.streams import (
    AUDITED_TYPES,
    CURRENT,
    DAILY_LOOKBACK_DAYS,
    ENTITIES,
    LEGACY,
    OF_2016,
    OPTION_KEYS,
    OpenxReport,
    of_grain,
)

log = logging.getLogger("adtaps.openx")

PAGE_SIZE: Final = 200
"""Rows of a list asked for at once; the most is not documented, fewer are accepted."""
QUOTA_JITTER_SECONDS: Final = 15.0
_NEEDED: Final = {
    LEGACY: ("api_url", "consumer_key", "consumer_secret"),
    CURRENT: ("client_id", "identity_key", "instance_hostname"),
}
_KINDS_OF_VALUES: Final = {
    "publisheraccountid": ("account", "id"),
    "publisheraccountname": ("account", "name"),
    "demandpartneraccountid": ("account", "id"),
    "demandpartneraccountname": ("account", "name"),
    "publishersitename": ("site", "name"),
    "publisheradunitname": ("adunit", "name"),
    "privatemarketplacepublisherdealid": ("deal", "code"),
    "publishersiteid": ("site", "id"),
    "publisheradunitid": ("adunit", "id"),
    "publishercurrency": ("account", "currency"),
}
_YES: Final = frozenset({"1", "True"})
_OF_TYPE: Final = "attribute obj_type"
"""In a refusal's words: this instance does not know the type of object that was asked for."""


def generation(settings: Mapping[str, Any]) -> str:
    """Return the generation that settings mean: as they say, or by whose credentials are there."""
    named = settings.get("api_generation")
    if named:
        return str(named)
    return CURRENT if settings.get("client_id") and not settings.get("consumer_key") else LEGACY


class OpenxPlatform(Platform):
    """Answers the core's questions; what differs by generation is asked of that."""

    concurrency: ClassVar[int] = 1
    timeout_seconds: ClassVar[float] = 900.0
    """Reports are slow: one of the vendor's own clients waits fifteen minutes."""
    lookback_days: ClassVar[int] = DAILY_LOOKBACK_DAYS
    waits_until_closed: ClassVar[bool] = False  # what comes late, the lookback reads
    report_type: ClassVar[type[Report]] = OpenxReport
    account_settings: ClassVar[Mapping[str, str]] = {"account_id": "account_ids"}
    secret_fields: ClassVar[frozenset[str]] = frozenset({"token", COOKIE, "phpsessid"})

    # -- settings and schemas ----------------------------------------------------------------

    @classmethod
    @override
    def setting_errors(cls, settings: Mapping[str, Any]) -> list[str]:
        which = generation(settings)
        chosen = any(map(settings.get, ("api_generation", "consumer_key", "client_id")))
        errors = [
            f"{name} is missing; it is required for `api_generation` {which}"
            + ("" if chosen or name != "consumer_key" else ", `client_id` for current")
            for name in _NEEDED[which]
            if not settings.get(name)
        ]
        zone = settings.get("time_zone")
        if zone is not None and str(zone).upper() not in {"UTC", "Z", "ETC/UTC"}:
            errors.append(
                f"time_zone: {zone!r} is not possible; OpenX counts hours and days in UTC only"
            )
        if settings.get("account_ids") and which == CURRENT:
            errors.append(
                "account_ids: reports of `api_generation` current can't be narrowed to accounts; use the "
                f"dimension {fields.PLATFORM_ID} in a report of your own"
            )
        return errors

    @classmethod
    @override
    def definition_errors(cls, report: Report, settings: Mapping[str, Any]) -> list[str]:
        is_current = generation(settings) == CURRENT
        faults = fields.doubles(report, current=is_current)
        if report.filters and not is_current:
            faults += filter_errors(report.filters)
        return [f"report {report.name!r}: {fault}" for fault in faults]

    @classmethod
    @override
    def finish_definition(cls, report: Report, settings: Mapping[str, Any]) -> Report:
        return replace(
            of_grain(OpenxReport.of(report)),
            # Of the whole definition, not of the metrics selected later: the rows' grain hangs on it.
            by_currency=any(map(fields.is_money, report.metrics)),
        )

    @classmethod
    @override
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        return fields.column_schema(name, role)

    @classmethod
    @override
    def key_columns(cls, report: Report) -> frozenset[str]:
        # Without money, rows of several currencies are one.
        return frozenset({"_currency"} if OpenxReport.of(report).by_currency else ())

    @override
    def zone(self, report: Report) -> Zone:
        return Zone("UTC")

    # -- requests ----------------------------------------------------------------------------

    @cached_property
    def currencies(self) -> AccountCurrencies:
        """Return the publishers' currencies."""
        return AccountCurrencies(lambda: self.objects("account", "accounts' currencies"))

    @property
    def _spoken(self) -> type[Current | Legacy]:
        return Current if generation(self.settings) == CURRENT else Legacy

    @override
    def connect(self, http: Http, prefetch: Workers) -> None:
        super().connect(http, prefetch)
        self._generation: Current | Legacy = self._spoken(
            Api(http, self.settings, self.clock, self.currencies, self.known_values)
        )

    @override
    def make_login(self) -> Auth:
        return self._spoken.login(self.settings)

    @override
    def classify(self, call: Call, response: Response) -> Outcome:
        status = response.status
        said = responses.error_message(response) if status >= HTTPStatus.BAD_REQUEST else ""
        if not call.login:
            if status == HTTPStatus.OK and call.expects == "text" and response.looks_like_html():
                return Outcome(Action.RETRY, f"an HTML page at the login: {response.excerpt(120)}")
            if status == HTTPStatus.OK and call.expects != "any" and not response.body.size:
                return Outcome(Action.RETRY, "an empty answer at the login")
            return outcomes.of_login(response, said)
        if status == HTTPStatus.OK:
            return self._judge_good(call, response)
        return self._judge_status(call, response, said) or outcomes.by_status(response, said)

    @staticmethod
    def _judge_good(call: Call, response: Response) -> Outcome:
        if not response.body.size:  # even no row at all has a frame or a header
            return Outcome(Action.RETRY, "an empty answer")
        if call.expects == "json" and (odd := responses.oddity(call.url, response)):
            return Outcome(Action.RETRY, odd)
        if call.expects == "text":
            torn = torn_row(response.body, len(responses.header(response)))
            if torn is not None:
                return Outcome(
                    Action.RETRY, f"the CSV ends in the middle of a row: {redact(torn)[-80:]!r}"
                )
        return outcomes.SUCCESS

    def _judge_status(  # noqa: PLR0911 - one for each status
        self, call: Call, response: Response, said: str
    ) -> Outcome | None:
        """Judge a status that means something of its own here; None if it means what HTTP says."""
        status = response.status
        if status == HTTPStatus.PARTIAL_CONTENT:
            if call.partial:
                return self._judge_good(call, response)
            return Outcome(Action.SPLIT_WINDOW, "the platform cut the answer off (206)")
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Outcome(Action.SPLIT_WINDOW, said)
        if status == HTTPStatus.UNAUTHORIZED or response.leads_to_login:
            whose = f"login of {self.settings.get('email')} (settings `email`, `password`)"
            said = said or response.excerpt() or "a login page"
            return Outcome(Action.REFRESH_LOGIN, f"{said}: {whose}")
        if (
            status == HTTPStatus.TOO_MANY_REQUESTS
            and outcomes.retry_after(response) is None
            and call.url.startswith(f"{self._generation.entity_url}/")
        ):
            # The Platform API's quota counts calls by the clock hour, those of people in the UI too. No
            # such rule is published for reports: there the usual backing off is right.
            seconds = outcomes.until_next_hour(self.clock.now())
            return Outcome(
                Action.RATE_LIMITED,
                f"{said or 'quota used up'}; waiting for the next hour",
                seconds + random.uniform(0, QUOTA_JITTER_SECONDS),
            )
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and call.url.endswith("/pullReport"):
            return outcomes.SUCCESS  # a report job failed: the answer to our question
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and "Invalid JSON" in said:
            return Outcome(Action.FAIL, said)
        return None

    # -- reports -----------------------------------------------------------------------------

    @override
    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        return self._generation.report_errors(reports)

    @override
    def partitions(self, report: Report) -> list[Partition]:
        if self._generation.name not in (report.generations or (self._generation.name,)):
            log.info(
                "%s: not read, it needs `api_generation` %s",
                report.name,
                ", ".join(report.generations),
            )
            return []
        return self._generation.partitions(report)

    @override
    def row_settings(self, report: Report, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        # A user's report keeps its name when the generation changes; its rows do not keep their meaning.
        own = {"api_generation": generation(settings)} if report.custom else {}
        return {**super().row_settings(report, settings), **own}

    @override
    def account_keys(self, report: Report) -> Sequence[str] | None:
        by_account = generation(self.settings) == LEGACY and self.settings.get("account_ids")
        return ("account_id",) if by_account else ()

    @override
    def bundle_size(self, report: Report) -> int:
        return self._generation.bundle_size()

    @cached_property
    def _unseen(self) -> Mapping[str, str]:
        """A line for each account that the setting names and the login does not see, by its id."""
        wanted = list(dict.fromkeys(map(str, self.settings.get("account_ids") or ())))
        seen: list[str] = []
        if wanted:
            seen = [str(o.get("id")) for o in self.objects("account", "accounts")]
        missing = (a for a in wanted if seen and a not in seen)
        return {a: unseen_message("account_ids", a, "accounts", seen) for a in missing}

    @override
    def unseen_accounts(self) -> Iterator[str]:
        return iter(self._unseen.values())

    @override
    def available_range(self, report: Report, partition: Partition) -> Interval | None:
        """Return what the platform holds.

        Raises:
            BadRequest: If the login does not see the account; the others are read.
        """
        account = partition.key.get("account_id")
        with suppress(Forbidden):  # who may not list accounts may still read their rows
            if account is not None and account in self._unseen:
                raise BadRequest(self._unseen[account])
        return self._generation.available_range(report)

    @override
    def closing_hours(self, report: Report) -> float:
        return self._generation.closing_hours()

    @override
    def fetch(self, job: WindowJob) -> Fetched:
        return self._generation.fetch(job)

    # -- totals ------------------------------------------------------------------------------

    @override
    def coarsest(self, report: Report) -> Report:
        return replace(report, dimensions=self._generation.coarsest(report))

    @override
    def not_added(self, report: Report, metric: str) -> str:
        return super().not_added(report, metric) or self._generation.not_added(report, metric)

    @override
    def tolerance(self, report: Report, metric: str) -> Tolerance:
        return fields.FLOAT_NOISE if fields.is_money(metric) else TIES_EXACTLY

    # -- the companion -----------------------------------------------------------------------

    @override
    def probe(self) -> Iterator[ProbeResult]:
        entity = next(e for e in ENTITIES if e.name == "session")
        session = next(iter(self._session(entity, EntityQuery())))[0]
        return companion.probe(self.settings, session, lambda: self.objects("account", "accounts"))

    @classmethod
    @override
    def notes(cls, report: Report, settings: Mapping[str, Any]) -> Mapping[str, str]:
        return companion.notes(report, (*report.generations, generation(settings))[0])

    @classmethod
    @override
    def follows(cls, report: Report, settings: Mapping[str, Any]) -> str:
        if ((*report.generations, generation(settings))[0]) != CURRENT:
            return ""
        return "each report job is polled (pullReport) until it is done"

    # -- entities ----------------------------------------------------------------------------

    @override
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        readers: dict[
            str, Callable[[Entity, EntityQuery], Iterator[Sequence[Mapping[str, Any]]]]
        ] = {
            "session": self._session,
            "report_fields": self._fields,
            "options": self._options,
            "audit_trail": self._audit_trail,
        }
        return readers.get(entity.name, self._list)(entity, query)

    def _list(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        has_begun = False
        try:
            for page in self._walk(entity.path, entity.name, query.stats):
                has_begun = True
                yield page
        except Forbidden as error:
            is_missing = error.status == HTTPStatus.NOT_FOUND and not has_begun
            if not is_missing or entity.name not in OF_2016:
                raise
            # What an instance does not know, it holds nothing of: no catalog that selects it should fail for ever.
            log.warning(
                "%s; this instance has no such type of object: read as an empty list", error
            )

    def _walk(
        self,
        path: str,
        what: str,
        stats: RequestStats | None = None,
        params: Sequence[tuple[str, str]] = (),
        key: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Walk a list by offset, as often as it takes until it shows nothing new."""

        def ask(offset: int) -> Page:
            response = self._get(
                path, what, stats, [*params, ("limit", str(PAGE_SIZE)), ("offset", str(offset))]
            )
            with response.body:
                document = response.json()
            return page_at(_objects(document, what), document, offset)

        return by_offset(
            ask,
            key=key or (lambda r: r.get("uid") or r.get("id")),
            what=what,
            prefetch=self.prefetch,
        )

    def _get(
        self,
        path: str,
        what: str,
        stats: RequestStats | None = None,
        params: list[tuple[str, str]] | None = None,
    ) -> Response:
        try:
            return self.http.send(
                Call(url=f"{self._generation.entity_url}/{path}", what=what, params=params), stats
            )
        except BadRequest as error:
            if error.status == HTTPStatus.NOT_FOUND and not isinstance(error, Forbidden):
                # The instance has no such type of object: for the user the same as no permission.
                raise Forbidden(str(error), status=error.status) from error
            raise

    def _session(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        response = self._get(entity.path, entity.name, query.stats)
        with response.body:
            found = response.json()
        if isinstance(found, list) and len(found) == 1:
            (found,) = found  # as any other object that is read alone
        if not isinstance(found, Mapping):
            raise MalformedResponse(
                f"{entity.name}: the answer is no object: {redact.beginning(found, 200)}"
            )
        document = dict(found)
        instance, account = (document.get(k) or {} for k in ("instance", "account"))
        user = document.get("user") or {}
        # Who is paid is about people: beside the account, where it can be selected or not.
        document["account"] = {k: v for k, v in account.items() if k != "payment_info"}
        yield [
            {
                **document,
                "account_payment_info": account.get("payment_info"),
                "instance_uid": document.get("instance_uid")
                or instance.get("uid")
                or account.get("instance_uid"),
                "account_uid": account.get("uid"),
                "time_zone": instance.get("timezone") or account.get("timezone"),
                "currency": account.get("currency"),
                "user_uid": user.get("uid"),
            }
        ]

    def _fields(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        del entity, query
        yield list(self._generation.field_records())

    def _options(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        keys = self.settings.get("option_keys") or OPTION_KEYS
        refused = _Refused("option_keys", len(keys))
        for key in keys:
            try:
                response = self._get(f"{entity.path}/{key}", f"options {key}", query.stats)
            except Forbidden as error:
                refused.note(error)
                continue
            with response.body:
                document = response.json()
            rows = _objects(document, f"options {key}")
            check_whole(document, len(rows), f"options {key}")
            yield [{**row, "option_key": key} for row in rows]
        refused.check()

    def _audit_trail(
        self, entity: Entity, query: EntityQuery
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Walk the trail of each type of object; the API takes a day as its bound."""
        kinds = self.settings.get("audited_types") or AUDITED_TYPES
        refused = _Refused("audited_types", len(kinds))
        for kind in kinds:
            params = [("obj_type", kind), ("sort", "-timestamp")]
            if query.since:
                params.append(("timestamp>", query.since[:10]))
            try:
                yield from self._walk(
                    entity.path,
                    f"audit_trail of {kind}",
                    query.stats,
                    params,
                    key=lambda r: (r.get("obj_type"), r.get("obj_id"), r.get("revision")),
                )
            except BadRequest as error:
                refused.note(error)
        refused.check()

    def objects(self, path: str, what: str) -> Iterator[Mapping[str, Any]]:
        """Yield all objects of a type, as the platform sends them.

        Args:
            path: The type, as addresses name it.
            what: What was asked, in a user's words.
        """
        for page in self._walk(path, what):
            yield from page

    def known_values(self, attribute: str) -> list[str]:
        """Return the values that a report attribute may have, from the lists of objects."""
        kind = _KINDS_OF_VALUES.get(attribute.lower())
        if kind is None:
            return []
        path, name = kind
        found = {str(o[name]) for o in self.objects(path, f"values of {attribute}") if o.get(name)}
        return sorted(found)

    @override
    def normalize(self, entity: Entity, record: Mapping[str, Any]) -> Mapping[str, Any]:
        units = record.get("adunit_uids")
        if isinstance(units, Mapping) and _YES.issuperset(map(str, units.values())):
            # Written as a set, a map of uid to "1", by some clients; read back as it was written.
            return {**record, "adunit_uids": list(units)}
        return record


class _Refused(Refusals):
    """What was refused of a stream of several lists.

    A list that the instance does not have (404, or a type that it does not know) hides nothing.

    Args:
        setting: The setting that chooses the lists.
        asked: How many lists there are.
    """

    def __init__(self, setting: str, asked: int) -> None:
        super().__init__()
        self._advice, self._left = f"setting `{setting}`", asked
        self._missing = Refusals()

    @override
    def note(self, error: RequestError, advice: str = "") -> None:
        self._left -= 1
        is_unknown = error.status == HTTPStatus.NOT_FOUND or (
            error.status == HTTPStatus.BAD_REQUEST and _OF_TYPE in str(error)
        )
        noted = self._missing.note if is_unknown else super().note
        noted(error, advice or self._advice)

    @override
    def check(self) -> None:
        """Check that all was read that there is.

        Raises:
            BadRequest: If a list was refused, or there is none at all.
        """
        super().check()
        if not self._left:
            self._missing.check()


def _objects(document: object, what: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list's answer.

    Raises:
        MalformedResponse: If it is no list: an error with a success status must not pass for an empty one.
    """
    found: Any = document
    if isinstance(document, Mapping):
        found = document.get("objects")
        if found is None and "objects" in document and "has_more" in document:
            found = []
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise MalformedResponse(
            f"{what}: the answer holds no list of objects: {redact.beginning(document, 200)}"
        )
    if said := responses.error_beside(document):
        raise MalformedResponse(f"{what}: {said}")
    return found


def page_at(objects: Sequence[Mapping[str, Any]], document: object, offset: int) -> Page:
    """Return a page of a list: another may follow unless the server says not, or says a limit that it falls short of.

    Args:
        objects: What the page holds.
        document: The answer.
        offset: How many objects lie before it.
    """
    said = document if isinstance(document, Mapping) else {}
    total = number(said.get("count"))
    # A server that says nothing of it at all may have more behind any page, its own limit being unknown.
    limit = min(number(said.get("limit")) or 1, PAGE_SIZE)
    full = said.get("has_more") is None and len(objects) >= limit
    return page_of(objects, said, offset=offset, full=full, total=total)
