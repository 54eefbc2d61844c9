"""API v3 of atomx: how windows, lists and stored reports are asked for.

The tap only reads: it logs in, it asks for lists, and it runs reports with `save: false`, which leave no
trace in the account.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from typing_extensions import override

from adtap_core.accounts import Refusals
from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.errors import BadRequest, MalformedResponse
from adtap_core.http.client import Auth, Call, RequestStats
from adtap_core.http.completeness import check_whole
from adtap_core.http.once import Once
from adtap_core.http.outcomes import Outcome
from adtap_core.http.response import Response
from adtap_core.platform import (
    EntityQuery,
    Fetched,
    Partition,
    Platform,
    ProbeResult,
    Tolerance,
    WindowJob,
)
from adtap_core.settings import path_hint
from adtap_core.windows import ONE_DAY, Grain, Interval, Zone
from tap_atomx import companion, definitions, fields, responses, shapes
from tap_atomx.auth import TokenLogin, totp_error
from tap_atomx.history import History
from tap_atomx.lists import NOT_FOUND, ORDERS, Lists
from tap_atomx.reporting import Reporting
from tap_atomx.streams import (
    DAILY_SPAN_DAYS,
    ENTITIES,
    FIRST_YEAR,
    HISTORY_MODELS,
    HOURLY_SPAN_DAYS,
    INVOICE_TYPES,
    LOOKBACK_DAYS,
    MONTHLY_SPAN_DAYS,
    SETTLE_DAYS,
    AtomxEntity,
    AtomxReport,
)

log = logging.getLogger("adtaps.atomx")

_SPANS: Final = {Grain.HOUR: HOURLY_SPAN_DAYS, Grain.MONTH: MONTHLY_SPAN_DAYS}


API_URL: Final = "https://api.atomx.com/v3"


class AtomxPlatform(Platform):
    """Answers the core's questions for atomx."""

    # No limit is published and none of the vendor's clients knows one: one request at a time is polite.
    concurrency = 1
    # The vendor's PHP client waits ten minutes for a report.
    timeout_seconds = 600.0
    lookback_days = LOOKBACK_DAYS
    report_type = AtomxReport
    # Its time stamps are whole seconds of a clock that we don't see.
    clock_margin_seconds = 300.0
    empty_list = b'{"success": true, "resource": "rows", "rows": []}'

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(settings, clock)
        self._login = TokenLogin(settings)
        self._url = str(settings["api_url"]).rstrip("/")
        self._stored: Once[str, Any] = Once()

    @cached_property
    def _lists(self) -> Lists:
        return Lists(
            self._get,
            order_parameter=str(self.settings.get("order_parameter") or ORDERS[0]),
            entities={e.name: e for e in ENTITIES},
            prefetch=self.prefetch,
            # An answer that only stands for the platform's shows nothing.
            is_ordered=self.http.before is not None,
        )

    # -- settings and schemas ----------------------------------------------------------------

    @classmethod
    @override
    def setting_errors(cls, settings: Mapping[str, Any]) -> list[str]:
        errors = definitions.zone_errors(settings.get("time_zone"))
        if settings.get("totp") and (fault := totp_error(str(settings["totp"]))):
            errors.append(fault)
        return errors

    @classmethod
    @override
    def definition_errors(cls, report: Report, settings: Mapping[str, Any]) -> list[str]:
        return definitions.errors(report)

    @classmethod
    @override
    def finish_definition(cls, report: Report, settings: Mapping[str, Any]) -> Report:
        return replace(
            report, span_days=_SPANS.get(report.grain, DAILY_SPAN_DAYS), settle_days=SETTLE_DAYS
        )

    @classmethod
    @override
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        return fields.dimension_schema(name) if role == "dimension" else fields.metric_schema(name)

    @classmethod
    @override
    def constant_columns(
        cls, report: Report, settings: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        return definitions.snapshot_columns() if definitions.is_snapshot(report) else {}

    @classmethod
    @override
    def key_columns(cls, report: Report) -> frozenset[str]:
        return (
            frozenset()
        )  # all money is in one currency, all rows are in the zone that was asked for

    @override
    def zone(self, report: Report) -> Zone:
        return Zone(self.settings.get("time_zone") or "UTC")

    # -- requests ----------------------------------------------------------------------------

    @override
    def make_login(self) -> Auth:
        return self._login

    @override
    def classify(self, call: Call, response: Response) -> Outcome:
        outcome = responses.classify(call, response)
        if response.status == NOT_FOUND:
            hint = path_hint("api_url", self.settings.get("api_url"), API_URL)
            outcome = replace(outcome, message=f"{outcome.message}{hint}")
        return outcome

    def _get(self, path: str, params: Mapping[str, Any], stats: RequestStats) -> Any:
        response = self.http.send(
            Call(url=f"{self._url}/{path}", what=f"list {path}", params=params), stats
        )
        with response.body:
            return response.json()

    # -- reports -----------------------------------------------------------------------------

    @override
    def available_range(self, report: Report, partition: Partition) -> Interval | None:
        if not definitions.is_snapshot(report):
            return None
        # A rolling report can only be read as it is now: its one row set belongs to the last whole day.
        today = Grain.DAY.floor(self.zone(report).local(self.clock.now()))
        return Interval(today - ONE_DAY, today)

    @override
    def fetch(self, job: WindowJob) -> Fetched:
        return Reporting(self.http, self._url).fetch(job)

    # -- totals ------------------------------------------------------------------------------

    @override
    def not_comparable(self, report: Report) -> str:
        return definitions.not_comparable(report)

    @override
    def tolerance(self, report: Report, metric: str) -> Tolerance:
        return fields.tolerance(metric)

    # -- the companion -----------------------------------------------------------------------

    @override
    def probe(self) -> Iterator[ProbeResult]:
        return companion.probe(self.http, self._login, self.settings)

    @classmethod
    @override
    def notes(cls, report: Report, settings: Mapping[str, Any]) -> Mapping[str, str]:
        return companion.notes(report)

    # -- entities ----------------------------------------------------------------------------

    @override
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        match entity.path:
            case "history":
                return self._history(query)
            case "reports":
                return self._stored_reports(entity, query)
            case "invoices":
                return self._invoices(query)
            case _:
                return self._lists.walk(AtomxEntity.of(entity), query)

    @override
    def normalize(self, entity: Entity, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return shapes.normalize(AtomxEntity.of(entity), record)

    def _history(self, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the change log of all models; of objects that were modified, unless told otherwise."""
        named = self.settings.get("history_models") or HISTORY_MODELS
        models = {e.name: e for e in ENTITIES}
        every = bool(self.settings.get("history_unchanged"))
        history = History(self._get, self._lists, self.prefetch)
        yield from history.read([models[name] for name in named], query, every=every)

    def _stored_reports(
        self, entity: Entity, query: EntityQuery
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the reports that people have saved or scheduled: what they ask, not their data."""
        # Both lists come in one answer.
        document = self._stored.get("reports", lambda: self._get("reports", {}, query.stats))
        listed = responses.payload(document, "list reports")
        if not isinstance(listed, Mapping):
            raise MalformedResponse("list reports: the answer is not an object of lists")
        shown = sum(len(part) for part in listed.values() if isinstance(part, list))
        _check_all(document, shown, "list reports")
        part = AtomxEntity.of(entity).part
        if part not in listed:
            parts = (e.part for e in ENTITIES if e.part)
            others = [name for name in parts if isinstance(listed.get(name), list)]
            if not others:
                raise MalformedResponse(f"list reports: the answer holds no list `{part}`")
            # Nobody has published whether a list without entries is left out: failing would be for ever, for everyone.
            log.warning(
                "list reports: the answer holds a list `%s` and none named `%s`, which counts as empty",
                others[0],
                part,
            )
        rows = [] if listed.get(part) is None else listed[part]
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise MalformedResponse(f"list reports: `{part}` is not a list of objects")
        yield rows

    def _invoices(self, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield all invoices of all types; without a bound the API gives the current month's.

        Raises:
            BadRequest: If a type was refused; the others were given.
            MalformedResponse: If one can't be understood; the others were given.
        """
        seen: Counter[bytes] = Counter()
        refusals = Refusals()
        for kind in INVOICE_TYPES:
            try:
                document = self._get(f"invoices/{kind}", {"date>": f"{FIRST_YEAR}-01"}, query.stats)
                rows = responses.rows(document, f"invoices {kind}")
                _check_all(document, len(rows), f"invoices {kind}")
            except (BadRequest, MalformedResponse) as error:
                refusals.note(error)
                continue
            yield [shapes.invoice(kind, row, seen) for row in rows]
        refusals.check()


def _check_all(document: object, shown: int, what: str) -> None:
    """Check that a list which comes in one piece does not say that it holds more.

    Args:
        document: The answer.
        shown: How many rows it shows.
        what: The list, in a user's words.

    Raises:
        MalformedResponse: If it does.
    """
    envelope = responses.envelope(document)
    # `count` is the page's length or the total: greater than what came, it can only be the total.
    told = {"total": envelope.get("count")} if "count" in envelope else {}
    check_whole({**told, **envelope}, shown, what)
