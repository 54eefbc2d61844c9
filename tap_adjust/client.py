"""Adjust as the core asks it: which apps, which fields, how answers are judged, and which service.

Adjust
├── Report Service    `report_service.py`: today's API, flat rows, any dimensions and metrics
└── KPI service       `kpi_service.py`: the legacy API, nested results
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar, Final

from typing_extensions import override

from adtap_core.bodies.parsing import torn_row
from adtap_core.clock import Clock
from adtap_core.declare import Entity, Report
from adtap_core.errors import BadRequest, Forbidden, MalformedResponse, RequestError
from adtap_core.http import outcomes
from adtap_core.http.client import Call
from adtap_core.http.outcomes import Action, Outcome
from adtap_core.http.response import Response
from adtap_core.names import did_you_mean
from adtap_core.platform import EntityQuery, Fetched, Partition, Platform, ProbeResult, WindowJob
from adtap_core.redact import redact
from adtap_core.settings import path_hint
from adtap_core.windows import Grain, Interval, Zone
from adtap_plugin.extras import missing
from tap_adjust import checks, companion, fields, kpi_service, listed
from tap_adjust.auth import TokenAuth
from tap_adjust.choices import Choices
from tap_adjust.kpi_service import KpiService
from tap_adjust.report_service import ReportService, cuts_rows
from tap_adjust.streams import AdjustReport, KpiReport
from tap_adjust.transports import PATHS

API_URL: Final = "https://automate.adjust.com/reports-service"
KPI_API_URL: Final = "https://api.adjust.com/kpis/v1"
BUNDLE_SIZE: Final = 100
"""Apps in one request; no limit is published, clients send 25 to 100."""
KPI_BUNDLE_SIZE: Final = 25
_CLIENT_CLOSED: Final = 499
_SMALL_BYTES: Final = 4096
_SHOWN_APPS: Final = 20
_ENDS: Final = 64 * 1024
"""So much of a body's beginning and end is looked at to see what it is."""
_GRAINS: Final = tuple(Grain)
_NULL_ROWS: Final = re.compile(rb'"rows"\s*:\s*null')
_PARQUET_MARK: Final = b"PAR1"


class AdjustPlatform(Platform):
    """Adjust, for one API token.

    Limits: 50 requests a second and address, 100 at once ("Rate limits", read 2026-11-20), which neighbours
    behind the same address share; more than three heavy
    reports at once provoke timeouts; the vendor's support advises a read timeout of 1000 s.
    """

    concurrency: ClassVar[int] = 3
    per_second: float | None = 50.0
    burst: int = 50
    timeout_seconds: ClassVar[float] = 1000.0
    lookback_days: ClassVar[int] = fields.SPEND_DAYS
    account_settings: ClassVar[Mapping[str, str]] = {"app_token": "app_tokens"}
    example_partition: ClassVar[Mapping[str, str]] = {"app_token": "APP_TOKEN"}
    brings_totals: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(settings, clock)
        self._url = str(settings.get("api_url") or API_URL).rstrip("/")
        self._kpi_url = str(settings.get("kpi_api_url") or KPI_API_URL).rstrip("/")
        self._unlisted: RequestError | None = None

    @cached_property
    def reports(self) -> ReportService:
        """Return the Report Service."""
        return ReportService(self.http, self._url, self.settings)

    @cached_property
    def kpis(self) -> KpiService:
        """Return the legacy KPI service."""
        return KpiService(self.http, self._kpi_url, self.settings)

    # -- settings and schemas ----------------------------------------------------------------

    @classmethod
    @override
    def setting_errors(cls, settings: Mapping[str, Any]) -> list[str]:
        errors = []
        zone = str(settings.get("time_zone", "UTC"))
        if zone.upper() not in {"UTC", "Z"} and not re.fullmatch(r"[+-]\d{2}:[0-5]\d", zone):
            errors.append(
                f"time_zone: {zone!r} is not a fixed offset; Adjust takes only those, e.g. +05:30 or UTC"
            )
        wanted = {settings.get("report_format")} | {
            r.get("report_format") for r in settings.get("reports") or [] if isinstance(r, dict)
        }
        if "parquet" in wanted and (message := missing("'parquet'", "pyarrow")) is not None:
            errors.append(f"report_format: {message}, or choose csv")
        return errors

    @classmethod
    @override
    def definitions(cls, settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        own = super().definitions(settings)
        kpis = [d for d in settings.get("kpi_reports") or [] if isinstance(d, Mapping)]
        return [*own, *(kpi_service.definition(d) for d in kpis)]

    @classmethod
    @override
    def report_class(cls, definition: Mapping[str, Any]) -> type[Report]:
        return KpiReport if "endpoint" in definition else AdjustReport

    @classmethod
    @override
    def definition_errors(cls, report: Report, settings: Mapping[str, Any]) -> list[str]:
        if isinstance(report, KpiReport):
            return kpi_service.definition_errors(report, settings)
        return checks.definition_errors(AdjustReport.of(report))

    @classmethod
    @override
    def finish_definition(cls, report: Report, settings: Mapping[str, Any]) -> Report:
        if isinstance(report, KpiReport):
            return kpi_service.finish(report)
        return checks.finish(AdjustReport.of(report))

    @classmethod
    @override
    def field_schema(cls, report: Report, name: str, role: str) -> dict[str, Any]:
        if isinstance(report, KpiReport):
            return kpi_service.field_schema(report, name, role)
        return checks.field_schema(AdjustReport.of(report), name, role)

    @classmethod
    @override
    def constant_columns(
        cls, report: Report, settings: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        return Choices(report, settings).columns()

    @override
    def zone(self, report: Report) -> Zone:
        zone = str(self.settings.get("time_zone") or "UTC")
        return Zone("UTC" if zone.upper() in {"UTC", "Z"} else zone)

    # -- requests ----------------------------------------------------------------------------

    @override
    def make_login(self) -> TokenAuth:
        return TokenAuth(
            str(self.settings.get("api_token", "")),
            self._kpi_url,
            self.settings.get("kpi_auth") or "header",
        )

    @override
    def classify(self, call: Call, response: Response) -> Outcome:
        status = response.status
        if status == HTTPStatus.OK:
            return _judge_good(call, response)
        message = _message(response)
        if status == HTTPStatus.UNAUTHORIZED:
            advice = "look at the settings `api_token` and `account_id`: the API token was refused"
            return Outcome(Action.CREDENTIALS, f"{advice} ({message})")
        if status == _CLIENT_CLOSED and call.url.startswith(self._kpi_url):
            # The service's own word for a query that ran out of time.
            return Outcome(Action.RETRY, message, outcomes.retry_after(response))
        if status == HTTPStatus.NOT_FOUND:
            name, default = (
                ("kpi_api_url", KPI_API_URL)
                if call.url.startswith(self._kpi_url)
                else ("api_url", API_URL)
            )
            message += path_hint(name, self.settings.get(name), default)
        if status == HTTPStatus.GONE and call.url.startswith(self._kpi_url):
            return Outcome(Action.FAIL, f"{message}: {kpi_service.sunset_message(call.url)}")
        too_long = status == HTTPStatus.GATEWAY_TIMEOUT or (
            status == HTTPStatus.INTERNAL_SERVER_ERROR and "TimeoutError" in message
        )
        if too_long and call.splittable:
            return Outcome(Action.SPLIT_WINDOW, message)
        if "Invalid app tokens" in message:
            message += " (look at the settings `app_tokens` and `account_id`)"
        outcome = outcomes.by_status(response, message)
        # A slice that is too big may end in a 500 that says nothing: it is split, as after a 504.
        return replace(outcome, heavy=status == HTTPStatus.INTERNAL_SERVER_ERROR)

    # -- reports -----------------------------------------------------------------------------

    @override
    def report_errors(self, reports: Sequence[Report]) -> list[str]:
        legacy = [r for r in reports if isinstance(r, KpiReport)]
        current = [AdjustReport.of(r) for r in reports if not isinstance(r, KpiReport)]
        errors = [f for r in legacy if (f := kpi_service.attribution_error(r, self.settings))]
        if current:
            try:
                errors += self._app_errors(current)
                errors += checks.live_faults(current, self.reports)
            except RequestError as error:
                if not legacy:
                    raise
                self._unlisted = error  # the KPI service's reports can do without these lists
        return errors

    def _app_errors(self, reports: Sequence[AdjustReport]) -> list[str]:
        asked = {f"report {r.name!r}: app_tokens": r.app_tokens for r in reports if r.app_tokens}
        if self.settings.get("app_tokens"):
            asked["app_tokens"] = self.settings["app_tokens"]
        if not asked:
            with suppress(Forbidden):  # told by each report (`partitions`)
                self.reports.apps()
            return []
        if self.reports.seen_apps() is None:
            return []
        known = self.reports.app_tokens()
        # Where some are there, these are read, and the others fail alone (`available_range`): an app that has gone must
        # not stop all.
        return [
            f"{where}: {_unknown_app(token, known)}"
            for where, tokens in asked.items()
            if not set(map(str, tokens)) & set(known)
            for token in tokens
        ]

    @override
    def unseen_accounts(self) -> Iterator[str]:
        wanted = list(dict.fromkeys(map(str, self.settings.get("app_tokens") or ())))
        if not wanted or self.reports.seen_apps() is None:
            return iter(())
        known = self.reports.app_tokens()
        return (f"app_tokens: {_unknown_app(t, known)}" for t in wanted if t not in known)

    @override
    def partitions(self, report: Report) -> list[Partition]:
        if self._unlisted is not None and not isinstance(report, KpiReport):
            raise self._unlisted
        tokens = Choices(report, self.settings).get("app_tokens")
        if not tokens:
            tokens = listed.app_ids(self.reports.apps())
        if not tokens:
            raise RequestError(
                "the API token sees no app (look at the settings `api_token` and `account_id`)"
            )
        return [Partition({"app_token": token}) for token in dict.fromkeys(tokens)]

    @override
    def row_settings(self, report: Report, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        choices = Choices(report, settings)
        if choices.is_kpi:
            made: dict[str, Any] = {**report.extras, **choices.constants()}
        else:
            made = {**(report.extras if report.custom else {}), **choices.parameters()}
            made["report_format"] = self.reports.format_of(report)
        # Whose rows and which days are the state's own business.
        return {k: v for k, v in made.items() if k not in {"utc_offset", "app_tokens"}}

    @override
    def available_range(self, report: Report, partition: Partition) -> Interval | None:
        """Return None: nothing is published.

        Raises:
            BadRequest: If the token does not see the app; the others are read.
        """
        if not isinstance(report, KpiReport):
            known = self.reports.app_tokens()
            token = partition.key["app_token"]
            if known and token not in known:
                raise BadRequest(f"app_tokens: {_unknown_app(token, known)}")
        return None

    @override
    def bundle_size(self, report: Report) -> int:
        if not isinstance(report, KpiReport):
            return BUNDLE_SIZE
        return 1 if kpi_service.takes_one_app(report) else KPI_BUNDLE_SIZE

    @override
    def requested_grain(self, report: Report) -> Grain:
        # A period is of whole days: an hour asked for alone would bring its day.
        return max(report.grain, Grain.DAY, key=_GRAINS.index)

    @override
    def fetch(self, job: WindowJob) -> Fetched:
        if isinstance(job.report, KpiReport):
            return self.kpis.fetch(job)
        return self.reports.fetch(job)

    # -- totals ------------------------------------------------------------------------------

    @override
    def coarsest(self, report: Report) -> Report:
        if isinstance(report, KpiReport):
            return kpi_service.coarsest(report)
        # JSON, whatever the transport: a file's header would cost more than these rows.
        return replace(AdjustReport.of(report), dimensions=(), report_format="json")

    @override
    def not_added(self, report: Report, metric: str) -> str:
        if isinstance(report, KpiReport):
            return kpi_service.not_added(report, metric)
        return checks.not_added(AdjustReport.of(report), metric)

    @override
    def not_comparable(self, report: Report) -> str:
        if isinstance(report, KpiReport) or not cuts_rows(report):
            return ""
        return "its filter on a metric leaves out rows by their own numbers, a total has other rows"

    # -- the companion -----------------------------------------------------------------------

    @override
    def probe(self) -> Iterator[ProbeResult]:
        return companion.probe(self.reports, self.settings)

    @classmethod
    @override
    def notes(cls, report: Report, settings: Mapping[str, Any]) -> Mapping[str, str]:
        return companion.notes(report)

    # -- entities ----------------------------------------------------------------------------

    @override
    def pages(self, entity: Entity, query: EntityQuery) -> Iterator[Sequence[Mapping[str, Any]]]:
        if entity.name == "events":
            yield self.reports.events(query.stats)
        elif entity.name == "event_tokens":
            yield list(listed.exploded(self.reports.events(query.stats)))
        elif entity.name == "metrics":
            damaged = None
            for name in entity.path.split(","):
                try:
                    options = self.reports.options(name, query.stats)
                except MalformedResponse as error:  # the others are read all the same
                    damaged = damaged or error
                    continue
                yield [{"filter": name, **option} for option in options]
            if damaged is not None:
                raise damaged
        else:
            yield self.reports.options(entity.path, query.stats)


def _unknown_app(token: object, known: Sequence[str]) -> str:
    """Say that a token is none of an app, and which apps there are."""
    there = ", ".join(sorted(known)[:_SHOWN_APPS]) or "none"
    more = f" and {len(known) - _SHOWN_APPS} more" if len(known) > _SHOWN_APPS else ""
    return f"{token!r} is no app that the API token sees{did_you_mean(str(token), known)}; it sees {there}{more}"


def _judge_good(call: Call, response: Response) -> Outcome:
    if not response.body.size:
        return Outcome(Action.RETRY, "an empty answer (no rows are a 204, or an empty list)")
    if call.expects == "json":
        return _judge_report(call, response)
    if call.expects == "text":
        return _judge_csv(call, response)
    if call.expects == "any" and {response.body.excerpt(4), response.body.tail(4)} != {
        _PARQUET_MARK
    }:
        return Outcome(Action.RETRY, "not a whole Parquet file")
    return outcomes.SUCCESS


def _judge_report(call: Call, response: Response) -> Outcome:
    """Judge a JSON answer: a report says that it has no rows, a document that does not speak of rows is none."""
    if response.body.size < _SMALL_BYTES:
        document = response.json_or_none()
        report = call.url.endswith(PATHS["json"])
        if report and not (isinstance(document, dict) and isinstance(document.get("rows"), list)):
            # No rows are a 204, or an empty list; a null is documented nowhere, and would pass for a day of none.
            return Outcome(Action.RETRY, f"not a report (no list `rows`): {_message(response)}")
        if isinstance(document, dict) and document.get("error_code"):
            return Outcome(Action.RETRY, f"an error under status 200: {_message(response)}")
    elif call.url.endswith(PATHS["json"]) and not _speaks_of_rows(response):
        return Outcome(Action.RETRY, f"not a report: {response.excerpt(120)}")
    return outcomes.SUCCESS


def _speaks_of_rows(response: Response) -> bool:
    ends = (response.body.excerpt(_ENDS), response.body.tail(_ENDS))
    return any(b'"rows"' in end for end in ends) and not any(map(_NULL_ROWS.search, ends))


def _judge_csv(call: Call, response: Response) -> Outcome:
    asked = str(dict(call.params or {}).get("dimensions", "")).partition(",")[0]
    head = response.text(_ENDS).lstrip("\ufeff")
    # Anywhere: that columns come in the order of the request is documented nowhere.
    columns = next(csv.reader([head.partition("\n")[0].rstrip("\r")]), [])
    if asked.lower() not in (name.strip().lower() for name in columns):
        return Outcome(Action.RETRY, f"not the CSV that was asked for: {response.excerpt(120)}")
    if (torn := torn_row(response.body, len(columns))) is not None:
        return Outcome(Action.RETRY, f"the CSV ends in the middle of a row: {redact(torn)[-80:]!r}")
    return outcomes.SUCCESS


def _message(response: Response) -> str:
    """Return the service's own words of a refusal, its correlation id with them."""
    document = response.json_or_none()
    if not isinstance(document, dict):
        return response.excerpt()
    said = [
        str(document[k])
        for k in ("error_code", "error_desc", "error", "message", "detail")
        if document.get(k)
    ]
    details = document.get("error_desc_details")
    if details:
        said.append(redact.beginning(details, 300))
    if document.get("correlation_id"):
        said.append(f"correlation id {document['correlation_id']}")
    return ": ".join(said) or response.excerpt()
